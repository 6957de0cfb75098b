"""`attributes` and `excludedAttributes` (RFC 7644 section 3.9)."""

from dataclasses import replace
from typing import Any

import pytest

from vestibule.scim.errors import InvalidValue
from vestibule.scim.extension import read_extension
from vestibule.scim.group_schema import CORE_GROUP, GROUP
from vestibule.scim.projection import Projection, read_projection
from vestibule.scim.user_schema import CORE_USER, ENTERPRISE_USER, USER

ANA: dict[str, Any] = {
    "schemas": [CORE_USER, ENTERPRISE_USER],
    "id": "usr_1",
    "userName": "ana",
    "active": False,
    "name": {"givenName": "Ana", "familyName": "Lim"},
    "emails": [{"type": "work", "value": "a@b"}, {"type": "home"}],
    ENTERPRISE_USER: {"department": "Sales", "manager": {"value": "m", "$ref": "/m"}},
    "meta": {"version": 'W/"1"'},
}
ALWAYS = {"schemas", "id"}


def shown(attributes: str | None = None, excluded: str | None = None) -> dict[str, Any]:
    return read_projection(attributes, excluded, USER).apply(ANA)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("userName", {"userName": "ana"}),
        ("USERNAME, active", {"userName": "ana", "active": False}),
        (f"{CORE_USER}:userName", {"userName": "ana"}),
        ("name.givenName", {"name": {"givenName": "Ana"}}),
        ("emails.value", {"emails": [{"value": "a@b"}]}),
        ("department", {ENTERPRISE_USER: {"department": "Sales"}}),
        (f"{ENTERPRISE_USER}:manager.value", {ENTERPRISE_USER: {"manager": {"value": "m"}}}),
        (ENTERPRISE_USER, {ENTERPRISE_USER: ANA[ENTERPRISE_USER]}),
        ("tea", {}),
        ('emails[type eq "work"]', {}),
        (",", {}),
    ],
)
def test_only_what_is_asked_for_is_shown_beside_what_always_is(attributes: str, expected: dict[str, Any]) -> None:
    result = shown(attributes)
    assert {key: value for key, value in result.items() if key not in ALWAYS} == expected
    assert result.keys() >= ALWAYS


@pytest.mark.parametrize(
    ("excluded", "gone"),
    [
        ("name", {"name"}),
        ("meta,EMAILS", {"meta", "emails"}),
        (ENTERPRISE_USER, {ENTERPRISE_USER}),
        ("id,schemas", set()),
        ("tea", set()),
    ],
)
def test_what_is_excluded_is_left_out_but_for_what_always_is_shown(excluded: str, gone: set[str]) -> None:
    assert shown(excluded=excluded) == {key: value for key, value in ANA.items() if key not in gone}


def test_a_part_is_excluded_alone() -> None:
    assert shown(excluded="name.givenName")["name"] == {"familyName": "Lim"}
    assert shown(excluded="manager")[ENTERPRISE_USER] == {"department": "Sales"}


def test_to_ask_for_both_is_refused() -> None:
    with pytest.raises(InvalidValue):
        read_projection("userName", "name", USER)


def group(attributes: str | None = None, excluded: str | None = None) -> Projection:
    return read_projection(attributes, excluded, GROUP)


@pytest.mark.parametrize("excluded", ["members", "Members", f"{CORE_GROUP}:members", CORE_GROUP])
def test_excluded_members_need_not_be_read(excluded: str) -> None:
    assert not group(excluded=excluded).wants("members")


@pytest.mark.parametrize(
    "attributes", ["members", "MEMBERS.value", f"{CORE_GROUP}:members", CORE_GROUP, "id,members", None]
)
def test_members_that_will_be_shown_are_wanted(attributes: str | None) -> None:
    assert group(attributes).wants("members")


def test_members_that_nobody_asked_for_are_not_wanted() -> None:
    assert not group("id").wants("members")
    assert group(excluded="members.display").wants("members")


def test_asking_for_nothing_is_the_default() -> None:
    assert read_projection(None, None, USER).is_default
    assert read_projection("", "", USER).is_default
    assert not read_projection("tea", None, USER).is_default
    assert not read_projection(None, "name", USER).is_default


CONTOSO = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
BADGED: dict[str, Any] = ANA | {CONTOSO: {"tag": "t", "secret": "s", "floor": 3}}


def badged(attributes: str | None = None, excluded: str | None = None) -> dict[str, Any]:
    """What is shown where a connection declared an extension with an attribute of each kind."""
    returned = {"tag": "always", "secret": "request", "floor": "default"}
    declared = [{"name": name, "returned": returned[name]} for name in returned]
    kind = replace(USER, extensions=(*USER.extensions, read_extension({"id": CONTOSO, "attributes": declared})))
    return read_projection(attributes, excluded, kind).apply(BADGED)


def test_what_is_returned_on_request_is_shown_only_when_it_is_asked_for() -> None:
    assert badged()[CONTOSO] == {"tag": "t", "floor": 3}
    assert badged() | {CONTOSO: None} == BADGED | {CONTOSO: None}
    assert badged(f"{CONTOSO}:secret")[CONTOSO] == {"tag": "t", "secret": "s"}
    assert badged("SECRET")[CONTOSO] == {"tag": "t", "secret": "s"}
    assert badged(CONTOSO)[CONTOSO] == BADGED[CONTOSO]
    assert badged(None, "title")[CONTOSO] == {"tag": "t", "floor": 3}
    assert badged(None, f"{CONTOSO}:floor")[CONTOSO] == {"tag": "t"}


def test_what_is_always_returned_is_shown_whatever_is_asked() -> None:
    assert badged("userName") == {
        "schemas": ANA["schemas"], "id": "usr_1", "userName": "ana", CONTOSO: {"tag": "t"},
    }  # fmt: skip
    for excluded in (f"{CONTOSO}:tag", CONTOSO, "tag"):
        assert badged(None, excluded)[CONTOSO]["tag"] == "t"
    assert badged(None, CONTOSO)[CONTOSO] == {"tag": "t"}


def test_an_extension_of_which_nothing_is_shown_is_left_out() -> None:
    kind = replace(
        USER,
        extensions=(read_extension({"id": CONTOSO, "attributes": [{"name": "secret", "returned": "request"}]}),),
    )
    projection = read_projection(None, None, kind)
    assert not projection.is_default
    assert projection.apply({"id": "usr_1", CONTOSO: {"secret": "s"}}) == {"id": "usr_1"}
