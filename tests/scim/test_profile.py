"""The settings of a connection: defaults, what a dialect brings with it, and what is refused."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.scim.errors import InvalidValue
from vestibule.scim.extension import read_extension
from vestibule.scim.group_schema import GROUP
from vestibule.scim.profile import MAX_EXTENSIONS, Profile, kept_profile, read_profile
from vestibule.scim.user_schema import ENTERPRISE_USER, USER


def schema(name: str) -> dict[str, Any]:
    return {
        "id": f"urn:ietf:params:scim:schemas:extension:{name}:2.0:User",
        "attributes": [{"name": "badge", "description": "badge"}],
    }


def test_nothing_said_is_the_default() -> None:
    assert read_profile({}) == Profile()
    assert Profile().as_json() == {
        "dialect": "tolerant", "references": "park", "nested_groups": "park", "hold_emptied_group": None,
        "hold_deactivations": None, "hold_window": 60, "rate_limit": None, "allowed_domains": None, "extensions": [],
    }  # fmt: skip


def test_null_is_the_default_too() -> None:
    assert read_profile(dict.fromkeys(Profile().as_json())) == Profile()


@pytest.mark.parametrize(
    ("dialect", "references", "adopts"),
    [("tolerant", "park", True), ("entra", "park", True), ("okta", "park", True), ("strict", "refuse", False)],
)
def test_a_dialect_brings_its_rules_along(dialect: str, references: str, adopts: bool) -> None:
    read = read_profile({"dialect": dialect})
    assert (read.references, read.nested_groups, read.dialect.adopts) == (references, references, adopts)


def test_what_is_said_stands_before_what_the_dialect_brings() -> None:
    read = read_profile({"dialect": "strict", "references": "park", "nested_groups": "accept"})
    assert (read.dialect.name, read.references, read.nested_groups) == ("strict", "park", "accept")
    assert read_profile({"references": "refuse"}).nested_groups == "park"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"dialekt": "strict"},
            "no setting `dialekt`: they are allowed_domains, dialect, extensions, hold_deactivations",
        ),
        ({"dialect": "Strict"}, "`dialect` must be one of tolerant, strict, entra, okta, not 'Strict'"),
        ({"dialect": ["strict"]}, "`dialect` must be one of"),
        ({"references": "accept"}, "`references` must be one of park, refuse"),
        ({"nested_groups": "flatten"}, "`nested_groups` must be one of park, accept, refuse"),
        ({"nested_groups": True}, "`nested_groups` must be one of"),
        ({"extensions": {}}, "`extensions` must be a list of at most 20 schemas"),
        ({"extensions": [schema(f"x{n}") for n in range(MAX_EXTENSIONS + 1)]}, "at most 20 schemas"),
        ({"extensions": [schema("Contoso"), schema("CONTOSO")]}, "names one schema twice"),
        ({"extensions": [schema("Contoso"), {"id": "urn:x"}]}, "`id` must be a URN"),
    ],
)
def test_a_setting_that_is_none_is_refused_by_name(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        read_profile(settings)
    assert told in refusal.value.detail


@pytest.mark.parametrize("name", ["hold_emptied_group", "hold_deactivations", "hold_window"])
def test_a_number_has_its_bounds(name: str) -> None:
    for number in (1, 1_000_000):
        assert getattr(read_profile({name: number}), name) == number
    for wrong in (0, -1, 1_000_001, True, False, "3", 2.0, [1]):
        with pytest.raises(InvalidValue, match=f"`{name}` must be a whole number from 1 to 1000000") as refusal:
            read_profile({name: wrong})
        assert refusal.value.facts == {"attribute": name}


def test_the_extensions_of_a_connection_stand_beside_the_standards_for_users_only() -> None:
    read = read_profile({"extensions": [schema("Contoso"), schema("Fabrikam")]})
    contoso, fabrikam = (read_extension(schema(name)) for name in ("Contoso", "Fabrikam"))
    assert read.extensions == (contoso, fabrikam)
    assert [each.id for each in read.user.extensions] == [ENTERPRISE_USER, contoso.id, fabrikam.id]
    assert (read.of("User"), read.of("Group")) == (read.user, GROUP)
    assert USER.extension(contoso.id) is None
    assert Profile().extensions == ()


def test_as_many_extensions_as_may_be_are_read() -> None:
    read = read_profile({"extensions": [schema(f"x{number}") for number in range(MAX_EXTENSIONS)]})
    assert len(read.extensions) == MAX_EXTENSIONS


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "dialect": st.sampled_from(["tolerant", "strict", "entra", "okta"]) | st.none(),
        "references": st.sampled_from(["park", "refuse"]) | st.none(),
        "nested_groups": st.sampled_from(["park", "accept", "refuse"]) | st.none(),
        "hold_emptied_group": st.integers(1, 1_000_000) | st.none(),
        "hold_deactivations": st.integers(1, 1_000_000) | st.none(),
        "hold_window": st.integers(1, 1_000_000) | st.none(),
        "extensions": st.lists(st.sampled_from([schema("a"), schema("b"), schema("c")]), unique_by=lambda s: s["id"]),
    },
)


@given(SETTINGS)
def test_what_is_shown_of_a_profile_is_read_as_the_same(settings: dict[str, Any]) -> None:
    read = read_profile(settings)
    shown = orjson.dumps(read.as_json()).decode()
    assert kept_profile(shown) == read
    assert kept_profile(shown).as_json() == read.as_json()
