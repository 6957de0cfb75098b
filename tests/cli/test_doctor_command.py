"""`vestibule doctor`: findings with exit code 1, nothing with 0."""

import json
from pathlib import Path

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_connection_is_examined_from_what_is_stored(shell: Shell) -> None:
    connection_id = shell.connection()
    emails = [{"value": "ana@acme.example", "type": "work"}]
    shell.new_user(connection_id, "ana@acme.example", externalId="6d3f0c1e-51a5-4c8e-9e6b-2f3a1c0d7b11", emails=emails)
    assert shell.json("doctor", connection_id) == {"findings": [], "looked_at": {"people": 1, "groups": 0}}
    assert "Nothing is amiss (1 person, 0 groups looked at)." in shell.text("doctor", connection_id)
    shell.json("token", "create", connection_id, "--scope", "get:users")
    shell.new_user(connection_id, "ben")
    done = shell.run("doctor", connection_id, "--json")
    told = {each["code"]: each for each in json.loads(done.stdout)["findings"]}
    assert (done.exit_code, set(told)) == (1, {"mail_missing", "external_id_missing", "token_lacks_groups"})
    assert told["mail_missing"]["examples"] == ["ben"]
    text = shell.run("doctor", connection_id)
    assert (text.exit_code, "[token_lacks_groups]" in text.stdout, "vestibule token grant" in text.stdout) == (
        1,
        True,
        True,
    )


def test_whom_a_list_of_domains_would_hit_is_told_before_it_is_set(shell: Shell) -> None:
    connection_id = shell.connection()
    shell.new_user(
        connection_id, "ben", externalId="6d3f0c1e-51a5-4c8e-9e6b-2f3a1c0d7b11", emails=[{"value": "ben@b.example"}]
    )
    done = shell.run("doctor", connection_id, "--allowed-domain", "acme.example", "--json")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (done.exit_code, finding["code"], finding["examples"]) == (1, "address_not_allowed", ["ben (ben@b.example)"])
    assert shell.json("doctor", connection_id)["findings"] == []
    assert "is no mail domain" in shell.refusal("doctor", connection_id, "--allowed-domain", "https://acme.example")
    assert "of this installation" in shell.refusal(
        "doctor", "https://x.example", "--token", "t", "--allowed-domain", "a.b"
    )


def test_wrong_usage_is_told(shell: Shell) -> None:
    connection_id = shell.connection()
    assert "no connection con_none" in shell.refusal("doctor", "con_none")
    assert "--token-file" in shell.refusal("doctor", "https://scim.example/v2")
    assert "needs no token" in shell.refusal("doctor", connection_id, "--token", "t")
    unreachable = shell.run("doctor", "http://127.0.0.1:1/scim", "--token", "t")
    assert (unreachable.exit_code, unreachable.stdout) == (3, "")
