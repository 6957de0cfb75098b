"""`vestibule log` and `vestibule cycles` as an operator uses them, over a database of the test's own."""

import csv
import io
import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell
from tests.store.staging import an_exchange
from vestibule import ids
from vestibule.clock import SystemClock
from vestibule.model import Exchange
from vestibule.store import Store


def record(shell: Shell, *exchanges: Exchange) -> None:
    async def work(store: Store) -> None:
        for each in exchanges:
            store.record(each)
        await store.flush()

    shell.directory(lambda directory: work(directory.store))


def exchange(connection_id: str, number: int, **rest: Any) -> Exchange:
    """An exchange so many seconds ago."""
    at = SystemClock().now() - number * 1_000_000
    return replace(an_exchange(number, connection_id, **rest), id=ids.first_id("req", at), at=at)


@pytest.fixture
def logged(shell: Shell, con: str) -> str:
    """A connection whose log has a look-up, a refusal of a group, and a sign-in."""
    refused = {"error": "insufficient_scope", "facts": {"got": ["get:users"], "need": ["get:groups"]}}
    record(
        shell,
        exchange(con, 4_000, resource_type="User", target="ana@example.com", facts={"total": 1}),
        exchange(con, 90, status=403, path="/Groups", resource_type="Group", target="Sales", token_id="tok_1", **refused),
        exchange(con, 30, resource_type="SignIn", path="/sso", method="POST", status=303, target="ana@example.com"),
    )  # fmt: skip
    return con


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["ana@example.com", "Sales", "ana@example.com"]),
        (("--limit", "1"), ["ana@example.com"]),
        (("--refused",), ["Sales"]),
        (("--outcome", "Blocked"), ["Sales"]),
        (("--group", "SALES"), ["Sales"]),
        (("--target", "sales"), ["Sales"]),
        (("--token", "tok_1"), ["Sales"]),
        (("--person", "ANA@example.com"), ["ana@example.com", "ana@example.com"]),
        (("--sign-ins",), ["ana@example.com"]),
        (("--provisioning", "--since", "1h"), ["Sales"]),
        (("--until", "1h"), ["ana@example.com"]),
        (("--since", "999999999w", "--until", "9999-12-31T23:59:59Z"), ["ana@example.com", "Sales", "ana@example.com"]),
    ],
    ids=str,
)
def test_the_log_is_narrowed_by_options(shell: Shell, logged: str, options: tuple[str, ...], names: list[str]) -> None:
    lines = [json.loads(each) for each in shell.text("log", logged, *options, "--json").splitlines()]
    assert [each["target"] for each in lines] == names


def test_the_log_is_a_story_or_the_wire(shell: Shell, logged: str) -> None:
    (story,) = shell.text("log", logged, "--refused").splitlines()
    assert "Blocked" in story
    assert "This token may not read groups: it lacks get:groups." in story
    assert "    #2  " in story
    (wire,) = shell.text("log", "--wire", "--refused", logged).splitlines()
    assert "GET    /Groups  403  1.5 ms  tok_1 -" in wire


def test_one_request_is_shown_with_all_that_is_kept(shell: Shell, logged: str) -> None:
    made = exchange(logged, 5, request_body='{"a":1}', response_body='{"b":2}', status=201)
    record(shell, made)
    text = shell.text("log", logged, "--request", made.id)
    assert 'asked: {"a":1}' in text
    assert 'answered: {"b":2}' in text
    assert shell.json("log", logged, "--request", made.id)["response_body"] == '{"b":2}'


def test_a_request_of_another_connection_is_not_shown(shell: Shell, logged: str) -> None:
    other = shell.connection()
    made = exchange(other, 5)
    record(shell, made)
    assert "no request" in shell.refusal("log", logged, "--request", made.id)


HOSTILE = "\x1b[2Jeve\n2026-11-24T08:00:00.000Z  Done \u202egnp\x9b31m\x07"


@pytest.mark.parametrize(
    "options",
    [("log",), ("log", "--wire"), ("log", "--request", "REQ"), ("cycles",), ("explain", "--connection")],
    ids=str,
)
def test_a_name_can_neither_rule_the_terminal_nor_forge_a_line(
    shell: Shell, con: str, options: tuple[str, ...]
) -> None:
    named: dict[str, Any] = {"resource_type": "User", "target": HOSTILE, "method": "POST", "path": f"/Users{HOSTILE}"}
    made = exchange(con, 30, status=409, error="uniqueness", request_body=f'{{"a":"{HOSTILE}"}}', **named)
    record(shell, exchange(con, 60, status=201, **named), made)
    command, *rest = [made.id if each == "REQ" else each for each in options]
    told = shell.run(command, *(rest + [con] if command == "explain" else [con, *rest])).stdout
    assert "eve" in told
    assert not any(sign in told for sign in "\x1b\u202e\x9b\x07")
    forged = [each for each in told.split("\n") if each.startswith("2026-11-24T08:00:00.000Z")]
    assert (forged == []) or options[-1] == "REQ"  # A body may have lines of its own.


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "is no time"),
        (("--since", ""), "is no time"),
        (("--until", ""), "is no time"),
        (("--outcome", ""), "is no outcome"),
        (("--since", "999999999w", "--until", "0001-01-01"), "must come before"),
        (("--outcome", "green"), "they are done, no_change"),
        (("--since", "1h", "--until", "2h"), "must come before"),
        (("--person", "a", "--group", "b"), "one name at a time"),
        (("--refused", "--outcome", "no-change"), "never no_change"),
        (("--person", "usr_01m88dqx5cewdaqqgbv9wmp71p"), "no user usr_01m88dqx5cewdaqqgbv9wmp71p"),
    ],
)
def test_a_search_that_cannot_be_says_why(shell: Shell, logged: str, options: tuple[str, ...], said: str) -> None:
    assert said in shell.refusal("log", logged, *options)


def test_the_log_is_exported_by_the_ending_of_the_file_for_its_owner_alone(shell: Shell, logged: str) -> None:
    for name in ("log.csv", "log.ndjson"):
        file = shell.folder / name
        assert shell.json("log", "export", logged, str(file)) == {
            "file": str(file), "format": file.suffix[1:], "entries": 3,
        }  # fmt: skip
        assert file.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO((shell.folder / "log.csv").read_bytes().decode(), newline="")))
    assert [each["who"] for each in rows] == ["ana@example.com", "Sales", "ana@example.com"]
    text = shell.text("log", "export", logged, "-", "--format", "ndjson", "--since", "1h", "--refused")
    assert [json.loads(each)["target"] for each in text.splitlines()] == ["Sales"]
    assert "--format" in shell.refusal("log", "export", logged, str(shell.folder / "log.txt"))


def test_the_log_is_followed_until_it_is_interrupted(shell: Shell, logged: str) -> None:
    database = f"sqlite:///{shell.folder}/cli.db"
    arguments = [sys.executable, "-m", "vestibule", "--database", database, "log", logged, "--follow", "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as following:
        giving_up = threading.Timer(60, following.kill)
        giving_up.start()
        assert following.stdout is not None
        shown = threading.Event()

        def call() -> None:
            while not shown.wait(0.2):
                record(shell, exchange(logged, 0, target="fresh", method="POST", status=201, resource_type="User"))

        calling = threading.Thread(target=call)
        calling.start()
        line = following.stdout.readline()
        shown.set()
        calling.join()
        following.send_signal(signal.SIGINT)
        assert following.wait(30) == 0
        giving_up.cancel()
    assert (json.loads(line)["target"], json.loads(line)["cycle_number"]) == ("fresh", 2)


def test_the_cycles_are_told_with_the_button_and_the_fix(shell: Shell, logged: str) -> None:
    done = shell.run("cycles", logged)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "A cycle is going on, but 1 object that was refused waits to be made good."
    assert "Press there: Restart provisioning, to have them tried at once" in done.stdout
    assert "vestibule token grant tok_1" in done.stdout


def groups_forbidden(con: str) -> list[Exchange]:
    """A first cycle of many users and one group: most is answered, and Entra stops all the same."""
    refused = {"error": "insufficient_scope", "facts": {"got": ["get:users"], "need": ["get:groups"]}}
    people = [exchange(con, 9_000 - each, status=201, method="POST", path="/Users", resource_type="User", target=f"u{each}") for each in range(20)]  # fmt: skip
    return [*people, exchange(con, 8_900, status=403, path="/Groups", resource_type="Group", target="S", **refused)]


def let_nobody_in(con: str) -> list[Exchange]:
    return [exchange(con, 30, status=401, path="/Users", error="unauthorized", facts={"reason": "unknown"})]


def went_well(con: str) -> list[Exchange]:
    return [exchange(con, 900, status=201, method="POST", path="/Users", resource_type="User", target="ana")]


@pytest.mark.parametrize(
    ("calls", "code", "press"),
    [
        (lambda _: [], "no_traffic_yet", "Start provisioning"),
        (groups_forbidden, "stalled_after_failures", "Restart provisioning"),
        (let_nobody_in, "stalled_after_failures", "Restart provisioning, once a good token"),
        (went_well, "traffic_arrives", None),
    ],
)
def test_a_connection_is_explained_by_what_its_cycles_tell(
    shell: Shell, con: str, calls: Any, code: str, press: str | None
) -> None:
    record(shell, *calls(con))
    told, seen = shell.json("explain", "--connection", con), json.loads(shell.run("cycles", con, "--json").stdout)
    assert (told["code"], told["sentence"]) == (code, seen["sentence"])
    assert told["why"].startswith(seen["why"])
    labels = [each["label"] for each in told["fixes"]]
    assert labels[-1].startswith(f"Press there: {press}") if press else labels == [], labels
    newest = [each["last_request"] for each in seen["cycles"]] if "stalled" in code else []
    commands = [each["command"] for each in told["fixes"]]
    assert [each for each in commands if (each or "").startswith("vestibule explain")] == [
        f"vestibule explain {each}" for each in newest
    ]


def test_a_cycle_of_which_all_was_refused_shows_how_much(shell: Shell, con: str) -> None:
    record(shell, *(exchange(con, 60 + each, status=404, path="/scim/Users", error="not_found") for each in range(3)))
    done = shell.run("cycles", con)
    assert (done.exit_code, done.stdout.splitlines()[-1].split()[-1]) == (1, "3")
    (cycle,) = json.loads(shell.run("cycles", con, "--json").stdout)["cycles"]
    assert (cycle["refused"], cycle["refused_requests"]) == (0, 3)


def test_cycles_of_nothing_are_told_as_never_called(shell: Shell, con: str) -> None:
    done = shell.run("cycles", con)
    assert (done.exit_code, "has never called this connection" in done.stdout) == (1, True)
    assert "tenant URL" in done.stdout


def test_a_connection_that_does_not_exist_is_said_so(shell: Shell, tmp_path: Path) -> None:
    shell.json("enterprise", "create", "Acme")
    for arguments in (("log", "con_none"), ("cycles", "con_none"), ("log", "export", "con_none", f"{tmp_path}/x.csv")):
        assert "con_none" in shell.refusal(*arguments)
