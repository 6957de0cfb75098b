"""Compile PATCH operations on a user and apply them to its document (RFC 7644 section 3.5.2).

All or nothing: `apply` works on a copy and raises before anything is kept. Where identity providers depart from
the RFC, `vestibule.scim.quirks` says what is done.
"""

import copy
from dataclasses import dataclass, field
from typing import Any, cast

from vestibule.scim.errors import InvalidValue, NoTarget
from vestibule.scim.evaluate import evaluate
from vestibule.scim.filter_ast import And, Compare, Filter
from vestibule.scim.patch import Operation, targets
from vestibule.scim.path import PatchPath
from vestibule.scim.quirks import Notes
from vestibule.scim.resource import Json, read_single, read_value, with_schemas
from vestibule.scim.user_schema import USER

_REQUIRED = ("userName", "active")
_DESCRIBING = frozenset({"type", "primary", "display"})
"""Sub-attributes that say something about a value; an element with nothing else is empty."""


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
    notes: Notes = field(default_factory=Notes, compare=False)


def compile_user(operations: tuple[Operation, ...], user_id: str, notes: Notes) -> UserChange:
    """Resolve paths and spread path-less operations. Raises InvalidPath, InvalidValue, Mutability."""
    actions = [
        Action(operation.number, operation.op, path, value, operation.given)
        for operation in operations
        for path, value in targets(operation, USER, user_id, notes)
        if path.attribute.mutability != "writeOnly"
    ]
    return UserChange(tuple(actions), notes)


def apply(change: UserChange, document: Json) -> Json:
    """The document after all actions, in order; equal to the given one when nothing changes.

    Raises InvalidValue (a value that does not fit, a required attribute removed), NoTarget.
    """
    result = copy.deepcopy(document)
    for action in change.actions:
        home = result.setdefault(action.path.uri, {}) if action.path.uri else result
        _act(home, action, change.notes)
        if action.path.uri and not home:
            del result[action.path.uri]
    return with_schemas(result, USER)


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
    value = None if action.op == "remove" else action.value
    if sub is not None:
        part = read_value(value, sub, f"{attribute.name}.{sub.name}", notes)
        whole = cast("Json", home.setdefault(attribute.name, {}))
        _put(whole, sub.name, part)
        return
    read = read_value(value, attribute, attribute.name, notes)
    if read is None:
        if attribute.name in _REQUIRED:
            raise InvalidValue(
                f"Operation {action.number}: `{attribute.name}` cannot be removed or emptied.",
                attribute=attribute.name,
            )
        if action.op != "remove":
            notes.note("empty_clears")
        home.pop(attribute.name, None)
    elif attribute.type == "complex":
        # A sub-attribute that is not named stays (RFC 7644 section 3.5.2.3).
        home[attribute.name] = {**home.get(attribute.name, {}), **read}
    else:
        home[attribute.name] = read


def _act_on_list(home: Json, action: Action, notes: Notes) -> None:
    attribute = action.path.attribute
    present = cast("list[Any]", home.get(attribute.name, []))
    if action.op == "remove" and not action.given:
        home.pop(attribute.name, None)
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
        if each not in present and each not in new:
            new.append(each)
    home[attribute.name] = _one_primary([*present, *new], new, notes)


def _identity(element: Any) -> Any:
    return cast("Json", element).get("value", element) if isinstance(element, dict) else element


def _act_on_elements(home: Json, action: Action, notes: Notes) -> None:
    attribute, where, sub = action.path.attribute, action.path.filter, action.path.sub
    elements = cast("list[Json]", home.get(attribute.name, []))
    chosen = [each for each in elements if where is None or evaluate(where, each)]
    if action.op == "remove":
        if not chosen:
            notes.note("remove_without_match")
        for each in chosen:
            if sub is not None:
                each.pop(sub.name, None)
        gone = [id(each) for each in chosen if sub is None or not each.keys() - _DESCRIBING]
        home[attribute.name] = [each for each in elements if id(each) not in gone]
        return
    if not chosen:
        chosen = [_element_for(where, action)]
        elements = [*elements, *chosen]
        notes.note("value_path_created")
    for each in chosen:
        _write_element(each, action, notes)
    kept = [each for each in elements if each.keys() - _DESCRIBING]
    home[attribute.name] = _one_primary(kept, chosen, notes)


def _write_element(element: Json, action: Action, notes: Notes) -> None:
    attribute, sub = action.path.attribute, action.path.sub
    if sub is not None:
        _put(element, sub.name, read_value(action.value, sub, f"{attribute.name}.{sub.name}", notes))
        return
    value = action.value
    if isinstance(value, list) and len(cast("list[Any]", value)) == 1:
        value = cast("list[Any]", value)[0]
    element.update(read_single(value, attribute, attribute.name, notes) or {})


def _put(whole: Json, name: str, value: Any) -> None:
    if value is None:
        whole.pop(name, None)
    else:
        whole[name] = value


def _element_for(where: Filter | None, action: Action) -> Json:
    element: Json = {}
    if where is not None and not _literals(where, element):
        raise NoTarget(
            f"Operation {action.number}: no element of `{action.path.attribute.name}` matches the path, and one can "
            'be made only from a path such as `[type eq "work"]`.',
            operation=action.number,
        )
    return element


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
    primaries = [each for each in touched if isinstance(each, dict) and cast("Json", each).get("primary") is True]
    if not primaries:
        return elements
    if len(primaries) > 1:
        notes.note("second_primary")
    for each in elements:
        if isinstance(each, dict) and each is not primaries[-1] and cast("Json", each).get("primary") is True:
            each["primary"] = False
    return elements
