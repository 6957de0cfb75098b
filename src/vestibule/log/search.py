"""What may be looked for in the log, and what the store is asked for it."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from vestibule import ids
from vestibule.outcome import OUTCOMES, Outcome
from vestibule.store import ExchangeQuery, NotFound, Store

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SPAN: Final = re.compile(r"(\d{1,9})([smhdw])")


class BadSearch(Exception):
    """What is looked for cannot be; the message says why and how it is written."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. `person` is a userName or a user's id, `group` a displayName or a group's id.

    `since` and `until` are instants in microseconds: since <= at < until. Unset fields do not restrict.
    """

    person: str | None = None
    group: str | None = None
    name: str | None = None
    """A userName or a displayName, whichever it is."""
    token: str | None = None
    outcome: Outcome | None = None
    refused: bool = False
    sign_ins: bool | None = None
    """Only sign-ins (True), or only provisioning (False)."""
    since: int | None = None
    until: int | None = None


async def query_of(store: Store, connection_id: str, search: Search, limit: int) -> ExchangeQuery:
    """The question to the store. Raises BadSearch for a contradiction, and for an id of nobody."""
    wanted = [each for each in (search.person, search.group, search.name) if each is not None]
    if len(wanted) > 1:
        raise BadSearch("Look for one name at a time: --person, --group or --target.")
    if search.since is not None and search.until is not None and search.since >= search.until:
        raise BadSearch("--since must come before --until.")
    if search.refused and search.outcome in ("done", "no_change", "parked"):
        raise BadSearch(f"What was refused is held, blocked or failed, and never {search.outcome}.")
    query = ExchangeQuery(
        limit=limit, since=search.since, before=search.until, refused=search.refused, token_id=search.token,
        outcome=search.outcome, sign_ins=search.sign_ins, target=search.name,
    )  # fmt: skip
    if search.person is not None:
        return replace(query, target=await _user_name(store, connection_id, search.person))
    if search.group is not None:
        return replace(query, target=await _display_name(store, connection_id, search.group), resource_type="Group")
    return query


async def _user_name(store: Store, connection_id: str, person: str) -> str:
    if not ids.is_id(person, "usr"):
        return person
    try:
        return (await store.user(connection_id, person)).user_name
    except NotFound:
        raise BadSearch(f"There is no user {person} in this connection (now); look for the userName.") from None


async def _display_name(store: Store, connection_id: str, group: str) -> str:
    if not ids.is_id(group, "grp"):
        return group
    try:
        return (await store.group(connection_id, group)).display_name
    except NotFound:
        raise BadSearch(f"There is no group {group} in this connection (now); look for the displayName.") from None


def read_instant(text: str, now: int) -> int:
    """`2026-11-24`, `2026-11-24T08:00:00Z` (UTC without an offset), or so long ago: `90s`, `40m`, `2h`, `7d`, `4w`.

    In microseconds, 0 for what is before 1970. Raises BadSearch.
    """
    span = _SPAN.fullmatch(text.strip())
    if span is not None:
        return max(0, now - int(span[1]) * _UNITS[span[2]] * 1_000_000)
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadSearch(
            f"{text!r} is no time: write 2026-11-24, 2026-11-24T08:00:00Z, or so long ago: 40m, 2h, 7d."
        ) from None
    aware = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
    return max(0, (aware - _EPOCH) // _MICROSECOND)


def read_outcome(text: str) -> Outcome:
    """An outcome by its word, e.g. `no_change`, `No change`, `no-change`. Raises BadSearch."""
    bare = text.strip().lower().replace(" ", "_").replace("-", "_")
    for each in OUTCOMES:
        if each == bare:
            return each
    raise BadSearch(f"{text!r} is no outcome: they are {', '.join(OUTCOMES)}.")
