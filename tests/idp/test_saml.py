"""A sign-on by SAML over HTTP, seen by another library."""

import pytest

from tests.idp.browser import ACS, Provider, provider


@pytest.fixture
def idp():
    with provider() as running:
        yield running


def test_a_sign_on_gives_an_assertion_that_another_library_verifies(idp: Provider) -> None:
    form = idp.sign_on()
    assert (form.url, form.fields["RelayState"]) == (ACS, "r1")
    posted = idp.response()
    assert posted.signed == ["Assertion"]
    seen = posted.verify(idp.certificates()[0], "./*/")
    assert seen.get("ID") == posted.assertion.get("ID")
    assert posted.name_id.text == "ana@contoso.example"
