"""What the identity provider seems to think, told from the traffic alone, and which button to press there.

Entra's rules as far as they are known: an object that is refused goes to *escrow* and is tried again after 6, 12 and 24
hours, then daily; a job whose probe is refused, or whose failures are many, is in *quarantine* and calls less and less,
at last once a day; an *initial* cycle that meets as much is ended, its escrows are dropped, and the job is paused:
"Initial sync paused". A cycle in which nothing has changed sends nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from vestibule.cycles.history import History, Refusal, Run

State = Literal[
    "never_called", "tested_only", "running", "good", "quiet", "escrow", "overdue", "initial_sync_paused", "quarantine",
    "locked_out",
]  # fmt: skip
_MINUTE: Final = 60_000_000
ENTRA_INTERVAL: Final = 40 * _MINUTE
"""From the beginning of one cycle of Entra's to that of the next."""
_PLAUSIBLE: Final = range(5 * _MINUTE, 48 * 60 * _MINUTE)
_LEARNT_FROM: Final = 3
STILL: Final = 2 * _MINUTE
"""So long after its last request a cycle may be going on still."""
_MANY: Final = 5_000
_SHARE: Final = 0.4
FAILED: Final = frozenset({"initial_sync_paused", "quarantine", "locked_out"})


@dataclass(frozen=True, slots=True)
class Present:
    """The present: the instant, who the identity provider is, and what each token may do now."""

    now: int
    idp: str
    scopes: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What seems to be the case. Times in microseconds.

    `mended` says that what the newest refusal lacked is there now. `overdue` is only said of who is expected.
    """

    state: State
    going_on: bool = False
    interval: int | None = None
    learnt: bool = False
    """Whether the interval is the connection's own, not the one that the identity provider's makers name."""
    expected_next: int | None = None
    overdue: bool = False
    cycle: Run | None = None
    refusal: Refusal | None = None
    mended: bool = False
    waiting: int = 0
    """How many objects were refused and not made good since."""


def judge(history: History, present: Present) -> Verdict:
    """The verdict on a history, whose present run may be going on."""
    cycle = history.run if history.run is not None and not history.run.only_tests else None
    cycle = cycle or (history.cycles[-1] if history.cycles else None)
    if cycle is None:
        return Verdict("tested_only" if history.contacts else "never_called")
    interval, learnt = _interval(history, present.idp)
    going_on = present.now - cycle.ended < STILL and cycle is history.run
    refusal = max(history.open.values(), key=lambda each: each.id, default=None)
    expected = None if interval is None else max(cycle.began + interval, cycle.ended)
    overdue = expected is not None and interval is not None and present.now > expected + interval
    state = _state(history, cycle, present.idp, going_on=going_on, overdue=overdue)
    calls_again = state not in ("initial_sync_paused", "locked_out", "quarantine")
    return Verdict(
        state=state,
        going_on=going_on,
        interval=interval,
        learnt=learnt,
        expected_next=expected if calls_again else None,
        overdue=overdue and state in ("overdue", "escrow"),
        cycle=cycle,
        refusal=refusal,
        mended=refusal is not None and _is_mended(refusal, present),
        waiting=len(history.open) + history.more,
    )


def _state(history: History, cycle: Run, idp: str, *, going_on: bool, overdue: bool) -> State:
    if cycle.shut_out:
        return "locked_out"
    if not cycle.answered:
        return "quarantine" if idp == "entra" else "overdue"
    if idp == "entra" and fails_as_a_whole(cycle):
        return "initial_sync_paused" if _is_initial(history, cycle) else "quarantine"
    if cycle.refused or history.open:
        return "overdue" if overdue and cycle.faults else "escrow"
    if going_on:
        return "running"
    return "quiet" if overdue else "good"


def _is_initial(history: History, cycle: Run) -> bool:
    """A run that goes on has no kind yet; the refused ones of a first cycle are what it is told by."""
    if cycle.kind is not None:
        return cycle.kind == "initial"
    return not history.known or cycle.users.touched * 2 >= max(2, history.known)


def fails_as_a_whole(cycle: Run) -> bool:
    """Whether Entra stops a job for what this cycle met: nobody of one kind may be touched, or too much failed.

    The first is inferred from a job that paused with some 290 users, far below the thresholds that are documented.
    """
    if any(tally.forbidden and not tally.answered for tally in (cycle.users, cycle.groups)):
        return True
    objects = cycle.users.refused + cycle.groups.refused
    tried = objects + cycle.users.answered + cycle.groups.answered
    return objects >= _MANY and objects > _SHARE * tried


def _is_mended(refusal: Refusal, present: Present) -> bool:
    held = present.scopes.get(refusal.token_id or "")
    return held is not None and bool(refusal.need) and held.issuperset(refusal.need)


def _interval(history: History, idp: str) -> tuple[int | None, bool]:
    """The usual time between the beginnings of cycles, and whether it was learnt from them."""
    began = [each.began for each in history.cycles] + ([history.run.began] if history.run else [])
    gaps = [later - earlier for earlier, later in pairwise(began)]
    plausible = [gap for gap in gaps[-8:] if gap in _PLAUSIBLE]
    if len(plausible) >= _LEARNT_FROM:
        return int(median(plausible)), True
    return (ENTRA_INTERVAL, False) if idp == "entra" else (None, False)
