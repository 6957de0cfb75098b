"""Single logout (saml-core section 3.7, saml-profiles section 4.4): our messages written, theirs read.

A message that is not signed is refused whichever way it came: anybody can send the browser of a user here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vestibule.saml import document
from vestibule.saml.bindings import PostForm, post_form, read_query, redirect_url
from vestibule.saml.claimed import key_info_of, status_codes, status_message
from vestibule.saml.errors import SamlError
from vestibule.saml.expected import SKEW
from vestibule.saml.instants import SECOND, instant_of, written
from vestibule.saml.names import (
    DS,
    ISSUER,
    LOGOUT_REQUEST,
    LOGOUT_RESPONSE,
    NAME_ID,
    SAML,
    SAMLP,
    SIGNATURE,
    SUCCESS,
    saml,
    samlp,
)
from vestibule.saml.signing import signed
from vestibule.saml.texts import clipped, text_below, text_of
from vestibule.saml.trust import Pinned, verified, verified_octets
from vestibule.saml.xml import Element, below, made, serialised

LIFETIME = 300 * SECOND
"""How long after its IssueInstant a message is taken, if it does not say so itself."""
_TAGS: Final = frozenset({LOGOUT_REQUEST, LOGOUT_RESPONSE})


@dataclass(frozen=True, slots=True)
class NameId:
    """Whom an assertion named, with all that it was named by: single logout compares them whole."""

    value: str
    format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """Ends sessions of a user: those with these indexes, or all where there are none. Instants in microseconds."""

    id: str
    issued: int
    issuer: str
    destination: str
    name_id: NameId
    session_indexes: tuple[str, ...] = ()
    not_on_or_after: int | None = None


@dataclass(frozen=True, slots=True)
class LogoutResponse:
    """The answer to a LogoutRequest. `status`: the chain of status codes, the outermost first."""

    id: str
    issued: int
    issuer: str
    destination: str
    in_response_to: str | None
    status: tuple[str, ...] = (SUCCESS,)
    message: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the user is signed out there, and at all who were told."""
        return self.status == (SUCCESS,)


Message = LogoutRequest | LogoutResponse


@dataclass(frozen=True, slots=True)
class ExpectedLogout:
    """What a message is held against. `request_id`: ID of our pending LogoutRequest, if an answer is awaited."""

    slo_url: str
    idp_entity_id: str
    certificates: tuple[str, ...]
    request_id: str | None = None
    skew: int = SKEW
    allow_expired_until: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A verified message. As long as `replay_until`, its ID must not be accepted again from this connection."""

    message: Message
    relay_state: str | None
    certificate: str
    replay_until: int


def redirect(message: Message, relay_state: str | None, signing_key: str) -> str:
    """The URL that takes a message to its destination, signed with the key (PEM). Raises key_unreadable."""
    root = _request(message) if isinstance(message, LogoutRequest) else _response(message)
    return redirect_url(message.destination, _parameter(message), serialised(root), relay_state, signing_key)


def post(message: Message, relay_state: str | None, signing_key: str, certificate: str) -> PostForm:
    """The form that takes a message to its destination, signed. Raises key_unreadable."""
    root = _request(message, True) if isinstance(message, LogoutRequest) else _response(message, True)
    document = signed(root, signing_key, certificate)
    return post_form(message.destination, _parameter(message), document, relay_state)


def read_redirect(query: str, expected: ExpectedLogout, now: int) -> Received:
    """A message out of the raw query of a URL, as it came. Raises SamlError."""
    found = read_query(query)
    root = document.read(found.document, ())
    _is_message(root, found.parameter)
    if found.signature is None or found.algorithm is None:
        raise SamlError("unsigned")
    pinned = Pinned(expected.certificates, expected.allow_expired_until)
    certificate = verified_octets(found.signed, found.signature, found.algorithm, pinned, now)
    return _received(root, found.relay_state, certificate.fingerprint, expected, now)


def read_post(parameter: str, field: str, relay_state: str | None, expected: ExpectedLogout, now: int) -> Received:
    """A message out of a form. `parameter` is SAMLRequest or SAMLResponse, `field` its value. Raises SamlError."""
    root = document.read(document.decoded(field), _TAGS)
    _is_message(root, parameter)
    if root.find(SIGNATURE) is None:
        raise SamlError("unsigned")
    pinned = Pinned(expected.certificates, expected.allow_expired_until)
    try:
        proven = verified(root, pinned, now, ())
    except SamlError as error:
        if error.code == "bad_signature":
            error.facts["received"] = key_info_of(root)
        raise
    return _received(proven.element, relay_state, proven.certificate.fingerprint, expected, now)


def _parameter(message: Message) -> str:
    return "SAMLRequest" if isinstance(message, LogoutRequest) else "SAMLResponse"


def _is_message(root: Element, parameter: str) -> None:
    due = {"SAMLRequest": LOGOUT_REQUEST, "SAMLResponse": LOGOUT_RESPONSE}.get(parameter)
    if root.tag != due:
        raise SamlError("not_a_logout", expected=due, received=clipped(root.tag))


def _received(root: Element, relay_state: str | None, certificate: str, expected: ExpectedLogout, now: int) -> Received:
    """What a proven message says, held against what is expected."""
    if root.get("Version") != "2.0":
        raise SamlError("version", expected="2.0", received=clipped(root.get("Version")))
    if not root.get("ID"):
        raise SamlError("no_id", where=root.tag.rpartition("}")[2])
    issuer, destination = text_below(root, ISSUER), root.get("Destination") or None
    if issuer != expected.idp_entity_id:
        raise SamlError("issuer", expected=expected.idp_entity_id, received=clipped(issuer))
    if destination != expected.slo_url:
        raise SamlError("destination", expected=expected.slo_url, received=clipped(destination))
    end = _end(root, expected, now)
    read: Callable[[Element], Message] = _read_request if root.tag == LOGOUT_REQUEST else _read_response
    message = read(root)
    if isinstance(message, LogoutResponse) and (
        message.in_response_to is None or message.in_response_to != expected.request_id
    ):
        received = clipped(message.in_response_to)
        raise SamlError("in_response_to", expected=expected.request_id, received=received)
    return Received(message, relay_state, certificate, end)


def _end(root: Element, expected: ExpectedLogout, now: int) -> int:
    """The instant after which the message is not taken any more; raises expired, not_yet_valid."""
    issued = instant_of(root.get("IssueInstant") or "", "IssueInstant")
    if now < issued - expected.skew:
        seconds = (issued - now) // SECOND
        raise SamlError("not_yet_valid", what="IssueInstant", received=written(issued), seconds=seconds)
    end, what = issued + LIFETIME, "IssueInstant"
    if (said := root.get("NotOnOrAfter")) is not None and instant_of(said, "NotOnOrAfter") < end:
        end, what = instant_of(said, "NotOnOrAfter"), "NotOnOrAfter"
    if now >= end + expected.skew:
        raise SamlError("expired", what=what, received=written(end), seconds=(now - end) // SECOND)
    return end + expected.skew


def _read_request(root: Element) -> LogoutRequest:
    names = root.findall(NAME_ID)
    if not names and root.find(saml("EncryptedID")) is not None:
        raise SamlError("encrypted_id")
    if len(names) != 1 or not text_of(names[0]):
        raise SamlError("no_name_id", expected=1, received=len(names))
    name, end = names[0], root.get("NotOnOrAfter")
    return LogoutRequest(
        id=root.get("ID") or "",
        issued=instant_of(root.get("IssueInstant") or "", "IssueInstant"),
        issuer=text_below(root, ISSUER) or "",
        destination=root.get("Destination") or "",
        name_id=NameId(text_of(name), name.get("Format"), name.get("NameQualifier"), name.get("SPNameQualifier")),
        session_indexes=tuple(text_of(each) for each in root.findall(samlp("SessionIndex"))),
        not_on_or_after=None if end is None else instant_of(end, "NotOnOrAfter"),
    )


def _read_response(root: Element) -> LogoutResponse:
    return LogoutResponse(
        id=root.get("ID") or "",
        issued=instant_of(root.get("IssueInstant") or "", "IssueInstant"),
        issuer=text_below(root, ISSUER) or "",
        destination=root.get("Destination") or "",
        in_response_to=root.get("InResponseTo"),
        status=tuple(status_codes(root)),
        message=status_message(root),
    )


def _request(message: LogoutRequest, place_for_signature: bool = False) -> Element:
    end = message.not_on_or_after
    root = _root(LOGOUT_REQUEST, message, place_for_signature, NotOnOrAfter=None if end is None else written(end))
    name = message.name_id
    below(
        root, NAME_ID, name.value,
        Format=name.format, NameQualifier=name.name_qualifier, SPNameQualifier=name.sp_name_qualifier,
    )  # fmt: skip
    for index in message.session_indexes:
        below(root, samlp("SessionIndex"), index)
    return root


def _response(message: LogoutResponse, place_for_signature: bool = False) -> Element:
    root = _root(LOGOUT_RESPONSE, message, place_for_signature, InResponseTo=message.in_response_to)
    status = below(root, samlp("Status"))
    code = status
    for value in message.status:
        code = below(code, samlp("StatusCode"), Value=value)
    if message.message:
        below(status, samlp("StatusMessage"), message.message)
    return root


def _root(tag: str, message: Message, place_for_signature: bool, **more: str | None) -> Element:
    root = made(
        tag,
        {"samlp": SAMLP, "saml": SAML, "ds": DS},
        ID=message.id,
        Version="2.0",
        IssueInstant=written(message.issued),
        Destination=message.destination,
        **more,
    )
    below(root, ISSUER, message.issuer)
    if place_for_signature:
        below(root, SIGNATURE, Id="placeholder")
    return root
