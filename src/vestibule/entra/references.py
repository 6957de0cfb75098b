"""References, after the objects: memberships, then managers (reference 2.2 and 2.4)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from vestibule.entra import log, wire
from vestibule.entra.answers import Answer, Listed, Trouble
from vestibule.entra.engine import Engine, Progress, Steps
from vestibule.entra.graph import TenantGroup, TenantUser
from vestibule.entra.memory import MembersChanged, Record, RecordSaved, fingerprint

_ONE_BATCH = (400, 409, 413, 422)
"""Refusals that are about the batch; after any other the rest of the group is not tried."""


def memberships(engine: Engine) -> Steps[None]:
    """Export what differs between each group's members and those exported before."""
    groups = [each for each in engine.tenant.groups if each.id in engine.groups_in_scope]
    for done, group in enumerate(groups, 1):
        record = engine.memory.records.get(group.id)
        if record is not None and _open(engine, record, fingerprint(sorted(group.members))):
            if record.target_id is None:
                engine.memberships["skipped"] += len(group.members)
            else:
                yield from _group(engine, group, record)
        yield Progress("memberships", done, len(groups))


def _open(engine: Engine, record: Record, wanted: str) -> bool:
    waiting = record.reference_escrow
    if waiting is not None and record.references == wanted:
        return engine.at >= waiting.next_attempt
    return record.references != wanted


@dataclass(frozen=True, slots=True)
class _Work:
    added: tuple[str, ...]
    removed: tuple[str, ...]
    unresolved: int
    waiting: bool


def _work(engine: Engine, group: TenantGroup) -> _Work:
    records = engine.memory.records
    exported = engine.memory.members.get(group.id, set[str]())
    new = [each for each in group.members if each not in exported]
    ready = [each for each in new if _linked(engine, each) and each in engine.users_in_scope]
    # A member whose own export failed is waited for. One that is skipped is not: the engine does not
    # notice when it comes into scope later, until a restart or a change of the group (2.4, known issue).
    waiting = any(each in records and records[each].escrow is not None for each in set(new) - set(ready))
    gone = sorted(each for each in exported - set(group.members) if _linked(engine, each))
    return _Work(tuple(ready), tuple(gone), len(new) - len(ready), waiting)


def _linked(engine: Engine, source_id: str) -> bool:
    return engine.target_of(source_id) is not None


def _group(engine: Engine, group: TenantGroup, record: Record) -> Steps[None]:
    work = _work(engine, group)
    engine.memberships["skipped"] += work.unresolved
    wanted = fingerprint(sorted(group.members))
    failed = yield from _batches(engine, replace(record, references=wanted), work)
    if failed is None:
        record = replace(record, references="" if work.waiting else wanted, reference_escrow=None)
        yield from engine.keep(RecordSaved(record))


def _batches(engine: Engine, record: Record, work: _Work) -> Steps[Record | None]:
    """Send the batches; the record when any failed, else None."""
    failed: Record | None = None
    size = engine.settings.batch
    todo: list[tuple[Literal["added", "removed"], tuple[str, ...]]] = [
        *(("removed", each) for each in _cut(work.removed, size)),
        *(("added", each) for each in _cut(work.added, size)),
    ]
    for number, (what, batch) in enumerate(todo):
        ids = tuple(target for each in batch if (target := engine.target_of(each)))
        call = wire.add_members if what == "added" else wire.remove_members
        answer = yield from engine.ask(call(record.target_id or "", ids, engine.settings.mode))
        if isinstance(answer, Trouble):
            engine.memberships["refused"] += len(batch)
            failed = yield from _refused(engine, failed or record, answer, "members")
            if answer.status not in _ONE_BATCH:
                engine.memberships["refused"] += sum(len(rest) for _, rest in todo[number + 1 :])
                break
            continue
        engine.memberships[what] += len(batch)
        change = (
            MembersChanged(record.source_id, added=batch)
            if what == "added"
            else MembersChanged(record.source_id, removed=batch)
        )
        yield from engine.keep(change)
        text = ",".join(ids)
        yield from _note(engine, record, ("members", None, text) if what == "added" else ("members", text, None))
    return failed


def _cut(ids: tuple[str, ...], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(ids), max(1, size)):
        yield ids[start : start + max(1, size)]


def managers(engine: Engine) -> Steps[None]:
    """Export who reports to whom, where that differs."""
    people = [each for each in engine.tenant.users if each.active and each.id in engine.users_in_scope]
    for done, user in enumerate(people, 1):
        record = engine.memory.records.get(user.id)
        if record is not None and record.target_id and _open(engine, record, user.manager or "nobody"):
            yield from _manager(engine, user, record)
        yield Progress("managers", done, len(people))


def _manager(engine: Engine, user: TenantUser, record: Record) -> Steps[None]:
    settled = replace(record, references=user.manager or "nobody", reference_escrow=None)
    target = engine.target_of(user.manager) if user.manager else None
    if user.manager is not None and (target is None or user.manager not in engine.users_in_scope):
        boss = engine.memory.records.get(user.manager)
        if boss is not None and boss.escrow is not None:
            return  # waited for, as a member is
        yield from engine.keep(RecordSaved(settled))
        return
    answer = yield from _say_manager(engine, user, record, target)
    if isinstance(answer, Trouble):
        yield from _refused(engine, replace(record, references=settled.references), answer, "manager")
        return
    yield from engine.keep(RecordSaved(replace(settled, manager=user.manager)))
    if answer != "same":
        before = engine.target_of(record.manager) if record.manager else None
        yield from _note(engine, record, ("manager", before, target))


def _say_manager(
    engine: Engine, user: TenantUser, record: Record, target: str | None
) -> Steps[Answer | Literal["same"]]:
    mode, target_id = engine.settings.mode, record.target_id or ""
    if record.manager == user.manager:
        return "same"
    if target is None:
        return (yield from engine.ask(wire.remove_manager(target_id, mode)))
    if record.matched and record.manager is None:
        # Only of an object that was there before it is unknown what the target has (1.3).
        answer = yield from engine.ask(wire.check_manager(target_id, target))
        if isinstance(answer, Trouble):
            return answer
        if isinstance(answer, Listed) and answer.resources:
            return "same"
    return (yield from engine.ask(wire.set_manager(target_id, target, mode, had=record.manager is not None)))


def _note(engine: Engine, record: Record, modified: tuple[str, str | None, str | None]) -> Steps[None]:
    steps = (
        log.received(record.kind, record.name, "Update"),
        log.Step(
            "ReferenceResolution",
            "referenceResolution",
            "success",
            f"Resolved {modified[0]} of {record.kind} '{record.name}' to entries in {log.SYSTEM}",
        ),
        log.export(record.kind, record.name, "update", "success"),
    )
    ids = (record.kind, record.source_id, record.name, record.target_id)
    yield from engine.note(log.Event(*ids, "update", "success", steps, (modified,)))


def _refused(engine: Engine, record: Record, trouble: Trouble, what: str) -> Steps[Record]:
    reason = f"{log.failed_reason(record.kind, record.name, 'update', trouble)}\nAttribute: {what}"
    steps = (
        log.received(record.kind, record.name, "Update"),
        log.export(record.kind, record.name, "update", "failure"),
    )
    ids = (record.kind, record.source_id, record.name, record.target_id)
    event = log.Event(*ids, "update", "failure", steps, (), trouble.code, reason)
    return (yield from engine.fail_reference(record, event))
