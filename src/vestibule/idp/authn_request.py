"""What Entra ID reads in an AuthnRequest, and what it refuses (Microsoft's single-sign-on-saml-protocol)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from vestibule.idp.apps import SamlApp
from vestibule.idp.conduct import Conduct
from vestibule.idp.identifiers import instant
from vestibule.idp.refusals import Refused
from vestibule.idp.xml import ASSERTION, PROTOCOL, Element, text_of

PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105 -- a name of the standard
_ENOUGH = (
    PASSWORD,
    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:Unspecified",
)
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
MINUTES = 10
"""How far IssueInstant may be from the provider's clock; Entra ID's own bound is not published."""


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """A request that was read; None where nothing was said."""

    id: str
    issuer: str
    issued: str
    acs_url: str | None
    binding: str | None
    name_id_format: str | None
    sp_name_qualifier: str | None
    force: bool
    passive: bool
    contexts: tuple[str, ...]
    comparison: str


def read(root: Element) -> AuthnRequest:
    """The request's parts. Raises Refused."""
    if root.tag != f"{PROTOCOL}AuthnRequest":
        raise Refused(75005, why=f"its root is {root.tag}")
    ident = root.get("ID") or ""
    if not re.fullmatch(r"[A-Za-z_][\w.\-]*", ident):
        raise Refused(75005, why="its ID is missing, or begins with a digit")
    if root.get("Version") != "2.0":
        raise Refused(75005, why="its Version is not 2.0")
    issuer = text_of(root.find(f"{ASSERTION}Issuer"))
    if not issuer:
        raise Refused(75005, why="it has no Issuer")
    if root.find(f"{ASSERTION}Subject") is not None:
        raise Refused(900236)
    policy = root.find(f"{PROTOCOL}NameIDPolicy")
    wanted = root.find(f"{PROTOCOL}RequestedAuthnContext")
    return AuthnRequest(
        ident,
        issuer,
        root.get("IssueInstant") or "",
        root.get("AssertionConsumerServiceURL"),
        root.get("ProtocolBinding"),
        None if policy is None else policy.get("Format"),
        None if policy is None else policy.get("SPNameQualifier"),
        root.get("ForceAuthn") in ("true", "1"),
        root.get("IsPassive") in ("true", "1"),
        () if wanted is None else tuple(text_of(each) for each in wanted.findall(f"{ASSERTION}AuthnContextClassRef")),
        "exact" if wanted is None else wanted.get("Comparison") or "exact",
    )


def check(request: AuthnRequest, app: SamlApp, conduct: Conduct, *, signed: bool, now: int) -> str:
    """The reply URL to answer to. Raises Refused, in the order in which Entra ID looks."""
    if conduct.signed_requests and not signed:
        raise Refused(76021)
    if request.binding not in (None, _POST):
        raise Refused(75003, given=request.binding)
    _check_age(request.issued, now)
    if request.comparison != "exact":
        raise Refused(900235, given=request.comparison)
    if request.contexts and not set(request.contexts) & set(_ENOUGH):
        raise Refused(75011, given="Password", wanted=", ".join(request.contexts))
    if not app.acs_urls:
        raise Refused(500113)
    if request.acs_url is not None and request.acs_url not in app.acs_urls:
        raise Refused(50011, given=request.acs_url, app=app.id)
    return request.acs_url or app.acs_urls[0]


def _check_age(issued: str, now: int) -> None:
    # .NET writes seven digits of a second; datetime reads six.
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", issued)
    try:
        when = datetime.fromisoformat(trimmed)
    except ValueError as error:
        raise Refused(75005, why=f"its IssueInstant {issued!r} is no time") from error
    when = when.replace(tzinfo=when.tzinfo or UTC)
    if abs(int(when.timestamp() * 1_000_000) - now) > MINUTES * 60_000_000:
        raise Refused(76026, given=issued, minutes=MINUTES, now=instant(now))
