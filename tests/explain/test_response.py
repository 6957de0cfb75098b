"""A pasted SAML response: found in whatever it came in, and every check of it told."""

import base64
import json
import zlib
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.explain.saml_sign_ins import CONNECTION, STS, but, xml_of
from tests.saml.keys import NOW, SECOND
from tests.saml.provider import Encrypting, encrypt, expected, posted, signed
from vestibule.claims import preset
from vestibule.explain.pasted import response_in
from vestibule.explain.response import Against, Diagnosis, diagnose, idp_of
from vestibule.saml.response import CHECK_NAMES

LATER = NOW + 86_400 * SECOND


def forms(xml: bytes) -> dict[str, str]:
    field = base64.b64encode(xml).decode()
    lines = "\n".join(field[at : at + 76] for at in range(0, len(field), 76))
    deflated = zlib.compress(xml)[2:-4]
    har: Any = {
        "log": {"entries": [{"request": {"postData": {"params": [{"name": "SAMLResponse", "value": quote(field)}]}}}]}
    }
    body: Any = {
        "log": {"entries": [{"request": {"postData": {"text": f"SAMLResponse={quote(field, safe='')}&RelayState=x"}}}]}
    }
    return {
        "base64": field,
        "base64 in lines": lines,
        "base64 escaped": quote(field, safe=""),
        "quoted": f'"{field}"',
        "xml": xml.decode(),
        "xml with a declaration": '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.decode(),
        "form": f"RelayState=abc&SAMLResponse={quote(field, safe='')}",
        "form with plain plus": f"SAMLResponse={field}",
        "page": f'<form><input type="hidden" name="SAMLResponse" value="{field.replace("+", "&#43;")}"/></form>',
        "HAR": json.dumps(har),
        "HAR with a body": json.dumps(body),
        "deflated query": f"https://x.example/acs?SAMLResponse={quote(base64.b64encode(deflated).decode(), safe='')}",
    }  # fmt: skip


RESPONSE = xml_of(signed())


@pytest.mark.parametrize("form", forms(RESPONSE))
def test_a_response_is_found_in_what_was_pasted(form: str) -> None:
    found = response_in(forms(RESPONSE)[form].encode())
    assert found is not None
    assert base64.b64decode(found).endswith(RESPONSE)


@pytest.mark.parametrize("text", ["", "hello", "{}", "<html></html>", "SAMLRequest=abc", "{", "[1]", "#" * 100])
def test_where_there_is_no_response_none_is_found(text: str) -> None:
    assert response_in(text.encode()) is None


@given(st.binary(max_size=300))
def test_whatever_was_pasted_is_diagnosed_or_not_and_nothing_breaks(data: bytes) -> None:
    found = response_in(data)
    if found is not None:
        assert diagnose(found, None, NOW).explanation.sentence


def against(**changes: Any) -> Against:
    return Against(CONNECTION, "entra", expected(**changes), preset("generic", "saml"))


def marks(found: Diagnosis) -> dict[str, bool | None]:
    return {each.name: each.passed for each in found.lines}


def test_a_response_that_fits_its_connection_passes_every_check_long_after_it_was_made() -> None:
    found = diagnose(posted(signed()), against(request_id=None), LATER)
    assert set(marks(found).values()) == {True}
    assert (found.explanation.code, found.finding, found.age) == ("response_in_order", False, "1 day")


def test_a_response_by_itself_is_told_as_far_as_it_goes() -> None:
    found = diagnose(posted(but(issuer=STS, response_issuer=STS)), None, LATER)
    assert [name for name, mark in marks(found).items() if mark is None] == [
        "issuer",
        "destination",
        "in_response_to",
        "subject",
        "audience",
    ]
    assert "in itself" in found.explanation.sentence
    assert "Microsoft Entra ID" in found.explanation.sentence


def test_every_check_is_told_in_its_order_and_those_not_reached_as_such() -> None:
    found = diagnose(posted(signed(what="none")), against(), NOW)
    assert [each.name for each in found.lines] == [*CHECK_NAMES, "claims"]
    assert marks(found)["signature_shape"] is False
    assert marks(found)["audience"] is None
    assert (found.explanation.code, found.finding) == ("unsigned", True)


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (lambda: but(audience="https://other.example"), "audience"),
        (lambda: but(issuer="https://other.example", response_issuer=None), "issuer"),
        (lambda: but(in_response_to=None, confirmed_request=None), "unsolicited"),
        (lambda: but(name_id=" "), "no_name_id"),
    ],
    ids=["audience", "issuer", "unsolicited", "nobody"],
)
def test_a_response_that_does_not_fit_its_connection_is_a_finding(response: Any, code: str) -> None:
    found = diagnose(posted(response()), against(), LATER)
    assert (found.explanation.code, found.finding) == (code, True)


def test_a_clock_that_is_ahead_is_seen_when_a_response_is_from_the_future() -> None:
    found = diagnose(posted(signed()), against(), NOW - 900 * SECOND)
    assert found.explanation.code == "not_yet_valid"
    assert found.age is None


def test_an_encrypted_response_opens_with_the_keys_of_its_connection_and_not_without() -> None:
    response = posted(encrypt(signed()))
    assert diagnose(response, against(), LATER).explanation.code == "response_in_order"
    alone = diagnose(response, None, LATER)
    assert (alone.explanation.code, alone.finding, marks(alone)["signature"]) == ("no_decryption_key", False, None)
    assert (
        diagnose(posted(encrypt(signed(), Encrypting(key="old"))), against(), LATER).explanation.code
        == "decrypt_failed"
    )


def test_a_claim_that_is_needed_and_did_not_come_is_a_finding() -> None:
    wanted = preset("entra", "saml").with_claim("userName", "employeeId")
    found = diagnose(posted(signed()), Against(CONNECTION, "entra", expected(), wanted), LATER)
    assert (found.explanation.code, marks(found)["claims"]) == ("claim_missing", False)


@pytest.mark.parametrize(
    ("issuer", "idp"),
    [
        (STS, "entra"),
        ("http://www.okta.com/exk1", "okta"),
        ("https://accounts.google.com/o/saml2?idpid=C0", "google"),
        ("http://sts.corp.example/adfs/services/trust", "adfs"),
        ("https://id.example/realms/acme", "keycloak"),
        ("https://app.onelogin.com/saml/metadata/1", "onelogin"),
        ("https://idp.example", "generic"),
    ],
)
def test_an_identity_provider_is_known_by_its_issuer(issuer: str, idp: str) -> None:
    assert idp_of(issuer) == idp
