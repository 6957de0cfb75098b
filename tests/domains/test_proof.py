"""What the DNS says of a claim, in words that help: resolvers on loopback say what administrators get wrong."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.outbound.nameservers import nameserver
from vestibule.domains.proof import GONE, Proof, judge, look, record_name, record_value
from vestibule.outbound.names import Answer, Resolvers

TOKEN = "06fdm3v7q5wrn9w2fz1m8m3h1c"
NAME, VALUE = record_name("acme.test"), record_value(TOKEN)


def txt(name: str, *values: str) -> dict[str, str]:
    return {name: "\n".join(f'{name}. 60 IN TXT "{value}"' for value in values)}


def looked_up(*zones: dict[str, str]) -> Proof:
    import contextlib

    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(nameserver(zone)) for zone in zones]
        resolvers = Resolvers(Resolvers.read(servers)._servers, seconds=0.2)
        return asyncio.run(look(resolvers, "acme.test", TOKEN))


RIGHT = txt(NAME, VALUE)
ALIAS = {NAME: f'{NAME}. 60 IN CNAME proofs.acme.test.\nproofs.acme.test. 60 IN TXT "{VALUE}"'}
CASES = {
    "right": ([RIGHT], "proven", "was found"),
    "at both resolvers": ([RIGHT, RIGHT], "proven", "was found"),
    "beside others": ([txt(NAME, "v=spf1 -all", VALUE)], "proven", "was found"),
    "behind an alias": ([ALIAS], "proven", "was found"),
    "in two strings": ([{NAME: f'{NAME}. 60 IN TXT "{VALUE[:20]}" "{VALUE[20:]}"'}], "proven", "was found"),
    "not at the second one": ([RIGHT, {}], "spreading", "does not have it yet"),
    "not yet at the first": ([{}, RIGHT], "spreading", "check again later"),
    "nowhere": ([{}], "no_name", "NXDOMAIN.*may take an hour"),
    "of another type": ([{NAME: f"{NAME}. 60 IN A 192.0.2.1"}], "no_record", "no TXT record.*another type"),
    "an old token": ([txt(NAME, "vestibule-verification=zzzz")], "old_token", "'vestibule-verification=zzzz'.*earlier claim"),
    "in quotes": ([txt(NAME, f"\\\"{VALUE}\\\"")], "quoted", "carries quotes.*without quotes"),
    "in typographic quotes": ([txt(NAME, f"“{VALUE}”")], "quoted", "carries quotes"),
    "with a space": ([txt(NAME, f"{VALUE} ")], "altered", "without spaces"),
    "in capitals": ([txt(NAME, VALUE.upper())], "altered", "small letters"),
    "the token alone": ([txt(NAME, TOKEN)], "altered", f"exactly {VALUE}"),
    "something else": ([txt(NAME, "hello")], "foreign", "'hello'.*may stay beside"),
    "at the apex": ([txt("acme.test", "v=spf1 -all", VALUE)], "at_apex", f"found at acme.test instead of {NAME}"),
    "at the apex beside a wildcard": ([txt("acme.test", VALUE) | txt(NAME, "any")], "at_apex", "Move it"),
    "with the domain twice": ([txt(f"{NAME}.acme.test", VALUE)], "doubled", "adds acme.test by itself"),
    "behind a broken server": ([{NAME: "SERVFAIL"}], "unreachable", r"SERVFAIL.*says nothing of the record"),
    "behind a silent one": ([{NAME: "silence"}], "unreachable", "timeout"),
    "shown by one alone": ([RIGHT, {NAME: "SERVFAIL"}], "unreachable", "SERVFAIL"),
    "shown by two of three": ([RIGHT, RIGHT, {NAME: "REFUSED"}], "proven", "was found"),
    "lacking at one, the other broken": ([{}, {NAME: "SERVFAIL"}], "no_name", "NXDOMAIN"),
}  # fmt: skip


@pytest.mark.parametrize(("zones", "outcome", "words"), CASES.values(), ids=CASES)
def test_each_way_to_get_it_wrong_has_its_words(zones: list[dict[str, str]], outcome: str, words: str) -> None:
    import re

    proof = looked_up(*zones)
    assert proof.outcome == outcome
    assert re.search(words, proof.note), proof.note
    assert proof.sentence
    assert (proof.fix == "") == (outcome == "proven")
    assert outcome not in GONE or VALUE in proof.fix or outcome in ("at_apex", "doubled")


answers = st.lists(
    st.builds(
        Answer,
        st.just("9.9.9.9"),
        st.sampled_from(["found", "no_record", "no_name", "timeout", "failed"]),
        st.lists(st.sampled_from([VALUE, f'"{VALUE}"', "x", VALUE.upper(), f"{VALUE} "]), max_size=3).map(tuple),
    ).map(lambda each: each if each.outcome == "found" else Answer(each.server, each.outcome)),
    min_size=1,
    max_size=4,
)


@given(answers)
def test_it_is_proven_only_where_all_that_speak_show_it_exactly(said: list[Answer]) -> None:
    """And two of them where two were asked; nothing that only looks like it counts."""
    speaking = [each for each in said if each.outcome in ("found", "no_record", "no_name")]
    shown = [each for each in speaking if VALUE in each.values]
    expected = len(shown) == len(speaking) and len(shown) >= min(2, len(said))
    assert (judge(said, VALUE) == "proven") == expected
    assert (judge(said, VALUE) in GONE) == (bool(speaking) and not shown)
