"""What a sign-in leaves for its story beside the error's own words: facts of an exchange."""

from collections.abc import Mapping
from typing import Any

from vestibule.claims import Received
from vestibule.claims.received import SUBJECT
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


def matching_claim(received: Received, candidate: Mapping[str, Any]) -> str | None:
    """The claim that brought the userName of the account that is probably meant: the one to find people by.

    `candidate` is of the refusal `subject_matches_nobody`; the answer belongs into its facts as `matching_claim`.
    """
    wanted = str(candidate.get("userName") or "").strip().lower()
    came = {SUBJECT: (received.subject,), **received.values}
    found = (name for name, values in came.items() if [each.strip().lower() for each in values] == [wanted])
    return next(found, None) if wanted else None
