"""Cycles out of requests, one after the other: what was known, and what came since, is what is known now.

A cycle is a run of requests. It ends with ten minutes of silence, or where Entra's probe (the look-up of a user whose
name is a GUID) begins the next one. It is *initial* when there was none before, or when it looks at most of the users
that are linked; Entra does that after Restart provisioning, and never otherwise.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from vestibule.cycles.history import KEPT, OPEN, CycleKind, History, Refusal, Run, Tally, read_history
from vestibule.cycles.seen import Recorded, Seen, seen_of

SILENCE: Final = 600_000_000
"""So many microseconds without a request end a cycle."""
ESCROWED: Final = 28 * 24 * 3_600_000_000
"""For so many microseconds Entra tries again what was refused."""


def fold_text(document: str, exchanges: Sequence[Recorded]) -> str:
    """The history after some more exchanges, both as JSON text: for `Store.read_traffic`."""
    history = read_history(document)
    fold(history, (seen for each in exchanges if (seen := seen_of(each)) is not None))
    return history.as_text()


def fold(history: History, facts: Iterable[Seen]) -> None:
    """Add what was seen, in the order of time, to a history."""
    for seen in facts:
        if seen.deed == "stranger":
            history.strangers += 1
            continue
        run = history.run
        if run is not None and _is_over(run, seen):
            close(history)
            run = None
        if run is None:
            run = history.run = Run(seen.id, seen.id, seen.at, seen.at)
        history.contacts += 1
        last = history.last_contact
        history.last_contact = seen.at if last is None or seen.at < last - SILENCE else max(last, seen.at)
        _add(history, run, seen)


def _is_over(run: Run, seen: Seen) -> bool:
    if seen.at < run.began - SILENCE:  # The clock was set back; a run that ended later than now would never end.
        return True
    return seen.at - run.ended > SILENCE or (seen.deed == "probe" and run.requests > run.probes)


def close(history: History) -> None:
    """End the present run: it becomes a cycle, unless it was only a test."""
    run, history.run = history.run, None
    if run is None:
        return
    if run.only_tests:
        history.tested_at = run.ended
        return
    run.kind = kind_of(history, run)
    history.count += 1
    run.number = history.count
    if run.kind != "refused":
        history.known = max(history.known, run.users.touched + run.users.created)
    history.cycles = [*history.cycles[1 - KEPT :], run]
    _forget(history, run)


def _forget(history: History, run: Run) -> None:
    """Refusals that nobody will try again: after four weeks, or because an initial cycle tried all and met them not."""
    whole = run.kind == "initial"
    history.open = {
        key: each
        for key, each in history.open.items()
        if each.at > run.ended - ESCROWED and (not whole or each.run == run.first_id)
    }
    # Where there is room again, what is refused once more is remembered by its name.
    if len(history.open) < OPEN or (whole and not run.refused):
        history.more = 0


def kind_of(history: History, run: Run) -> CycleKind:
    """What kind of cycle a run is, beside those before it."""
    if not run.answered:
        return "refused"
    if not history.known:
        return "initial"
    return "initial" if run.users.touched * 2 >= max(2, history.known) else "incremental"


def _add(history: History, run: Run, seen: Seen) -> None:
    run.requests += 1
    run.last_id, run.ended = max(run.last_id, seen.id), max(run.ended, seen.at)
    run.unauthorized += seen.refused == 401
    run.shut_out = run.shut_out + 1 if seen.refused == 401 else 0
    run.faults += seen.refused >= 500
    run.probes += seen.deed == "probe"
    if seen.refused:
        _refuse(history, run, seen)
        return
    run.answered += 1
    run.reads += seen.deed in ("listed", "other")
    if seen.deed == "probe" or seen.kind is None:
        return
    _count(run, seen)
    _make_good(history, seen)


def _count(run: Run, seen: Seen) -> None:
    tally = run.users if seen.kind == "User" else run.groups
    if seen.deed in ("found", "missed", "created", "updated", "unchanged", "deleted"):
        setattr(tally, seen.deed, getattr(tally, seen.deed) + 1)
    run.memberships.joined += seen.joined
    run.memberships.already += seen.already
    run.memberships.left += seen.left
    run.memberships.parked += seen.parked


def _refuse(history: History, run: Run, seen: Seen) -> None:
    # Who is not let in is told nothing of objects.
    if seen.refused == 401:
        return
    if seen.deed == "probe" or seen.kind is None or seen.who.startswith("/"):
        run.adrift, run.adrift_id = run.adrift + 1, seen.id
        # A list that could not be read is of no object; who writes without a name means one all the same.
        if seen.kind is not None and seen.method != "GET":
            _note(_tally(run, seen), seen)
        return
    key = f"{seen.kind} {seen.who.casefold()}"
    before = history.open.get(key)
    if before is None and len(history.open) >= OPEN:
        _note_more(history, run, seen)
        return
    if before is None or before.run != run.first_id:
        _note(_tally(run, seen), seen)
    elif seen.kind == "Group" and seen.method == "PATCH":
        run.memberships.refused += 1
    runs = 1 if before is None else before.runs + (before.run != run.first_id)
    history.open[key] = Refusal(
        seen.id, seen.at, seen.kind, seen.who, seen.method, seen.refused, seen.token_id, list(seen.need), seen.reason,
        run.first_id, runs,
    )  # fmt: skip


def _note_more(history: History, run: Run, seen: Seen) -> None:
    if history.more_in != run.first_id:
        history.more, history.more_in = 0, run.first_id
    history.more += 1
    _note(_tally(run, seen), seen)


def _tally(run: Run, seen: Seen) -> Tally:
    return run.users if seen.kind == "User" else run.groups


def _note(tally: Tally, seen: Seen) -> None:
    tally.refused += 1
    tally.forbidden += seen.forbidden


def _make_good(history: History, seen: Seen) -> None:
    """A write that is accepted makes good what was refused before; a look-up only what was refused to look-ups."""
    key = f"{seen.kind} {seen.who.casefold()}"
    before = history.open.get(key)
    if before is not None and (before.method == seen.method or seen.method != "GET"):
        del history.open[key]
