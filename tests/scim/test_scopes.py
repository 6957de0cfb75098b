"""Scopes: what a request needs and what a token lacks."""

import pytest

from vestibule.scim.scopes import SCOPES, UnknownScope, lacks_groups, needed, read_scopes

USERS = frozenset(scope for scope in SCOPES if scope.endswith(":users"))


def test_there_are_ten_scopes_users_first() -> None:
    assert SCOPES[:5] == ("get:users", "post:users", "put:users", "patch:users", "delete:users")
    assert SCOPES[5:] == ("get:groups", "post:groups", "put:groups", "patch:groups", "delete:groups")


@pytest.mark.parametrize(
    ("method", "kind", "scope"), [("GET", "Group", "get:groups"), ("PATCH", "User", "patch:users")]
)
def test_a_method_on_a_resource_type_needs_its_scope(method: str, kind: str, scope: str) -> None:
    assert needed(method, kind) == scope
    assert scope in SCOPES


def test_an_unknown_scope_is_told_with_those_that_exist() -> None:
    with pytest.raises(UnknownScope, match=r"get:group'.*get:groups"):
        read_scopes(["get:users", "get:group"])
    assert read_scopes(iter(SCOPES)) == frozenset(SCOPES)


def test_the_token_of_the_origin_story_lacks_groups() -> None:
    """Every users scope, no groups scope: the test connection is green and each group is refused."""
    assert lacks_groups(USERS)
    assert lacks_groups(USERS | {"get:groups"})
    assert not lacks_groups(frozenset(SCOPES) - {"put:groups"})
    assert not lacks_groups(frozenset())
