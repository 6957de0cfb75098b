"""A mapping goes to JSON and back, and what is wrong with one is told where it stands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from vestibule.claims import (
    PRESETS,
    InvalidMapping,
    Mapping,
    Rule,
    preset,
    read_claim_option,
    read_mapping,
    write_mapping,
)

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nobody can be told apart": ({"email": "mail"}, "userName: it is missing"),
    "no claims": ({"userName": {"required": True}}, "userName: claims must be"),
    "an empty list": ({"userName": {"claims": []}}, "userName: claims must be"),
    "claims a text": ({"userName": {"claims": "upn"}}, "userName: claims must be"),
    "a claim that is a number": ({"userName": {"claims": [1]}}, "userName: a claim is a name"),
    "an empty claim": ({"userName": ""}, "userName: a claim is a name"),
    "a claim with space": ({"userName": " upn"}, "userName: a claim is a name"),
    "a claim with a newline": ({"userName": "u\npn"}, "userName: a claim is a name"),
    "a claim too long": ({"userName": "u" * 513}, "userName: a claim's name is longer"),
    "too many claims": ({"userName": {"claims": ["u"] * 17}}, "userName: claims must be"),
    "a rule that is a list": ({"userName": ["upn"]}, "userName: it must be"),
    "a member unknown": ({"userName": {"claims": ["upn"], "requird": True}}, "'requird' is unknown"),
    "required a text": ({"userName": {"claims": ["upn"], "required": "yes"}}, "required must be"),
    "default a number": ({"userName": "upn", "title": {"claims": ["t"], "default": 1}}, "title: default must be"),
    "a separator of two": ({"userName": "upn", "groups": {"claims": ["g"], "separator": ";;"}}, "groups: separator"),
    "twice in other case": ({"userName": "upn", "username": "uid"}, "userName: it stands there twice"),
    "an attribute with space": ({"userName": "upn", "job title": "t"}, "job title: an attribute has"),
    "too many attributes": ({f"a{n}": "c" for n in range(65)}, "65 attributes are more"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_told_where_it_stands(name: str) -> None:
    document, message = WRONG[name]
    with pytest.raises(InvalidMapping, match=message):
        read_mapping(document)


@pytest.mark.parametrize("attribute", ["userName", "externalId", "email", "groups"])
def test_what_tells_one_person_from_another_has_no_default(attribute: str) -> None:
    with pytest.raises(InvalidMapping, match="everybody"):
        read_mapping({"userName": "upn", attribute: {"claims": ["c"], "default": "x"}})


RULES = st.builds(
    Rule,
    st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9), min_size=1, max_size=3).map(tuple),
    st.booleans(),
    st.none(),
    st.none() | st.sampled_from([";", ","]),
)
MAPPINGS = st.dictionaries(st.sampled_from(["email", "givenName", "groups", "costCenter"]), RULES)


@examples(100)
@given(RULES, MAPPINGS)
def test_a_mapping_that_was_written_is_read_as_the_same(user_name: Rule, others: dict[str, Rule]) -> None:
    mapping = Mapping({"userName": user_name, **others})
    assert read_mapping(write_mapping(mapping)) == mapping


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_is_a_mapping_that_could_be_written_by_hand(key: tuple[str, Any]) -> None:
    assert read_mapping(write_mapping(PRESETS[key])) == PRESETS[key]
    assert PRESETS[key].rules["userName"].required


def test_every_sender_has_a_preset_in_both_protocols_and_a_stranger_has_the_generic_one() -> None:
    senders = {idp for idp, _ in PRESETS}
    assert {(idp, protocol) for idp in senders for protocol in ("saml", "oidc")} == set(PRESETS)
    assert {"entra", "okta", "google", "adfs", "keycloak", "onelogin", "jumpcloud", "ping", "generic"} == senders
    assert preset("somebody", "saml") is PRESETS["generic", "saml"]


def test_an_option_of_the_command_line_sets_one_claim_and_leaves_the_rest() -> None:
    assert read_claim_option("Email=urn:oid:0.9.2342.19200300.100.1.3") == (
        "email",
        "urn:oid:0.9.2342.19200300.100.1.3",
    )
    assert read_claim_option("costCenter = a=b") == ("costCenter", "a=b")
    before = PRESETS["onelogin", "saml"]
    after = before.with_claim("groups", "MemberOf")
    assert after.rules["groups"] == Rule(("MemberOf",), separator=";")
    assert {**after.rules, "groups": None} == {**before.rules, "groups": None}
    assert after.with_claim("USERNAME", "uid").rules["userName"] == Rule(("uid",), required=True)


@pytest.mark.parametrize("text", ["email", "=mail", "email=", "e mail=mail", "email=a\x00"])
def test_an_option_that_is_none_is_told_so(text: str) -> None:
    with pytest.raises(InvalidMapping):
        read_claim_option(text)


@examples(100)
@given(
    st.dictionaries(
        st.text(max_size=9) | st.just("userName"),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda each: (
                st.lists(each, max_size=3)
                | st.dictionaries(st.sampled_from(["claims", "required", "default", "separator"]), each)
            ),
        ),
    )
)
def test_no_document_raises_anything_else(document: dict[str, Any]) -> None:
    try:
        read_mapping(document)
    except InvalidMapping as refused:
        assert str(refused).startswith("Mapping")
