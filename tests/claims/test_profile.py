"""What a profile is made of, what it is never made of, and what is told beside it."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from vestibule.claims import (
    NOTES,
    Mapping,
    Received,
    Rule,
    from_oidc,
    from_saml,
    preset,
    read_mapping,
    read_profile,
)
from vestibule.claims.profile import Profile

EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SIMPLE = read_mapping({"userName": "user", "email": "email", "groups": "groups", "costCenter": "cc"})


def saml(subject: str = "ada@acme.example", form: str | None = EMAIL, **values: str | list[str]) -> Received:
    attributes = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in values.items()}
    return from_saml("https://idp.example", subject, form, attributes)


def profile(received: Received, mapping: Mapping = SIMPLE) -> Profile:
    made = read_profile(received, mapping).profile
    assert made is not None
    return made


def notes(received: Received, mapping: Mapping = SIMPLE) -> dict[str, Any]:
    return {note.code: note.facts for note in read_profile(received, mapping).notes}


LITERALS = ["user.email", "user.mail", "user.userprincipalname", "User.Mail", "${user.email}", "{{user.email}}",
            "[mail]", "Join(user.mail)", "appuser.email", "idpuser.email"]  # fmt: skip


@pytest.mark.parametrize("value", LITERALS)
def test_the_text_of_an_expression_is_nobodys_address_and_nobodys_name(value: str) -> None:
    assert notes(saml(user="ada", email=value))["email_literal"] == {"claim": "email", "value": value}
    assert profile(saml(user="ada", email=value)).email is None
    made = read_profile(saml(user=value, email="ada@acme.example"), SIMPLE)
    assert (made.profile, made.missing[0].wanted) == (None, "userName")
    assert {"value_literal"} <= {note.code for note in made.notes}


@pytest.mark.parametrize(
    "value", ["ada", "user", "user.one", "user.email@acme.example", "Ada (Ops)", "Sam(Samuel)", "[ops] ada", "o'brien"]
)
def test_a_name_is_not_taken_for_an_expression(value: str) -> None:
    assert profile(saml(user=value)).user_name == value


@pytest.mark.parametrize(
    ("value", "why"),
    [("ada", "0 @"), ("a@b@acme.example", "2 @"), ('"a"@acme.example', "before the @"), ("a@localhost", "domain")],
)
def test_an_email_that_is_no_address_is_told_with_the_reason_and_not_used(value: str, why: str) -> None:
    received = saml(user="ada", email=value)
    assert profile(received).email is None
    assert why in notes(received)["email_not_an_address"]["why"]


def test_of_several_emails_the_first_is_used_and_all_are_told() -> None:
    received = saml(user="ada", email=["a@acme.example", "b@acme.example"])
    assert str(profile(received).email) == "a@acme.example"
    assert notes(received)["email_many"]["values"] == ("a@acme.example", "b@acme.example")


VERIFIED = [
    (True, True), ("true", True), ("True", True), (1, True),
    (False, False), ("false", False), (0, False),
    (None, None), ("yes", None), ("", None), ([True, False], None), ({"x": True}, None),
]  # fmt: skip


@pytest.mark.parametrize(("mark", "expected"), VERIFIED, ids=repr)
def test_an_address_is_verified_only_where_the_token_says_so_of_it(mark: Any, expected: bool | None) -> None:
    claims = {"email": "ada@acme.example", "preferred_username": "eve@evil.example", "email_verified": mark}
    assert profile(from_oidc("https://op.example", "1", claims), preset("generic", "oidc")).email_verified is expected


def test_what_is_said_of_the_email_claim_is_not_said_of_another_claim_or_of_several_addresses() -> None:
    claims: dict[str, Any] = {"email": "a@acme.example", "upn": "b@acme.example", "email_verified": True}
    other = read_mapping({"userName": "sub", "email": "upn"})
    assert profile(from_oidc("https://op.example", "1", claims), other).email_verified is None
    several = claims | {"email": ["a@acme.example", "b@acme.example"]}
    assert profile(from_oidc("https://op.example", "1", several), preset("generic", "oidc")).email_verified is None
    cased = {"Email": "a@acme.example", "email_verified": True}
    assert profile(from_oidc("https://op.example", "1", cased), preset("generic", "oidc")).email_verified is None


def test_an_assertion_never_says_that_an_address_is_verified() -> None:
    assert profile(saml(user="ada", email="a@acme.example", email_verified="true", xms_edov="1")).email_verified is None


def test_absent_groups_empty_groups_and_left_out_groups_are_three_things() -> None:
    assert profile(saml(user="ada")).groups is None
    empty = profile(saml(user="ada", groups=[])).groups
    assert empty is not None
    assert (empty.values, empty.overage) == ((), False)
    link = "http://schemas.microsoft.com/claims/groups.link"
    left_out = profile(saml(user="ada", **{link: "https://graph.windows.net/x"})).groups
    assert left_out is not None
    assert left_out.overage


def test_joined_groups_are_taken_apart_only_where_the_mapping_says_so() -> None:
    received = saml(user="ada", groups="Engineering; Admins")
    assert notes(received)["groups_joined"] == {"claim": "groups", "count": 2, "separator": ";"}
    untouched = profile(received).groups
    assert untouched is not None
    assert untouched.values == ("Engineering; Admins",)
    split = read_mapping({"userName": "user", "groups": {"claims": ["groups"], "separator": ";"}})
    taken_apart = profile(received, split).groups
    assert taken_apart is not None
    assert taken_apart.values == ("Engineering", "Admins")
    assert "groups_joined" not in notes(received, split)


def test_one_id_among_names_does_not_make_ids_of_them() -> None:
    mixed = profile(saml(user="ada", groups=["Engineering", "0f1de2f8-1df3-4c5a-8b5e-3d6a8e1c2b90"])).groups
    assert mixed is not None
    assert mixed.looks_like == "names"


def test_the_first_source_with_a_value_is_taken_and_an_empty_one_is_passed_over() -> None:
    mapping = read_mapping({"userName": {"claims": ["a", "b", "NameID"]}})
    assert profile(saml(a="", b="second"), mapping).user_name == "second"
    assert profile(saml(a=["  "]), mapping).user_name == "ada@acme.example"


def test_a_short_name_is_found_in_other_case_but_a_name_of_ones_own_or_a_uri_is_not() -> None:
    mapping = read_mapping({"userName": "username", "title": "myTitle", "urn": "urn:Acme:x"})
    made = profile(saml(UserName="ada", mytitle="x", **{"urn:acme:x": "x"}), mapping)
    assert (made.user_name, made.extra) == ("ada", {})
    exact = saml(username="right", UserName="wrong")
    assert profile(exact, mapping).user_name == "right"


def test_a_required_attribute_that_is_missing_is_told_with_the_names_that_look_alike() -> None:
    mapping = Mapping(
        {"userName": Rule(("NameID",), True), "email": Rule(("urn:oid:0.9.2342.19200300.100.1.3",), True)}
    )
    made = read_profile(saml("ada", mail="ada@acme.example", Emial="x", shoeSize="39"), mapping)
    assert made.profile is None
    (missing,) = made.missing
    assert (missing.wanted, missing.nearest) == ("email", ("mail", "Emial"))
    remap = next(note for note in made.notes if note.code == "claim_renamed").facts["remap"]
    assert (
        read_profile(saml("ada", mail="ada@acme.example"), mapping.with_claim(*next(iter(remap.items())))).missing == ()
    )


def test_a_renamed_claim_is_proposed_only_with_a_value_that_would_do() -> None:
    assert "claim_renamed" not in notes(saml(user="ada", mail="user.mail"))
    assert "claim_renamed" not in notes(saml(user="ada", mail=[]))
    assert notes(saml(user="ada", mail="ada@acme.example"))["claim_renamed"]["remap"] == {"email": "mail"}


def test_a_default_stands_in_for_what_did_not_come() -> None:
    mapping = read_mapping(
        {
            "userName": "user",
            "displayName": {"claims": ["n"], "required": True, "default": "?"},
            "site": {"claims": ["s"], "default": "HQ"},
        }
    )
    made = profile(saml(user="ada"), mapping)
    assert (made.display_name, made.extra) == ("?", {"site": ("HQ",)})


@pytest.mark.parametrize("name", ["eve\0", "ada\n", "ada\x1b[31m", "a" * 1_025])
def test_a_value_with_control_characters_or_without_end_is_left_out(name: str) -> None:
    received = saml(user=[f"x{name}x", "ada"])
    assert profile(received).user_name == "ada"
    assert notes(received)["value_unreadable"] == {"attribute": "userName", "claim": "user", "count": 1}


def test_a_subject_that_changes_with_every_sign_in_is_told_even_if_nothing_is_taken_from_it() -> None:
    assert (
        notes(saml("_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7", TRANSIENT, user="ada"))["subject_opaque"]["used_for"]
        == ()
    )
    assert "subject_opaque" not in notes(saml("kDl0V1Y8Y3cZbQ2nq3o5n4bGg8v1cYk9Q5q", user="ada"))


def test_an_email_taken_from_the_sign_in_name_is_told_beside_the_mail_that_differs() -> None:
    mapping = read_mapping({"userName": "upn", "email": "upn"})
    told = notes(saml(upn="ada@corp.acme.example", mail="ada@acme.example"), mapping)["email_is_upn"]
    assert (told["email"], told["mail"]) == ("ada@corp.acme.example", "ada@acme.example")
    assert "email_is_upn" not in notes(saml(user="ada", upn="ada@acme.example", email="ada@acme.example"))
    named_email = saml(user="ada", upn="ada@corp.acme.example", email="ada@corp.acme.example", mail="ada@acme.example")
    assert notes(named_email)["email_is_upn"]["mail"] == "ada@acme.example"


def test_an_opaque_subject_is_no_faulty_email_but_none() -> None:
    told = notes(saml("kDl0V1Y8Y3cZbQ2nq3o5n4bGg8v1cYk9Q5q"), preset("okta", "saml"))
    assert ("email_missing" in told, "email_not_an_address" in told) == (True, False)


def test_a_group_may_be_called_like_an_expression() -> None:
    groups = profile(saml(user="ada", groups=["user.department"])).groups
    assert groups is not None
    assert groups.values == ("user.department",)


def test_a_guest_is_one_of_another_directory_not_of_another_issuer_of_the_same() -> None:
    tenant, base = "2f9e6f5c-7f0e-4d0a-9c55-0f5d2b1f3c11", "http://schemas.microsoft.com/identity/claims/"
    came = {f"{base}tenantid": (tenant,), f"{base}identityprovider": (f"https://sts.windows.net/{tenant}/",)}
    own = from_saml(f"https://sts.windows.net/{tenant}/app-1", "ada@acme.example", EMAIL, came)
    assert "subject_is_guest" not in notes(own, preset("entra", "saml"))
    other = from_saml(
        f"https://sts.windows.net/{tenant}/",
        "ada@acme.example",
        EMAIL,
        came | {f"{base}identityprovider": ("live.com",)},
    )
    assert notes(other, preset("entra", "saml"))["subject_is_guest"]["home_directory"] == "live.com"


def test_nested_claims_are_reached_with_dots_and_null_is_absent() -> None:
    mapping = read_mapping({"userName": "sub", "roles": "realm_access.roles", "city": "address.locality"})
    claims = {"realm_access": {"roles": ["a", "b"]}, "address": {"locality": None}}
    assert profile(from_oidc("https://op.example", "1", claims), mapping).extra == {"roles": ("a", "b")}


def test_without_a_rule_for_the_user_name_nobody_comes_in() -> None:
    assert read_profile(saml(user="ada"), Mapping({})).missing[0].wanted == "userName"


TEXTS = st.sampled_from(
    ["user.mail", "a@acme.example", "A@ACME.example ", "b#EXT#@c.onmicrosoft.com", "x;y", "S-1-5-21-1", "true", ""]
) | st.text(max_size=8)
NAMES = (
    st.sampled_from([source for rule in preset("entra", "saml").rules.values() for source in rule.sources])
    | st.sampled_from(
        [
            "mail",
            "email",
            "Email",
            "sub",
            "oid",
            "groups",
            "_claim_names.groups",
            "hasgroups",
            "xms_edov",
            "email_verified",
            "upn",
            "idp",
            "tid",
        ]
    )
    | st.text(max_size=6)
)
VALUES = st.dictionaries(NAMES, st.lists(TEXTS, max_size=3).map(tuple), max_size=8)
ISSUERS = st.sampled_from(["https://sts.windows.net/x/", "https://accounts.google.com", "https://op.example", ""])


@examples(300)
@given(
    VALUES, TEXTS, ISSUERS, st.sampled_from(["saml", "oidc"]), st.sampled_from(["entra", "okta", "generic", "onelogin"])
)
def test_whatever_came_there_is_a_profile_or_something_missing_and_every_note_is_json(
    values: dict[str, tuple[str, ...]], subject: str, issuer: str, protocol: Any, idp: str
) -> None:
    made = read_profile(Received(protocol, issuer, subject, None, values), preset(idp, protocol))
    assert (made.profile is None) == bool(made.missing)
    assert {note.code for note in made.notes} <= set(NOTES)
    orjson.dumps([note.facts for note in made.notes])
    if made.profile is not None:
        assert made.profile.user_name == made.profile.user_name.strip() != ""
        assert protocol == "oidc" or made.profile.email_verified is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
)


@examples(100)
@given(st.dictionaries(NAMES, JSON))
def test_claims_of_any_shape_are_received(claims: dict[str, Any]) -> None:
    received = from_oidc("https://op.example", "1", claims)
    assert all(isinstance(value, str) for values in received.values.values() for value in values)
    read_profile(received, preset("entra", "oidc"))


def test_of_several_names_the_first_is_used_and_all_are_told() -> None:
    received = saml(user=["ada", "lovelace", "ada"])
    assert profile(received).user_name == "ada"
    assert notes(received)["value_many"] == {"attribute": "userName", "claim": "user", "values": ("ada", "lovelace")}
