"""Read the declaration of an extension schema of a connection's own (RFC 7643 sections 3.3 and 7)."""

import re
from collections.abc import Mapping
from typing import Any, cast, get_args

from vestibule.scim.errors import InvalidValue
from vestibule.scim.schema import ENTERPRISE_USER, Attribute, AttributeType, Schema, named

_URN = re.compile(r"urn:ietf:params:scim:schemas:extension:[A-Za-z0-9._-]{1,64}:2\.0:User\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")
_TYPES = get_args(AttributeType)
MAX_ATTRIBUTES = 100
"""How many attributes a schema, or a complex attribute, may have."""


def read_extension(body: Any) -> Schema:
    """A Schema resource as in an answer of `/Schemas`. Raises InvalidValue saying where and what is due.

    Only what this server can keep to may be declared: an attribute is readWrite or immutable, returned by default,
    always or on request, and not unique.
    """
    if not isinstance(body, dict):
        raise InvalidValue("A schema is a JSON object with `id`, `name` and `attributes`.")
    given = cast("dict[str, Any]", body)
    urn: Any = given.get("id")
    if not isinstance(urn, str) or not _URN.match(urn) or urn.casefold() == ENTERPRISE_USER.casefold():
        raise InvalidValue(
            "`id` must be a URN such as urn:ietf:params:scim:schemas:extension:Contoso:2.0:User, "
            f"and not the enterprise extension's; it is {str(urn)[:120]!r}.",
            attribute="id",
        )
    name = urn.split(":")[6]
    return Schema(
        urn,
        _text(given, "name", name, "name"),
        _text(given, "description", f"{name} User", "description"),
        _attributes(given.get("attributes"), "attributes", nested=False),
    )


def _attributes(value: Any, where: str, *, nested: bool) -> tuple[Attribute, ...]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if not 1 <= len(items) <= MAX_ATTRIBUTES:
        raise InvalidValue(f"`{where}` must be a list of 1 to {MAX_ATTRIBUTES} attributes.", attribute=where)
    read = tuple(_attribute(each, f"{where}[{number}]", nested=nested) for number, each in enumerate(items))
    names = [each.name.casefold() for each in read]
    twice = next((each.name for each in read if names.count(each.name.casefold()) > 1), None)
    if twice is not None:
        raise InvalidValue(f"`{where}` has `{twice}` twice; names are compared caseless.", attribute=where)
    return read


def _attribute(value: Any, where: str, *, nested: bool) -> Attribute:
    if not isinstance(value, dict):
        raise InvalidValue(f"`{where}` must be an object with a `name`.", attribute=where)
    given = cast("dict[str, Any]", value)
    name: Any = given.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise InvalidValue(
            f"`{where}.name` must be a letter followed by letters, digits, - or _; it is {str(name)[:80]!r}.",
            attribute=f"{where}.name",
        )
    kind = _one_of(given, "type", _TYPES, "string", where)
    if nested and kind == "complex":
        raise InvalidValue(f"`{where}`: a sub-attribute cannot be complex.", attribute=where)
    mutabilities = ("readWrite",) if nested else ("readWrite", "immutable")
    returns = ("default",) if nested else ("default", "always", "request")
    if _one_of(given, "uniqueness", ("none", "server", "global"), "none", where) != "none":
        raise InvalidValue(f"`{where}.uniqueness` must be none: only userName and externalId are.", attribute=where)
    return Attribute(
        name,
        kind,
        _text(given, "description", name, where),
        multi_valued=_flag(given, "multiValued", where),
        required=_flag(given, "required", where),
        case_exact=_flag(given, "caseExact", where),
        mutability=_one_of(given, "mutability", mutabilities, "readWrite", where),
        returned=_one_of(given, "returned", returns, "default", where),
        canonical_values=_texts(given, "canonicalValues", where),
        reference_types=_texts(given, "referenceTypes", where),
        sub_attributes=_attributes(given.get("subAttributes"), f"{where}.subAttributes", nested=True)
        if kind == "complex"
        else (),
    )


def _one_of(given: Mapping[str, Any], key: str, allowed: tuple[Any, ...], default: str, where: str) -> Any:
    value = given.get(key, default)
    if value not in allowed:
        raise InvalidValue(
            f"`{where}.{key}` must be one of {', '.join(allowed)}; it is {str(value)[:40]!r}.",
            attribute=f"{where}.{key}",
        )
    return value


def _flag(given: Mapping[str, Any], key: str, where: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise InvalidValue(f"`{where}.{key}` must be true or false.", attribute=f"{where}.{key}")
    return value


def _text(given: Mapping[str, Any], key: str, default: str, where: str) -> str:
    value = given.get(key, default)
    if not isinstance(value, str) or len(value) > 500:
        raise InvalidValue(f"`{where}`: `{key}` must be a text of at most 500 characters.", attribute=key)
    return value or default


def _texts(given: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value: Any = given.get(key, [])
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if not isinstance(value, list) or len(items) > MAX_ATTRIBUTES or not all(isinstance(each, str) for each in items):
        raise InvalidValue(f"`{where}.{key}` must be a list of texts.", attribute=f"{where}.{key}")
    return tuple(items)


def check_redeclared(present: Schema, wanted: Schema) -> None:
    """What users may have already must keep its shape. Raises InvalidValue for another type or multiplicity."""
    _check_shapes(present.attributes, wanted.attributes, "attributes")


def _check_shapes(present: tuple[Attribute, ...], wanted: tuple[Attribute, ...], where: str) -> None:
    for old in present:
        new = named(wanted, old.name)
        if new is None:
            continue
        if (new.type, new.multi_valued) != (old.type, old.multi_valued):
            raise InvalidValue(
                f"`{where}`: `{old.name}` was declared as {_shape(old)} and cannot become {_shape(new)}; "
                "give the new one another name.",
                attribute=where,
            )
        _check_shapes(old.sub_attributes, new.sub_attributes, f"{where}.{old.name}")


def _shape(attribute: Attribute) -> str:
    return f"{'a list of ' if attribute.multi_valued else ''}{attribute.type}"
