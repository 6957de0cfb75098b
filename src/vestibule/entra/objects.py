"""Users, then groups: match, create or link, update, disable, delete (reference 2.2 and 2.3)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from vestibule.entra import log, paths, wire
from vestibule.entra.answers import Done, Found, Listed, Trouble
from vestibule.entra.engine import Engine, Progress, Steps
from vestibule.entra.graph import TenantGroup, TenantUser
from vestibule.entra.mapping import Values, group_values, user_values
from vestibule.entra.memory import Record, RecordForgotten, RecordSaved, fingerprint
from vestibule.entra.wire import Edit, JsonObject, Kind


@dataclass(frozen=True, slots=True)
class Subject:
    """A source object as it is to be exported."""

    kind: Kind
    id: str
    name: str
    values: Values
    in_scope: bool
    active: bool = True

    @property
    def matching(self) -> tuple[str, str]:
        """The matching attribute and its value."""
        return ("userName" if self.kind == "User" else "displayName", self.name)

    @property
    def fingerprint(self) -> str:
        """Differs when the object, as it is exported, differs."""
        return fingerprint([self.values, self.in_scope, self.active])


def synchronize(engine: Engine, kind: Kind) -> Steps[None]:
    """All objects of one type that are new, changed, failed before, out of scope or gone."""
    sources: tuple[TenantUser | TenantGroup, ...] = engine.tenant.users if kind == "User" else engine.tenant.groups
    # What is gone goes first: its name may have been given to somebody else.
    known = {each.id for each in sources}
    for record in [r for r in engine.memory.records.values() if r.kind == kind and r.source_id not in known]:
        yield from _purge(engine, record)
    doubles = _doubles(engine, sources)
    # What is linked goes before what is new, which may have been given the old name of somebody renamed.
    ordered = sorted(sources, key=lambda each: engine.target_of(each.id) is None)
    phase = f"{kind.lower()}s"
    for done, source in enumerate(ordered, 1):
        # Made one at a time: all the values of all people would weigh more than all that is remembered.
        subject = _subject(engine, source)
        wanted = subject.fingerprint
        record = engine.memory.records.get(subject.id) or Record(subject.id, kind, subject.name)
        unread = record.reread and record.escrow is None
        if record.fingerprint != wanted or unread or engine.due(record):
            record = replace(record, name=subject.name, fingerprint=wanted)
            yield from _one(engine, subject, record, double=subject.id in doubles)
        yield Progress(phase, done, len(ordered))


def _subject(engine: Engine, source: TenantUser | TenantGroup) -> Subject:
    in_scope = _in_scope(engine, source)
    if isinstance(source, TenantGroup):
        return Subject("Group", source.id, _name(source), group_values(source), in_scope)
    values = user_values(source, in_scope=in_scope, external_id_source=engine.settings.external_id_source)
    return Subject("User", source.id, _name(source), values, in_scope, source.active)


def _name(source: TenantUser | TenantGroup) -> str:
    """The matching value."""
    return source.user_name if isinstance(source, TenantUser) else source.display_name


def _in_scope(engine: Engine, source: TenantUser | TenantGroup) -> bool:
    return source.id in (engine.users_in_scope if isinstance(source, TenantUser) else engine.groups_in_scope)


def _doubles(engine: Engine, sources: Iterable[TenantUser | TenantGroup]) -> frozenset[str]:
    """Ids of objects in scope whose matching value another one, before them, has too."""
    seen: set[str] = set()
    doubles: set[str] = set()
    for each in sources:
        if _in_scope(engine, each):
            key = _name(each).casefold()
            doubles.update({each.id} if key in seen else ())
            seen.add(key)
    return frozenset(doubles)


def _one(engine: Engine, subject: Subject, record: Record, *, double: bool) -> Steps[None]:
    if record.target_id is None:
        if not (subject.in_scope and subject.active):
            yield from _skip(engine, subject, record)
        elif double:
            reason = f"Two {subject.kind}s of the source have the same {subject.matching[0]} '{subject.name}'."
            yield from _fail(engine, subject, record, "create", "DuplicateSourceEntries", reason)
        else:
            engine.seen[subject.kind].attempted += 1
            yield from _match(engine, subject, record)
    elif not subject.in_scope and subject.kind == "Group":
        # A group that leaves scope is deleted, and made again should it come back (2.3).
        yield from _delete(engine, record)
    elif not subject.in_scope and not record.managed:
        yield from engine.keep(RecordSaved(replace(record, reread=False, escrow=None)))
    else:
        engine.seen[subject.kind].attempted += 1
        yield from _linked(engine, subject, record)


def _skip(engine: Engine, subject: Subject, record: Record) -> Steps[None]:
    """Never provisioned and disabled or out of scope: never created (2.2)."""
    why = "is not assigned to the application" if not subject.in_scope else "is disabled"
    text = f"{subject.kind} '{subject.name}' will be skipped. It {why} in {log.SOURCE} and was never provisioned"
    steps = (
        log.received(subject.kind, subject.name, "Add"),
        log.Step("EntrySynchronizationSkip", "scoping", "skipped", text),
    )
    engine.count(subject.kind, "skipped")
    code = "EntrySynchronizationSkipped"
    yield from engine.note(
        log.Event(subject.kind, subject.id, subject.name, None, "other", "skipped", steps, (), code, text)
    )
    yield from engine.keep(RecordSaved(replace(record, escrow=None)))


def _match(engine: Engine, subject: Subject, record: Record) -> Steps[None]:
    answer = yield from engine.ask(wire.match(subject.kind, *subject.matching))
    match answer:
        case Listed(()):
            yield from _create(engine, subject, record)
        case Listed((resource,)):
            yield from _link(engine, subject, record, resource)
        case Listed(several):
            ids = ", ".join(str(each["id"]) for each in several)
            reason = (
                f"{len(several)} {subject.kind}s in {log.SYSTEM} match {subject.matching[0]} '{subject.name}': {ids}"
            )
            yield from _fail(engine, subject, record, "other", "DuplicateTargetEntries", reason)
        case Trouble():
            yield from _unmatched(engine, subject, record, answer)
        case _:
            raise TypeError(answer)


def _unmatched(engine: Engine, subject: Subject, record: Record, trouble: Trouble) -> Steps[None]:
    """The target would not be searched; 401 and 403 carry the code of the origin's log (0a)."""
    code = "EntrySynchronizationError" if trouble.forbidden else trouble.code
    reason = log.unmatched_reason(subject.kind, subject.name, trouble, engine.settings.base)
    yield from _fail(engine, subject, record, "other", code, reason, forbidden=trouble.forbidden)


def _link(engine: Engine, subject: Subject, record: Record, resource: JsonObject) -> Steps[None]:
    target_id = str(resource["id"])
    if engine.memory.owner(subject.kind, target_id) not in (None, subject.id):
        # Two people must never share one account, as when a rename was refused and the old name is given away.
        reason = f"{subject.kind} '{target_id}' in {log.SYSTEM} is linked to another {subject.kind} of the source."
        yield from _fail(engine, subject, record, "other", "DuplicateSourceEntries", reason)
        return
    record = replace(record, target_id=target_id, exported=_current(subject, resource), matched=True)
    # Kept before the PATCH with an open fingerprint: killed in between, the next cycle sends the rest.
    yield from engine.keep(RecordSaved(replace(record, fingerprint="")))
    yield from _update(engine, subject, record, linked=True)


def _current(subject: Subject, resource: JsonObject) -> JsonObject:
    """What the target has of the mapped attributes."""
    found = {path: paths.find(resource, path) for path in subject.values}
    return {path: _plain(path, value) for path, value in found.items() if value is not None}


def _plain(path: str, value: Any) -> Any:
    if path == "active" and isinstance(value, str):
        return value.casefold() == "true"
    return value


def _create(engine: Engine, subject: Subject, record: Record) -> Steps[None]:
    answer = yield from engine.ask(wire.create(subject.kind, subject.values))
    matched = log.matching(subject.kind, subject.name, None)
    if not isinstance(answer, Found):
        yield from _refused(engine, subject, record, "create", answer, matched)
        return
    edits = tuple(Edit(path, value, had=False) for path, value in subject.values.items())
    yield from engine.keep(
        RecordSaved(replace(record, target_id=answer.id, exported=dict(subject.values), escrow=None, matched=False))
    )
    yield from _note(engine, subject, answer.id, "create", matched, edits)
    engine.count(subject.kind, "created")


def _linked(engine: Engine, subject: Subject, record: Record) -> Steps[None]:
    """A linked object: its cached id is trusted, and only read again after a restart."""
    if not record.reread:
        yield from _update(engine, subject, record, linked=False)
        return
    answer = yield from engine.ask(wire.read(subject.kind, record.target_id or ""))
    match answer:
        case Found(_, resource):
            record = replace(record, exported=_current(subject, resource), reread=False)
            yield from _update(engine, subject, record, linked=False)
        case Trouble(code="InvalidAnchor") if subject.in_scope and subject.active:
            # A restart is what mends an invalid anchor (2.11): the link goes, the object is matched anew.
            record = replace(record, target_id=None, exported={}, reread=False, matched=False)
            yield from engine.keep(RecordSaved(replace(record, fingerprint="")))
            yield from _match(engine, subject, record)
        case Trouble():
            yield from _unmatched(engine, subject, record, answer)
        case _:
            raise TypeError(answer)


def _edits(subject: Subject, record: Record) -> tuple[Edit, ...]:
    # Out of scope, nothing but the disabling is exported.
    wanted = subject.values if subject.in_scope else {"active": False}
    return tuple(
        Edit(path, value, before not in (None, ""), before)
        for path, value in wanted.items()
        if (before := record.exported.get(path)) != value
    )


def _update(engine: Engine, subject: Subject, record: Record, *, linked: bool) -> Steps[None]:
    target_id = record.target_id or ""
    edits = _edits(subject, record)
    disabling = any(each.path == "active" and each.value is False for each in edits)
    action: log.Action = "disable" if disabling else "update" if edits else "other"
    matched = log.matching(subject.kind, subject.name, target_id)
    if edits:
        answer = yield from engine.ask(wire.update(subject.kind, target_id, edits, engine.settings.mode))
        if not isinstance(answer, Done):
            yield from _refused(engine, subject, record, action, answer, matched)
            return
    exported = record.exported | {each.path: each.value for each in edits}
    record = replace(record, exported=exported, reread=False, escrow=None, managed=subject.in_scope)
    yield from engine.keep(RecordSaved(record))
    yield from _note(engine, subject, target_id, action, matched, edits)
    if edits or linked:
        engine.count(subject.kind, "linked" if linked else "disabled" if disabling else "updated")


def _note(
    engine: Engine, subject: Subject, target_id: str, action: log.Action, matched: log.Step, edits: tuple[Edit, ...]
) -> Steps[None]:
    steps = [log.received(subject.kind, subject.name, "Add" if action == "create" else "Update"), matched]
    if action != "other":
        steps.append(log.export(subject.kind, subject.name, action, "success"))
    modified = log.edited(edits)
    yield from engine.note(
        log.Event(subject.kind, subject.id, subject.name, target_id, action, "success", tuple(steps), modified)
    )


def _refused(
    engine: Engine, subject: Subject, record: Record, action: log.Action, answer: object, matched: log.Step
) -> Steps[None]:
    if not isinstance(answer, Trouble):
        raise TypeError(answer)
    reason = log.failed_reason(subject.kind, subject.name, action, answer)
    yield from _fail(engine, subject, record, action, answer.code, reason, forbidden=answer.forbidden, matched=matched)


def _fail(
    engine: Engine,
    subject: Subject,
    record: Record,
    action: log.Action,
    code: str,
    reason: str,
    *,
    forbidden: bool = False,
    matched: log.Step | None = None,
) -> Steps[None]:
    text = f"Failed to match {subject.kind} '{subject.name}' with an entry in {log.SYSTEM}"
    steps = [log.received(subject.kind, subject.name, "Update" if record.target_id else "Add")]
    if matched is None:
        steps.append(log.Step("EntrySynchronization", "matching", "failure", text))
    else:
        steps += [matched, log.export(subject.kind, subject.name, action, "failure")]
    event = log.Event(
        subject.kind, subject.id, subject.name, record.target_id, action, "failure", tuple(steps), (), code, reason
    )
    yield from engine.fail(record, event, forbidden=forbidden)


def _purge(engine: Engine, record: Record) -> Steps[None]:
    """Hard-deleted in the source. What was never linked, or is no longer managed, is only forgotten (2.3)."""
    if record.target_id is None or not record.managed:
        yield from engine.keep(RecordForgotten(record.source_id))
    elif record.escrow is None or engine.due(record):
        yield from _delete(engine, record)


def _delete(engine: Engine, record: Record) -> Steps[None]:
    engine.seen[record.kind].attempted += 1
    answer = yield from engine.ask(wire.delete(record.kind, record.target_id or ""))
    gone = isinstance(answer, Trouble) and answer.status == 404
    received = log.received(record.kind, record.name, "Delete")
    ids = (record.kind, record.source_id, record.name, record.target_id)
    if isinstance(answer, Trouble) and not gone:
        steps = (received, log.export(record.kind, record.name, "delete", "failure"))
        reason = log.failed_reason(record.kind, record.name, "delete", answer)
        event = log.Event(*ids, "delete", "failure", steps, (), answer.code, reason)
        yield from engine.fail(record, event, forbidden=answer.forbidden)
        return
    yield from engine.keep(RecordForgotten(record.source_id))
    steps = (received, log.export(record.kind, record.name, "delete", "success"))
    yield from engine.note(log.Event(*ids, "delete", "success", steps))
    engine.count(record.kind, "deleted")
