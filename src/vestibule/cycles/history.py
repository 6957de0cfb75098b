"""What is known of the cycles of a connection, as it is kept between two looks at its log."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal, TypeVar, cast

import orjson

T = TypeVar("T")
CycleKind = Literal["initial", "incremental", "refused"]
"""`refused`: nothing at all was answered, e.g. because the token was not accepted."""
KEPT: Final = 30
"""How many cycles are remembered."""
OPEN: Final = 200
"""How many refusals that nothing has made good are remembered one by one; the others are counted."""


@dataclass(slots=True)
class Tally:
    """What happened to the users, or to the groups. `refused` counts objects, the rest requests."""

    found: int = 0
    missed: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0
    forbidden: int = 0
    """Of the refused, those that the caller was not let do (403)."""

    @property
    def all_refused(self) -> bool:
        """Whether objects were refused, and none was found or written: who is missed is to be created next."""
        return 0 < self.refused >= self.missed and not self.found and not self.written

    @property
    def written(self) -> int:
        """Writes that were accepted."""
        return self.created + self.updated + self.unchanged + self.deleted

    @property
    def touched(self) -> int:
        """About how many objects that were here before were looked at."""
        return max(self.found, self.updated + self.unchanged)


@dataclass(slots=True)
class Memberships:
    """What happened to memberships. `already` were so before, `refused` counts requests."""

    joined: int = 0
    already: int = 0
    left: int = 0
    parked: int = 0
    refused: int = 0


@dataclass(slots=True)
class Run:
    """Requests that came close upon each other. Times in microseconds."""

    first_id: str
    last_id: str
    began: int
    ended: int
    number: int = 0
    """Which cycle it is, from 1; 0 while it is none."""
    kind: CycleKind | None = None
    requests: int = 0
    probes: int = 0
    """Connection tests, refused ones too."""
    reads: int = 0
    """Requests that only read something no cycle reads: lists and discovery."""
    answered: int = 0
    unauthorized: int = 0
    shut_out: int = 0
    """Of these, those that came last, one after the other."""
    faults: int = 0
    """Answers from 500 on."""
    adrift: int = 0
    """Refused requests that were about no user and no group by name, so that nothing waits to be made good."""
    adrift_id: str = ""
    """The newest of them."""
    users: Tally = field(default_factory=Tally)
    groups: Tally = field(default_factory=Tally)
    memberships: Memberships = field(default_factory=Memberships)

    @property
    def id(self) -> str:
        """The id of the cycle; the same however often it is inferred."""
        return f"cyc_{self.first_id.rpartition('_')[2]}"

    @property
    def refused(self) -> int:
        """Objects and membership changes that were refused."""
        return self.users.refused + self.groups.refused + self.memberships.refused

    @property
    def only_tests(self) -> bool:
        """Whether it is no cycle: connection tests that went well, lists, discovery."""
        return self.answered > 0 and self.requests == self.probes + self.reads


@dataclass(slots=True)
class Refusal:
    """The newest refusal of one object that nothing has made good, and in how many cycles it was refused."""

    id: str
    at: int
    kind: str
    who: str
    method: str
    status: int
    token_id: str | None
    need: list[str]
    reason: str
    run: str
    """The first request of the run that it was in."""
    runs: int = 1


@dataclass(slots=True)
class History:
    """All that is known. `open` is keyed by kind and name."""

    contacts: int = 0
    last_contact: int | None = None
    tested_at: int | None = None
    """When nothing but a connection test, or reading, was seen last."""
    count: int = 0
    known: int = 0
    """About how many users the identity provider has linked."""
    cycles: list[Run] = field(default_factory=list[Run])
    """The finished ones, oldest first."""
    run: Run | None = None
    open: dict[str, Refusal] = field(default_factory=dict[str, Refusal])
    more: int = 0
    """About how many refused objects are not in `open`, because it is full: of the last run that met any."""
    more_in: str = ""
    """The first request of that run."""
    strangers: int = 0
    """Requests with no token and nothing in its place, as a browser sends them; they belong to no run."""

    def as_text(self) -> str:
        """The history as JSON text."""
        return orjson.dumps(asdict(self)).decode()


def read_history(text: str) -> History:
    """A history out of `as_text`, or an empty one out of `{}`. What a newer version keeps beside is left out."""
    kept: dict[str, Any] = orjson.loads(text)
    made = _made(History, kept)
    made.cycles = [_run(each) for each in kept.get("cycles", ())]
    made.run = _run(kept["run"]) if kept.get("run") else None
    made.open = {key: _made(Refusal, each) for key, each in kept.get("open", {}).items()}
    return made


def _run(kept: dict[str, Any]) -> Run:
    made = _made(Run, kept)
    made.users, made.groups = _made(Tally, kept["users"]), _made(Tally, kept["groups"])
    made.memberships = _made(Memberships, kept["memberships"])
    return made


def _made(kind: type[T], kept: dict[str, Any]) -> T:
    names = {each.name for each in fields(cast("Any", kind))}
    return kind(**{name: value for name, value in kept.items() if name in names})
