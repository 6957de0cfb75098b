"""When two names look the same to a person and are not to a computer; and what form a value has."""

import unicodedata
from typing import Literal

from vestibule.scim.folding import fold

Form = Literal["address", "object id", "text"]
_GUID_LENGTH = 36


def bare(name: str) -> str:
    """A name without case, forms of letters, invisible characters and space, by which people know it."""
    return "".join(each for each in fold(name) if not each.isspace() and unicodedata.category(each) != "Cf")


def form_of(value: str) -> Form:
    """Whether a value is an address, a GUID such as Entra's objectId, or another text."""
    if "@" in value:
        return "address"
    dashes = [place for place, each in enumerate(value) if each == "-"]
    return "object id" if len(value) == _GUID_LENGTH and dashes == [8, 13, 18, 23] else "text"


def form_of_hidden(shown: str) -> Form:
    """The form of a value of which only the shape was kept (`a…@acme.com`, `6… (36 characters)`)."""
    if "@" in shown:
        return "address"
    return "object id" if shown.endswith(f"… ({_GUID_LENGTH} characters)") else "text"
