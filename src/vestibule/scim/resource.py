"""Read what a client sends as a User or a Group (RFC 7643), tolerantly by schema, into one normal form."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidSyntax, InvalidValue, Mutability
from vestibule.scim.formats import instant_of, is_base64, is_reference
from vestibule.scim.group_schema import GROUP
from vestibule.scim.path import MAX_NUMBER, split_uri
from vestibule.scim.schema import Attribute, ResourceType, find, named, names_schema, required
from vestibule.scim.user_schema import USER

Json = dict[str, Any]
MAX_TEXT = 64 * 1024
"""The longest text of one attribute, in characters."""


SCHEMAS_ONLY = frozenset({"schemas"})
"""What clients repeat within the object of an extension."""
_DEFAULT_SUBS = frozenset({"type", "primary", "display", "value", "$ref"})
"""What any multi-valued attribute may have, listed by its schema or not (RFC 7643 section 2.4)."""
_DESCRIBING = frozenset({"type", "primary"})
_OUTSIDE = frozenset({"external", "uri"})
"""What a reference refers to that is no resource of this server's."""


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """A group as a client wants it: name, external id, the ids of its members, and whether it spoke of members."""

    display_name: str
    external_id: str | None
    members: tuple[str, ...] = ()
    names_members: bool = True


def read_user(body: Any, notes: Notes, *, active: bool | None = True, kind: ResourceType = USER) -> Json:
    """A POST or PUT body as the document to keep: schema spelling, no readOnly, no empty values.

    `active` stands where the body says nothing of it; None leaves it unsaid.

    Raises InvalidSyntax when it is no object, InvalidValue for a value that does not fit or a missing userName.
    """
    document = read_resource(body, kind, notes)
    _require(document, "userName", kind)
    require_of_extensions(document, kind)
    if active is not None:
        document.setdefault("active", active)
    check_primaries(document)
    return with_schemas(document, kind)


def read_group(body: Any, notes: Notes) -> GroupDraft:
    """A POST or PUT body as a draft. Raises InvalidSyntax, InvalidValue (no displayName, a bad member)."""
    document = read_resource(body, GROUP, notes)
    _require(document, "displayName", GROUP)
    named = any(split_uri(key, GROUP)[1].casefold() == "members" for key in cast("Json", body))
    members = member_ids(document.get("members", []))
    return GroupDraft(document["displayName"], document.get("externalId"), members, names_members=named)


def member_ids(members: list[Json]) -> tuple[str, ...]:
    """The ids of normalised members, each once, in the order of naming."""
    return tuple(dict.fromkeys(cast("str", member["value"]) for member in members))


def loosely(attribute: Attribute) -> Attribute:
    """An attribute whose sub-attributes need not all be said, for a PATCH of some of them."""
    return replace(attribute, sub_attributes=tuple(replace(each, required=False) for each in attribute.sub_attributes))


def require_of_value(value: Json, attribute: Attribute) -> None:
    """What a complex value needs. Raises InvalidValue."""
    for each in required(attribute.sub_attributes):
        if each.name not in value:
            raise InvalidValue(f"`{attribute.name}` needs a `{each.name}`.", attribute=f"{attribute.name}.{each.name}")


def read_resource(body: Any, resource_type: ResourceType, notes: Notes) -> Json:
    """Normalise an object by a resource type's schemas; unknown things are noted and left out."""
    if not isinstance(body, dict):
        raise InvalidSyntax(f"The body must be a JSON object that describes a {resource_type.name}.")
    _read_schemas(cast("Json", body), resource_type, notes)
    document: Json = {}
    for key, value in cast("Json", body).items():
        uri, rest = split_uri(key, resource_type)
        if key.casefold() == "schemas":
            continue
        if uri is not None and not rest:
            extension = resource_type.extension(uri)
            if extension is not None and value is not None:
                content = read_complex(value, extension.attributes, extension.id, notes, SCHEMAS_ONLY)
                if content:
                    document.setdefault(extension.id, {}).update(content)
        else:
            found = find(resource_type, uri, rest)
            _read_attribute(document, key, value, uri, found, notes)
    return document


def _read_attribute(
    document: Json, key: str, value: Any, uri: str | None, found: tuple[str | None, Attribute] | None, notes: Notes
) -> None:
    """Normalise the value of a key: `uri` is the URN that leads it, `found` where the attribute lives."""
    if found is None:
        notes.note("unknown_schema" if uri is None and key.lower().startswith("urn:") else "unknown_attribute", key)
        return
    home, attribute = found
    if uri is not None:
        notes.note("dotted_keys", key)
    elif home is not None:
        notes.note("bare_extension_attribute", key)
    if attribute.mutability == "writeOnly":
        notes.note("password_dropped", attribute.name)
    elif attribute.mutability != "readOnly":
        read = read_value(value, attribute, attribute.name, notes)
        if read is not None:
            (document.setdefault(home, {}) if home else document)[attribute.name] = read


def _read_schemas(body: Json, resource_type: ResourceType, notes: Notes) -> None:
    """`schemas` is a list that names the core schema and none that is unknown (RFC 7643 section 3)."""
    given = next((value for key, value in body.items() if key.casefold() == "schemas"), None)
    if not names_schema(given, resource_type.schema.id):
        notes.note("schemas_missing", "schemas")
    core = resource_type.schema.id.casefold()
    for each in cast("list[Any]", given) if isinstance(given, list) else []:
        if not isinstance(each, str) or (each.casefold() != core and resource_type.extension(each) is None):
            notes.note("unknown_schema", each if isinstance(each, str) else "schemas")


def read_complex(
    value: Any,
    attributes: tuple[Attribute, ...],
    where: str,
    notes: Notes,
    standard: frozenset[str] = frozenset(),
) -> Json:
    """Normalise an object whose members are these attributes; `standard` names are left out silently.

    Raises InvalidValue.
    """
    if not isinstance(value, dict):
        raise InvalidValue(f"`{where}` must be an object, not {_shown(value)}.", attribute=where)
    result: Json = {}
    for key, item in cast("Json", value).items():
        attribute = named(attributes, key)
        if attribute is None:
            if key.casefold() not in standard:
                notes.note("unknown_attribute", f"{where}.{key}")
        elif attribute.mutability not in ("readOnly", "writeOnly"):
            read = read_value(item, attribute, f"{where}.{attribute.name}", notes)
            if read is not None:
                result[attribute.name] = read
    for attribute in required(attributes):
        if attribute.name not in result:
            raise InvalidValue(f"`{where}` needs a `{attribute.name}`.", attribute=f"{where}.{attribute.name}")
    return result


def read_value(value: Any, attribute: Attribute, where: str, notes: Notes) -> Any:
    """Normalise one attribute's value; None when it is unassigned (null, "", [] and {} are the same).

    Raises InvalidValue naming the attribute, what came and what was due.
    """
    if value == "":
        notes.note("empty_clears", where)
    elif isinstance(value, str) and not attribute.multi_valued:
        return read_single(value, attribute, where, notes)
    if attribute.multi_valued:
        return _read_list(value, attribute, where, notes)
    if isinstance(value, list) and value:
        items = cast("list[Any]", value)
        if len(items) != 1:
            raise InvalidValue(f"`{where}` takes one value, not {len(items)}.", attribute=where)
        notes.note("list_for_single", where)
        value = items[0]
    return None if is_empty(value) or value == {} else read_single(value, attribute, where, notes)


def is_empty(value: Any) -> bool:
    """Whether a value as it came says "unassigned": null, "" or [] (RFC 7643 section 2.5, and Entra)."""
    return value is None or value in ("", [])


def _read_list(value: Any, attribute: Attribute, where: str, notes: Notes) -> list[Any] | None:
    if is_empty(value):
        return None
    if not isinstance(value, list):
        notes.note("single_for_list", where)
        value = [value]
    # An element that says nothing is left out, but not where an element is nothing without some sub-attribute.
    strict = bool(required(attribute.sub_attributes))
    read: list[Any] = []
    for number, each in enumerate(cast("list[Any]", value), 1):
        if strict or not is_empty(each):
            place = f"{where} no. {number}" if strict else where
            read.append(read_single(each, attribute, place, notes))
    return [each for each in read if each is not None and not _says_nothing(each)] or None


def _says_nothing(element: Any) -> bool:
    """An element that lost its value: `type` and `primary` describe nothing then."""
    return isinstance(element, dict) and cast("Json", element).keys() <= _DESCRIBING


def read_single(value: Any, attribute: Attribute, where: str, notes: Notes) -> Any:
    """Normalise one value of an attribute, or one element of a multi-valued one. Raises InvalidValue."""
    match attribute.type:
        case "complex":
            if isinstance(value, str) and attribute.sub("value") is not None:
                notes.note("string_for_complex" if attribute.multi_valued else "reference_as_string", where)
                value = {"value": value}
            standard = _DEFAULT_SUBS if attribute.multi_valued else frozenset[str]()
            return read_complex(value, attribute.sub_attributes, where, notes, standard) or None
        case "boolean":
            return read_boolean(value, where, notes)
        case "integer" | "decimal":
            return _read_number(value, attribute, where, notes)
        case _:
            return _read_text(value, attribute, where)


def read_boolean(value: Any, where: str, notes: Notes) -> bool:
    """true or false, also from Entra's "True" and "False". Raises InvalidValue."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        notes.note("boolean_string", where)
        return value.lower() == "true"
    raise InvalidValue(f"`{where}` must be true or false, not {_shown(value)}.", attribute=where)


def _read_number(value: Any, attribute: Attribute, where: str, notes: Notes) -> int | float:
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and value.isascii() and len(value) < 19:
        notes.note("integer_string", where)
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValue(f"`{where}` must be a number, not {_shown(value)}.", attribute=where)
    if isinstance(value, float) and attribute.type == "integer":
        raise InvalidValue(f"`{where}` must be a whole number without a fraction, not {value}.", attribute=where)
    if abs(value) > MAX_NUMBER:
        raise InvalidValue(f"`{where}` is too large a number.", attribute=where)
    return value


def _read_text(value: Any, attribute: Attribute, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"`{where}` must be a text, not {_shown(value)}.", attribute=where)
    if len(value) > MAX_TEXT:
        raise InvalidValue(f"`{where}` is longer than {MAX_TEXT} characters.", attribute=where)
    if "\0" in value:
        raise InvalidValue(f"`{where}` contains a NUL character.", attribute=where)
    if attribute.type == "dateTime" and instant_of(value) is None:
        raise InvalidValue(f"`{where}` must be a time such as 2026-11-24T08:00:00Z.", attribute=where)
    if attribute.type == "binary" and not is_base64(value):
        raise InvalidValue(f"`{where}` must be base64 (RFC 4648), not {_shown(value)}.", attribute=where)
    if attribute.type == "reference" and _OUTSIDE.issuperset(attribute.reference_types) and not is_reference(value):
        raise InvalidValue(f"`{where}` must be a URI without spaces, not {_shown(value)}.", attribute=where)
    return value


def _shown(value: Any) -> str:
    kinds = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    kind = kinds.get(cast("type[Any]", type(value)), "null")
    return f"the text {value[:40]!r}" if isinstance(value, str) else kind


def _require(document: Mapping[str, Any], name: str, resource_type: ResourceType) -> None:
    if not str(document.get(name, "")).strip():
        raise InvalidValue(f"A {resource_type.name} needs a `{name}`; none came.", attribute=name)


def require_of_extensions(document: Json, kind: ResourceType, before: Json | None = None) -> None:
    """What an extension requires is due once anything of it came (RFC 7643 section 6). Raises InvalidValue.

    Who lacked it `before`, because the schema came to require it later, may go on lacking it.
    """
    for extension in kind.extensions:
        content: Json = document.get(extension.id) or {}
        for attribute in required(extension.attributes) if content else ():
            held: Json = (before or {}).get(extension.id, {})
            lacked_it = bool(held) and attribute.name not in held
            if attribute.name not in content and not lacked_it:
                name = f"{extension.id}:{attribute.name}"
                raise InvalidValue(f"`{extension.id}` needs a `{attribute.name}`; none came.", attribute=name)


def keep_immutables(before: Json, after: Json, kind: ResourceType, *, omissible: bool) -> None:
    """Hold `after` to the immutable values of `before`; where they are `omissible` those left out are written into it.

    Raises Mutability (RFC 7644 sections 3.5.1 and 3.5.2).
    """
    for extension in kind.extensions:
        held: Json = before.get(extension.id, {})
        for attribute in extension.attributes:
            if attribute.mutability != "immutable" or attribute.name not in held:
                continue
            content: Json = after.setdefault(extension.id, {}) if omissible else after.get(extension.id, {})
            if omissible:
                content.setdefault(attribute.name, held[attribute.name])
            if content.get(attribute.name) != held[attribute.name]:
                name = f"{extension.id}:{attribute.name}"
                raise Mutability(f"`{name}` was set once and cannot be changed.", attribute=name)


def check_primaries(document: Json) -> None:
    """At most one value of an attribute is primary (RFC 7643 section 2.4). Raises InvalidValue."""
    for name, value in document.items():
        if isinstance(value, dict):
            check_primaries(cast("Json", value))
        elif isinstance(value, list):
            items = cast("list[Any]", value)
            if (
                len(items) > 1
                and sum(isinstance(each, dict) and cast("Json", each).get("primary") is True for each in items) > 1
            ):
                raise InvalidValue(f"More than one of `{name}` is primary; only one may be.", attribute=name)


def with_schemas(document: Json, resource_type: ResourceType) -> Json:
    """The document led by the `schemas` that its content uses (RFC 7643 section 3)."""
    known = (*(each.id for each in resource_type.extensions), *sorted(resource_type.withdrawn))
    used = [each for each in known if document.get(each)]
    rest = {key: value for key, value in document.items() if key != "schemas"}
    return {"schemas": [resource_type.schema.id, *used], **rest}
