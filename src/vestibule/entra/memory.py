"""What the engine remembers between cycles (its connector data store), and how that changes.

Every change is a value: the cycle applies it here and hands it to its driver, which commits it at once.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from vestibule.entra.job import Job
from vestibule.entra.wire import JsonObject, Kind

_HOUR = 3_600_000_000
BACK_OFF = (6 * _HOUR, 12 * _HOUR, 24 * _HOUR)
"""After the retry in the next cycle: 6, 12, 24 hours after the first failure, then daily (2.6)."""

REASON = 1_000
"""So many characters of a reason are remembered; the log has all of it, be it a whole page of the target's."""

GIVE_UP = 28 * 24 * _HOUR

RETRYABLE = frozenset(
    ("TooManyRequests", "InternalServerError", "WebExceptionProtocolError", "Timeout", "InternalError")
)
"""Codes that are tried again in every cycle (reference 2.10)."""


@dataclass(frozen=True, slots=True)
class Escrow:
    """A change that failed and waits."""

    code: str
    reason: str
    first_failed: int
    next_attempt: int
    tries: int


def remembered(reason: str) -> str:
    """A reason, cut at REASON."""
    return reason if len(reason) <= REASON else f"{reason[:REASON]}..."


def escrowed(before: Escrow | None, code: str, reason: str, now: int) -> Escrow:
    """The escrow after one more failure."""
    reason = remembered(reason)
    first = before.first_failed if before else now
    tries = before.tries + 1 if before else 1
    if code in RETRYABLE or tries == 1:
        return Escrow(code, reason, first, now, tries)
    late = tries - 2
    wait = BACK_OFF[late] if late < len(BACK_OFF) else BACK_OFF[-1] * (late - 1)
    return Escrow(code, reason, first, first + wait, tries)


@dataclass(frozen=True, slots=True)
class Record:
    """One source object: its link, what was exported, what was last seen of it, and what failed.

    `fingerprint` and `references` are of the object and of its references as last handled; empty means
    that they have to be looked at again. `matched` tells a found object from one made by the engine.
    """

    source_id: str
    kind: Kind
    name: str
    target_id: str | None = None
    exported: JsonObject = field(default_factory=dict[str, object])
    fingerprint: str = ""
    references: str = ""
    matched: bool = False
    reread: bool = False
    managed: bool = True
    manager: str | None = None
    escrow: Escrow | None = None
    reference_escrow: Escrow | None = None


@dataclass(frozen=True, slots=True)
class RecordSaved:
    """A record is new or changed."""

    record: Record


@dataclass(frozen=True, slots=True)
class RecordForgotten:
    """An object is gone; so are its memberships."""

    source_id: str


@dataclass(frozen=True, slots=True)
class MembersChanged:
    """Memberships that the target has accepted, by source ids."""

    group_id: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobSaved:
    """The job's condition changed."""

    job: Job


Change: TypeAlias = RecordSaved | RecordForgotten | MembersChanged | JobSaved


class Memory:
    """The state in hand. `apply` is the only way to change it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.records: dict[str, Record] = {}
        self.members: dict[str, set[str]] = {}
        self._owners: dict[tuple[Kind, str], str] = {}

    def apply(self, change: Change) -> None:
        """Take over one change."""
        match change:
            case RecordSaved(record):
                self._disown(record.source_id)
                self.records[record.source_id] = record
                if record.target_id is not None:
                    self._owners[record.kind, record.target_id] = record.source_id
            case RecordForgotten(source_id):
                self._disown(source_id)
                self.records.pop(source_id, None)
                self.members.pop(source_id, None)
                for members in self.members.values():
                    members.discard(source_id)
            case MembersChanged(group_id, added, removed):
                members = self.members.setdefault(group_id, set())
                members.update(added)
                members.difference_update(removed)
            case JobSaved(job):
                self.job = job

    def owner(self, kind: Kind, target_id: str) -> str | None:
        """The source object that is linked to an object of the target."""
        return self._owners.get((kind, target_id))

    def _disown(self, source_id: str) -> None:
        record = self.records.get(source_id)
        if (
            record is not None
            and record.target_id is not None
            and self.owner(record.kind, record.target_id) == source_id
        ):
            del self._owners[record.kind, record.target_id]

    def escrows(self) -> int:
        """How many records hold a failed change."""
        return sum(1 for each in self.records.values() if each.escrow or each.reference_escrow)

    def prune(self) -> Iterator[Change]:
        """Drop all escrows; what had failed is only looked at again after a restart or a change."""
        for record in list(self.records.values()):
            if record.escrow or record.reference_escrow:
                yield RecordSaved(replace(record, escrow=None, reference_escrow=None))

    def restart(self) -> Iterator[Change]:
        """Reset quarantine, watermark and escrows; keep the links, which are read again (2.8)."""
        for record in list(self.records.values()):
            linked = record.target_id is not None
            yield RecordSaved(
                replace(
                    record,
                    fingerprint="",
                    references="",
                    reread=linked,
                    matched=linked,
                    manager=None,
                    escrow=None,
                    reference_escrow=None,
                )
            )
        for group_id, members in list(self.members.items()):
            if members:
                yield MembersChanged(group_id, removed=tuple(members))
        yield JobSaved(self.job.restarted())


def fingerprint(value: object) -> str:
    """A short digest that differs when the value does."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
