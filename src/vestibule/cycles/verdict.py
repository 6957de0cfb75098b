"""What the identity provider seems to think, told from the traffic alone, and which button to press there.

Entra's rules as far as they are known, which `vestibule.entra.quarantine` has in numbers: an object that is refused
goes to *escrow* and is tried again after 6, 12 and 24 hours, then daily; a job whose probe is refused, or whose
failures are many, is in *quarantine* and calls less and less, at last once a day; an *initial* cycle that meets as
many failures, or may touch no user or no group at all, is ended, its escrows are dropped, and the job is paused:
"Initial sync paused". A cycle in which nothing has changed sends nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from vestibule.cycles.history import History, Refusal, Run, Tally
from vestibule.entra import quarantine
from vestibule.entra.job import INTERVAL

State = Literal[
    "never_called", "tested_only", "running", "good", "quiet", "escrow", "refused", "overdue", "initial_sync_paused",
    "quarantine", "locked_out",
]  # fmt: skip
_MINUTE: Final = 60_000_000
_PLAUSIBLE: Final = range(5 * _MINUTE, 48 * 60 * _MINUTE)
_LEARNT_FROM: Final = 3
STILL: Final = 2 * _MINUTE
"""So long after its last request a cycle may be going on still."""


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
    missed = overdue and state in ("overdue", "escrow")
    if state in ("initial_sync_paused", "locked_out", "quarantine"):  # It calls again when it likes, or never.
        expected = None
    elif expected is not None and interval is not None and not missed and expected < present.now:
        # A cycle without changes sends nothing; the next one comes in its turn.
        expected += -(-(present.now - expected) // interval) * interval
    return Verdict(
        state=state,
        going_on=going_on,
        interval=interval,
        learnt=learnt,
        expected_next=expected,
        overdue=missed,
        cycle=cycle,
        refusal=refusal,
        mended=refusal is not None and _is_mended(refusal, present),
        waiting=len(history.open) + history.more,
    )


def _state(history: History, cycle: Run, idp: str, *, going_on: bool, overdue: bool) -> State:
    if cycle.shut_out:
        return "locked_out"
    if idp == "entra" and (stopped := _stopped(cycle, initial=_is_initial(history, cycle))):
        return stopped
    if history.open or history.more:
        return "overdue" if overdue and cycle.faults else "escrow"
    if cycle.adrift:
        return "refused"
    if going_on:
        return "running"
    return "quiet" if overdue else "good"


def _is_initial(history: History, cycle: Run) -> bool:
    """A run that goes on, or in which all was refused, is told by those before it and by whom it looks at."""
    if cycle.kind in ("initial", "incremental"):
        return cycle.kind == "initial"
    return not history.known or cycle.users.touched * 2 >= max(2, history.known)


def _stopped(cycle: Run, *, initial: bool) -> State | None:
    """How Entra stops a job for what this cycle met, if it does.

    That an initial cycle stops when it may touch nobody of one kind is inferred; see `entra.quarantine.all_refused`.
    """
    if cycle.probes and not cycle.answered and cycle.faults < cycle.requests:
        return "quarantine"
    tallies = (cycle.users, cycle.groups)
    if initial and any(each.all_refused and each.forbidden == each.refused for each in tallies):
        return "initial_sync_paused"
    refused = sum(each.refused for each in tallies)
    went_well = sum(_went_well(each) for each in tallies)
    if quarantine.judge(quarantine.Failures(refused, went_well, cycle.memberships.refused)) is None:
        return None
    return "initial_sync_paused" if initial else "quarantine"


def _went_well(tally: Tally) -> int:
    """About how many objects went well: most are looked up and written, and who is refused was often found before."""
    return max(tally.written, tally.found + tally.missed - tally.refused)


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
    return (INTERVAL, False) if idp == "entra" else (None, False)
