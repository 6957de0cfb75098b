"""`vestibule rollcall expect`, `rollcall`, `rollcall history`, `rollcall forget`."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell
from tests.rollcall.graph_server import SECRET, Graph, group, serving, user
from vestibule.scim.patch import GroupChange

ID = "00000000-0000-4000-8000-00000000000"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def connection_id(shell: Shell) -> str:
    return shell.connection()


def called(shell: Shell, connection_id: str, *more: str, code: int = 1) -> Any:
    done = shell.run("rollcall", connection_id, *more, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)["groups"]


def reasons(roll: Any) -> dict[str, str]:
    return {each["who"]: each["reason"] for each in roll["missing"]}


def test_an_export_is_kept_and_called_again_without_the_file(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    shell.new_group(connection_id, "Sales", shell.new_user(connection_id, "ana@acme.example"))
    members = tmp_path / "members.csv"
    members.write_text(
        "Object ID,User principal name,Display name,Member type\n"
        "7,Ana@acme.example,Ana,User\n8,ben@acme.example,Ben,User\n9,,Inner,Group\n"
    )
    kept = shell.json("rollcall", "expect", connection_id, "--group", "Sales", "--csv", str(members))["expectations"]
    assert [(each["group"], each["count"], each["source"], each["nested_groups"]) for each in kept] == [
        ("Sales", 2, "csv", ["Inner"])
    ]
    assert kept[0]["detail"] == {"file": "members.csv", "sender": "entra"}
    members.unlink()
    (roll,) = called(shell, connection_id)
    assert (roll["expected"], roll["present"], reasons(roll)) == (2, 1, {"ben@acme.example": "never_provisioned"})
    shell.json("rollcall", "expect", connection_id, "--group", "Other", "--count", "1")
    assert [each["name"] for each in called(shell, connection_id, "--group", "sales")] == ["Sales"]
    shell.new_user(connection_id, "ben@acme.example")
    assert reasons(called(shell, connection_id, "--group", "Sales")[0]) == {"ben@acme.example": "not_added"}
    shell.text("rollcall", "forget", connection_id, "--group", "other")
    history = shell.json("rollcall", "history", connection_id, "--group", "sales")["history"]
    assert [each["reasons"] for each in history] == [{"not_added": 1}, {"never_provisioned": 1}]
    assert "1 not_added" in shell.text("rollcall", "history", connection_id)
    assert "no longer kept" in shell.text("rollcall", "forget", connection_id, "--group", "Sales")
    assert "Say who is expected" in shell.refusal("rollcall", connection_id)


def test_a_pasted_list_may_be_held_against_the_identity_providers_own_file(
    shell: Shell, connection_id: str, tmp_path: Path
) -> None:
    names, known = tmp_path / "names.txt", tmp_path / "users.csv"
    names.write_text("ana@acme.example; typo@acme.example\n")
    known.write_text("id,userPrincipalName\n7,ANA@acme.example\n")
    arguments = ("--group", "Sales", "--list", str(names), "--directory", str(known))
    assert "2 expected, from list" in shell.text("rollcall", "expect", connection_id, *arguments)
    (roll,) = called(shell, connection_id)
    assert reasons(roll) == {"ana@acme.example": "never_provisioned", "typo@acme.example": "unknown_to_source"}


def test_a_number_and_a_file_with_several_groups_are_kept(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    shell.json("rollcall", "expect", connection_id, "--group", "Sales", "--count", "3")
    file = tmp_path / "all.csv"
    file.write_text("Group Email,Member Email,Member Type\na@x,ana@x,USER\nb@x,ben@x,USER\nA@x,cleo@x,USER\n")
    kept = shell.json("rollcall", "expect", connection_id, "--csv", str(file))["expectations"]
    assert [(each["group"], each["count"]) for each in kept] == [("a@x", 2), ("b@x", 1)]
    one = shell.json("rollcall", "expect", connection_id, "--group", "B@x", "--csv", str(file))["expectations"]
    assert (one[0]["group"], one[0]["count"]) == ("B@x", 1)
    assert [each["name"] for each in called(shell, connection_id)] == ["a@x", "B@x", "Sales"]
    told = shell.refusal("rollcall", "expect", connection_id, "--group", "C@x", "--csv", str(file))
    assert "nobody of 'C@x'; its groups are A@x, a@x, b@x" in told


def test_a_group_is_read_from_graph_with_who_is_in_it_by_way_of_another(
    shell: Shell, connection_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = Graph(
        groups={f"{ID}1": ("All", [user(1), user(2), group(f"{ID}2", "Inner")]), f"{ID}2": ("Inner", [])},
        transitive={f"{ID}2": [user(3)]},
    )
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    monkeypatch.setenv("VESTIBULE_ALLOW_NETWORKS", "127.0.0.1/32")
    with serving(tenant) as url:
        arguments = (
            *("--graph", "acme.example", "--client-id", "app", "--client-secret-file", str(secret)),
            *("--graph-url", f"{url}/v1.0", "--login-url", url, "--group", "All"),
        )
        (kept,) = shell.json("rollcall", "expect", connection_id, *arguments)["expectations"]
        tenant.refuse = [(403, {}, {"error": {"code": "Authorization_RequestDenied", "message": "No."}})]
        assert "GroupMember.Read.All" in shell.refusal("rollcall", "expect", connection_id, *arguments)
    assert (kept["count"], kept["nested_groups"], kept["external_id"]) == (3, ["Inner"], f"{ID}1")
    assert SECRET not in json.dumps(kept)
    roll = called(shell, connection_id)[0]
    assert reasons(roll)["user3@acme.example"] == "nested_group"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Give one of --csv"),
        (("--count", "3"), "--group NAME"),
        (("--group", "g", "--count", "3", "--claims"), "Give one of"),
        (("--group", "g", "--graph", "t"), "--client-id"),
        (("--group", "g", "--count", "3", "--directory", "{folder}/empty"), "--directory goes with"),
        (("--group", "g", "--list", "{folder}/empty"), "nobody is named"),
        (("--group", "g", "--csv", "{folder}/empty"), "is empty"),
        (("--group", "g", "--csv", "{folder}/latin"), "UTF-8"),
        (("--group", "g", "--source", "{folder}/empty"), "leave --group out"),
    ],
)
def test_what_cannot_be_kept_is_told(
    shell: Shell, connection_id: str, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "latin").write_bytes("userName\nJörg\n".encode("latin-1"))
    given = [each.format(folder=tmp_path) for each in arguments]
    assert told in shell.refusal("rollcall", "expect", connection_id, *given)
    assert "Say who is expected" in shell.refusal("rollcall", connection_id)


def test_a_file_is_called_for_this_once_and_kept_nowhere(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    members, both = tmp_path / "members.csv", tmp_path / "both.csv"
    members.write_text("id,userPrincipalName,objectType\n7,ana@x,User\n8,Inner,Group\n")
    both.write_text("group,userName\nA,ana@x\nB,ben@x\n")
    (roll,) = called(shell, connection_id, "--expected", str(members), "--group", "Sales")
    assert (roll["name"], roll["nested_groups"], reasons(roll)) == ("Sales", ["Inner"], {"ana@x": "never_provisioned"})
    assert [each["name"] for each in called(shell, connection_id, "--expected", str(both), "--group", "b")] == ["B"]
    assert len(called(shell, connection_id, "--expected", str(both), "--group", "C=1", "--group", "A")) == 2
    told = shell.refusal("rollcall", connection_id, "--expected", str(members))
    assert "members.csv says of no group who is in it" in told
    assert "has no number" in shell.refusal("rollcall", connection_id, "--group", "A", "--group", "B=1")
    assert "Say who is expected" in shell.refusal("rollcall", connection_id)


def test_a_balance_tells_who_of_it_is_switched_off_and_a_second_account_stands_beside_the_first(
    shell: Shell, connection_id: str, tmp_path: Path
) -> None:
    people = [shell.new_user(connection_id, "ana@x", active=False), shell.new_user(connection_id, "ben@x")]
    group_id = shell.new_group(connection_id, "Sales", *people)
    names = tmp_path / "names.csv"
    names.write_text("objectId,userPrincipalName\n1,ana@x\n2,ben@x\n")
    shell.json("rollcall", "expect", connection_id, "--group", "Sales", "--csv", str(names))
    told = shell.text("rollcall", connection_id)
    assert "balanced, 1 of those present deactivated here" in told
    assert "Sales: 1 present, but the account is deactivated here, and the list does not say so\n  ana@x" in told
    (roll,) = called(shell, connection_id, code=0)
    assert (roll["balanced"], roll["inactive_count"], roll["inactive"][0]["who"]) == (True, 1, "ana@x")
    assert shell.text("rollcall", "history", connection_id).rstrip().endswith("balanced, 1 inactive")
    other = shell.new_user(connection_id, "b.li@x", externalId="2")
    shell.directory(
        lambda directory: directory.change_group(connection_id, group_id, GroupChange(add=frozenset({other})))
    )
    told = shell.run("rollcall", connection_id).stdout
    assert (
        "Sales: 1 extra, another account of somebody who is expected, and is a member already\n  ben@x  'ben@x'" in told
    )
    assert f"'b.li@x' ({other})" in told


HOSTILE = "[/red]\x1b[31m\u202eevil\nSales: 0 missing"


def test_a_hostile_name_is_shown_without_what_steers_a_terminal(
    shell: Shell, connection_id: str, tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("a\x1b]0;x\x07\u202e@x\n")
    shell.new_group(connection_id, HOSTILE, shell.new_user(connection_id, "[/b]\x1b[2J"))
    kept = shell.text("rollcall", "expect", connection_id, "--group", HOSTILE, "--list", str(names))
    done = shell.run("rollcall", connection_id)
    assert done.exit_code == 1
    seen = [kept, done.stdout, shell.text("rollcall", "history", connection_id)]
    seen += [shell.text("rollcall", "forget", connection_id, "--group", HOSTILE)]
    seen += [shell.refusal("rollcall", connection_id, "--group", HOSTILE)]
    for text in seen:
        assert all(line.isprintable() for line in text.split("\n")), text
    assert "[/red]�[31m�evil" in done.stdout
    assert not any(line.startswith("Sales") for text in seen[:3] for line in text.split("\n"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--group", "Sales=" + "9" * 5_000), "is more than 100000000"),
        (("--group", "Sales=100000001"), "is more than 100000000"),
        (("expect", "--group", "Sales", "--count", str(2**63)), "100000000"),
        (("expect", "--group", "Sales\udcff", "--count", "1"), "no"),
        (("expect", "--group", " \t", "--count", "1"), "blank"),
        (("expect", "--csv", "{folder}/members.csv"), "says of no group who is in it"),
        (("expect", "--csv", "{folder}/okta.csv"), "says of no group who is in it"),
        (("expect", "--source", "{folder}/members.csv"), "says of no group who is in it"),
        (("expect", "--group", "Sales", "--list", "{folder}/nul.txt"), "NUL"),
        (("expect", "--group", "Sales", "--csv", "{folder}/nul.csv"), "NUL"),
        (("--group", "C", "--expected", "{folder}/both.csv"), "has nobody of 'C'; its groups are 'A'"),
        (
            ("expect", "--group", "g", "--graph", "t", "--client-id", "a", "--client-secret-file", "{folder}/nul.txt"),
            "should hold the client secret's Value",
        ),
    ],
)
def test_what_is_no_expectation_is_refused_in_words_and_nothing_is_kept(
    shell: Shell, connection_id: str, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "members.csv").write_text("id,userPrincipalName\n7,ana@x\n")
    (tmp_path / "okta.csv").write_text("Id,Status,Login\n7,ACTIVE,ana@x\n")
    (tmp_path / "nul.txt").write_bytes(b"a\0b@x\n")
    (tmp_path / "nul.csv").write_bytes(b"userName\na\0b@x\n")
    (tmp_path / "both.csv").write_text("group,userName\nA,ana@x\n")
    given = [each.format(folder=tmp_path) for each in arguments]
    at = 1 if given[0] == "expect" else 0
    assert told in shell.refusal("rollcall", *given[:at], connection_id, *given[at:])
    assert "Say who is expected" in shell.refusal("rollcall", connection_id)


def test_a_graph_that_cannot_be_reached_leaves_with_3(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    done = shell.run(
        *("rollcall", "expect", connection_id, "--group", "g", "--graph", "t", "--client-id", "a"),
        *("--client-secret-file", str(tmp_path / "secret"), "--login-url", "http://127.0.0.1:1"),
    )
    assert (done.exit_code, done.stdout) == (3, ""), done.output


def test_a_number_does_not_claim_to_know_who_is_missing(shell: Shell, connection_id: str) -> None:
    shell.new_group(connection_id, "Sales", shell.new_user(connection_id, "ana"))
    (roll,) = called(shell, connection_id, "--group", "Sales=2")
    assert reasons(roll) == {"1 person (not named)": "unnamed"}
    (roll,) = called(shell, connection_id, "--group", "Sales=0")
    assert [each["who"] for each in roll["extra"]] == ["1 person (not named)"]


def test_help_names_the_commands(shell: Shell) -> None:
    told = shell.text("rollcall", "--help")
    assert all(each in told for each in ("call", "expect", "history", "forget"))


KEYS = base64.b64encode(b"k" * 32).decode()


def test_a_secret_is_kept_sealed_serves_the_next_group_and_goes_with_the_last(
    shell: Shell, connection_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = Graph(groups={f"{ID}1": ("All", [user(1)]), f"{ID}2": ("Buyers", [user(2)])})
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    monkeypatch.setenv("VESTIBULE_ALLOW_NETWORKS", "127.0.0.1/32")
    monkeypatch.setenv("VESTIBULE_SECRET_KEYS", KEYS)
    expect = ("rollcall", "expect", connection_id, "--graph", "acme.example")
    with serving(tenant) as url:
        own = ("--client-id", "app", "--client-secret-file", str(secret))
        cloud = ("--graph-url", f"{url}/v1.0", "--login-url", url)
        told = shell.run(*expect, *own, *cloud, "--group", "All", "--keep")
        assert (told.exit_code, "is read again by the server" in told.stderr) == (0, True), told.output
        kept = shell.json(*expect, "--group", "Buyers")["expectations"]
        assert (kept[0]["count"], kept[0]["detail"]["client_id"]) == (1, "app")
        assert "leave --graph-url" in shell.refusal(*expect, "--group", "Buyers", "--login-url", "https://evil.example")
        assert "the tenant other.example" in shell.refusal(*expect[:-1], "other.example", "--group", "All")
    assert all(SECRET.encode() not in each.read_bytes() for each in shell.folder.glob("cli.db*"))
    table = shell.run("rollcall", connection_id).stdout
    assert re.search(rf"All: expected by graph {ID}1, read 20[0-9: -]+ UTC, and again by 20[0-9: -]+ UTC", table)
    rolls = called(shell, connection_id)
    assert [each["reading"]["fault"] for each in rolls] == [None, None]
    assert shell.json("rollcall", "forget", connection_id, "--group", "All")["secret"] is False
    assert "is forgotten, too" in shell.text("rollcall", "forget", connection_id, "--group", "buyers")
    assert "No client secret is kept" in shell.refusal("rollcall", "forget", connection_id, "--graph")


def test_a_secret_may_be_forgotten_alone_and_the_lists_stay(
    shell: Shell, connection_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = Graph(groups={f"{ID}1": ("All", [user(1)])})
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    monkeypatch.setenv("VESTIBULE_ALLOW_NETWORKS", "127.0.0.1/32")
    with serving(tenant) as url:
        arguments = (
            *("rollcall", "expect", connection_id, "--graph", "t", "--client-id", "app", "--client-secret-file"),
            *(str(secret), "--graph-url", f"{url}/v1.0", "--login-url", url, "--group", "All", "--keep"),
        )
        assert "VESTIBULE_SECRET_KEYS" in shell.refusal(*arguments)
        assert tenant.tokens == []
        monkeypatch.setenv("VESTIBULE_SECRET_KEYS", KEYS)
        shell.json(*arguments)
    assert shell.json("rollcall", "forget", connection_id, "--graph")["groups"] == ["All"]
    (roll,) = called(shell, connection_id)
    assert (roll["expected"], roll["reading"], roll["expectation"]["source"]) == (1, None, "graph")
    for arguments in ((), ("--graph", "--group", "All")):
        assert "Name the group" in shell.refusal("rollcall", "forget", connection_id, *arguments)
    assert "--keep goes with" in shell.refusal(
        "rollcall", "expect", connection_id, "--group", "All", "--count", "1", "--keep"
    )
