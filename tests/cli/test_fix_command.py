"""`vestibule fix` on the command line: shown, asked about, done, refused."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests.cli.shell import Shell
from vestibule import ids
from vestibule.cli import main
from vestibule.clock import SystemClock
from vestibule.model import Exchange


@pytest.fixture
def refused(shell: Shell, con: str) -> Exchange:
    """A request that lacked a scope, of a token of the connection."""
    token = shell.json("token", "create", con, "--scope", "get:users")
    facts = {"got": ["get:users"], "need": ["get:groups"], "detail": "The token lacks get:groups."}
    exchange = Exchange(
        ids.request_id(SystemClock().now()), con, SystemClock().now(), 0, "GET", "/Groups", "", 403, token["id"],
        resource_type="Group", error="insufficient_scope", facts=facts,
    )  # fmt: skip
    shell.record(exchange)
    return exchange


def scopes(shell: Shell, exchange: Exchange) -> list[str]:
    (token,) = shell.json("token", "list", exchange.connection_id)["tokens"]
    return token["scopes"]


def test_what_can_be_done_is_shown_with_what_it_changes(shell: Shell, refused: Exchange) -> None:
    told = shell.text("fix", refused.id)
    assert "This token may not read groups" in told
    assert f"vestibule fix {refused.id} grant_scopes" in told
    assert "→ get:users get:groups post:groups patch:groups delete:groups" in told
    assert scopes(shell, refused) == ["get:users"]


@pytest.mark.parametrize(("answer", "after"), [("n\n", 1), ("y\n", 5)])
def test_it_asks_before_it_acts(shell: Shell, refused: Exchange, answer: str, after: int) -> None:
    environment = {"VESTIBULE_DATABASE_URL": f"sqlite:///{shell.folder}/cli.db"}
    done = CliRunner().invoke(main, ["fix", refused.id, "grant_scopes"], env=environment, input=answer)
    assert done.exit_code == 0
    assert "Do it?" in done.stderr
    assert ("Nothing was changed" in done.stderr) == (after == 1)
    assert len(scopes(shell, refused)) == after


def test_with_json_and_without_yes_it_is_shown_only(shell: Shell, refused: Exchange) -> None:
    shown = shell.json("fix", refused.id, "grant_scopes")
    assert (shown["done"], scopes(shell, refused)) == (False, ["get:users"])
    assert shell.json("fix", refused.id, "grant_scopes", "--yes")["done"] is True
    assert scopes(shell, refused) == shown["after"]["scopes"]


def test_what_cannot_be_done_is_refused_with_the_reason(shell: Shell, refused: Exchange) -> None:
    assert "No request req_none" in shell.refusal("fix", "req_none")
    assert "Those that it has now: grant_scopes" in shell.refusal("fix", refused.id, "link_conflict", "--yes")
    assert "NAME=VALUE" in shell.refusal("fix", refused.id, "grant_scopes", "--with", "token")
    shell.json("fix", refused.id, "grant_scopes", "--yes")
    assert "nothing left to do" in shell.refusal("fix", refused.id, "grant_scopes", "--yes")
    assert "cannot be done now: There is nothing left to do" in shell.text("fix", refused.id)


def test_an_exchange_about_which_nothing_can_be_done_here_says_so(shell: Shell, refused: Exchange) -> None:
    shell.record(replace(refused, id=f"{refused.id[:-1]}z", status=412, error="precondition_failed", facts={}))
    assert "Nothing of it can be done here" in shell.text("fix", f"{refused.id[:-1]}z")


def test_a_connection_alone_is_explained_by_its_calls(shell: Shell, con: str, refused: Exchange) -> None:
    assert shell.json("explain", "--connection", con)["code"] == "traffic_arrives"
    quiet = shell.connection()
    assert shell.json("explain", "--connection", quiet)["code"] == "no_traffic_yet"
    assert "no connection con_none" in shell.refusal("explain", "--connection", "con_none")
    assert "--connection stands alone" in shell.refusal("explain", refused.id, "--connection", con)


def test_a_hostile_name_can_neither_rule_the_terminal_nor_forge_a_line(shell: Shell, con: str) -> None:
    made = shell.json("group", "create", con, "All")
    hostile = "\x1b[2J\nDone: \u202eeverything"
    facts = {
        "attribute": "displayName", "value": "All", "holder": made["id"], "detail": "taken",
        "incoming": {"displayName": "All", "externalId": hostile},
    }  # fmt: skip
    now = SystemClock().now()
    exchange = Exchange(
        ids.request_id(now), con, now, 0, "POST", "/Groups", "", 409, resource_type="Group", target="All",
        scim_type="uniqueness", error="uniqueness", facts=facts,
    )  # fmt: skip
    shell.record(exchange)
    told = shell.text("fix", exchange.id) + shell.text("fix", exchange.id, "map_group", "--yes")
    assert "externalId" in told
    for ruling in ("\x1b", "\u202e", "\nDone: \ufffd", "\nDone: e"):
        assert ruling not in told
    assert shell.json("fix", exchange.id)["request_id"] == exchange.id
