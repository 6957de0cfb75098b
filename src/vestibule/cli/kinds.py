"""Ids of another kind: a token's where a connection's is due is told as that, not as an unknown connection."""

from collections.abc import Mapping
from typing import Any, Final

from vestibule import ids

_NAMES: Final = {
    "ent": "an enterprise",
    "con": "a connection",
    "usr": "a user",
    "grp": "a group",
    "tok": "a token",
    "tkt": "a ticket",
    "req": "a request",
    "dom": "a mail domain",
    "ses": "a session",
    "idy": "an identity",
    "ver": "a sign-in that waits",
    "exc": "an exception",
    "hld": "a hold",
    "cfl": "a conflict",
    "key": "a key pair",
}
_DUE: Final = {
    "enterprise_id": "ent",
    "connection_id": "con",
    "target": "con",
    "user_id": "usr",
    "token_id": "tok",
    "ticket_id": "tkt",
    "request_id": "req",
    "domain_id": "dom",
    "session_id": "ses",
    "identity_id": "idy",
    "verification_id": "ver",
    "exception_id": "exc",
    "hold_id": "hld",
    "conflict_id": "cfl",
}
"""What the arguments and options of these names are ids of."""


def mistaken(given: Mapping[str, Any]) -> str | None:
    """What is said of the first argument that is an id of another kind; None when there is none."""
    for argument, due in _DUE.items():
        value = given.get(argument)
        if not isinstance(value, str):
            continue
        kind = value.partition("_")[0]
        if kind != due and kind in _NAMES and ids.is_id(value, kind):
            return f"{value} is the id of {_NAMES[kind]}; what is due here is that of {_NAMES[due]}, {due}_…"
    return None
