"""What the examination of a SAML response leaves for its story: the facts of an exchange."""

from typing import Any

from vestibule.saml.response import Examination

_BESIDE = {"unsigned": ("signed",), "decrypt_failed": ("encrypted_to",), "bad_signature": ("key_info",)}
"""What the response claims of itself that a story needs beside the error's own facts."""


def facts_of(examination: Examination) -> dict[str, Any]:
    """The error's facts, with what else its explanation needs. Empty when all checks hold."""
    error = examination.error
    if error is None:
        return {}
    beside = {
        name: examination.untrusted[name] for name in _BESIDE.get(error.code, ()) if name in examination.untrusted
    }
    return beside | error.facts
