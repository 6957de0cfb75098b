"""The mark of what a connection test makes: `vestibule-canary-<26 characters>@canary.example.com`.

The userName (or displayName) and the externalId both carry it, and the user's address is the same. `example.com` is
nobody's domain (RFC 2606 section 3); so is `.invalid`, but validators of addresses refuse it (RFC 6761 section 6.4).
"""

HEADER = "vestibule-test"
"""The header field of each request of a connection test: a server of ours must not take it for the provider's own."""
PREFIX = "vestibule-canary-"
SUFFIX = "@canary.example.com"
SUFFIX_AT = len(PREFIX) + 26
"""Where the suffix begins, counted from 0."""


def mark(ident: str) -> str:
    """The mark for an id as `vestibule.ids` makes them, e.g. `can_06fd…`."""
    return f"{PREFIX}{ident.rpartition('_')[2]}{SUFFIX}"


def is_mark(text: str | None) -> bool:
    """Whether a text is a mark, whole and to the letter."""
    return text is not None and text.startswith(PREFIX) and text[SUFFIX_AT:] == SUFFIX


def ident_in(text: str) -> str:
    """The id in a mark, without its prefix."""
    return text[len(PREFIX) : SUFFIX_AT]


def is_canary(name: str, external_id: str | None) -> bool:
    """Whether a user or a group was made by a connection test: both of its names are marks."""
    return is_mark(name) and is_mark(external_id)
