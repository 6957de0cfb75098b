"""How texts are compared where an attribute is not caseExact (RFC 7644 section 5; UsernameCaseMapped, RFC 8265 3.3)."""

import unicodedata


def fold(text: str) -> str:
    """A text as it is compared: full and half width as usual ones, no case, composed (NFC).

    Decomposed before the case goes, so that equal letters stay equal however they were put together.
    """
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFD", text.translate(_WIDTHS)).casefold()
    return unicodedata.normalize("NFC", bare)


def _widths() -> dict[int, str]:
    """What Unicode calls wide and narrow forms, each with the character that it is a form of."""
    found: dict[int, str] = {}
    for code in (0x3000, *range(0xFF00, 0xFFF0)):
        kind, _, usual = unicodedata.decomposition(chr(code)).partition(" ")
        if kind in ("<wide>", "<narrow>"):
            found[code] = chr(int(usual, 16))
    return found


_WIDTHS = _widths()
