"""The declaration of an extension schema: what may be declared, and where a refusal says the fault is."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.scim.discovery import schema_json
from vestibule.scim.errors import InvalidValue
from vestibule.scim.extension import MAX_ATTRIBUTES, read_extension
from vestibule.scim.schema import ENTERPRISE_USER, Attribute, Schema

CONTOSO = "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User"
TYPES = ("string", "boolean", "decimal", "integer", "dateTime", "reference", "binary")
WHOLE: dict[str, Any] = {
    "id": CONTOSO,
    "name": "Contoso",
    "description": "What Contoso knows of a person",
    "attributes": [
        {"name": "badge", "required": True, "caseExact": True, "description": "The badge"},
        {"name": "hired", "type": "dateTime", "mutability": "immutable", "returned": "always"},
        {"name": "home", "type": "reference", "referenceTypes": ["external", "uri"], "returned": "request"},
        {
            "name": "keys",
            "type": "complex",
            "multiValued": True,
            "subAttributes": [
                {"name": "value", "required": True},
                {"name": "kind", "canonicalValues": ["door", "car"]},
            ],
        },
    ],
}


def declared(*attributes: Any, **rest: Any) -> dict[str, Any]:
    return {"id": CONTOSO, "attributes": list(attributes), **rest}


def attributes(count: int) -> list[dict[str, Any]]:
    return [{"name": f"a{number}"} for number in range(count)]


def test_a_whole_declaration_is_read_with_all_characteristics() -> None:
    badge, hired, home, keys = read_extension(WHOLE).attributes
    assert badge == Attribute("badge", "string", "The badge", required=True, case_exact=True)
    assert hired == Attribute("hired", "dateTime", "hired", mutability="immutable", returned="always")
    assert home == Attribute("home", "reference", "home", returned="request", reference_types=("external", "uri"))
    assert keys == Attribute(
        "keys", "complex", "keys", multi_valued=True,
        sub_attributes=(
            Attribute("value", description="value", required=True),
            Attribute("kind", description="kind", canonical_values=("door", "car")),
        ),
    )  # fmt: skip


def test_what_is_not_said_is_as_the_rfc_has_it() -> None:
    read = read_extension({"id": CONTOSO, "attributes": [{"name": "badge"}]})
    assert read == Schema(CONTOSO, "Contoso", "Contoso User", (Attribute("badge", description="badge"),))


def test_an_answer_of_schemas_can_be_declared_again() -> None:
    read = read_extension(WHOLE)
    shown = schema_json(read) | {"schemas": ["urn:x"], "meta": {"resourceType": "Schema"}}
    assert read_extension(orjson.loads(orjson.dumps(shown))) == read


@pytest.mark.parametrize(
    "urn",
    [
        None,
        7,
        "",
        "Contoso",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:extension:Contoso:2.0:Group",
        "urn:ietf:params:scim:schemas:extension:Contoso:1.0:User",
        "urn:ietf:params:scim:schemas:extension:Con toso:2.0:User",
        'urn:ietf:params:scim:schemas:extension:Con"toso:2.0:User',
        "urn:ietf:params:scim:schemas:extension:Contoso:2.0:User:badge",
        f"{CONTOSO}\n",
        f"x{CONTOSO}",
        "urn:ietf:params:scim:schemas:extension::2.0:User",
        f"urn:ietf:params:scim:schemas:extension:{'x' * 65}:2.0:User",
        ENTERPRISE_USER,
        ENTERPRISE_USER.replace("enterprise", "ENTERPRISE"),
    ],
)
def test_a_urn_that_is_none_or_is_taken_is_refused(urn: Any) -> None:
    with pytest.raises(InvalidValue, match="`id` must be a URN such as") as refusal:
        read_extension({"id": urn, "attributes": [{"name": "badge"}]})
    assert refusal.value.facts == {"attribute": "id"}


@pytest.mark.parametrize("body", [None, [], "schema", 7, True])
def test_a_declaration_is_an_object(body: Any) -> None:
    with pytest.raises(InvalidValue, match="`id`, `name` and `attributes`"):
        read_extension(body)


KEYS: dict[str, Any] = {"name": "keys", "type": "complex"}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (declared(), "attributes"),
        ({"id": CONTOSO}, "attributes"),
        ({"id": CONTOSO, "attributes": {"name": "badge"}}, "attributes"),
        ({"id": CONTOSO, "attributes": "badge"}, "attributes"),
        (declared({"name": "badge"}, {"name": "BADGE"}), "attributes"),
        (declared("badge"), "attributes[0]"),
        (declared({"name": "badge"}, None), "attributes[1]"),
        (declared({}), "attributes[0].name"),
        (declared({"name": "badge"}, {"name": "no blanks"}), "attributes[1].name"),
        (declared({"name": "1st"}), "attributes[0].name"),
        (declared({"name": "a.b"}), "attributes[0].name"),
        (declared({"name": 'a"b'}), "attributes[0].name"),
        (declared({"name": "badge\n"}), "attributes[0].name"),
        (declared({"name": "$ref"}), "attributes[0].name"),
        (declared({"name": ["badge"]}), "attributes[0].name"),
        (declared({"name": "badge", "type": "text"}), "attributes[0].type"),
        (declared({"name": "badge", "type": ["string"]}), "attributes[0].type"),
        (declared({"name": "badge", "type": None}), "attributes[0].type"),
        (declared({"name": "badge", "uniqueness": "server"}), "attributes[0].uniqueness"),
        (declared({"name": "badge", "uniqueness": "galaxy"}), "attributes[0].uniqueness"),
        (declared({"name": "badge", "mutability": "readOnly"}), "attributes[0].mutability"),
        (declared({"name": "badge", "mutability": "writeOnly"}), "attributes[0].mutability"),
        (declared({"name": "badge", "returned": "never"}), "attributes[0].returned"),
        (declared({"name": "badge", "multiValued": "true"}), "attributes[0].multiValued"),
        (declared({"name": "badge", "required": 1}), "attributes[0].required"),
        (declared({"name": "badge", "caseExact": None}), "attributes[0].caseExact"),
        (declared({"name": "badge", "canonicalValues": "door"}), "attributes[0].canonicalValues"),
        (declared({"name": "badge", "canonicalValues": ["door", 7]}), "attributes[0].canonicalValues"),
        (declared({"name": "badge", "referenceTypes": {"a": "b"}}), "attributes[0].referenceTypes"),
        (declared(KEYS), "attributes[0].subAttributes"),
        (declared(KEYS | {"subAttributes": []}), "attributes[0].subAttributes"),
        (declared(KEYS | {"subAttributes": [{"name": "a"}, {"name": "A"}]}), "attributes[0].subAttributes"),
        (declared(KEYS | {"subAttributes": [{"name": "a"}, {"name": "?"}]}), "attributes[0].subAttributes[1].name"),
        (declared(KEYS | {"subAttributes": [KEYS]}), "attributes[0].subAttributes[0]"),
        (
            declared(KEYS | {"subAttributes": [{"name": "a", "returned": "never"}]}),
            "attributes[0].subAttributes[0].returned",
        ),
    ],
)
def test_a_refusal_says_where(body: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_extension(body)
    assert where.startswith(refusal.value.facts["attribute"])
    assert f"`{where}`" in refusal.value.detail


@pytest.mark.parametrize(
    ("body", "where", "key"),
    [
        (declared({"name": "a"}, name=7), "name", "name"),
        (declared({"name": "a"}, name=None), "name", "name"),
        (declared({"name": "a"}, description=["x"]), "description", "description"),
        (declared({"name": "a"}, description="x" * 501), "description", "description"),
        (declared({"name": "a"}, {"name": "b", "description": 7}), "attributes[1]", "description"),
        (declared({"name": "a", "description": "x" * 501}), "attributes[0]", "description"),
    ],
)
def test_a_text_that_is_none_or_too_long_is_refused_with_its_place(body: dict[str, Any], where: str, key: str) -> None:
    with pytest.raises(InvalidValue, match="a text of at most 500 characters") as refusal:
        read_extension(body)
    assert f"`{where}`" in refusal.value.detail
    assert f"`{key}`" in refusal.value.detail


def test_the_limits_are_where_they_are_said_to_be() -> None:
    full = attributes(MAX_ATTRIBUTES)
    read = read_extension(
        {
            "id": f"urn:ietf:params:scim:schemas:extension:{'x' * 64}:2.0:User",
            "description": "d" * 500,
            "attributes": [*full[1:], {"name": "n" * 64, "type": "complex", "subAttributes": full}],
        }
    )
    assert (len(read.attributes), len(read.attributes[-1].sub_attributes)) == (MAX_ATTRIBUTES, MAX_ATTRIBUTES)
    values = [str(number) for number in range(MAX_ATTRIBUTES)]
    kept = read_extension(declared({"name": "a", "canonicalValues": values})).attributes[0]
    assert kept.canonical_values == tuple(values)


@pytest.mark.parametrize(
    "body",
    [
        declared(*attributes(MAX_ATTRIBUTES + 1)),
        declared(KEYS | {"subAttributes": attributes(MAX_ATTRIBUTES + 1)}),
        declared({"name": "n" * 65}),
        declared({"name": "a", "canonicalValues": ["x"] * (MAX_ATTRIBUTES + 1)}),
        declared({"name": "a", "referenceTypes": ["x"] * (MAX_ATTRIBUTES + 1)}),
    ],
)
def test_beyond_the_limits_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        read_extension(body)


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,9}", fullmatch=True)
TEXTS = st.lists(st.text(max_size=8), max_size=3)


def attribute(
    kind: st.SearchStrategy[str], kept: dict[str, st.SearchStrategy[str]], **more: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"name": NAMES, "type": kind, **more},
        optional={
            "description": st.text(max_size=20),
            "multiValued": st.booleans(),
            "required": st.booleans(),
            "caseExact": st.booleans(),
            "uniqueness": st.just("none"),
            "canonicalValues": TEXTS,
            "referenceTypes": TEXTS,
            **kept,
        },
    )


KEPT: dict[str, st.SearchStrategy[str]] = {
    "mutability": st.sampled_from(["readWrite", "immutable"]),
    "returned": st.sampled_from(["default", "always", "request"]),
}
"""What an attribute may be, but not a sub-attribute."""


def some(of: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(of, min_size=1, max_size=4, unique_by=lambda each: each["name"].casefold())


PLAIN = attribute(st.sampled_from(TYPES), KEPT)
COMPLEX = attribute(st.just("complex"), KEPT, subAttributes=some(attribute(st.sampled_from(TYPES), {})))
DECLARATIONS = st.fixed_dictionaries(
    {"id": st.just(CONTOSO), "attributes": some(PLAIN | COMPLEX)},
    optional={"name": st.text(max_size=20), "description": st.text(max_size=20)},
)


@given(DECLARATIONS)
def test_what_is_read_and_shown_is_read_as_the_same_again(declaration: dict[str, Any]) -> None:
    read = read_extension(declaration)
    assert read_extension(schema_json(read)) == read
    assert [each.name for each in read.attributes] == [each["name"] for each in declaration["attributes"]]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3)))
def test_whatever_an_attribute_says_is_read_or_refused(value: Any) -> None:
    for key in ("name", "type", "multiValued", "returned", "canonicalValues", "description", "uniqueness"):
        try:
            read_extension(declared({"name": "badge", key: value}))
        except InvalidValue as refusal:
            assert "`attributes[0]" in refusal.detail
