"""A SAML Response at our assertion consumer service: every check in its order, and the assertion if all hold.

The walk: `document` reads what came and refuses what no honest document has; the shape of every Signature is
looked at before any cryptography; `trust` verifies and gives back what was signed; an encrypted assertion goes
through the same once more; `checks` hold what is said against what is expected. What is not covered by a
signature is only ever a reason to refuse.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from vestibule.saml import claimed, document
from vestibule.saml.assertion import Assertion, What, assertion_of
from vestibule.saml.checks import CHECKS
from vestibule.saml.encryption import Decrypted, decrypted, failed
from vestibule.saml.errors import SamlError
from vestibule.saml.expected import Case, Expected
from vestibule.saml.names import ASSERTION, ENCRYPTED_ASSERTION, RESPONSE, SIGNATURE, SUCCESS
from vestibule.saml.texts import clipped
from vestibule.saml.trust import Pinned, Signed, verified
from vestibule.saml.xml import Element

__all__ = ["CHECK_NAMES", "Assertion", "Check", "Examination", "Expected", "examine", "in_response_to", "verify"]

_FIRST: Final = ("decoding", "document", "message", "status", "one_assertion", "signature_shape", "signature")
CHECK_NAMES: Final = (*_FIRST, *(name for name, _ in CHECKS), "values")
"""Every check, in the order in which they are made and told."""
_AFTER_PROOF: Final = frozenset({"weak_key", "cert_expired", "cert_not_yet_valid"})
_AADSTS = re.compile(r"AADSTS([0-9]{4,8})")


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `passed` is None where it was not reached; `code` and `facts` are of the error that failed it."""

    name: str
    passed: bool | None
    code: str | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Examination:
    """All that is known of a response. Either `assertion` or `error` is there; `error` is of the first failed check.

    `untrusted`: what the unverified document claims, for a diagnosis only (see `claimed.claims_of`); empty
    where it could not be read. An encrypted assertion's claims are among it once it is decrypted and verified.
    """

    checks: tuple[Check, ...]
    assertion: Assertion | None
    error: SamlError | None
    untrusted: Mapping[str, Any]


def verify(saml_response: str, expected: Expected, now: int) -> Assertion:
    """The assertion in a base64 SAMLResponse; `now` in microseconds. Raises SamlError of the first failed check."""
    examination = examine(saml_response, expected, now)
    if examination.assertion is None:
        raise examination.error or SamlError("not_a_response")
    return examination.assertion


def examine(saml_response: str, expected: Expected, now: int) -> Examination:
    """Every check of a base64 SAMLResponse, the assertion if all hold. Raises nothing for whatever came."""
    book = _Book({})
    assertion: Assertion | None = None
    untrusted: dict[str, Any] = {}
    try:
        with book.check("decoding"):
            data = document.decoded(saml_response)
        with book.check("document"):
            root = document.read(data, {RESPONSE, ASSERTION})
        untrusted = claimed.claims_of(root)
        proven = _proven(root, expected, now, book)
        if proven.decrypted is not None:
            untrusted |= claimed.claims_of_assertion(proven.assertion.element)
        case = Case(proven.response, proven.response_signed, proven.assertion.element, expected, now)
        assertion = _believed(case, proven, book)
    except SamlError as error:
        book.note(error)
    return Examination(book.told(), assertion if book.error is None else None, book.error, untrusted)


def in_response_to(saml_response: str) -> str | None:
    """The request that a response says it answers, to look for it. Unverified; raises what the prelude raises."""
    return document.read(document.decoded(saml_response), {RESPONSE, ASSERTION}).get("InResponseTo")


@dataclass(slots=True)
class _Book:
    """Checks as they are made."""

    made: dict[str, Check]
    error: SamlError | None = None

    @contextmanager
    def check(self, name: str) -> Generator[None]:
        """Write a check down, whichever way it goes; the error goes on."""
        try:
            yield
        except SamlError as error:
            self.made[name] = Check(name, False, error.code, error.facts)
            self.note(error)
            raise
        self.made[name] = Check(name, True, None, {})

    def note(self, error: SamlError) -> None:
        """The first error is the one that is told."""
        self.error = self.error or error

    def told(self) -> tuple[Check, ...]:
        return tuple(self.made.get(name) or Check(name, None, None, {}) for name in CHECK_NAMES)


@dataclass(frozen=True, slots=True)
class _Proven:
    """A response whose signatures hold. `response` is the signed one if `response_signed`, else what came."""

    response: Element
    response_signed: bool
    assertion: Signed
    signed: What
    decrypted: Decrypted | None


def _proven(root: Element, expected: Expected, now: int, book: _Book) -> _Proven:
    with book.check("message"):
        _message(root)
    with book.check("status"):
        _status(root)
    with book.check("one_assertion"):
        held = _one_assertion(root)
    with book.check("signature_shape"):
        _shapes(root, held)
    with book.check("signature"):
        return _signatures(root, held, expected, now)


def _message(root: Element) -> None:
    if root.tag != RESPONSE:
        raise SamlError("not_a_response", expected=RESPONSE, received=clipped(root.tag))


def _status(root: Element) -> None:
    codes = claimed.status_codes(root)
    if not codes or codes[0] != SUCCESS:
        message = claimed.status_message(root)
        found = _AADSTS.search(message or "")
        aadsts = found[1] if found else None
        raise SamlError("idp_status", expected=SUCCESS, received=codes, message=message, aadsts=aadsts)


def _one_assertion(root: Element) -> Element:
    """The one assertion, encrypted or not, directly below the Response, and none hidden elsewhere."""
    found = [*root.iter(ASSERTION), *root.iter(ENCRYPTED_ASSERTION)]
    if len(found) != 1 or found[0].getparent() is not root:
        raise SamlError("one_assertion", expected=1, received=len(found))
    return found[0]


def _shapes(root: Element, held: Element) -> None:
    signed = [each for each in (root, held) if each.find(SIGNATURE) is not None]
    if not signed and held.tag == ASSERTION:
        raise SamlError("unsigned")
    for each in signed:
        document.assert_signable(each)


def _signatures(root: Element, held: Element, expected: Expected, now: int) -> _Proven:
    pinned = Pinned(expected.certificates, expected.allow_expired_until)
    outer: Signed | None = None
    if root.find(SIGNATURE) is not None:
        outer = _verified(root, pinned, now)
        # From here on the Response is what was signed.
        held_inside = _one_assertion(outer.element)
        if (held_inside.tag, held_inside.get("ID")) != (held.tag, held.get("ID")):
            raise SamlError("one_assertion", expected=held.get("ID"), received=held_inside.get("ID"))
        if held.tag == ENCRYPTED_ASSERTION or held.find(SIGNATURE) is None:
            held = held_inside
    response = root if outer is None else outer.element
    opened: Decrypted | None = None
    if held.tag == ENCRYPTED_ASSERTION:
        if not pinned.certificates:
            raise SamlError("no_certificate")
        cbc = outer is not None or expected.allow_unauthenticated_cbc
        opened = decrypted(held, expected.decryption_keys, {ASSERTION}, cbc)
        inner = _inner_of(opened, outer, pinned, now)
    else:
        inner = _inner(held, outer, pinned, now)
    own = inner.own
    signed: What = "both" if own and outer else "assertion" if own else "response"
    return _Proven(response, outer is not None, inner.signed, signed, opened)


@dataclass(frozen=True, slots=True)
class _Inner:
    """An assertion that is covered, and whether by a signature of its own."""

    signed: Signed
    own: bool


def _inner(held: Element, outer: Signed | None, pinned: Pinned, now: int) -> _Inner:
    """An assertion that its own signature covers; or it is part of a signed Response, out of which it was taken."""
    if held.find(SIGNATURE) is not None:
        return _Inner(_verified(held, pinned, now), own=True)
    if outer is None:
        raise SamlError("unsigned")
    return _Inner(Signed(held, outer.certificate), own=False)


def _inner_of(opened: Decrypted, outer: Signed | None, pinned: Pinned, now: int) -> _Inner:
    try:
        if opened.element.tag != ASSERTION or len(list(opened.element.iter(ASSERTION))) != 1:
            raise SamlError("one_assertion", expected=1, received=0)
        return _inner(opened.element, outer, pinned, now)
    except SamlError as error:
        # Before a signature is proven, a ciphertext that can be altered must not tell how far it got.
        if opened.malleable and outer is None and error.code not in _AFTER_PROOF:
            raise failed(opened.algorithm) from None
        raise error from None


def _verified(element: Element, pinned: Pinned, now: int) -> Signed:
    try:
        return verified(element, pinned, now, {ASSERTION})
    except SamlError as error:
        if error.code == "bad_signature":
            error.facts["received"] = claimed.key_info_of(element)
        raise error from None


def _believed(case: Case, proven: _Proven, book: _Book) -> Assertion | None:
    """All of the checks, whichever fail; the assertion if none does."""
    for name, check in CHECKS:
        try:
            with book.check(name):
                check(case)
        except SamlError:
            continue
    if book.error is not None:
        return None
    opened = proven.decrypted
    malleable = opened is not None and opened.malleable
    with book.check("values"):
        return assertion_of(case, proven.signed, opened is not None, proven.assertion.certificate, malleable)
