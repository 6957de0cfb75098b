"""What every phase of a cycle shares: asking the target, keeping what was learned, counting, logging."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias, TypeVar

from vestibule.entra import answers, log, wire
from vestibule.entra.answers import Answer, Listed, Response, Trouble
from vestibule.entra.graph import Tenant
from vestibule.entra.job import Settings
from vestibule.entra.memory import Change, Memory, Record, RecordSaved, escrowed
from vestibule.entra.wire import Kind, Request

T = TypeVar("T")


class Progress(NamedTuple):
    """How far a phase has come."""

    phase: str
    done: int
    total: int


class Logged(NamedTuple):
    """An entry of the provisioning log, as JSON in Graph's shape; the engine keeps none of them."""

    entry: dict[str, Any]


Yielded: TypeAlias = Request | Change | Logged | Progress
Steps: TypeAlias = Generator[Yielded, Response | None, T]
"""A part of a cycle: yields requests (and is sent their answers), changes to commit, log entries, and progress."""

GIVE_UP_AFTER = 20
"""So many requests in a row without any answer end a cycle; our own rule, to spare a dead target."""


class Stopped(Exception):
    """The cycle cannot go on: the target is not there, or (`quarantine`) it refuses the job as such."""

    def __init__(self, code: str, message: str, *, quarantine: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.quarantine = quarantine


@dataclass(slots=True)
class Seen:
    """Events of one type of object in one cycle."""

    attempted: int = 0
    failed: int = 0
    forbidden: int = 0


class Engine:
    """One cycle at work. `kind` is initial until a watermark has been set."""

    def __init__(self, tenant: Tenant, memory: Memory, settings: Settings, started: int, probe_id: str) -> None:
        self.tenant = tenant
        self.memory = memory
        self.settings = settings
        self.started = self.at = started
        self.number = memory.job.cycles + 1
        self.kind: Literal["initial", "incremental"] = "incremental" if memory.job.watermark else "initial"
        self.users_in_scope = tenant.users_in_scope()
        self.groups_in_scope = tenant.groups_in_scope()
        self.logged = 0
        self.requests = 0
        self.reference_failures = 0
        self.seen: dict[Kind, Seen] = {"User": Seen(), "Group": Seen()}
        names: tuple[str, ...] = ("created", "updated", "linked", "disabled", "deleted", "skipped", "failed")
        self.counts: dict[Kind, dict[str, int]] = {
            "User": dict.fromkeys(names, 0),
            "Group": dict.fromkeys(names, 0),
        }
        self.memberships: dict[str, int] = dict.fromkeys(("added", "removed", "refused", "skipped"), 0)
        self._probe_id: str | None = probe_id
        self._silent = 0
        self._took = 0

    def ask(self, request: Request) -> Steps[Answer]:
        """Send a request and read its answer; the first one of a cycle comes after the probe."""
        if self._probe_id is not None:
            probe_id, self._probe_id = self._probe_id, None
            yield from self._probe(probe_id)
        return (yield from self._send(request))

    def _send(self, request: Request) -> Steps[Answer]:
        response = yield request
        if response is None:
            raise TypeError("the driver must send a Response for every Request")
        self.requests += 1
        self.at = max(self.at, response.at)
        self._took += response.took_ms
        self._silent = 0 if response.fault is None else self._silent + 1
        if self._silent >= GIVE_UP_AFTER:
            raise Stopped(response.fault or "", response.text, quarantine=False)
        return answers.read(request, response)

    def _probe(self, probe_id: str) -> Steps[None]:
        """Test Connection. A refusal or an answer that is not SCIM quarantines at once (2.6)."""
        answer = yield from self._send(wire.probe(probe_id))
        match answer:
            case Listed(()):
                return
            case Trouble(code, status, text, _):
                lasting = 400 <= status < 500 and status != 429
                raise Stopped(code, text, quarantine=lasting or code == answers.INCOMPATIBLE)
            case _:
                text = "A search for a user that cannot exist found somebody: the target ignores filters."
                raise Stopped(answers.INCOMPATIBLE, text, quarantine=True)

    def keep(self, change: Change) -> Steps[None]:
        """Remember a change and have the driver commit it now."""
        self.memory.apply(change)
        yield change

    def due(self, record: Record) -> bool:
        """Whether a failed change of this object is to be tried again."""
        return record.escrow is not None and self.at >= record.escrow.next_attempt

    def target_of(self, source_id: str) -> str | None:
        """The id in the target of a source object, when it is linked."""
        record = self.memory.records.get(source_id)
        return record.target_id if record else None

    def note(self, event: log.Event) -> Steps[None]:
        """Have the driver write an entry of the log."""
        entry = log.entry(event, self.memory.job, self.number, self.logged, self.at, self._took)
        self.logged += 1
        self._took = 0
        yield Logged(entry)

    def count(self, kind: Kind, what: str) -> None:
        """Count one object."""
        self.counts[kind][what] += 1

    def fail(self, record: Record, event: log.Event, *, forbidden: bool = False) -> Steps[None]:
        """Put an object's change in escrow."""
        self.count(record.kind, "failed")
        seen = self.seen[record.kind]
        seen.failed += 1
        seen.forbidden += forbidden
        yield from self.note(event)
        code, reason = event.code or "InternalError", event.reason or ""
        escrow = escrowed(record.escrow, code, reason, self.at)
        yield from self.keep(RecordSaved(replace(record, escrow=escrow)))

    def fail_reference(self, record: Record, event: log.Event) -> Steps[Record]:
        """Put a reference's change in escrow; such failures are counted apart (2.6)."""
        self.reference_failures += 1
        yield from self.note(event)
        code, reason = event.code or "InternalError", event.reason or ""
        escrow = escrowed(record.reference_escrow, code, reason, self.at)
        record = replace(record, reference_escrow=escrow)
        yield from self.keep(RecordSaved(record))
        return record
