"""What an exchange tells of a cycle: a small fact, or nothing."""

import re
from typing import Final, Literal, NamedTuple, TypeAlias

from vestibule.canary import is_mark
from vestibule.explain import SIGN_IN, TICKET
from vestibule.model import Exchange
from vestibule.store import Trace

Kind = Literal["User", "Group"]
Deed = Literal[
    "stranger", "probe", "found", "missed", "listed", "created", "updated", "unchanged", "deleted", "members", "other"
]
"""`stranger` came without a token, or anything in its place. `found` and `missed` are of a look-up by name or id,
`listed` of a list without a name, `members` of a PATCH that is about members, `probe` of Entra's connection test:
the look-up of a user whose name is a GUID."""

Recorded: TypeAlias = Exchange | Trace
"""A request of the log."""

_GUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LONGEST: Final = 256
"""Of a name, an id or a path so many characters are remembered."""
_PEOPLE: Final = frozenset({SIGN_IN, TICKET})
"""The `resource_type` of what a person does at a browser."""


class Seen(NamedTuple):
    """One request. `at` is when it came, in microseconds; `refused` is its HTTP status when it was refused, else 0.

    A tuple, as one is made of each that ever came.
    """

    id: str
    at: int
    deed: Deed
    kind: Kind | None
    who: str
    """The name that it was about, else the id, else the path."""
    method: str
    refused: int = 0
    token_id: str | None = None
    need: tuple[str, ...] = ()
    """The scopes that the token lacked."""
    reason: str = ""
    """Why a token was not accepted: missing, unknown, expired, revoked."""
    joined: int = 0
    already: int = 0
    """Who was named as a member and was one."""
    left: int = 0
    parked: int = 0

    @property
    def forbidden(self) -> bool:
        """Whether the token lacked a scope for it, as against something being wrong with what was sent, or held."""
        return self.refused == 403 and bool(self.need)


def seen_of(exchange: Recorded) -> Seen | None:
    """The fact; None for a person at a browser, for what a connection test made, for the frame of a bulk request."""
    facts = exchange.facts
    named = exchange.resource_type
    if named in _PEOPLE or is_mark(exchange.target) or "tested" in facts or "operations" in facts:
        return None
    refused = exchange.status if exchange.status >= 400 else 0
    if exchange.status == 404 and exchange.method == "DELETE":
        refused = 0  # What is gone already is as it was asked for, and nobody asks again.
    if refused == 429 and facts.get("of") == "strangers":
        # One too many without a good token: not let in, as those before it.
        refused = 401
    kind: Kind | None = named if named in ("User", "Group") else _kind_in(exchange.path)
    who = (exchange.target or exchange.resource_id or exchange.path)[:_LONGEST]
    deed = _deed(exchange)
    if not refused and exchange.method == "GET":
        return Seen(exchange.id, exchange.at, deed, kind, who, "GET", 0, exchange.token_id)
    return Seen(
        exchange.id, exchange.at, deed, kind, who, exchange.method, refused, exchange.token_id,
        need=tuple(str(each) for each in facts.get("need") or ()),
        reason=str(facts.get("reason") or ""),
        joined=_number(facts.get("joined")),
        already=_number(facts.get("already")),
        left=_number(facts.get("left")),
        parked=_number(facts.get("parked_count")),
    )  # fmt: skip


def _kind_in(path: str) -> Kind | None:
    """The kind that a path names, for a caller who was not let in."""
    head = path.strip("/").partition("/")[0].lower()
    return "User" if head == "users" else "Group" if head == "groups" else None


def _deed(exchange: Recorded) -> Deed:
    if exchange.status == 401 and exchange.facts.get("reason") == "missing" and "scheme" not in exchange.facts:
        return "stranger"
    if exchange.method == "GET":
        return _looked(exchange)
    if exchange.method == "POST":
        if exchange.path.endswith("/.search"):
            return "listed"
        return "updated" if exchange.facts.get("linked") else "created"
    if exchange.method == "DELETE":
        return "deleted" if exchange.status < 400 else "missed"
    if exchange.method not in ("PUT", "PATCH"):
        return "other"
    facts = exchange.facts
    if any(facts.get(name) for name in ("joined", "left", "already", "absent", "parked")):
        return "members"
    return "unchanged" if facts.get("changed") is False else "updated"


def _looked(exchange: Recorded) -> Deed:
    if exchange.resource_id is not None:
        return "found"
    sought = exchange.target or _sought_in(exchange.query)
    if sought is None:
        return "listed" if _kind_in(exchange.path) else "other"
    if _GUID.fullmatch(sought) and _kind_in(exchange.path) == "User":
        return "probe"
    return "missed" if exchange.facts.get("total") == 0 else "found"


def _sought_in(query: str) -> str | None:
    """A GUID in a filter that nobody read, because its caller was not let in."""
    found = _GUID.search(query) if "filter=" in query else None
    return found[0] if found else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
