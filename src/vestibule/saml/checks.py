"""What a response must say once its signatures hold (saml-profiles section 4.1.4.3), one function a check.

Each takes a Case and raises a SamlError; none depends on another, so that a diagnosis can have all of them.
"""

from collections.abc import Callable
from typing import Final

from vestibule.saml.assertion import authn_statement_of, name_id_of
from vestibule.saml.errors import SamlError
from vestibule.saml.expected import Case
from vestibule.saml.instants import SECOND, instant_of, written
from vestibule.saml.names import BEARER, ISSUER, saml
from vestibule.saml.texts import clipped, text_below, text_of
from vestibule.saml.xml import Element

_KNOWN_CONDITIONS: Final = frozenset(saml(each) for each in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))


def versions(case: Case) -> None:
    """Response and Assertion are of SAML 2.0, and the Assertion has a name."""
    for element in (case.response, case.assertion):
        if element.get("Version") != "2.0":
            where = element.tag.rpartition("}")[2]
            raise SamlError("version", where=where, expected="2.0", received=clipped(element.get("Version")))
    if not case.assertion.get("ID"):
        raise SamlError("no_id", where="Assertion")
    issued = instant_of(case.assertion.get("IssueInstant") or "", "IssueInstant of Assertion")
    _begun(issued, "IssueInstant of Assertion", case)


def issuers(case: Case) -> None:
    """The Assertion is the identity provider's, and the Response too if it says whose it is."""
    found = text_below(case.assertion, ISSUER)
    if found != case.expected.idp_entity_id:
        raise SamlError("issuer", where="Assertion", expected=case.expected.idp_entity_id, received=clipped(found))
    found = text_below(case.response, ISSUER)
    if found not in {None, case.expected.idp_entity_id}:
        raise SamlError("issuer", where="Response", expected=case.expected.idp_entity_id, received=clipped(found))


def destination(case: Case) -> None:
    """The Response was sent to us; a signed one must say so (saml-bindings section 3.5.5.2)."""
    found = case.response.get("Destination") or None
    if found != case.expected.acs_url and (found is not None or case.response_signed):
        raise SamlError("destination", expected=case.expected.acs_url, received=clipped(found))


def in_response_to(case: Case) -> None:
    """What is signed answers the pending request; or nothing answers any, and the connection allows that."""
    expected = case.expected.request_id
    outer = case.response.get("InResponseTo") or None
    if outer not in {None, expected}:
        raise SamlError("in_response_to", where="Response", expected=expected, received=clipped(outer))
    inner = {(each.get("InResponseTo") or None) for each in _bearer_data(case)}
    for found in inner - {None, expected}:
        where = "SubjectConfirmationData"
        raise SamlError("in_response_to", where=where, expected=expected, received=clipped(found))
    if outer is None and inner <= {None}:
        if not case.expected.allow_unsolicited:
            raise SamlError("unsolicited", expected=expected)
    elif None in inner and not case.response_signed:
        raise SamlError("in_response_to", where="SubjectConfirmationData", expected=expected, received=None)


def subject(case: Case) -> None:
    """Whoever bears the assertion may use it, here and now: one bearer confirmation must hold wholly."""
    confirmations = case.assertion.findall(f"{saml('Subject')}/{saml('SubjectConfirmation')}")
    bearers = [each for each in confirmations if each.get("Method") == BEARER]
    if not bearers:
        methods = [clipped(each.get("Method")) for each in confirmations][:5]
        raise SamlError("no_bearer", expected=BEARER, received=methods)
    faults: list[SamlError] = []
    for bearer in bearers:
        try:
            _confirmed(bearer, case)
        except SamlError as error:
            faults.append(error)
        else:
            return
    raise faults[0]


def _confirmed(bearer: Element, case: Case) -> None:
    data = bearer.find(saml("SubjectConfirmationData"))
    recipient = None if data is None else data.get("Recipient") or None
    if data is None or recipient != case.expected.acs_url:
        raise SamlError("recipient", expected=case.expected.acs_url, received=clipped(recipient))
    end = data.get("NotOnOrAfter")
    if end is None:
        raise SamlError("scd_time", expected="NotOnOrAfter", received=None)
    if (begin := data.get("NotBefore")) is not None:
        raise SamlError("scd_time", expected=None, received=f"NotBefore={begin[:40]}")
    what = "NotOnOrAfter of SubjectConfirmationData"
    _not_over(instant_of(end, what), what, case)


def conditions(case: Case) -> None:
    """The time of validity is now, and no condition is one that we do not understand."""
    for element in case.assertion.findall(saml("Conditions")):
        if unknown := [each.tag for each in element if each.tag not in _KNOWN_CONDITIONS]:
            raise SamlError("condition", received=clipped(unknown[0]))
        if (begin := element.get("NotBefore")) is not None:
            _begun(instant_of(begin, "NotBefore of Conditions"), "NotBefore of Conditions", case)
        if (end := element.get("NotOnOrAfter")) is not None:
            _not_over(instant_of(end, "NotOnOrAfter of Conditions"), "NotOnOrAfter of Conditions", case)


def audience(case: Case) -> None:
    """Every AudienceRestriction names us (saml-core section 2.5.1.4), and there is one."""
    restrictions = case.assertion.findall(f"{saml('Conditions')}/{saml('AudienceRestriction')}")
    if not restrictions:
        raise SamlError("audience_missing", expected=case.expected.sp_entity_id)
    for restriction in restrictions:
        found = [text_of(each) for each in restriction.findall(saml("Audience"))]
        if case.expected.sp_entity_id not in found:
            told = [clipped(each) for each in found[:5]]
            raise SamlError("audience", expected=case.expected.sp_entity_id, received=told)


def authentication(case: Case) -> None:
    """The user has signed in, and the session there is not over."""
    statement = authn_statement_of(case.assertion)
    instant_of(statement.get("AuthnInstant") or "", "AuthnInstant")
    for each in case.assertion.findall(saml("AuthnStatement")):
        if (end := each.get("SessionNotOnOrAfter")) is not None:
            _not_over(instant_of(end, "SessionNotOnOrAfter"), "SessionNotOnOrAfter", case, "session_expired")


def name_id(case: Case) -> None:
    """The assertion names somebody."""
    name_id_of(case.assertion)


CHECKS: Final[tuple[tuple[str, Callable[[Case], None]], ...]] = (
    ("version", versions),
    ("issuer", issuers),
    ("destination", destination),
    ("in_response_to", in_response_to),
    ("subject", subject),
    ("conditions", conditions),
    ("audience", audience),
    ("authentication", authentication),
    ("name_id", name_id),
)
"""In the order in which they are told."""


def _bearer_data(case: Case) -> list[Element | dict[str, str]]:
    """SubjectConfirmationData of every bearer confirmation; one that has none counts as an empty one."""
    confirmations = case.assertion.findall(f"{saml('Subject')}/{saml('SubjectConfirmation')}")
    found = [each.find(saml("SubjectConfirmationData")) for each in confirmations if each.get("Method") == BEARER]
    return [{} if each is None else each for each in found]


def _begun(instant: int, what: str, case: Case) -> None:
    if case.now < instant - case.expected.skew:
        raise SamlError("not_yet_valid", **_difference(instant, what, case), seconds=(instant - case.now) // SECOND)


def _not_over(instant: int, what: str, case: Case, code: str = "expired") -> None:
    if case.now >= instant + case.expected.skew:
        raise SamlError(code, **_difference(instant, what, case), seconds=(case.now - instant) // SECOND)


def _difference(instant: int, what: str, case: Case) -> dict[str, str | int]:
    """`received` and `expected` as times; with `seconds`, how far apart they are before `skew_seconds` is granted."""
    skew = case.expected.skew // SECOND
    return {"what": what, "received": written(instant), "expected": written(case.now), "skew_seconds": skew}
