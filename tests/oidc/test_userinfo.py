"""What UserInfo may add to an ID token, and what it may not."""

from typing import Any

import pytest

from vestibule.oidc.userinfo import laid_beneath

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "more is added": ({"sub": "1", "name": "Ana"}, {"sub": "1"}, {"sub": "1", "name": "Ana"}),
    "nothing is replaced": ({"name": "Eve", "groups": ["admins"]}, {"name": "Ana", "groups": []}, {"name": "Ana", "groups": []}),
    "no key of a person or a tenant": (
        {"oid": "x", "tid": "y", "hd": "acme.example", "iss": "https://evil", "aud": "z", "sid": "s"}, {"sub": "1"}, {"sub": "1"},
    ),
    "no mark for the token's address": (
        {"email": "b@x.test", "email_verified": True, "xms_edov": True}, {"email": "a@x.test"}, {"email": "a@x.test"},
    ),
    "no mark without an address": ({"email_verified": True}, {"sub": "1"}, {"sub": "1"}),
    "an address with its own mark": (
        {"email": "b@x.test", "email_verified": False}, {"email_verified": True}, {"email": "b@x.test", "email_verified": False},
    ),
    "an address without a mark": ({"email": "b@x.test"}, {"email_verified": True}, {"email": "b@x.test"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_userinfo_adds_what_the_token_does_not_have_and_never_who_somebody_is(case: str) -> None:
    userinfo, token, expected = CASES[case]
    assert laid_beneath(userinfo, token) == expected
