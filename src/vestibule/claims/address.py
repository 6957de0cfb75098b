"""A mail address, read strictly: what two parties could read differently is refused.

Narrower than RFC 5321 section 4.1.2 on purpose: no quoted local part, no comment, no address literal. The local part
is kept byte for byte (only its own mail server knows whether case matters); the domain becomes lower-case A-labels
(RFC 5891), so that two spellings of one domain are equal and two look-alikes are not.
"""

import re
import unicodedata
from dataclasses import dataclass

import idna

_MOST = 254
_LOCAL_MOST = 64
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+\Z")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


class NotAnAddress(ValueError):
    """The text is no mail address that is safe to compare. `str(error)` says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address: `local` as it came, `domain` as lower-case A-labels. `str(address)` joins them."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def read_address(text: str) -> Address:
    """The address in a text without space around it. Raises `NotAnAddress`."""
    if len(text.encode(errors="replace")) > _MOST:
        raise NotAnAddress(f"it is longer than {_MOST} bytes")
    if text.count("@") != 1:
        raise NotAnAddress(f"it has {text.count('@')} @ where one belongs")
    local, _, domain = text.partition("@")
    _check_local(local)
    return Address(local, read_domain(domain))


def _check_local(local: str) -> None:
    if not local:
        raise NotAnAddress("there is nothing before the @")
    if len(local.encode(errors="replace")) > _LOCAL_MOST:
        raise NotAnAddress(f"the part before the @ is longer than {_LOCAL_MOST} bytes")
    if not all(_ATOM.match(atom) for atom in local.split(".")):
        raise NotAnAddress("before the @ stands a character, or a dot in a place, that no plain address has")
    # Compatibility forms, invisible and private characters look like others or like nothing.
    if unicodedata.normalize("NFKC", local) != local or any(unicodedata.category(each)[0] in "CZ" for each in local):
        raise NotAnAddress("before the @ stands a character that is easily taken for another one")


def read_domain(text: str) -> str:
    """A domain name of at least two labels as lower-case A-labels. Raises `NotAnAddress`."""
    # U+212A and its like turn into ASCII in lower case: another name would become this one.
    if any(each.lower().isascii() and not each.isascii() for each in text):
        raise NotAnAddress("the domain has a character that is easily taken for another one")
    labels = [_label(each) for each in text.lower().split(".")]
    domain = ".".join(labels)
    if len(labels) < 2 or len(domain) > 253 or not all(_LABEL.match(label) for label in labels):
        raise NotAnAddress("the part behind the @ is no domain name")
    if labels[-1].isdigit():
        raise NotAnAddress("the part behind the @ is a number, not a domain name")
    return domain


def _label(label: str) -> str:
    """An A-label as it is, once it is proven to be one; a U-label as its A-label; any other as it is."""
    if label.isascii() and not label.startswith("xn--"):
        return label
    try:
        return idna.alabel(label).decode()
    except (idna.IDNAError, UnicodeError):
        raise NotAnAddress("the domain is no internationalised name (RFC 5891)") from None
