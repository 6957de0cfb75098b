"""One cycle of the provisioning engine: users, groups, memberships, managers, watermark.

A generator: it yields Requests and is sent Responses; it also yields Changes, to be committed at once, entries of
the log and Progress (all answered with None). It returns a Report. The first request is the probe of Test
Connection, and there is none at all when nothing has changed (reference 2.2, 2.3, 2.11).
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vestibule.entra import objects, quarantine, references
from vestibule.entra.answers import Response
from vestibule.entra.engine import Engine, Steps, Stopped, Yielded
from vestibule.entra.graph import Tenant
from vestibule.entra.job import INTERVAL, Execution, Job, Settings, instant
from vestibule.entra.memory import GIVE_UP, JobSaved, Memory, RecordSaved
from vestibule.entra.quarantine import Failures

INITIAL_PAUSED = "Initial sync paused"


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one cycle."""

    number: int
    kind: str
    started: int
    ended: int
    requests: int
    users: Mapping[str, int]
    groups: Mapping[str, int]
    memberships: Mapping[str, int]
    status: str

    def as_json(self) -> dict[str, Any]:
        """The report as JSON; times in RFC 3339."""
        return {
            "number": self.number,
            "kind": self.kind,
            "started": instant(self.started),
            "ended": instant(self.ended),
            "requests": self.requests,
            "users": dict(self.users),
            "groups": dict(self.groups),
            "memberships": dict(self.memberships),
            "status": self.status,
        }


def run(
    tenant: Tenant, memory: Memory, settings: Settings, started: int, probe_id: str
) -> Generator[Yielded, Response | None, Report]:
    """Run one cycle at an instant in microseconds; `probe_id` is a random GUID."""
    engine = Engine(tenant, memory, settings, started, probe_id)
    if memory.job.code == "Paused":
        return _report(engine, "Paused")
    stopped: Stopped | None = None
    try:
        yield from objects.synchronize(engine, "User")
        yield from objects.synchronize(engine, "Group")
        yield from references.memberships(engine)
        yield from references.managers(engine)
    except Stopped as error:
        stopped = error
    status = (yield from _finish(engine)) if stopped is None else (yield from _stop(engine, stopped))
    return _report(engine, status)


def restart(memory: Memory) -> Generator[Yielded, Response | None, None]:
    """The portal's Restart: quarantine, watermark and escrows are reset, links are kept."""
    for change in memory.restart():
        memory.apply(change)
        yield change


def _report(engine: Engine, status: str) -> Report:
    return Report(
        engine.number,
        engine.kind,
        engine.started,
        engine.at,
        engine.requests,
        engine.counts["User"],
        engine.counts["Group"],
        engine.memberships,
        status,
    )


def _finish(engine: Engine) -> Steps[str]:
    """Judge the cycle that ran to its end, and set the watermark."""
    job = _executed(engine, complete=True)
    reason = _reason(engine)
    if reason is not None and engine.kind == "initial":
        for change in list(engine.memory.prune()):
            yield from engine.keep(change)
        job = replace(job, code="Paused", escrows_pruned=True, watermark=True, quarantine=None)
        yield from engine.keep(JobSaved(job))
        return INITIAL_PAUSED
    if reason is not None:
        yield from engine.keep(JobSaved(_quarantined(engine, job, *reason)))
        return "Quarantine"
    given_up = yield from _give_up(engine)
    steady = engine.memory.escrows() == 0
    job = replace(
        job,
        code="Paused" if given_up else "Active",
        watermark=True,
        quarantine=None,
        first_steady=job.first_steady or (engine.at if steady else None),
        last_steady=engine.at if steady else job.last_steady,
    )
    yield from engine.keep(JobSaved(job))
    return "Paused" if given_up else "Completed"


def _reason(engine: Engine) -> tuple[str, str, str] | None:
    """Reason, code and words when the job may not simply go on."""
    base = sum(seen.failed for seen in engine.seen.values())
    attempted = sum(seen.attempted for seen in engine.seen.values())
    reached = quarantine.judge(Failures(base, max(0, attempted - base), engine.reference_failures))
    if reached is not None:
        return (reached.reason, "EscrowThreshold", f"The job met {reached.words}.")
    for kind, seen in engine.seen.items():
        if engine.kind == "initial" and quarantine.all_refused(seen.attempted, seen.forbidden):
            return (quarantine.REFUSED, "InsufficientRights", f"The target refused every {kind} of the source.")
    return None


def _quarantined(engine: Engine, job: Job, reason: str, code: str, message: str) -> Job:
    entry = quarantine.quarantined(job.quarantine, reason, code, message, engine.at)
    late = engine.at - entry.series_began > quarantine.DISABLED_AFTER
    return replace(job, code="Paused" if late else "Quarantine", quarantine=entry, next_due=entry.next_attempt)


def _stop(engine: Engine, stopped: Stopped) -> Steps[str]:
    """The target was not there, or would not have the job; what is left is done in a later cycle."""
    job = _executed(engine, complete=False)
    if job.last is not None:
        last = replace(job.last, error_code=stopped.code, error_message=stopped.message)
        job = replace(job, last=last)
    if stopped.quarantine:
        job = _quarantined(engine, job, quarantine.REFUSED, stopped.code, stopped.message)
    yield from engine.keep(JobSaved(job))
    return job.code if stopped.quarantine else "Interrupted"


def _give_up(engine: Engine) -> Steps[bool]:
    """Escrows of 28 days are dropped, and with them the job is disabled (2.6)."""
    old = False
    for record in list(engine.memory.records.values()):
        first = min((e.first_failed for e in (record.escrow, record.reference_escrow) if e), default=engine.at)
        if engine.at - first > GIVE_UP:
            old = True
            yield from engine.keep(RecordSaved(replace(record, escrow=None, reference_escrow=None)))
    return old


def _executed(engine: Engine, *, complete: bool) -> Job:
    job = engine.memory.job
    failed = sum(seen.failed for seen in engine.seen.values()) + engine.reference_failures
    moves = ("created", "updated", "linked", "disabled", "deleted")
    exported = sum(counts[move] for counts in engine.counts.values() for move in moves)
    exported += engine.memberships["added"] + engine.memberships["removed"]
    state = "Failed" if not complete else "EntryLevelErrors" if failed else "Succeeded"
    last = Execution(engine.started, engine.at, state, exported, failed)
    linked = [each.kind for each in engine.memory.records.values() if each.target_id]
    return replace(
        job,
        cycles=engine.number,
        next_due=engine.started + INTERVAL,
        last=last,
        last_success=last if state == "Succeeded" else job.last_success,
        last_exports=last if complete and exported else job.last_exports,
        complete_failures=0 if complete else job.complete_failures + 1,
        synchronized={"User": linked.count("User"), "Group": linked.count("Group")},
    )
