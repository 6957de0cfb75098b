"""Diagnose a SAML response that was not received here: every check, and the story of the first that fails.

With the settings of a connection it is held against them; else against itself, which shows what it says and whether
it is of one piece.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from vestibule.claims import Mapped, from_saml, preset, read_profile
from vestibule.claims import Mapping as ClaimMapping
from vestibule.explain import explain
from vestibule.explain.catalogue.sign_in.reading import SIGN_IN, duration
from vestibule.explain.entry import Explanation
from vestibule.explain.examined import facts_of
from vestibule.model import Exchange
from vestibule.saml import certificates, document
from vestibule.saml.assertion import Assertion
from vestibule.saml.errors import SamlError
from vestibule.saml.instants import SECOND, instant_of
from vestibule.saml.response import Check, Examination, Expected, examine

_CARRIED = re.compile(r"<(?:[\w.-]+:)?X509Certificate[^>]*>([A-Za-z0-9+/=\s]+)<")
_NOT_ALONE: Final = ("issuer", "destination", "in_response_to", "subject", "audience")
"""Checks that say little when a response is held against itself."""
_CANNOT_TELL: Final = ("no_certificate", "no_decryption_key")
"""What keeps a response that is held against itself from being looked into: no fault of its own."""
LABELS: Final[Mapping[str, str]] = {
    "decoding": "It is base64",
    "document": "It is one plain XML document",
    "message": "It is a SAML 2.0 response",
    "status": "The identity provider says that it signed the person in",
    "one_assertion": "There is one assertion",
    "signature_shape": "The signature has the form that SAML gives it",
    "signature": "The signature is by a certificate that counts",
    "version": "Its version is 2.0",
    "issuer": "It is of the identity provider",
    "destination": "It was sent to the reply address",
    "in_response_to": "It answers a request",
    "subject": "Its recipient is the reply address",
    "conditions": "Its time of validity holds",
    "audience": "It is for this application",
    "authentication": "It says when the person signed in",
    "name_id": "It names the person",
    "values": "Its values can be read",
    "claims": "The claims that are needed came",
}
"""Check → what holds if it passes."""
_ALONE: Final[Mapping[str, str]] = {
    "signature": "The signature is by the certificate that it carries, which proves nothing by itself",
    "issuer": "Its issuer, by its own word",
    "destination": "Where it was sent",
    "in_response_to": "The request that it answers",
    "subject": "Its recipient",
    "audience": "For whom it is",
}
"""The same where a response is held against itself."""


@dataclass(frozen=True, slots=True)
class Against:
    """A connection's own settings, to hold a response against."""

    connection_id: str
    idp: str
    expected: Expected
    mapping: ClaimMapping


@dataclass(frozen=True, slots=True)
class Line:
    """One check: `passed` is None where it could not be judged. `detail` is what it saw."""

    name: str
    label: str
    passed: bool | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every check, the story, and whether there is something to mend. `said` is what the response says of itself."""

    lines: tuple[Line, ...]
    explanation: Explanation
    finding: bool
    age: str | None
    said: Mapping[str, Any]


def diagnose(response: str, against: Against | None, now: int) -> Diagnosis:
    """What is to be said of a response (base64). Times are judged as of when it was made, if that is past."""
    said = examine(response, Expected("", "", "", ()), now).untrusted
    made = _made(said)
    expected = _expected(response, said) if against is None else _for(against.expected, said)
    found = examine(response, expected, now if made is None else min(made, now))
    idp = idp_of(str(said.get("issuer") or said.get("assertion_issuer") or "")) if against is None else against.idp
    mapping = preset(idp, "saml") if against is None else against.mapping
    mapped = None if found.assertion is None else _mapped(found.assertion, mapping)
    exchange = _exchange(found, mapped, idp, against)
    told = explain(exchange)
    finding = exchange.error not in (None, *(_CANNOT_TELL if against is None else ())) or (
        exchange.error is None and told.fixes != ()
    )
    age = None if made is None or made > now else duration((now - made) // SECOND)
    return Diagnosis((*_lines(found, against is None), _claims_line(mapped)), told, finding, age, said)


def idp_of(issuer: str) -> str:
    """The kind of identity provider, by its issuer; `generic` for one that does not tell."""
    marks = {
        "entra": ("sts.windows.net", "login.microsoftonline."),
        "okta": ("okta.com", "oktapreview.com"),
        "google": ("accounts.google.com",),
        "adfs": ("/adfs/services/trust",),
        "keycloak": ("/realms/",),
        "onelogin": ("onelogin.com",),
        "jumpcloud": ("jumpcloud",),
        "ping": ("pingone.", "pingidentity"),
    }
    return next((idp for idp, texts in marks.items() if any(text in issuer for text in texts)), "generic")


def _made(said: Mapping[str, Any]) -> int | None:
    try:
        return instant_of(str(said.get("issue_instant") or ""), "IssueInstant")
    except SamlError:
        return None


def _for(expected: Expected, said: Mapping[str, Any]) -> Expected:
    """The connection's, with the request that the response says it answers: which was pending is not known here."""
    asked = said.get("in_response_to") or said.get("confirmation_in_response_to")
    return replace(expected, request_id=str(asked) if asked else None)


def _expected(response: str, said: Mapping[str, Any]) -> Expected:
    """What the response says of itself, so that only what does not fit together fails."""
    audiences = [each for each in said.get("audiences") or () if each]
    asked = said.get("in_response_to") or said.get("confirmation_in_response_to")
    return Expected(
        sp_entity_id=str(audiences[0]) if audiences else "",
        acs_url=str(said.get("recipient") or said.get("destination") or ""),
        idp_entity_id=str(said.get("assertion_issuer") or said.get("issuer") or ""),
        certificates=_carried(response),
        request_id=str(asked) if asked else None,
        allow_unsolicited=True,
    )


def _carried(response: str) -> tuple[str, ...]:
    """The certificates that the response carries with it: whoever signed it put them there."""
    found: list[str] = []
    try:
        text = document.decoded(response).decode("utf-8", "replace")
    except SamlError:
        return ()
    for each in _CARRIED.findall(text)[:8]:
        try:
            found.append(certificates.read(each).pem)
        except SamlError:
            continue
    return tuple(dict.fromkeys(found))


def _mapped(assertion: Assertion, mapping: ClaimMapping) -> Mapped:
    received = from_saml(assertion.issuer, assertion.name_id, assertion.name_id_format, assertion.attributes)
    return read_profile(received, mapping)


def _exchange(found: Examination, mapped: Mapped | None, idp: str, against: Against | None) -> Exchange:
    error = None if found.error is None else found.error.code
    if error == "no_certificate" and against is None and found.untrusted.get("encrypted"):
        error = "no_decryption_key"
    facts: dict[str, Any] = {
        "protocol": "saml",
        "idp": idp,
        "offline": True,
        "alone": against is None,
        **facts_of(found),
    }
    if mapped is not None:
        facts["notes"] = [{"code": each.code, "facts": each.facts} for each in mapped.notes]
        if mapped.missing:
            first = mapped.missing[0]
            error = "claim_missing"
            received = [] if found.assertion is None else sorted(found.assertion.attributes)
            facts |= {
                "attribute": first.wanted, "expected": list(first.sources), "nearest": list(first.nearest),
                "received": received,
            }  # fmt: skip
    name = found.untrusted.get("name_id")
    connection_id = "" if against is None else against.connection_id
    return Exchange(
        "", connection_id, 0, 0, "POST", "", "", 200 if error is None else 400,
        resource_type=SIGN_IN, target=str(name) if name else None, error=error, facts=facts,
    )  # fmt: skip


def _lines(found: Examination, alone: bool) -> tuple[Line, ...]:
    said = found.untrusted
    seen = {
        "status": " / ".join(str(each).rpartition(":")[2] for each in said.get("status") or ()),
        "signature": ", ".join(said.get("signed") or ()) and f"signed: {', '.join(said['signed'])}",
        "issuer": said.get("assertion_issuer") or said.get("issuer"),
        "destination": said.get("destination"),
        "in_response_to": said.get("in_response_to"),
        "subject": said.get("recipient"),
        "conditions": f"{said.get('not_before')} to {said.get('not_on_or_after')}" if said.get("not_before") else None,
        "audience": ", ".join(filter(None, said.get("audiences") or ())),
        "name_id": said.get("name_id"),
    }
    return tuple(
        Line(
            each.name,
            _ALONE[each.name] if alone and each.name in _ALONE else LABELS[each.name],
            None if alone and _undecided(each) else each.passed,
            str(seen.get(each.name) or "") or None,
        )
        for each in found.checks
    )


def _undecided(check: Check) -> bool:
    return check.code in _CANNOT_TELL or (check.passed is True and check.name in _NOT_ALONE)


def _claims_line(mapped: Mapped | None) -> Line:
    if mapped is None:
        return Line("claims", LABELS["claims"], None, None)
    if mapped.profile is None:
        return Line(
            "claims", LABELS["claims"], False, ", ".join(each.wanted for each in mapped.missing) + " did not come"
        )
    profile = mapped.profile
    email = f", email {profile.email}" if profile.email else ", no email"
    return Line("claims", LABELS["claims"], True, f"userName {profile.user_name}{email}")
