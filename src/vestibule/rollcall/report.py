"""What a roll call comes to: the figures of a group, and a bounded number of names for each reason."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vestibule.clock import rfc3339
from vestibule.model import JsonObject, Pending
from vestibule.store.roll_calls import KeptExpectation
from vestibule.store.standing import StandingGroup

NAMES = 1_000
"""How many people of one reason are named unless all are asked for."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One missing person (`count` 1), or a number of unnamed ones, and the reason with what shows it."""

    who: str
    reason: str
    detail: str
    request_id: str | None = None
    count: int = 1
    evidence: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Ids and instants: `user_id`, `holder`, `hold_id`, `deleted_at`, `waiting_since`, `via`."""
    named: bool = True
    """Whether `who` is somebody's name, and not a number of people."""

    def as_json(self) -> JsonObject:
        """The row for `--json`."""
        return {
            "who": self.who,
            "reason": self.reason,
            "detail": self.detail,
            "request_id": self.request_id,
            "count": self.count,
            "evidence": dict(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Extra:
    """Somebody present who is not expected; `origin` is `app`, `login`, `left_over`, `beyond_number` or `double`.

    `double` is another account of somebody who is expected and present by a first one.
    """

    who: str
    reason: str
    origin: str = ""
    user_id: str | None = None
    count: int = 1
    named: bool = True
    """Whether `who` is somebody's name, and not a number of people."""

    def as_json(self) -> JsonObject:
        """The row for `--json`."""
        return {
            "who": self.who,
            "reason": self.reason,
            "origin": self.origin,
            "user_id": self.user_id,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class Inactive:
    """Somebody expected who is a member, but whose account is deactivated here although the list says enabled."""

    who: str
    user_id: str

    def as_json(self) -> JsonObject:
        """The row for `--json`."""
        return {"who": self.who, "user_id": self.user_id}


@dataclass(frozen=True, slots=True)
class GroupRoll:
    """The roll of one group. `missing`, `extra` and `inactive` name at most so many of a reason; the counts are of all.

    `present` are all members, also deactivated ones.
    """

    name: str
    expected: int
    present: int
    missing: tuple[Missing, ...] = ()
    extra: tuple[Extra, ...] = ()
    nested: tuple[str, ...] = ()
    pending: tuple[Pending, ...] = ()
    """The first of those who were named as members and are no users here (yet), whether expected or not."""
    reasons: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many are missing for which reason."""
    extras: Mapping[str, int] = field(default_factory=dict[str, int])
    """How many are extra, by `origin`."""
    pending_count: int = 0
    kept: KeptExpectation | None = None
    """The expectation, when it is one that the server keeps."""
    group_id: str | None = None
    inactive: tuple[Inactive, ...] = ()
    inactive_count: int = 0
    """How many of those present are deactivated here, of whom the list does not say so, too."""
    reading: StandingGroup | None = None
    """How it stands with the reading of the list, when it is read from Microsoft Graph again and again."""

    @property
    def missing_count(self) -> int:
        """How many are missing."""
        return sum(self.reasons.values())

    @property
    def extra_count(self) -> int:
        """How many are too many."""
        return sum(self.extras.values())

    @property
    def balanced(self) -> bool:
        """Everybody expected is present and nobody else; some of them may be deactivated here, see `inactive`."""
        return not self.reasons and not self.extras

    def as_json(self) -> JsonObject:
        """The group for `--json`."""
        return {
            "name": self.name,
            "group_id": self.group_id,
            "expected": self.expected,
            "present": self.present,
            "balanced": self.balanced,
            "missing_count": self.missing_count,
            "reasons": dict(self.reasons),
            "missing": [each.as_json() for each in self.missing],
            "extra_count": self.extra_count,
            "extra": [each.as_json() for each in self.extra],
            "inactive_count": self.inactive_count,
            "inactive": [each.as_json() for each in self.inactive],
            "nested_groups": list(self.nested),
            "pending_count": self.pending_count,
            "pending": [
                {"ref": each.ref, "since": rfc3339(each.added_at), "nested": each.nested, "former": each.former}
                for each in self.pending
            ],
            "expectation": None if self.kept is None else expectation_json(self.kept),
            "reading": None if self.reading is None else reading_json(self.reading),
        }


def reading_json(reading: StandingGroup) -> JsonObject:
    """How it stands with the reading of a list, for `--json`."""
    since = reading.failing_since
    return {
        "read_at": rfc3339(reading.read_at),
        "tried_at": rfc3339(reading.tried_at),
        "next_at": rfc3339(reading.due_at),
        "failing_since": None if since is None else rfc3339(since),
        "fault": None if reading.fault is None else reading.fault.as_json(),
    }


def expectation_json(kept: KeptExpectation) -> JsonObject:
    """A kept expectation for `--json`."""
    return {
        "id": kept.id,
        "group": kept.group,
        "source": kept.source,
        "hint": kept.hint,
        "count": kept.count,
        "taken_at": rfc3339(kept.taken_at),
        "called_at": None if kept.called_at is None else rfc3339(kept.called_at),
        "balanced": None if kept.called_at is None else kept.balanced,
        "external_id": kept.external_id,
        "nested_groups": list(kept.nested),
        "detail": dict(kept.detail),
    }


def summary(rolls: Sequence[GroupRoll]) -> JsonObject:
    """All rolls as one JSON document."""
    return {"balanced": all(each.balanced for each in rolls), "groups": [each.as_json() for each in rolls]}


@dataclass(slots=True)
class Tally:
    """Counts everybody, and keeps the first `names` of each reason (None: all)."""

    names: int | None = NAMES
    missing: list[Missing] = field(default_factory=list[Missing])
    extra: list[Extra] = field(default_factory=list[Extra])
    reasons: Counter[str] = field(default_factory=Counter[str])
    extras: Counter[str] = field(default_factory=Counter[str])
    inactive: list[Inactive] = field(default_factory=list[Inactive])
    inactive_count: int = 0

    def miss(self, missing: Missing) -> None:
        """One more who is missing, or a number of them."""
        if self.names is None or self.reasons[missing.reason] < self.names:
            self.missing.append(missing)
        self.reasons[missing.reason] += missing.count

    def exceed(self, extra: Extra) -> None:
        """One more who is too many, or a number of them."""
        if self.names is None or self.extras[extra.origin] < self.names:
            self.extra.append(extra)
        self.extras[extra.origin] += extra.count

    def note_inactive(self, inactive: Inactive) -> None:
        """One more who is present and deactivated here."""
        if self.names is None or self.inactive_count < self.names:
            self.inactive.append(inactive)
        self.inactive_count += 1
