"""What the RFCs ask of a value or a change, where the dialects part: forgiven by name, or refused with the right error."""

from typing import Any

import pytest

from vestibule.scim.dialects import STRICT, TOLERANT, Notes
from vestibule.scim.errors import InvalidSyntax, InvalidValue, Mutability, NoTarget, ScimError
from vestibule.scim.extension import read_extension
from vestibule.scim.formats import instant_of, is_base64, is_reference
from vestibule.scim.patch import PATCH_SCHEMA, compile_group, read_patch
from vestibule.scim.path import parse_filter
from vestibule.scim.profile import read_profile
from vestibule.scim.resource import read_group, read_user
from vestibule.scim.schema import CORE_GROUP, CORE_USER, ENTERPRISE_USER
from vestibule.scim.user_patch import apply, compile_user
from vestibule.scim.user_schema import USER

CONTOSO = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
KIND = read_profile(
    {
        "extensions": [
            {
                "id": CONTOSO,
                "attributes": [
                    {"name": "key", "type": "binary"},
                    {"name": "page", "type": "reference", "referenceTypes": ["uri"]},
                    {"name": "boss", "type": "reference", "referenceTypes": ["User"]},
                    {"name": "since", "type": "dateTime"},
                    {"name": "level", "type": "integer"},
                    {
                        "name": "badges",
                        "type": "complex",
                        "multiValued": True,
                        "subAttributes": [{"name": "value"}, {"name": "primary", "type": "boolean"}],
                    },
                ],
            }
        ]
    }
).user
WORK = {"type": "work", "value": "a@w", "primary": True, "display": "Work"}
ANA: dict[str, Any] = {
    "schemas": [CORE_USER, ENTERPRISE_USER],
    "userName": "ana",
    "title": "Lead",
    "name": {"givenName": "Ana"},
    "emails": [WORK, {"type": "home", "value": "a@h"}],
    ENTERPRISE_USER: {"manager": {"value": "usr_m"}, "department": "Sales"},
}


def patched(*operations: dict[str, Any], dialect: Any = TOLERANT) -> tuple[dict[str, Any], list[str]]:
    notes = Notes(dialect)
    body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
    return apply(compile_user(read_patch(body, notes), "usr_1", notes, KIND), ANA), list(notes.seen)


def of_contoso(**values: Any) -> dict[str, Any]:
    return {"schemas": [CORE_USER, CONTOSO], "userName": "ana", CONTOSO: values}


# A value that a path picks out (RFC 7644 sections 3.5.2.1 and 3.5.2.3)


@pytest.mark.parametrize("dialect", [TOLERANT, STRICT])
def test_a_replaced_value_keeps_nothing_of_the_old_one_and_an_addition_keeps_all(dialect: Any) -> None:
    new = {"value": "n@w", "type": "work"}
    path = 'emails[type eq "work"]'
    replaced, _ = patched({"op": "replace", "path": path, "value": new}, dialect=dialect)
    assert replaced["emails"] == [new, ANA["emails"][1]]
    added, _ = patched({"op": "add", "path": path, "value": new}, dialect=dialect)
    assert added["emails"] == [WORK | new, ANA["emails"][1]]


def test_an_addition_makes_the_value_that_its_path_describes_and_a_replacement_does_not() -> None:
    fax = {"path": 'phoneNumbers[type eq "fax"].value', "value": "1"}
    made = [{"type": "fax", "value": "1"}]
    for dialect in (TOLERANT, STRICT):
        document, noted = patched({"op": "add", **fax}, dialect=dialect)
        assert (document["phoneNumbers"], noted) == (made, [])
    document, noted = patched({"op": "replace", **fax})
    assert (document["phoneNumbers"], noted) == (made, ["value_path_created"])
    with pytest.raises(NoTarget):
        patched({"op": "replace", **fax}, dialect=STRICT)


# What a removal names (section 3.5.2.2)


@pytest.mark.parametrize(
    ("path", "value", "left"),
    [
        ("title", "other", {}),
        ("name.givenName", "Eva", {}),
        ("name.givenName", "Ana", {"name": None}),
        ("title", "Lead", {"title": None}),
        ("emails", [{"value": "a@h"}], {"emails": [WORK]}),
        ("emails", None, {}),
        ("emails", [], {}),
        ('emails[type eq "home"]', "a@h", {"emails": [WORK]}),
        (ENTERPRISE_USER, {"department": "Sales"}, {ENTERPRISE_USER: None, "schemas": [CORE_USER]}),
    ],
)
def test_a_removal_with_a_value_is_noted_or_refused(path: str, value: Any, left: dict[str, Any]) -> None:
    operation = {"op": "remove", "path": path, "value": value}
    document, noted = patched(operation)
    expected = {name: each for name, each in (ANA | left).items() if each is not None}
    assert (document, noted) == (expected, ["remove_with_value"])
    with pytest.raises(InvalidValue):
        patched(operation, dialect=STRICT)


@pytest.mark.parametrize("path", ["title", 'emails[type eq "home"]', "name.givenName"])
def test_where_the_path_names_one_thing_a_removal_with_null_is_one_without_a_value(path: str) -> None:
    without, noted = patched({"op": "remove", "path": path, "value": None}, dialect=STRICT)
    assert (without, noted) == patched({"op": "remove", "path": path}, dialect=STRICT)
    assert without != ANA


# What the server writes (RFC 7643 section 7)


@pytest.mark.parametrize(
    "value",
    [
        {"meta": {"version": "1"}},
        {"groups": []},
        {"schemas": [CORE_USER]},
        {f"{ENTERPRISE_USER}:manager.displayName": "Boss"},
        {ENTERPRISE_USER: {"manager": {"value": "usr_m", "displayName": "Boss"}}},
    ],
)
def test_what_the_server_writes_is_left_out_of_a_patch_and_noted_or_refused(value: dict[str, Any]) -> None:
    operation = {"op": "replace", "value": value}
    document, noted = patched(operation)
    assert (document, noted) == (ANA, ["read_only_in_value"])
    with pytest.raises(Mutability):
        patched(operation, dialect=STRICT)


@pytest.mark.parametrize("operation", [{"op": "remove"}, {"op": "replace", "value": [CORE_USER]}])
def test_the_schemas_follow_from_the_content(operation: dict[str, Any]) -> None:
    operation = operation | {"path": "schemas"}
    assert patched(operation) == (ANA, ["read_only_in_value"])
    with pytest.raises(Mutability):
        patched(operation, dialect=STRICT)
    for dialect, error in ((TOLERANT, None), (STRICT, Mutability)):
        notes = Notes(dialect)
        body = {"schemas": [PATCH_SCHEMA], "Operations": [operation]}
        if error is None:
            compile_group(read_patch(body, notes), "grp_1", notes)
            continue
        with pytest.raises(error):
            compile_group(read_patch(body, notes), "grp_1", notes)


def test_a_managers_address_may_come_with_it_as_the_rfc_shows_it() -> None:
    manager = {"value": "usr_n", "$ref": "../Users/usr_n"}
    document, noted = patched({"op": "replace", "path": f"{ENTERPRISE_USER}:manager", "value": manager}, dialect=STRICT)
    assert (document[ENTERPRISE_USER]["manager"], noted) == ({"value": "usr_n"}, [])


@pytest.mark.parametrize("dialect", [TOLERANT, STRICT])
def test_what_the_server_writes_is_ignored_without_a_word_in_a_whole_resource(dialect: Any) -> None:
    body = {"schemas": [CORE_USER], "userName": "ana", "id": "x", "meta": {}, "groups": [{"value": "g"}]}
    notes = Notes(dialect)
    assert read_user(body, notes, active=None) == {"schemas": [CORE_USER], "userName": "ana"}
    assert notes.seen == {}


# `schemas` (RFC 7643 section 3)


@pytest.mark.parametrize("schemas", [[], None, CORE_USER, 5, True, {}, [5], [ENTERPRISE_USER], [CORE_GROUP], ["urn:x"]])
def test_a_resource_names_its_schema_in_a_list(schemas: Any) -> None:
    body = {"schemas": schemas, "userName": "ana"}
    notes = Notes()
    assert read_user(body, notes, active=None) == {"schemas": [CORE_USER], "userName": "ana"}
    assert "schemas_missing" in notes.seen
    with pytest.raises(InvalidSyntax):
        read_user(body, Notes(STRICT))
    with pytest.raises(InvalidSyntax):
        read_group({"schemas": [CORE_USER] if schemas == [CORE_GROUP] else schemas, "displayName": "g"}, Notes(STRICT))


def test_a_resource_that_names_its_schema_is_not_noted() -> None:
    for notes in (Notes(), Notes(STRICT)):
        read_user({"Schemas": [ENTERPRISE_USER, CORE_USER.upper()], "userName": "ana"}, notes)
        read_group({"schemas": [CORE_GROUP], "displayName": "g"}, notes)
        assert notes.seen == {}


def test_there_is_one_primary_in_a_list_of_an_extensions_own_too() -> None:
    badges = [{"value": "1", "primary": True}, {"value": "2", "primary": True}]
    with pytest.raises(InvalidValue, match="badges"):
        read_user(of_contoso(badges=badges), Notes(), kind=KIND)


# Types (RFC 7643 section 2.3)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2026-11-24T08:00:00Z", True),
        ("2026-11-24T08:00:00.1234567+01:00", True),
        ("20200101T000000Z", False),
        ("2020-W01-1T00:00:00Z", False),
        ("2026-11-24 08:00:00Z", False),
        ("2026-11-24T08:00Z", False),
        ("2026-11-24T08:00:00", False),
        ("2026-11-24t08:00:00z", False),
        ("2026-13-24T08:00:00Z", False),
        ("2026-11-24T08:00:00,5Z", False),
        ("２026-11-24T08:00:00Z", False),
        ("2026-11-24T08:00:00Z\n", False),
    ],
)
def test_a_time_is_one_that_every_client_can_read(text: str, good: bool) -> None:
    assert (instant_of(text) is not None) is good
    if good:
        read_user(of_contoso(since=text), Notes(), kind=KIND)
        parse_filter(f'{CONTOSO}:since eq "{text}"', KIND)
        return
    with pytest.raises(InvalidValue):
        read_user(of_contoso(since=text), Notes(), kind=KIND)
    if "\n" not in text:
        with pytest.raises(ScimError):
            parse_filter(f'meta.created gt "{text}"', USER)


@pytest.mark.parametrize("text", ["AAAA", "AA==", "AA", "AAA=", "AAA", "-_-_", "+/+/"])
def test_binary_is_base64_in_either_alphabet_padded_or_not(text: str) -> None:
    assert is_base64(text)
    certificates = [{"value": text}]
    body = of_contoso(key=text) | {"x509Certificates": certificates}
    assert read_user(body, Notes(STRICT), kind=KIND)["x509Certificates"] == certificates


@pytest.mark.parametrize(
    "text", ["not base64!!", "A", "AAAAA", "A=", "AA=", "A===", "AA===", "+_", "AA A", "é", "=", "AA\n"]
)
def test_what_is_no_base64_is_refused_whoever_sends_it(text: str) -> None:
    assert not is_base64(text)
    for body in (of_contoso(key=text), of_contoso() | {"x509Certificates": [{"value": text}]}):
        for dialect in (TOLERANT, STRICT):
            with pytest.raises(InvalidValue, match="base64"):
                read_user(body, Notes(dialect), kind=KIND)


@pytest.mark.parametrize("text", ["https://x/ana?a=1#b", "photos/ana.png", "ABCXYZ", "urn:a:b", "data:,x%20y", "//x/é"])
def test_a_reference_to_the_outside_is_a_uri_or_relative_to_one(text: str) -> None:
    assert is_reference(text)
    body = of_contoso(page=text) | {"profileUrl": text, "photos": [{"value": text}]}
    assert read_user(body, Notes(STRICT), kind=KIND)["profileUrl"] == text


@pytest.mark.parametrize("text", ["not a uri", "https://x/\n", "a\tb", "<x>", '"', "100%", "a\u00a0b", "\x7f"])
def test_what_is_no_uri_is_refused_whoever_sends_it(text: str) -> None:
    assert not is_reference(text)
    for body in (
        of_contoso(page=text),
        of_contoso() | {"profileUrl": text},
        of_contoso() | {"photos": [{"value": text}]},
    ):
        for dialect in (TOLERANT, STRICT):
            with pytest.raises(InvalidValue, match="URI"):
                read_user(body, Notes(dialect), kind=KIND)


def test_a_reference_to_a_resource_is_its_id_and_no_address() -> None:
    assert read_user(of_contoso(boss="00u 1"), Notes(), kind=KIND)[CONTOSO] == {"boss": "00u 1"}


def test_a_fraction_is_told_to_be_one() -> None:
    with pytest.raises(InvalidValue, match=r"whole number without a fraction, not 3\.0"):
        read_user(of_contoso(level=3.0), Notes(), kind=KIND)
    assert read_extension({"id": CONTOSO, "attributes": [{"name": "a"}]}).id == CONTOSO
