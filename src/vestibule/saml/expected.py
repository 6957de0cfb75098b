"""What a response is held against."""

from dataclasses import dataclass

from vestibule.saml.instants import SECOND
from vestibule.saml.xml import Element

SKEW = 180 * SECOND
"""How far clocks may be apart unless something else is said."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be true of a response for one connection and one pending login.

    `certificates`: PEM, every one that may sign. `request_id`: ID of the pending request, None if there is none.
    `decryption_keys`: our private keys, PEM, the current one first. `skew` is in microseconds.
    `allow_expired_until`: instant until which an expired signing certificate is let through, by an admin's word.
    `allow_unauthenticated_cbc`: whether an assertion in AES-CBC is decrypted though no signed Response covers it.
    AD FS sends such; whoever else does not need it is better off without (docs/adr/0009-saml-verification.md).
    """

    sp_entity_id: str
    acs_url: str
    idp_entity_id: str
    certificates: tuple[str, ...]
    request_id: str | None = None
    allow_unsolicited: bool = False
    decryption_keys: tuple[str, ...] = ()
    skew: int = SKEW
    allow_expired_until: int | None = None
    allow_unauthenticated_cbc: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """A response whose signatures hold, before it is believed. `response` is what was signed if `response_signed`."""

    response: Element
    response_signed: bool
    assertion: Element
    expected: Expected
    now: int
