"""More laws of PATCH over whatever users there are: twice is once, a removal undoes an addition, order of one is all."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.effort import examples
from tests.scim.strategies import messages, texts
from vestibule.scim.dialects import Notes
from vestibule.scim.errors import ScimError
from vestibule.scim.folding import fold
from vestibule.scim.patch import PATCH_SCHEMA, read_patch
from vestibule.scim.resource import read_user
from vestibule.scim.user_patch import apply, compile_user
from vestibule.scim.user_schema import ENTERPRISE_USER

words = texts.filter(lambda text: text.strip() != "")
elements = st.fixed_dictionaries(
    {"value": words}, optional={"type": st.sampled_from(["work", "home"]), "display": words}
)
people = st.fixed_dictionaries(
    {"userName": words, "active": st.booleans()},
    optional={
        "title": words,
        "name": st.fixed_dictionaries({"givenName": words}),
        "emails": st.lists(elements, min_size=1, max_size=3, unique_by=lambda each: each["value"]),
        "roles": st.lists(elements, min_size=1, max_size=2, unique_by=lambda each: each["value"]),
        ENTERPRISE_USER: st.fixed_dictionaries({"department": words}, optional={"costCenter": words}),
    },
).map(lambda body: read_user(body, Notes()))
SINGLE = ("title", "nickName", "name.familyName", "name.middleName", f"{ENTERPRISE_USER}:division", "costCenter")


def patched(document: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    notes = Notes()
    read = read_patch({"schemas": [PATCH_SCHEMA], "Operations": list(operations)}, notes)
    return apply(compile_user(read, "usr_1", notes), document)


@examples(200)
@given(people, st.sampled_from(("emails", "roles", *SINGLE)), words, elements, st.sampled_from(["add", "replace"]))
def test_twice_is_once(person: dict[str, Any], path: str, word: str, element: dict[str, Any], op: str) -> None:
    operation = {"op": op, "path": path, "value": [element] if path in ("emails", "roles") else word}
    once = patched(person, operation)
    assert patched(once, operation) == once
    assert patched(person, operation, operation) == once


@examples(200)
@given(people, st.sampled_from(SINGLE), words)
def test_a_removal_undoes_an_addition_of_one_value(person: dict[str, Any], path: str, word: str) -> None:
    assume(patched(person, {"op": "remove", "path": path}) == person)
    assert patched(person, {"op": "add", "path": path, "value": word}, {"op": "remove", "path": path}) == person


@examples(200)
@given(people, st.sampled_from(["emails", "roles"]), elements)
def test_a_removal_undoes_an_addition_to_a_list(person: dict[str, Any], path: str, element: dict[str, Any]) -> None:
    assume(all(fold(each["value"]) != fold(element["value"]) for each in person.get(path, [])))
    adding = {"op": "add", "path": path, "value": [element]}
    assert patched(person, adding, {"op": "remove", "path": path, "value": [element]}) == person


@examples(200)
@given(people, messages)
def test_all_operations_at_once_are_one_after_the_other(person: dict[str, Any], message: dict[str, Any]) -> None:
    """Where each by itself is allowed; a message of which one is refused changes nothing at all."""
    together: dict[str, Any] | None
    try:
        together = patched(person, *message["Operations"])
    except ScimError:
        together = None
    step = person
    try:
        for operation in message["Operations"]:
            step = patched(step, operation)
    except ScimError:
        assume(together is None)
        return
    assume(not any("[" in str(operation.get("path")) for operation in message["Operations"]))
    assert together == step


def test_a_refused_operation_leaves_the_others_undone() -> None:
    person = read_user({"userName": "ana", "title": "Lead"}, Notes())
    with pytest.raises(ScimError):
        patched(person, {"op": "replace", "path": "title", "value": "Boss"}, {"op": "remove", "path": "userName"})
    assert person["title"] == "Lead"
