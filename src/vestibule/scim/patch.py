"""Read PATCH messages (RFC 7644 section 3.5.2) and compile those on a group to a change of sets."""

import re
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from vestibule.scim.dialects import Notes
from vestibule.scim.errors import (
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    ScimError,
)
from vestibule.scim.filter_ast import And, Compare, Filter, Or
from vestibule.scim.group_schema import GROUP
from vestibule.scim.path import PatchPath, parse_path, split_uri
from vestibule.scim.resource import SCHEMAS_ONLY, is_empty, member_ids, read_value
from vestibule.scim.schema import ResourceType, Schema, homes, named, names_schema

PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_OPERATIONS = 2_000
_WHOLE_MEMBERS = (
    'Members are taken whole and by their ids: remove them with `members[value eq "id"]` (several with `or`, and '
    '`type eq "User"` beside an id is allowed), add or replace them with `members` and a list of values, remove all '
    "with `members`."
)
_SIMPLE = re.compile(r"[A-Za-z][\w$-]*(\.[A-Za-z][\w$-]*)?\Z")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was sent. `number` counts from 1, for messages. `given` is False without a `value`."""

    number: int
    op: str
    path: str | None
    value: Any
    given: bool


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What a PATCH or PUT asks of a group, as sets: no present member is needed to say it.

    The store applies it as: if `clear`, all members leave but those in `add`; then those in `remove` leave and
    those in `add` join. `add` and `remove` never overlap. `display_name` None leaves it. `external_id` None
    leaves it, "" clears it.
    """

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    clear: bool = False
    display_name: str | None = None
    external_id: str | None = None


def read_patch(body: Any, notes: Notes) -> tuple[Operation, ...]:
    """The operations of a PatchOp message. Raises InvalidSyntax saying which operation is wrong and how."""
    if not isinstance(body, dict):
        raise InvalidSyntax("The body must be a JSON object with `schemas` and `Operations`.")
    message = {key.casefold(): value for key, value in cast("dict[str, Any]", body).items()}
    schemas: Any = message.get("schemas")
    if not names_schema(schemas, PATCH_SCHEMA):
        if schemas:
            raise InvalidSyntax(f'A PATCH body needs `"schemas": ["{PATCH_SCHEMA}"]`.')
        notes.note("schemas_missing")
    operations: Any = message.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("A PATCH body needs a list `Operations` with at least one operation.")
    items = cast("list[Any]", operations)
    if len(items) > MAX_OPERATIONS:
        raise InvalidSyntax(f"A PATCH body may have {MAX_OPERATIONS} operations, not {len(items)}.")
    return tuple(_read_operation(number, each, notes) for number, each in enumerate(items, 1))


def _read_operation(number: int, item: Any, notes: Notes) -> Operation:
    if not isinstance(item, dict):
        raise InvalidSyntax(f"Operation {number} must be an object with `op`, `path` and `value`.")
    fields = {key.casefold(): value for key, value in cast("dict[str, Any]", item).items()}
    op: Any = fields.get("op")
    if not isinstance(op, str) or op.lower() not in ("add", "replace", "remove"):
        raise InvalidSyntax(f"Operation {number}: `op` must be add, replace or remove.")
    if op != op.lower():
        with in_operation(number):
            notes.note("op_case", op)
    path: Any = fields.get("path")
    if path is not None and not isinstance(path, str):
        raise InvalidPath(f"Operation {number}: `path` must be a text.", operation=number)
    path = path.strip() if path else None
    op = op.lower()
    if op == "remove" and not path:
        raise NoTarget(f"Operation {number}: a remove needs a `path`.", operation=number)
    if op != "remove" and "value" not in fields:
        raise InvalidValue(f"Operation {number}: {op} needs a `value`.", operation=number)
    return Operation(number, op, path or None, fields.get("value"), "value" in fields)


def targets(
    operation: Operation, resource_type: ResourceType, resource_id: str, notes: Notes
) -> Iterator[tuple[PatchPath, Any]]:
    """The paths that an operation points at, each with its value; a path-less one is spread over its keys.

    Raises InvalidPath, InvalidValue, Mutability (a foreign `id`), each naming the operation.
    """
    for path, value in _targets(operation, resource_type, resource_id, notes):
        if operation.op != "remove":
            _note_read_only(path, value, notes)
        yield path, value


def _note_read_only(path: PatchPath, value: Any, notes: Notes) -> None:
    """Note what the value of a complex attribute says of sub-attributes that this server writes."""
    subs = path.attribute.sub_attributes if path.sub is None else ()
    for item in cast("list[Any]", value) if isinstance(value, list) else [value]:
        for key in cast("dict[str, Any]", item) if isinstance(item, dict) and subs else ():
            sub = named(subs, key)
            if sub is not None and sub.mutability == "readOnly" and sub.name != "$ref":
                notes.note("read_only_in_value", f"{path.attribute.name}.{sub.name}")


def _targets(
    operation: Operation, resource_type: ResourceType, resource_id: str, notes: Notes
) -> Iterator[tuple[PatchPath, Any]]:
    if operation.path is None:
        yield from _spread(operation.value, resource_type, resource_id, notes)
        return
    uri, rest = split_uri(operation.path, resource_type)
    extension = resource_type.extension(operation.path)
    if uri is not None and not rest and operation.op != "remove":
        yield from _spread({uri: operation.value}, resource_type, resource_id, notes)
    elif extension is not None:
        if not is_empty(operation.value):
            notes.note("remove_with_value", operation.path)
        yield from ((PatchPath(extension.id, each), None) for each in extension.attributes)
    elif uri is None and operation.path.casefold().startswith("urn:"):
        # A schema that nobody declared is left out of a POST as well; its PATCH must not fail the rest.
        notes.note("unknown_schema", operation.path)
    else:
        path = _path(operation, operation.path, resource_type, notes)
        if path is not None and path.uri is None and path.attribute.name == "schemas":
            notes.note("read_only_in_value", "schemas")
        elif path is not None:
            yield path, operation.value


def _spread(
    value: Any, resource_type: ResourceType, resource_id: str, notes: Notes, *, nested: bool = False
) -> Iterator[tuple[PatchPath, Any]]:
    if not isinstance(value, dict):
        raise InvalidValue("Without a `path`, `value` must be an object of attributes.")
    for key, item in cast("dict[str, Any]", value).items():
        folded = key.casefold()
        extension = resource_type.extension(key)
        if folded == "id":
            if item != resource_id:
                raise Mutability("`id` cannot be changed.", attribute="id")
            notes.note("id_in_value", "id")
        elif folded in ("schemas", "meta"):
            # The one follows from the content, the other is this server's.
            notes.note("read_only_in_value", key)
        elif folded == resource_type.schema.id.casefold() and not nested:
            yield from _spread(item, resource_type, resource_id, notes, nested=True)
        elif extension is not None:
            yield from _in_extension(extension, item, notes)
        else:
            yield from _keyed(key, item, resource_type, notes)


def _in_extension(extension: Schema, value: Any, notes: Notes) -> Iterator[tuple[PatchPath, Any]]:
    if is_empty(value):
        yield from ((PatchPath(extension.id, each), None) for each in extension.attributes)
        return
    if not isinstance(value, dict):
        raise InvalidValue(f"`{extension.id}` must be an object of its attributes.", attribute=extension.id)
    for name, item in cast("dict[str, Any]", value).items():
        attribute = named(extension.attributes, name)
        if attribute is not None:
            yield PatchPath(extension.id, attribute), item
        elif name.casefold() not in SCHEMAS_ONLY:
            notes.note("unknown_attribute", name)


def _keyed(key: str, value: Any, resource_type: ResourceType, notes: Notes) -> Iterator[tuple[PatchPath, Any]]:
    try:
        path = parse_path(key, resource_type, notes)
    except InvalidPath as refusal:
        if "quirk" in refusal.facts or "[" in key:
            raise
        notes.note("unknown_schema" if key.casefold().startswith("urn:") else "unknown_attribute", key)
        return
    if path.attribute.mutability == "readOnly" or (path.sub and path.sub.mutability == "readOnly"):
        notes.note("read_only_in_value", key)
        return
    if "." in key.rsplit("]", 1)[-1].removeprefix(path.uri or "") or ":" in key:
        notes.note("dotted_keys", key)
    elif path.uri is not None:
        notes.note("bare_extension_attribute", key)
    yield path, value


@contextmanager
def in_operation(number: int) -> Generator[None]:
    """Name the operation (from 1) in every refusal of what is done inside, in its detail and its facts."""
    try:
        yield
    except ScimError as error:
        if "operation" not in error.facts:
            error.facts["operation"] = number
        if not error.detail.startswith("Operation "):
            error.detail = f"Operation {number}: {error.detail}"
            error.args = (error.detail,)
        raise


def _is_unknown(text: str, resource_type: ResourceType) -> bool:
    uri, rest = split_uri(text, resource_type)
    return _SIMPLE.match(rest) is not None and not homes(resource_type, uri, rest.partition(".")[0])


def _path(operation: Operation, text: str, resource_type: ResourceType, notes: Notes) -> PatchPath | None:
    """The path, or None for one that names an attribute which no schema has, as in a body without a path."""
    try:
        path = parse_path(text, resource_type, notes)
    except ScimError as error:
        if "quirk" not in error.facts and _is_unknown(text, resource_type):
            notes.note("unknown_attribute", text)
            return None
        raise InvalidPath(
            f"Operation {operation.number}: {error.detail}",
            **error.facts | {"operation": operation.number, "path": text},
        ) from error
    if path.uri is not None and not text.casefold().startswith("urn:"):
        notes.note("bare_extension_attribute", text)
    if path.attribute.mutability == "readOnly" or (path.sub and path.sub.mutability == "readOnly"):
        raise Mutability(
            f"Operation {operation.number}: `{text}` is set by this server and cannot be changed.",
            attribute=text,
        )
    return path


def compile_group(operations: tuple[Operation, ...], group_id: str, notes: Notes) -> GroupChange:
    """What the operations, one after the other, ask of a group, without reading it.

    Raises InvalidPath, InvalidValue, Mutability, NoTarget; then nothing is to be changed.
    """
    draft = _GroupDraft(notes)
    for operation in operations:
        with in_operation(operation.number):
            for path, value in targets(operation, GROUP, group_id, notes):
                draft.take(operation, path, value)
    return GroupChange(
        frozenset(draft.add), frozenset(draft.remove), draft.clear, draft.display_name, draft.external_id
    )


class _GroupDraft:
    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.add: set[str] = set()
        self.remove: set[str] = set()
        self.clear = False
        self.display_name: str | None = None
        self.external_id: str | None = None

    def take(self, operation: Operation, path: PatchPath, value: Any) -> None:
        match path.attribute.name:
            case "members":
                self.take_members(operation, path, value)
            case "displayName":
                self.display_name = self.text(operation, path, value)
                if not (self.display_name or "").strip():
                    refusal = Mutability if operation.op == "remove" else InvalidValue
                    raise refusal(
                        f"Operation {operation.number}: a group needs a `displayName`.",
                        attribute="displayName",
                    )
            case "externalId":
                self.external_id = self.text(operation, path, value) or ""
            case _:  # `schemas` follows from the content
                pass

    def text(self, operation: Operation, path: PatchPath, value: Any) -> str | None:
        if operation.op == "remove":
            return None
        return read_value(value, path.attribute, path.attribute.name, self.notes)

    def take_members(self, operation: Operation, path: PatchPath, value: Any) -> None:
        if path.filter is not None or path.sub is not None:
            ids = None if path.filter is None else _ids_in(path.filter)
            if ids is None or path.sub is not None or operation.op != "remove":
                raise InvalidPath(_WHOLE_MEMBERS, operation=operation.number)
            if not is_empty(value):
                self.notes.note("remove_with_value", "members")
            self.leave(ids)
            return
        if operation.op == "remove" and not operation.given:
            self.everyone_leaves()
            return
        if operation.op == "remove" and is_empty(value):
            # Nobody is named. A PATCH that lost its value must not empty a group.
            self.notes.note("remove_with_value", "members")
            return
        named_ids = member_ids(read_value(value, path.attribute, "members", self.notes) or [])
        if operation.op == "remove":
            self.notes.note("remove_with_value", "members")
            self.leave(named_ids)
            return
        if operation.op == "replace":
            self.everyone_leaves()
        self.add.update(named_ids)
        self.remove.difference_update(named_ids)

    def leave(self, ids: Collection[str]) -> None:
        self.add.difference_update(ids)
        self.remove.update(ids)

    def everyone_leaves(self) -> None:
        self.clear = True
        self.add.clear()
        self.remove.clear()


def _ids_in(where: Filter) -> frozenset[str] | None:
    """The members that a filter names by their ids; None for one that only the present members could answer.

    Beside an id a type is taken at its word.
    """
    match where:
        case Compare(path, "eq", str(value)) if path.name == "value":
            return frozenset({value})
        case And(left, right) if _is_type(right):
            return _ids_in(left)
        case And(left, right) if _is_type(left):
            return _ids_in(right)
        case And(left, right) | Or(left, right):
            first, second = _ids_in(left), _ids_in(right)
            if first is None or second is None:
                return None
            return first & second if isinstance(where, And) else first | second
        case _:
            return None


def _is_type(where: Filter) -> bool:
    match where:
        case Compare(path, "eq", str(value)):
            return path.name == "type" and value.casefold() in ("user", "group")
        case _:
            return False
