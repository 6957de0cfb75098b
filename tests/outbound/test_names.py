"""What resolvers on loopback say of names, told apart."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.conftest import free_port
from tests.outbound.nameservers import nameserver
from vestibule.outbound import Unusable
from vestibule.outbound.names import Answer, Resolvers, Server

ZONE = {
    "acme.test": 'acme.test. 60 IN MX 20 backup.acme.test.\nacme.test. 60 IN MX 10 mx.acme.test.\nacme.test. 60 IN TXT "v=spf1 -all"',
    "_x.acme.test": '_x.acme.test. 60 IN TXT "two"\n_x.acme.test. 60 IN TXT "one"',
    "long.acme.test": 'long.acme.test. 60 IN TXT "' + "a" * 200 + '" "' + "b" * 200 + '"',
    "huge.acme.test": "\n".join(f'huge.acme.test. 60 IN TXT "{number:03}{"x" * 200}"' for number in range(40)),
    "alias.acme.test": 'alias.acme.test. 60 IN CNAME _x.acme.test.\n_x.acme.test. 60 IN TXT "behind the alias"',
    "dead-alias.acme.test": "dead-alias.acme.test. 60 IN CNAME gone.acme.test.",
    "empty.acme.test": "empty.acme.test. 60 IN A 192.0.2.1",
    "broken.acme.test": "SERVFAIL",
    "private.acme.test": "REFUSED",
    "slow.acme.test": "silence",
}


def ask(name: str, servers: Sequence[str], kind: str = "txt", seconds: float = 2.0) -> Sequence[Answer]:
    resolvers = Resolvers([Server(each.split(":")[0], int(each.split(":")[1])) for each in servers], seconds)
    return asyncio.run(getattr(resolvers, kind)(name))


@pytest.mark.parametrize(
    ("name", "outcome", "values", "why"),
    [
        ("_x.acme.test", "found", ("one", "two"), ""),
        ("_X.ACME.test.", "found", ("one", "two"), ""),
        ("long.acme.test", "found", ("a" * 200 + "b" * 200,), ""),
        ("alias.acme.test", "found", ("behind the alias",), ""),
        ("dead-alias.acme.test", "no_record", (), ""),
        ("empty.acme.test", "no_record", (), ""),
        ("nobody.acme.test", "no_name", (), ""),
        ("broken.acme.test", "failed", (), "SERVFAIL"),
        ("private.acme.test", "failed", (), "REFUSED"),
    ],
)
def test_what_is_said_of_a_name_is_told_apart(name: str, outcome: str, values: tuple[str, ...], why: str) -> None:
    with nameserver(ZONE) as server:
        (answer,) = ask(name, [server])
    assert answer == Answer(server, outcome, values, why)  # pyright: ignore[reportArgumentType]


def test_an_answer_too_long_for_a_datagram_comes_whole() -> None:
    with nameserver(ZONE) as server:
        (answer,) = ask("huge.acme.test", [server])
    assert len(answer.values) == 40


def test_silence_is_no_answer_about_the_name() -> None:
    with nameserver(ZONE) as server:
        assert [each.outcome for each in ask("slow.acme.test", [server], seconds=0.1)] == ["timeout"]
    (closed,) = ask("_x.acme.test", [f"127.0.0.1:{free_port()}"], seconds=0.1)
    assert closed.outcome in ("timeout", "failed")


def test_each_resolver_says_its_own() -> None:
    with nameserver(ZONE) as here, nameserver({}) as there:
        answers = ask("_x.acme.test", [here, there])
    assert [(each.server, each.outcome) for each in answers] == [(here, "found"), (there, "no_name")]


def test_mail_hosts_come_in_the_order_of_preference() -> None:
    with nameserver(ZONE) as server:
        assert ask("acme.test", [server], "mail_hosts")[0].values == ("mx.acme.test", "backup.acme.test")
        assert ask("empty.acme.test", [server], "mail_hosts")[0].outcome == "no_record"


@pytest.mark.parametrize("name", ["a" * 64 + ".test", "a..b", "x." * 130])
def test_what_is_no_name_is_not_asked(name: str) -> None:
    with nameserver(ZONE) as server:
        assert [each.outcome for each in ask(name, [server])] == ["failed"]


def test_servers_are_read_with_and_without_a_port() -> None:
    servers = Resolvers.read(["9.9.9.9", "9.9.9.9:5353", "2620:fe::fe", "[2620:fe::fe]:5353"])._servers
    assert servers == (Server("9.9.9.9"), Server("9.9.9.9", 5353), Server("2620:fe::fe"), Server("2620:fe::fe", 5353))
    assert [str(each) for each in servers] == ["9.9.9.9", "9.9.9.9:5353", "[2620:fe::fe]", "[2620:fe::fe]:5353"]


@pytest.mark.parametrize(
    "text", ["dns.example", "9.9.9.9:0", "9.9.9.9:70000", "9.9.9", "[9.9.9.9", ":53", "::x", "https://x"]
)
def test_a_server_that_is_none_is_told(text: str) -> None:
    with pytest.raises(Unusable, match="VESTIBULE_DNS_SERVERS"):
        Resolvers.read([text])
