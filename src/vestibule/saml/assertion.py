"""What an identity provider says of a person, after it is believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vestibule.saml.certificates import Certificate
from vestibule.saml.errors import SamlError
from vestibule.saml.expected import Case
from vestibule.saml.instants import instant_of
from vestibule.saml.names import BEARER, ISSUER, NAME_ID, saml
from vestibule.saml.texts import text_below, text_of
from vestibule.saml.xml import Element

What = Literal["assertion", "response", "both"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion. Instants are microseconds; texts have no white space around them.

    `replay_until`: as long as that, the pair (connection, `id`) must not be accepted again.
    `attributes`: attributes that came twice are merged; an empty one is there with no values.
    `friendly_names`: name → FriendlyName. `in_response_to` is None for an unsolicited response.
    `certificate`: SHA-256 fingerprint of the one that verified; `certificate_not_after`: its last instant.
    `notes`: what was let through or left out, out of `certificate_expired`, `encrypted_attribute`,
    `structured_value`, `cbc_unauthenticated`.
    """

    id: str
    issuer: str
    name_id: str
    name_id_format: str | None
    session_index: str | None
    session_not_on_or_after: int | None
    replay_until: int
    attributes: Mapping[str, tuple[str, ...]]
    friendly_names: Mapping[str, str]
    in_response_to: str | None
    authn_instant: int
    authn_context: str | None
    signed: What
    encrypted: bool
    certificate: str
    certificate_not_after: int
    notes: tuple[str, ...]
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None


def name_id_of(assertion: Element) -> Element:
    """The NameID of an assertion's subject. Raises no_name_id, encrypted_id, bad_value."""
    subject = assertion.find(saml("Subject"))
    found = [] if subject is None else subject.findall(NAME_ID)
    if subject is not None and not found and subject.find(saml("EncryptedID")) is not None:
        raise SamlError("encrypted_id")
    if len(found) != 1 or not text_of(found[0]):
        raise SamlError("no_name_id", expected=1, received=len(found))
    return found[0]


def authn_statement_of(assertion: Element) -> Element:
    """The first AuthnStatement. Raises no_authn_statement."""
    statement = assertion.find(saml("AuthnStatement"))
    if statement is None:
        raise SamlError("no_authn_statement")
    return statement


def bearer_data_of(assertion: Element) -> list[Element]:
    """SubjectConfirmationData of the bearer confirmations that have one."""
    confirmations = assertion.findall(f"{saml('Subject')}/{saml('SubjectConfirmation')}")
    found = (each.find(saml("SubjectConfirmationData")) for each in confirmations if each.get("Method") == BEARER)
    return [each for each in found if each is not None]


def assertion_of(case: Case, signed: What, encrypted: bool, certificate: Certificate, malleable: bool) -> Assertion:
    """The value of an assertion that has passed every check. Raises bad_value, bad_time."""
    root = case.assertion
    name_id, statement = name_id_of(root), authn_statement_of(root)
    attributes, friendly_names, notes = attributes_of(root)
    if case.now > certificate.not_after:
        notes.add("certificate_expired")
    if malleable and signed == "assertion":
        notes.add("cbc_unauthenticated")
    session_end = statement.get("SessionNotOnOrAfter")
    return Assertion(
        id=root.get("ID") or "",
        issuer=text_below(root, ISSUER) or "",
        name_id=text_of(name_id),
        name_id_format=name_id.get("Format"),
        session_index=statement.get("SessionIndex"),
        session_not_on_or_after=None if session_end is None else instant_of(session_end, "SessionNotOnOrAfter"),
        replay_until=_last_instant(root) + case.expected.skew,
        attributes=attributes,
        friendly_names=friendly_names,
        in_response_to=_answered(case),
        authn_instant=instant_of(statement.get("AuthnInstant") or "", "AuthnInstant"),
        authn_context=text_below(statement, f"{saml('AuthnContext')}/{saml('AuthnContextClassRef')}"),
        signed=signed,
        encrypted=encrypted,
        certificate=certificate.fingerprint,
        certificate_not_after=certificate.not_after,
        notes=tuple(sorted(notes)),
        name_qualifier=name_id.get("NameQualifier"),
        sp_name_qualifier=name_id.get("SPNameQualifier"),
    )


def attributes_of(assertion: Element) -> tuple[dict[str, tuple[str, ...]], dict[str, str], set[str]]:
    """Values by name, FriendlyName by name, and notes on what was left out."""
    values: dict[str, list[str]] = {}
    friendly: dict[str, str] = {}
    notes: set[str] = set()
    for statement in assertion.findall(saml("AttributeStatement")):
        if statement.find(saml("EncryptedAttribute")) is not None:
            notes.add("encrypted_attribute")
        for attribute in statement.findall(saml("Attribute")):
            name = (attribute.get("Name") or "").strip()
            found = [_value(each) for each in attribute.findall(saml("AttributeValue"))]
            if None in found:
                notes.add("structured_value")
            values.setdefault(name, []).extend(each for each in found if each)
            if label := attribute.get("FriendlyName"):
                friendly.setdefault(name, label)
    return {name: tuple(found) for name, found in values.items()}, friendly, notes


def _value(element: Element) -> str | None:
    """The text of an AttributeValue, or of the NameID that is all there is in it; None for other structures."""
    if len(element) == 1 and element[0].tag == NAME_ID and not (element.text or "").strip():
        element = element[0]
    return None if len(element) else (element.text or "").strip()


def _last_instant(assertion: Element) -> int:
    ends = [(each.get("NotOnOrAfter"), "SubjectConfirmationData") for each in bearer_data_of(assertion)]
    conditions = assertion.find(saml("Conditions"))
    if conditions is not None:
        ends.append((conditions.get("NotOnOrAfter"), "Conditions"))
    return max(instant_of(end, f"NotOnOrAfter of {where}") for end, where in ends if end is not None)


def _answered(case: Case) -> str | None:
    found = [each.get("InResponseTo") for each in bearer_data_of(case.assertion)]
    if case.response_signed:
        found.append(case.response.get("InResponseTo"))
    return next((each for each in found if each), None)
