"""Errors as the RFC's table has them (RFC 7644 section 3.12)."""

import pytest

from vestibule.scim import errors
from vestibule.scim.errors import ScimError


def kinds(root: type[ScimError] = ScimError) -> list[type[ScimError]]:
    return [each for child in root.__subclasses__() for each in (child, *kinds(child))]


@pytest.mark.parametrize(
    ("error", "status", "scim_type"),
    [
        (errors.InvalidFilter, 400, "invalidFilter"),
        (errors.TooMany, 400, "tooMany"),
        (errors.Uniqueness, 409, "uniqueness"),
        (errors.Mutability, 400, "mutability"),
        (errors.InvalidSyntax, 400, "invalidSyntax"),
        (errors.InvalidPath, 400, "invalidPath"),
        (errors.NoTarget, 400, "noTarget"),
        (errors.InvalidValue, 400, "invalidValue"),
        (errors.NotFound, 404, None),
        (errors.PreconditionFailed, 412, None),
    ],
)
def test_a_refusal_is_a_row_of_the_rfcs_table(error: type[ScimError], status: int, scim_type: str | None) -> None:
    body = error("why", attribute="x").body()
    assert body["status"] == str(status)
    assert body.get("scimType") == scim_type
    assert body["detail"] == "why"
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_every_error_has_a_kind_of_its_own() -> None:
    named = [each.kind for each in kinds()]
    assert len(set(named)) == len(named)
    assert "error" not in named


def test_a_missing_scope_tells_what_is_held_and_what_would_do() -> None:
    body = errors.InsufficientScope("no", got=["get:users"], need=["get:groups"]).body()
    assert body["got"] == ["get:users"]
    assert body["need"] == [{"selection": ["get:groups"]}]
