"""The cycles of an identity provider, inferred from the log of its connection, and what it seems to think now.

The log is read once: `advance` adds what has come to the history that is kept, `overview` adds in memory what came in
the last seconds. Nothing here asks the identity provider.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from vestibule.clock import rfc3339
from vestibule.cycles.fold import SILENCE, close, fold, fold_text, kind_of
from vestibule.cycles.history import History, Run, read_history
from vestibule.cycles.seen import seen_of
from vestibule.cycles.verdict import Present, State, Verdict, judge
from vestibule.cycles.words import Told, cycle_json, idp_of, refusal_json, tell
from vestibule.model import Connection, JsonObject
from vestibule.store import Store

__all__ = ["Overview", "Run", "State", "Told", "Verdict", "advance", "cycle_at", "overview"]

PIECE: Final = 500
"""How many exchanges are read in one transaction."""
SETTLED: Final = 15_000_000
"""So many microseconds after a request began it is in the log, whichever process it came to."""
AHEAD: Final = 600_000_000
"""So far ahead of the present the clock of another process may be; what is further came before a clock was set back."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The cycles of a connection, the newest last, and the verdict. The last one may be going on."""

    connection: Connection
    history: History
    cycles: tuple[Run, ...]
    verdict: Verdict
    told: Told
    whole: bool = True
    """False when so much came lately that the log was not read to its end: then the verdict is of a while ago."""

    @property
    def telling(self) -> str | None:
        """The request whose explanation says what is the matter, if anything is."""
        verdict, cycle = self.verdict, self.verdict.cycle
        if cycle is not None and verdict.state == "locked_out":
            return cycle.last_id
        if cycle is not None and verdict.state in ("refused", "quarantine") and cycle.adrift_id:
            return cycle.adrift_id
        return verdict.refusal.id if verdict.refusal else None

    def as_json(self, most: int | None = None) -> JsonObject:
        """The overview for `--json` and the API; of the cycles the `most` newest, the newest first."""
        verdict, last = self.verdict, self.history.last_contact
        shown = self.cycles[::-1][:most]
        waiting = sorted(self.history.open.values(), key=lambda each: each.id, reverse=True)
        return {
            "connection_id": self.connection.id,
            "idp": self.connection.idp,
            "state": verdict.state,
            "sentence": self.told.sentence,
            "why": self.told.why,
            "press": self.told.press,
            "causes": list(self.told.causes),
            "going_on": verdict.going_on,
            "mended": verdict.mended,
            "last_contact": _time(last),
            "interval_minutes": None if verdict.interval is None else round(verdict.interval / 60_000_000, 1),
            "interval_learnt": verdict.learnt,
            "expected_next": _time(verdict.expected_next),
            "overdue": verdict.overdue,
            "last_tested": _time(self.history.tested_at),
            "waiting": verdict.waiting,
            "refused": [refusal_json(each) for each in waiting],
            "cycles": [cycle_json(each) for each in shown],
        }


def _time(instant: int | None) -> str | None:
    return None if instant is None else rfc3339(instant)


async def advance(store: Store, connection_id: str, now: int, pieces: int | None = None) -> int:
    """Read on in the log of a connection, at most so many pieces; how many exchanges there were. Raises NotFound."""
    read = 0
    while pieces is None or pieces > 0:
        found = await store.read_traffic(connection_id, now - SETTLED, PIECE, fold_text)
        read += found
        if found < PIECE:
            break
        pieces = None if pieces is None else pieces - 1
    return read


async def overview(store: Store, connection_id: str, now: int, pieces: int | None = None) -> Overview:
    """What is known of a connection's cycles at an instant. Raises NotFound for the connection.

    With `pieces` the log is read on for no more than so many of them; `whole` tells whether that was all.
    """
    connection = await store.connection(connection_id)
    await advance(store, connection_id, now, pieces)
    traffic = await store.traffic(connection_id)
    history = read_history(traffic.document)
    whole = await _add_tail(store, connection_id, history, traffic.read_to, now + AHEAD, pieces)
    return replace(over(connection, history, await _present(store, connection, now)), whole=whole)


async def _add_tail(
    store: Store, connection_id: str, history: History, after_id: str, before: int, pieces: int | None = None
) -> bool:
    """Add what came after an id and before an instant; whether it was all."""
    while pieces is None or pieces > 0:
        tail = await store.unread(connection_id, after_id, PIECE, before)
        fold(history, (seen for each in tail if (seen := seen_of(each)) is not None))
        if len(tail) < PIECE:
            return True
        after_id = tail[-1].id
        pieces = None if pieces is None else pieces - 1
    return False


async def _present(store: Store, connection: Connection, now: int) -> Present:
    tokens = await store.tokens(connection.id, of_people=False)
    good = {
        each.id: each.scopes
        for each in tokens
        if each.revoked_at is None and (each.expires_at is None or each.expires_at > now)
    }
    return Present(now, connection.idp, good)


def over(connection: Connection, history: History, present: Present) -> Overview:
    """The overview of a history. Pure, but that a run after which nothing came is ended in the history."""
    if history.run is not None and abs(present.now - history.run.ended) > SILENCE:
        close(history)
    verdict = judge(history, present)
    runs = [*history.cycles]
    if history.run is not None and not history.run.only_tests:
        runs.append(replace(history.run, kind=kind_of(history, history.run), number=history.count + 1))
    return Overview(connection, history, tuple(runs), verdict, tell(verdict, idp_of(connection.idp), history))


def cycle_at(cycles: Sequence[Run], request_id: str) -> Run | None:
    """The cycle of some (oldest first) that a request belongs to."""
    return next((each for each in reversed(cycles) if each.first_id <= request_id <= each.last_id), None)
