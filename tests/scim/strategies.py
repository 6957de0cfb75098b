"""Generated filters, members, operations and junk for the properties."""

from typing import Any

from hypothesis import strategies as st

from vestibule.scim.filter_ast import And, AttrPath, Compare, Filter, Not, Or, Present, ValuePath
from vestibule.scim.schema import Attribute
from vestibule.scim.user_schema import ENTERPRISE_SCHEMA, USER_SCHEMA

# A NUL is refused in filters and values alike (see test_path and test_resource).
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | texts
_KEYS = st.sampled_from(
    ["schemas", "Operations", "op", "path", "value", "id", "userName", "active", "name", "emails", "members", "manager"]
    + ["displayName", "externalId", "roles", "primary", "type", "name.givenName", 'emails[type eq "work"].value']
    + [USER_SCHEMA.id, ENTERPRISE_SCHEMA.id, f"{ENTERPRISE_SCHEMA.id}:manager"]
)
json_values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS | texts, inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(_KEYS | texts, json_values, max_size=5)

paths_as_text = st.sampled_from(
    ["active", "userName", "name", "name.givenName", "emails", 'emails[type eq "work"]', 'emails[type eq "work"].value']
    + ["emails.value", "roles[primary eq true].value", "manager", f"{ENTERPRISE_SCHEMA.id}:manager.value"]
    + [ENTERPRISE_SCHEMA.id, USER_SCHEMA.id, "members", 'members[value eq "u1"]', "displayName", "externalId", "id"]
    + ["urn:x:y", "groups", "meta.created", 'emails[not (type eq "work") or value pr]', "title"]
)
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "Replace", "remove"]), "path": paths_as_text | texts | st.none()},
    optional={"value": json_values},
)
messages = st.fixed_dictionaries(
    {
        "schemas": st.just(["urn:ietf:params:scim:api:messages:2.0:PatchOp"]),
        "Operations": st.lists(operations, min_size=1, max_size=4),
    }
)


def _comparison(path: AttrPath) -> st.SearchStrategy[Filter]:
    kind = path.attribute.type
    if kind == "complex":
        return st.just(Present(path))
    equality = st.builds(Compare, st.just(path), st.sampled_from(["eq", "ne"]), st.none())
    if kind == "boolean":
        values = st.builds(Compare, st.just(path), st.sampled_from(["eq", "ne"]), st.booleans())
    else:
        orders = ["eq", "ne", "co", "sw", "ew"] + ([] if kind == "binary" else ["gt", "ge", "lt", "le"])
        values = st.builds(Compare, st.just(path), st.sampled_from(orders), texts)
    return st.just(Present(path)) | equality | values


def _paths(uri: str | None, attribute: Attribute) -> list[AttrPath]:
    return [
        AttrPath(uri, attribute.name, None, attribute),
        *(AttrPath(uri, attribute.name, sub.name, sub, attribute) for sub in attribute.sub_attributes),
    ]


_ALL = [
    path
    for schema, uri in ((USER_SCHEMA, None), (ENTERPRISE_SCHEMA, ENTERPRISE_SCHEMA.id))
    for each in schema.attributes
    for path in _paths(uri, each)
    if each.returned != "never"
]
_LISTS = [path for path in _ALL if path.attribute.multi_valued and path.attribute.type == "complex"]


def _trees(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda inner: st.builds(Not, inner) | st.builds(And, inner, inner) | st.builds(Or, inner, inner),
        max_leaves=8,
    )


def _value_path(path: AttrPath) -> st.SearchStrategy[Filter]:
    inside = st.sampled_from([AttrPath(None, sub.name, None, sub) for sub in path.attribute.sub_attributes])
    return st.builds(ValuePath, st.just(path), _trees(inside.flatmap(_comparison)))


filters = _trees(st.sampled_from(_ALL).flatmap(_comparison) | st.sampled_from(_LISTS).flatmap(_value_path))
