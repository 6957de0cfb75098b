"""The SAML response, from what it shall say to the text that is posted."""

from dataclasses import dataclass

from vestibule.idp import sealing
from vestibule.idp.conduct import Conduct
from vestibule.idp.identifiers import instant
from vestibule.idp.keys import SigningKey
from vestibule.idp.saml_claims import Attributes, NameId
from vestibule.idp.xml import ASSERTION, build, write

MINUTE = 60_000_000
LASTS = 70 * MINUTE
"""Conditions end so long after they begin; they begin at the issue instant, without a buffer."""
CONFIRM_BY = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a response says. Times in microseconds UTC."""

    id: str
    assertion_id: str
    issuer: str
    recipient: str
    audience: str
    in_response_to: str | None
    name_id: NameId
    attributes: Attributes
    session_index: str
    authn_context: str
    authenticated: int
    issued: int


def respond(answer: Answer, conduct: Conduct, key: SigningKey, encrypt_for: bytes | None) -> bytes:
    """The response as XML: the assertion signed, then encrypted, then the whole signed, as the conduct says."""
    root = build(
        "response.xml",
        answer=answer,
        issued=instant(answer.issued),
        confirm_by=instant(answer.issued + CONFIRM_BY),
        ends=instant(answer.issued + LASTS),
        authenticated=instant(answer.authenticated),
    )
    assertion = root.find(f"{ASSERTION}Assertion")
    assert assertion is not None  # noqa: S101 -- the template has one
    if conduct.signing in ("assertion", "both"):
        sealing.sign(assertion, key, sha1=conduct.sha1)
    if encrypt_for is not None:
        root = sealing.encrypt(root, assertion, encrypt_for, conduct.cipher)
    if conduct.signing in ("response", "both"):
        sealing.sign(root, key, sha1=conduct.sha1)
    return write(root)
