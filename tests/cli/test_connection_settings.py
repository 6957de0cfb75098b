"""`connection set`, `connection schema` and `token create --user` on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell

CONTOSO = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
DEFAULT: dict[str, Any] = {
    "dialect": "tolerant",
    "references": "park",
    "nested_groups": "park",
    "hold_emptied_group": None,
    "hold_deactivations": None,
    "hold_window": 60,
    "rate_limit": None,
    "allowed_domains": None,
    "extensions": [],
}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def connection_id(shell: Shell) -> str:
    return shell.connection()


def shown(shell: Shell, connection_id: str) -> dict[str, Any]:
    return shell.json("connection", "set", connection_id)


def schema_file(folder: Path, name: str = "Contoso", **changes: Any) -> str:
    declaration = {
        "id": CONTOSO.replace("Contoso", name),
        "name": name,
        "attributes": [{"name": "badge", "caseExact": True}],
    } | changes
    path = folder / f"{name}.json"
    path.write_text(json.dumps(declaration))
    return str(path)


def test_without_an_option_the_settings_are_shown(shell: Shell, connection_id: str) -> None:
    assert shown(shell, connection_id) == DEFAULT
    assert shell.text("connection", "set", connection_id).splitlines() == [
        "dialect: tolerant", "references: park", "nested_groups: park", "hold_emptied_group: off",
        "hold_deactivations: off", "hold_window: 60", "rate_limit: default", "allowed_domains: any",
        "extensions: none",
    ]  # fmt: skip
    audit = shell.directory(lambda directory: directory.store.audit(connection_id))
    assert audit == []


@pytest.mark.parametrize(
    ("option", "value", "name", "kept"),
    [
        ("--dialect", "entra", "dialect", "entra"),
        ("--references", "refuse", "references", "refuse"),
        ("--nested-groups", "accept", "nested_groups", "accept"),
        ("--hold-emptied-group", "5", "hold_emptied_group", 5),
        ("--hold-deactivations", "1000000", "hold_deactivations", 1_000_000),
        ("--hold-window", "1440", "hold_window", 1440),
        ("--rate-limit", "250", "rate_limit", 250),
    ],
)
def test_an_option_changes_one_setting_of_one_connection(
    shell: Shell, connection_id: str, option: str, value: str, name: str, kept: Any
) -> None:
    other = shell.connection()
    assert shell.json("connection", "set", connection_id, option, value) == DEFAULT | {name: kept}
    assert shown(shell, connection_id) == DEFAULT | {name: kept}
    assert f"{name}: {kept}" in shell.text("connection", "set", connection_id).splitlines()
    assert shown(shell, other) == DEFAULT


def test_all_options_at_once_and_each_stays_until_it_is_changed(shell: Shell, connection_id: str) -> None:
    everything = ["--dialect", "okta", "--references", "refuse", "--nested-groups", "refuse"]
    everything += ["--hold-emptied-group", "3", "--hold-deactivations", "10", "--hold-window", "30"]
    everything += ["--rate-limit", "off", "--allowed-domain", "ACME.example", "--allowed-domain", "*.bücher.example"]
    wanted = {
        "dialect": "okta", "references": "refuse", "nested_groups": "refuse", "hold_emptied_group": 3,
        "hold_deactivations": 10, "hold_window": 30, "rate_limit": 0,
        "allowed_domains": ["acme.example", "*.xn--bcher-kva.example"], "extensions": [],
    }  # fmt: skip
    assert shell.json("connection", "set", connection_id, *everything) == wanted
    changed = shell.json("connection", "set", connection_id, "--dialect", "strict", "--hold-emptied-group", "off")
    assert changed == shown(shell, connection_id) == wanted | {"dialect": "strict", "hold_emptied_group": None}
    assert shell.json("connection", "set", connection_id, "--hold-deactivations", "off")["hold_deactivations"] is None
    assert "rate_limit: off" in shell.text("connection", "set", connection_id)
    changed = shell.json("connection", "set", connection_id, "--any-domain", "--rate-limit", "default")
    assert (changed["allowed_domains"], changed["rate_limit"]) == (None, None)


def test_the_strict_dialect_brings_its_rules_along(shell: Shell, connection_id: str) -> None:
    strict = shell.json("connection", "set", connection_id, "--dialect", "strict")
    assert (strict["references"], strict["nested_groups"]) == ("refuse", "refuse")
    parks = shell.json("connection", "set", connection_id, "--references", "park")
    assert (parks["dialect"], parks["references"], parks["nested_groups"]) == ("strict", "park", "refuse")


def test_a_change_is_in_the_audit(shell: Shell, connection_id: str) -> None:
    shell.json("connection", "set", connection_id, "--hold-window", "30", "--dialect", "okta")
    (audit,) = shell.directory(lambda directory: directory.store.audit(connection_id))
    assert (audit.action, audit.target, audit.actor) == ("connection.settings_changed", connection_id, "cli")
    assert audit.detail == {"hold_window": 30, "dialect": "okta"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["con_none"], "no connection con_none. `vestibule connection list`"),
        (["con_none", "--dialect", "strict"], "no connection con_none"),
        (["{con}", "--dialect", "myspace"], "'tolerant', 'strict', 'entra', 'okta'"),
        (["{con}", "--references", "accept"], "'park', 'refuse'"),
        (["{con}", "--nested-groups", "flatten"], "'park', 'accept', 'refuse'"),
        (["{con}", "--hold-emptied-group", "0"], "`hold_emptied_group` must be a whole number from 1"),
        (["{con}", "--hold-emptied-group", "many"], "--hold-emptied-group takes a number, or off"),
        (["{con}", "--hold-emptied-group", "2.5"], "--hold-emptied-group takes a number, or off"),
        (["{con}", "--hold-deactivations", ""], "--hold-deactivations takes a number, or off"),
        (["{con}", "--hold-deactivations", "1000001"], "`hold_deactivations` must be a whole number"),
        (["{con}", "--hold-window", "off"], "'off' is not a valid integer"),
        (["{con}", "--hold-window", "0"], "0 is not in the range"),
        (["{con}", "--hold-window", "1000001"], "`hold_window` must be a whole number"),
        (["{con}", "--rate-limit", "fast"], "--rate-limit takes a number, or off or default"),
        (["{con}", "--rate-limit", "1000001"], "`rate_limit` must be a whole number from 0"),
        (["{con}", "--allowed-domain", "ana@acme.example"], "is no mail domain"),
        (["{con}", "--allowed-domain", "*.*.example"], "is no mail domain"),
        (["{con}", "--allowed-domain", "a.example", "--any-domain"], "--any-domain takes the list away"),
    ],
)
def test_a_setting_that_is_none_is_refused_and_nothing_is_changed(
    shell: Shell, connection_id: str, arguments: list[str], told: str
) -> None:
    arguments = [each.replace("{con}", connection_id) for each in arguments]
    assert told in shell.refusal("connection", "set", *arguments)
    assert shown(shell, connection_id) == DEFAULT


def test_a_number_in_other_digits_is_refused(shell: Shell, connection_id: str) -> None:
    assert "takes a number, or off" in shell.refusal("connection", "set", connection_id, "--hold-emptied-group", "²")


# Extension schemas


def test_a_schema_is_declared_shown_replaced_and_withdrawn(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    fabrikam = CONTOSO.replace("Contoso", "Fabrikam")
    (made,) = shell.json("connection", "schema", "declare", connection_id, schema_file(tmp_path))["extensions"]
    assert (made["id"], made["attributes"][0]["name"], made["attributes"][0]["caseExact"]) == (CONTOSO, "badge", True)
    listed = shell.text("connection", "schema", "declare", connection_id, schema_file(tmp_path, "Fabrikam"))
    assert listed.splitlines() == [CONTOSO, fabrikam]
    assert f"extensions: {CONTOSO}, {fabrikam}" in shell.text("connection", "set", connection_id)
    again = schema_file(tmp_path, attributes=[{"name": "desk"}])
    shell.json("connection", "schema", "declare", connection_id, again)
    found = {each["id"]: each["attributes"][0]["name"] for each in shown(shell, connection_id)["extensions"]}
    assert found == {fabrikam: "badge", CONTOSO: "desk"}
    left = shell.json("connection", "schema", "withdraw", connection_id, CONTOSO.upper())["extensions"]
    assert [each["id"] for each in left] == [fabrikam]
    told = shell.text("connection", "schema", "withdraw", connection_id, fabrikam)
    assert told.strip() == "No extension schema."
    assert shown(shell, connection_id) == DEFAULT


def test_what_is_shown_can_be_declared_for_another_connection(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    (made,) = shell.json("connection", "schema", "declare", connection_id, schema_file(tmp_path))["extensions"]
    copied = tmp_path / "copy.json"
    copied.write_text(json.dumps(made))
    other = shell.connection()
    assert shown(shell, other)["extensions"] == []
    shell.json("connection", "schema", "declare", other, str(copied))
    assert shown(shell, other)["extensions"] == [made]


def test_settings_and_schemas_do_not_undo_each_other(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    shell.json("connection", "set", connection_id, "--dialect", "entra")
    shell.json("connection", "schema", "declare", connection_id, schema_file(tmp_path))
    after = shell.json("connection", "set", connection_id, "--hold-window", "5")
    assert (after["dialect"], after["hold_window"], after["extensions"][0]["id"]) == ("entra", 5, CONTOSO)
    shell.json("connection", "schema", "withdraw", connection_id, CONTOSO)
    assert shown(shell, connection_id) == DEFAULT | {"dialect": "entra", "hold_window": 5}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "urn:x"}, "`id` must be a URN such as"),
        ({"attributes": []}, "`attributes` must be a list of 1 to 100"),
        ({"attributes": [{"name": "badge", "type": "text"}]}, "`attributes[0].type` must be one of string"),
        ({"attributes": [{"name": "badge", "mutability": "readOnly"}]}, "`attributes[0].mutability`"),
    ],
)
def test_a_faulty_schema_is_refused_with_its_place(
    shell: Shell, connection_id: str, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    file = schema_file(tmp_path, **changes)
    assert told in shell.refusal("connection", "schema", "declare", connection_id, file)
    assert shown(shell, connection_id) == DEFAULT


def test_what_is_no_schema_file_or_no_connection_is_refused(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    broken, listed = tmp_path / "broken.json", tmp_path / "list.json"
    broken.write_text('{"id": ')
    listed.write_text("[]")
    declare = ("connection", "schema", "declare")
    assert "broken.json is not JSON" in shell.refusal(*declare, connection_id, str(broken))
    assert "A schema is a JSON object" in shell.refusal(*declare, connection_id, str(listed))
    assert "No such file" in shell.refusal(*declare, connection_id, str(tmp_path / "nowhere.json"))
    assert "no connection con_none" in shell.refusal(*declare, "con_none", schema_file(tmp_path))
    assert "no connection con_none" in shell.refusal("connection", "schema", "withdraw", "con_none", CONTOSO)
    told = shell.refusal("connection", "schema", "withdraw", connection_id, CONTOSO)
    assert f"{connection_id} has no schema {CONTOSO}; it has none" in told
    shell.json("connection", "schema", "declare", connection_id, schema_file(tmp_path))
    assert f"it has {CONTOSO}" in shell.refusal("connection", "schema", "withdraw", connection_id, "urn:x")
    assert [each["id"] for each in shown(shell, connection_id)["extensions"]] == [CONTOSO]


def test_more_schemas_than_may_be_are_refused(shell: Shell, connection_id: str, tmp_path: Path) -> None:
    for number in range(20):
        shell.json("connection", "schema", "declare", connection_id, schema_file(tmp_path, f"x{number}"))
    told = shell.refusal("connection", "schema", "declare", connection_id, schema_file(tmp_path, "x20"))
    assert "at most 20 schemas" in told
    assert len(shown(shell, connection_id)["extensions"]) == 20


# Tokens that stand for a user


def test_a_token_may_stand_for_a_user(shell: Shell, connection_id: str) -> None:
    ana = shell.new_user(connection_id, "ana")
    made = shell.json("token", "create", connection_id, "--scope", "get:users", "--user", ana)
    kept = shell.directory(lambda directory: directory.store.find_token(made["id"]))
    assert (kept.user_id, kept.connection_id, made["token"][-4:]) == (ana, connection_id, made["last_four"])
    (audit, *_) = shell.directory(lambda directory: directory.store.audit(connection_id))
    assert (audit.action, audit.detail["user_id"]) == ("token.created", ana)


def test_tokens_of_users_take_no_place_of_the_identity_providers(shell: Shell, connection_id: str) -> None:
    ana = shell.new_user(connection_id, "ana")
    for _ in range(3):
        shell.json("token", "create", connection_id, "--all-scopes", "--user", ana)
    for _ in range(2):
        shell.json("token", "create", connection_id, "--all-scopes")
    assert "Two tokens" in shell.refusal("token", "create", connection_id, "--all-scopes")
    rotated = shell.json(
        "token", "rotate", shell.json("token", "create", connection_id, "--all-scopes", "--user", ana)["id"]
    )
    assert shell.directory(lambda directory: directory.store.find_token(rotated["id"])).user_id == ana
    assert len(shell.json("token", "list", connection_id)["tokens"]) == 7


def test_a_token_for_nobody_is_refused(shell: Shell, connection_id: str) -> None:
    elsewhere = shell.connection()
    stranger = shell.new_user(elsewhere, "ana")
    for user_id in ("usr_none", stranger):
        told = shell.refusal("token", "create", connection_id, "--all-scopes", "--user", user_id)
        assert f"no user {user_id} in {connection_id}" in told
    assert "no connection con_none" in shell.refusal("token", "create", "con_none", "--all-scopes", "--user", stranger)
    assert shell.json("token", "list", connection_id)["tokens"] == []
