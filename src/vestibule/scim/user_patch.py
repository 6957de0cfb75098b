"""Compile PATCH operations on a user and apply them to its document (RFC 7644 section 3.5.2).

All or nothing: `apply` works on a copy and raises before anything is kept. Where identity providers depart from
the RFC, `vestibule.scim.quirks` says what is done.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidValue, Mutability, NoTarget
from vestibule.scim.evaluate import evaluate
from vestibule.scim.filter_ast import And, Compare, Filter
from vestibule.scim.patch import Operation, in_operation, targets
from vestibule.scim.path import PatchPath
from vestibule.scim.resource import (
    Json,
    is_empty,
    keep_immutables,
    loosely,
    read_single,
    read_value,
    require_of_extensions,
    require_of_value,
    with_schemas,
)
from vestibule.scim.schema import Attribute, ResourceType
from vestibule.scim.user_schema import USER

_REQUIRED = ("userName",)
_DESCRIBING = frozenset({"type", "primary", "display"})
"""Sub-attributes that say something about a value; what is left of an element that lost its value."""


@dataclass(frozen=True, slots=True)
class Action:
    """One step: `op` on a path with a value that is already normalised where it could be."""

    number: int
    op: str
    path: PatchPath
    value: Any
    given: bool


@dataclass(frozen=True, slots=True)
class UserChange:
    """A PATCH ready to be applied."""

    actions: tuple[Action, ...]
    kind: ResourceType = USER
    notes: Notes = field(default_factory=Notes, compare=False)


def compile_user(
    operations: tuple[Operation, ...], user_id: str, notes: Notes, kind: ResourceType = USER
) -> UserChange:
    """Resolve paths and spread path-less operations. Raises InvalidPath, InvalidValue, Mutability."""
    actions: list[Action] = []
    for operation in operations:
        with in_operation(operation.number):
            for path, value in targets(operation, kind, user_id, notes):
                if path.attribute.mutability == "writeOnly":
                    notes.note("password_dropped", path.attribute.name)
                else:
                    given = operation.given and kind.extension(operation.path or "") is None
                    actions.append(Action(operation.number, operation.op, path, value, given))
    return UserChange(tuple(actions), kind, notes)


def apply(change: UserChange, document: Json) -> Json:
    """The document after all actions, in order; equal to the given one when nothing changes.

    Raises InvalidValue (a value that does not fit, a required attribute emptied), Mutability (one removed), NoTarget.
    """
    # A copy that shares nothing: what is kept as JSON comes back from it the same.
    result: Json = orjson.loads(orjson.dumps(document))
    for action in change.actions:
        home = result.setdefault(action.path.uri, {}) if action.path.uri else result
        with in_operation(action.number):
            _act(home, action, change.notes)
        if action.path.uri and not home:
            del result[action.path.uri]
    for action in change.actions:
        _drop_empty_elements(result, action)
    _check_elements(result, change)
    _require_of_extensions(result, change, document)
    keep_immutables(document, result, change.kind, omissible=False)
    return with_schemas(result, change.kind)


def _drop_empty_elements(document: Json, action: Action) -> None:
    """Only at the end: Entra makes an element in several operations, and its `primary` may come first."""
    name = action.path.attribute.name
    home: Json = document.get(action.path.uri, {}) if action.path.uri else document
    elements: Any = home.get(name)
    if action.path.filter is not None and isinstance(elements, list):
        kept = [each for each in cast("list[Json]", elements) if each.keys() - {"type", "primary"}]
        home[name] = kept
        if not kept:
            del home[name]
        if action.path.uri and not home:
            del document[action.path.uri]


def _check_elements(document: Json, change: UserChange) -> None:
    """What elements need is due at the end: they may be made in several operations."""
    for action in change.actions:
        home: Json = document.get(action.path.uri, {}) if action.path.uri else document
        elements: Any = home.get(action.path.attribute.name)
        pointed = action.path.filter is not None or action.path.sub is not None
        if pointed and isinstance(elements, list):
            with in_operation(action.number), _removing(action):
                for each in cast("list[Json]", elements):
                    require_of_value(each, action.path.attribute)


@contextmanager
def _removing(action: Action) -> Generator[None]:
    """What is required and is gone by a remove is a fault of mutability (RFC 7644 section 3.5.2.2)."""
    try:
        yield
    except InvalidValue as error:
        if action.op != "remove":
            raise
        raise Mutability(f"{error.detail} What is required cannot be removed.", **error.facts) from error


def _require_of_extensions(result: Json, change: UserChange, before: Json) -> None:
    try:
        require_of_extensions(result, change.kind, before)
    except InvalidValue as error:
        for action in change.actions:
            if f"{action.path.uri}:{action.path.attribute.name}" == error.facts["attribute"]:
                with in_operation(action.number), _removing(action):
                    raise
        raise


def _act(home: Json, action: Action, notes: Notes) -> None:
    attribute = action.path.attribute
    if not attribute.multi_valued:
        _act_on_single(home, action, notes)
    elif action.path.filter is None and action.path.sub is None:
        _act_on_list(home, action, notes)
    else:
        _act_on_elements(home, action, notes)
    if not home.get(attribute.name, True) and home.get(attribute.name) is not False:
        del home[attribute.name]


def _act_on_single(home: Json, action: Action, notes: Notes) -> None:
    attribute, sub = action.path.attribute, action.path.sub
    if action.op == "remove" and not is_empty(action.value):
        notes.note("remove_with_value", attribute.name)
        asked = read_value(action.value, sub or attribute, attribute.name, notes)
        present = home.get(attribute.name, {}).get(sub.name) if sub is not None else home.get(attribute.name)
        if _identity(asked) != _identity(present):
            # Only this value was to go, and another one is there by now.
            return
    value = None if action.op == "remove" else action.value
    if sub is not None:
        with _removing(action):
            home[attribute.name] = _merged(home.get(attribute.name, {}), {sub.name: value}, attribute, notes)
        return
    if attribute.type == "complex" and not is_empty(value):
        # A sub-attribute that is not named stays (RFC 7644 section 3.5.2.3).
        home[attribute.name] = _merged(home.get(attribute.name, {}), value, attribute, notes)
        return
    read = read_value(value, attribute, attribute.name, notes)
    if read is None or (attribute.required and not str(read).strip()):
        if attribute.name in _REQUIRED:
            # RFC 7644 section 3.5.2.2 for what is removed, section 3.12 for what is emptied.
            refusal = Mutability if action.op == "remove" else InvalidValue
            raise refusal(
                f"Operation {action.number}: `{attribute.name}` cannot be removed or emptied.",
                attribute=attribute.name,
            )
        home.pop(attribute.name, None)
    else:
        home[attribute.name] = read


def _merged(present: Json, value: Any, attribute: Attribute, notes: Notes) -> Json:
    """A complex value with the named sub-attributes written, and those named with nothing cleared."""
    # What is required need not be said again: it is looked for in the whole.
    read = cast("Json", read_value(value, loosely(attribute), attribute.name, notes) or {})
    named = cast("Json", value) if isinstance(value, dict) else {}
    cleared = {sub.name for key, item in named.items() if is_empty(item) and (sub := attribute.sub(key))}
    if attribute.sub("value") is not None:
        # A reference to another resource starts afresh: the old `$ref` would belie it.
        if "value" in cleared or read.get("value", present.get("value")) != present.get("value"):
            present = {}
        if "value" not in {**present, **read}:
            return {}
    whole = {name: item for name, item in {**present, **read}.items() if name not in cleared}
    if whole:
        require_of_value(whole, attribute)
    return whole


def _act_on_list(home: Json, action: Action, notes: Notes) -> None:
    attribute = action.path.attribute
    present = cast("list[Any]", home.get(attribute.name, []))
    if action.op == "remove":
        if not action.given:
            home.pop(attribute.name, None)
            return
        # With a `value`, and be it null, those that it names are to go: one that got lost must not empty the list.
        notes.note("remove_with_value", attribute.name)
        if is_empty(action.value):
            return
    read = cast("list[Any]", read_value(action.value, attribute, attribute.name, notes) or [])
    if action.op == "remove":
        gone = [_identity(each) for each in read]
        home[attribute.name] = [each for each in present if _identity(each) not in gone]
        return
    if action.op == "replace":
        present = []
    new: list[Any] = []
    for each in read:
        if not any(_covers(old, each) for old in (*present, *new)):
            new.append(each)
    home[attribute.name] = _one_primary([*present, *new], new, notes)


def _covers(old: Any, new: Any) -> bool:
    """Whether an element already says all that a new one would."""
    if isinstance(old, dict) and isinstance(new, dict):
        return cast("Json", new).items() <= cast("Json", old).items()
    return old == new


def _identity(element: Any) -> Any:
    return cast("Json", element).get("value", element) if isinstance(element, dict) else element


def _act_on_elements(home: Json, action: Action, notes: Notes) -> None:
    attribute, where, sub = action.path.attribute, action.path.filter, action.path.sub
    elements = cast("list[Json]", home.get(attribute.name, []))
    chosen = [each for each in elements if where is None or evaluate(where, each)]
    if action.op == "remove" and not is_empty(action.value):
        notes.note("remove_with_value", attribute.name)
    if action.op == "remove" or is_empty(action.value):
        home[attribute.name] = _without(elements, chosen, sub)
        if action.op != "remove" and action.value == "":
            notes.note("empty_clears", attribute.name)
        if not chosen:
            notes.note("remove_without_match", attribute.name)
        return
    made = not chosen
    if made:
        chosen = [_element_for(where, action)]
        elements = [*elements, *chosen]
        if action.op == "replace":
            notes.note("value_path_created", attribute.name)
    for each in chosen:
        if action.op == "replace" and sub is None and not made:
            # A value that matches is replaced, not mended (RFC 7644 section 3.5.2.3).
            each.clear()
        _write_element(each, action, notes)
    if made and where is not None and not evaluate(where, chosen[0]):
        raise _no_target(action)
    home[attribute.name] = _one_primary(elements, chosen, notes)


def _without(elements: list[Json], chosen: list[Json], sub: Attribute | None) -> list[Json]:
    """The elements without the chosen ones, or without their sub-attribute and what only described it."""
    for each in chosen:
        if sub is not None:
            each.pop(sub.name, None)
    gone = [id(each) for each in chosen if sub is None or not each.keys() - _DESCRIBING]
    return [each for each in elements if id(each) not in gone]


def _write_element(element: Json, action: Action, notes: Notes) -> None:
    attribute, sub = action.path.attribute, action.path.sub
    if sub is not None:
        _put(element, sub.name, read_value(action.value, sub, f"{attribute.name}.{sub.name}", notes))
        return
    value = action.value
    if isinstance(value, list) and len(cast("list[Any]", value)) == 1:
        value = cast("list[Any]", value)[0]
    element.update(read_single(value, loosely(attribute), attribute.name, notes) or {})


def _put(whole: Json, name: str, value: Any) -> None:
    if value is None:
        whole.pop(name, None)
    else:
        whole[name] = value


def _element_for(where: Filter | None, action: Action) -> Json:
    element: Json = {}
    if where is not None and not _literals(where, element):
        raise _no_target(action)
    return element


def _no_target(action: Action) -> NoTarget:
    return NoTarget(
        f"Operation {action.number}: no element of `{action.path.attribute.name}` matches the path, and one can "
        'be made only from a path such as `[type eq "work"]`.',
        operation=action.number,
    )


def _literals(where: Filter, element: Json) -> bool:
    """Write what `type eq "work" and primary eq true` says into the element; False for any other filter."""
    match where:
        case Compare(path, "eq", value) if value is not None:
            element[path.name] = value
            return True
        case And(left, right):
            return _literals(left, element) and _literals(right, element)
        case _:
            return False


def _one_primary(elements: list[Any], touched: list[Any], notes: Notes) -> list[Any]:
    """Where a touched element is primary, the others no longer are (RFC 7644 section 3.5.2.1)."""
    items = cast("list[Json]", [each for each in touched if isinstance(each, dict)])
    primaries = [each for each in items if each.get("primary") is True]
    if not primaries:
        return elements
    if len(primaries) > 1:
        notes.note("second_primary")
    for each in elements:
        if isinstance(each, dict) and each is not primaries[-1] and cast("Json", each).get("primary") is True:
            each["primary"] = False
    return elements
