"""Rehearse a provisioning job against any SCIM server, as Entra would run it."""

import uuid
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import httpx2

from vestibule.clock import Clock, SystemClock
from vestibule.entra import cycle
from vestibule.entra.graph import Tenant
from vestibule.entra.job import Job, Settings, job_json
from vestibule.entra.memory import Memory
from vestibule.ids import new_id
from vestibule.rehearsal.drive import Line, Target, Unreachable, Watch, drive
from vestibule.rehearsal.rollcall import RollCall
from vestibule.rehearsal.spool import LogNotKept, Spool
from vestibule.rehearsal.state import InvalidState, State

__all__ = ["InvalidState", "LogNotKept", "Rehearsal", "Spool", "Target", "Unreachable", "rehearse"]


Restart: TypeAlias = Literal["never", "if_stopped", "always"]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a run did: its cycles, the provisioning log, the job, the roll call (None: never called)."""

    cycles: tuple[cycle.Report, ...]
    log: Spool
    job: Job
    rollcall: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """The document that `vestibule rehearse --json` prints, with its whole log in memory."""
        return self.parts() | {"log": list(self.log)}

    def parts(self) -> dict[str, Any]:
        """The same document with `log` as it is read entry by entry."""
        return {
            "cycles": [each.as_json() for each in self.cycles],
            "log": iter(self.log),
            "job": job_json(self.job),
            "rollcall": self.rollcall or {"groups": []},
        }


async def rehearse(
    tenant: Tenant,
    target: Target,
    state_path: str | None = None,
    cycles: int = 1,
    clock: Clock | None = None,
    progress: Watch | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    restart: Restart = "never",
) -> Rehearsal:
    """Run some cycles. The 40 minutes between them are only counted, never waited for.

    A second run with the same state goes on where the first one ended. `restart` says whether the portal's Restart
    provisioning is pressed before: always, or only on a job that is paused or in quarantine.
    Raises Unreachable, InvalidState, LogNotKept.
    """
    state = State.open(state_path)
    try:
        async with Line(target, clock or SystemClock(), transport) as line:
            memory = state.memory(_new_job(line.base))
            stopped = memory.job.code in ("Paused", "Quarantine")
            if restart == "always" or (restart == "if_stopped" and stopped):
                await drive(cycle.restart(memory), line, state, Spool(), None)
            return await _run(
                tenant, memory, Settings(line.base, line.mode, target.batch), line, state, cycles, progress
            )
    finally:
        state.close()


async def _run(
    tenant: Tenant, memory: Memory, settings: Settings, line: Line, state: State, cycles: int, watch: Watch | None
) -> Rehearsal:
    reports: list[cycle.Report] = []
    log = Spool()
    for _ in range(cycles):
        now = line.clock.now()
        started = max(now, memory.job.next_due)
        line.skew = started - now
        steps = cycle.run(tenant, memory, settings, started, _guid(started))
        reports.append(await drive(steps, line, state, log, watch))
    rollcall = state.kept("rollcall")
    if line.sent or rollcall is None:
        rollcall = await RollCall(tenant, memory, log.reasons, line).call(watch)
        state.keep("rollcall", rollcall)
    return Rehearsal(tuple(reports), log, memory.job, rollcall)


def _guid(now: int) -> str:
    """A random GUID for the probe; randomness comes from `ids`."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, new_id("prb", now)))


def _new_job(base: str) -> Job:
    """A job that never ran. Its ids are made from the target, so they are the same in every run."""
    tenant_id = str(uuid.uuid5(uuid.NAMESPACE_URL, "tenant " + base))
    compact = tenant_id.replace("-", "")
    return Job(f"scim.{compact}.{uuid.uuid5(uuid.NAMESPACE_URL, base)}", tenant_id)
