"""What a connection test found: a matrix of users and groups by verb, each cell with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vestibule.entra.wire import Kind
from vestibule.explain import Explanation
from vestibule.model import JsonObject
from vestibule.scim.scopes import needed

Verb = Literal["look_up", "create", "read", "change", "add_member", "remove_member", "deactivate", "delete"]
Verdict = Literal["yes", "no", "not_tried", "unclear"]
Mode = Literal["dry", "canary", "listen"]

SIGNS: dict[Verdict, str] = {"yes": "✓", "no": "✗", "not_tried": "–", "unclear": "?"}
METHODS: dict[Verb, str] = {
    "look_up": "GET",
    "create": "POST",
    "read": "GET",
    "change": "PATCH",
    "add_member": "PATCH",
    "remove_member": "PATCH",
    "deactivate": "PATCH",
    "delete": "DELETE",
}
VERBS: dict[Kind, tuple[Verb, ...]] = {
    "User": ("look_up", "create", "read", "change", "deactivate", "delete"),
    "Group": ("look_up", "create", "read", "change", "add_member", "remove_member", "delete"),
}
"""What Entra does to each."""


def scope_of(kind: Kind, verb: Verb) -> str:
    """The scope that a cell needs."""
    return needed(METHODS[verb], kind)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One request and its answer. `status` is 0 when none came; `ms` are milliseconds."""

    method: str
    path: str
    status: int
    scim_type: str | None
    detail: str | None
    ms: int
    request_id: str | None

    def as_json(self) -> JsonObject:
        """The evidence for `--json`."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "scim_type": self.scim_type,
            "detail": self.detail,
            "ms": self.ms,
            "request_id": self.request_id,
        }


@dataclass(frozen=True, slots=True)
class Cell:
    """One verb on users or groups. `held` says whether the token has the scope, None when nobody said so.

    `evidence` is the request itself, then those that checked what became of it. `notes` are oddities of a server that
    do no harm.
    """

    kind: Kind
    verb: Verb
    verdict: Verdict
    held: bool | None = None
    evidence: tuple[Evidence, ...] = ()
    explanation: Explanation | None = None
    notes: tuple[Explanation, ...] = ()

    @property
    def scope(self) -> str:
        """The scope that it needs."""
        return scope_of(self.kind, self.verb)

    def as_json(self) -> JsonObject:
        """The cell for `--json`."""
        return {
            "verdict": self.verdict,
            "sign": SIGNS[self.verdict],
            "scope": self.scope,
            "held": self.held,
            "evidence": [each.as_json() for each in self.evidence],
            "explanation": self.explanation.as_json() if self.explanation else None,
            "notes": [each.as_json() for each in self.notes],
        }


@dataclass(frozen=True, slots=True)
class Discovered:
    """One of the three discovery endpoints. Entra can do without them, so a missing one is told and no more."""

    name: str
    verdict: Verdict
    evidence: Evidence
    notes: tuple[Explanation, ...] = ()

    def as_json(self) -> JsonObject:
        """The row for `--json`."""
        return {
            "name": self.name,
            "verdict": self.verdict,
            "sign": SIGNS[self.verdict],
            "evidence": self.evidence.as_json(),
            "notes": [each.as_json() for each in self.notes],
        }


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that the test made, or may have made, and could not take away. `id` is None when it was never told."""

    kind: Kind
    mark: str
    id: str | None
    why: str

    def as_json(self) -> JsonObject:
        """The leftover for `--json`."""
        return {"kind": self.kind, "mark": self.mark, "id": self.id, "why": self.why}


@dataclass(frozen=True, slots=True)
class Report:
    """A whole test. `got` are the scopes of the token as far as anybody told them; `seen` is what came in while
    listening, `trouble` what keeps the whole connection from working; `swept` is how many leftovers of earlier tests
    were taken away."""

    url: str
    mode: Mode
    ours: bool
    cells: Mapping[tuple[Kind, Verb], Cell]
    token_id: str | None = None
    got: tuple[str, ...] | None = None
    discovery: tuple[Discovered, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    trouble: Explanation | None = None
    interrupted: bool = False
    seen: tuple[JsonObject, ...] = ()
    swept: int = 0

    @property
    def proven(self) -> bool:
        """Whether every cell is: nothing refused, nothing unclear, nothing left out, nothing left behind."""
        return (
            self.trouble is None
            and not self.interrupted
            and not self.leftovers
            and all(each.verdict == "yes" for each in self.cells.values())
        )

    @property
    def finding(self) -> bool:
        """Whether anything is wrong. What a dry run leaves out is no finding, though it is not proven either."""
        return (
            self.trouble is not None
            or self.interrupted
            or bool(self.leftovers)
            or any(each.verdict in ("no", "unclear") for each in self.cells.values())
        )

    @property
    def entra_test(self) -> Literal["green", "red"] | None:
        """What Entra's own Test Connection shows with this token: it looks up a user, once, and nothing else."""
        cell = self.cells["User", "look_up"]
        # A second look-up is made only where the first was as it should be.
        verdict = "yes" if len(cell.evidence) > 1 else cell.verdict
        return {"yes": "green", "no": "red"}.get(verdict)  # pyright: ignore[reportReturnType]

    def as_json(self) -> JsonObject:
        """The document that `vestibule test scim --json` prints."""
        matrix = {
            f"{kind.lower()}s": {verb: self.cells[kind, verb].as_json() for verb in verbs}
            for kind, verbs in VERBS.items()
        }
        return {
            "url": self.url,
            "mode": self.mode,
            "server": "vestibule" if self.ours else "foreign",
            "proven": self.proven,
            "finding": self.finding,
            "summary": summary(self),
            "entra_test": self.entra_test,
            "token_id": self.token_id,
            "got": None if self.got is None else list(self.got),
            "trouble": self.trouble.as_json() if self.trouble else None,
            "discovery": [each.as_json() for each in self.discovery],
            "matrix": matrix,
            "leftovers": [each.as_json() for each in self.leftovers],
            "swept": self.swept,
            "interrupted": self.interrupted,
            "seen": list(self.seen),
        }


def summary(report: Report) -> str:
    """The result in two sentences at most: what holds, and what Entra's own test says beside it."""
    if report.interrupted:
        return "The test was interrupted; what was not tried is not proven."
    if report.trouble is not None:
        return report.trouble.sentence
    users, groups = (_wrong(report, kind) for kind in VERBS)
    if groups and report.entra_test == "green":
        more = f" Users {users}, too." if users else ""
        return f"Entra's own Test Connection is green here, as it only looks up a user, but groups {groups}.{more}"
    if users or groups:
        return " ".join(f"{kind} {told}." for kind, told in (("Users", users), ("Groups", groups)) if told)
    if report.leftovers:
        return "Everything was answered as it should be, but something was left behind."
    if report.proven:
        how = "the token has every scope" if report.mode != "canary" else "every verb was tried"
        return f"Users and groups are in order: {how} that Entra's provisioning needs."
    return "Reading users and groups is in order. Writing is not proven: run it with --canary."


def _wrong(report: Report, kind: Kind) -> str:
    """What of a kind fails and what is not proven, in words; empty when nothing is wrong."""
    told: list[str] = []
    for verdict, words in (("no", "fail"), ("unclear", "are not proven")):
        verbs = [verb.replace("_", " ") for verb in VERBS[kind] if report.cells[kind, verb].verdict == verdict]
        if verbs:
            told.append(f"{words} ({', '.join(verbs)})")
    return " and ".join(told)


def untried(verdict: Verdict = "not_tried") -> dict[tuple[Kind, Verb], Cell]:
    """A matrix in which nothing is known yet."""
    return {(kind, verb): Cell(kind, verb, verdict) for kind, verbs in VERBS.items() for verb in verbs}
