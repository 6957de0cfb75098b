"""Mail domains on the command line, against resolvers on loopback."""

from collections.abc import Generator

import pytest

from tests.cli.shell import Shell
from tests.outbound.nameservers import nameserver


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Generator[dict[str, str]]:
    """What both resolvers say; it may be changed meanwhile."""
    said: dict[str, str] = {}
    with nameserver(said) as one, nameserver(said) as two:
        monkeypatch.setenv("VESTIBULE_DNS_SERVERS", f"{one},{two}")
        yield said


def publish(zone: dict[str, str], record: dict[str, str]) -> None:
    zone[record["name"]] = f'{zone.get(record["name"], "")}\n{record["name"]}. 60 IN TXT "{record["value"]}"'.strip()


def enterprise(shell: Shell, name: str = "Acme") -> str:
    return shell.json("enterprise", "create", name)["id"]


def test_a_domain_is_claimed_and_proven(shell: Shell, zone: dict[str, str]) -> None:
    ent = enterprise(shell)
    made = shell.json("domain", "claim", ent, "Acme.com")
    assert (made["domain"], made["state"], made["subdomains"]) == ("acme.com", "pending", False)
    assert made["record"]["name"] == "_vestibule-challenge.acme.com"
    assert made["record"]["value"].startswith("vestibule-verification=")
    waiting = shell.run("domain", "check", made["id"])
    assert waiting.exit_code == 1
    assert "There is no _vestibule-challenge.acme.com in the DNS (NXDOMAIN)." in waiting.stdout
    publish(zone, made["record"])
    checked = shell.json("domain", "check", "acme.com")
    assert (checked["state"], checked["before"], checked["proof"]["outcome"]) == ("verified", "pending", "proven")
    assert [each["outcome"] for each in checked["proof"]["answers"]] == ["found", "found"]
    assert [each["id"] for each in shell.json("domain", "list", ent)["domains"]] == [made["id"]]
    assert shell.json("domain", "list", "ent_other") == {"domains": []}


def test_the_record_is_told_for_people(shell: Shell, zone: dict[str, str]) -> None:
    told = shell.text("domain", "claim", enterprise(shell), "acme.com", "--subdomains")
    assert "  name   _vestibule-challenge.acme.com\n  type   TXT\n  value  vestibule-verification=" in told
    assert "and below  pending" in shell.text("domain", "list")


def test_a_dispute_is_told_and_decided(shell: Shell, zone: dict[str, str]) -> None:
    first = shell.json("domain", "claim", enterprise(shell), "acme.com")
    publish(zone, first["record"])
    shell.json("domain", "check", first["id"])
    later = shell.json("domain", "claim", enterprise(shell, "Beta"), "acme.com")
    publish(zone, later["record"])
    checked = shell.run("domain", "check", later["id"])
    assert checked.exit_code == 1
    assert f"vestibule domain dispute {later['id']} --give or --keep" in checked.stdout
    assert "--give" in shell.run("domain", "dispute", later["id"]).stderr
    assert "only a disputed claim" in shell.refusal("domain", "dispute", first["id"], "--give")
    assert shell.json("domain", "dispute", later["id"], "--give")["state"] == "verified"
    assert [each["state"] for each in shell.json("domain", "list")["domains"]] == ["lost", "verified"]


def test_a_recheck_tells_what_it_came_to(shell: Shell, zone: dict[str, str]) -> None:
    made = shell.json("domain", "claim", enterprise(shell), "acme.com")
    publish(zone, made["record"])
    assert shell.json("domain", "recheck")["checked"][0]["state"] == "verified"
    assert shell.text("domain", "recheck").startswith("None is due")
    zone.clear()
    gone = shell.run("domain", "recheck", "--all")
    assert gone.exit_code == 1
    assert "failing" in gone.stdout


def test_a_domain_is_given_up(shell: Shell) -> None:
    made = shell.json("domain", "claim", enterprise(shell), "acme.com")
    assert shell.json("domain", "remove", made["id"])["removed"] is True
    assert "There is no claim" in shell.refusal("domain", "remove", made["id"])
    assert "No domain yet" in shell.text("domain", "list")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("claim", "ent_none", "acme.com"), "vestibule enterprise list"),
        (("claim", "ent_none", "gmail.com"), "anybody may open a mailbox"),
        (("claim", "ent_none", "co.uk"), "publicsuffix.org"),
        (("check", "dom_none"), "vestibule domain list"),
    ],
)
def test_what_cannot_be_done_is_told(shell: Shell, arguments: tuple[str, ...], told: str) -> None:
    shell.json("enterprise", "create", "Acme")
    assert told in shell.refusal("domain", *arguments)


def test_a_resolver_that_is_none_is_told(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_DNS_SERVERS", "dns.example")
    assert "VESTIBULE_DNS_SERVERS" in shell.refusal("domain", "recheck")
