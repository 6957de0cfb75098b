"""What `verify` found: each finding in a sentence, the first of each kind kept, all of them counted."""

from dataclasses import dataclass, field
from typing import Literal

FindingKind = Literal[
    "damage", "orphan", "document", "derived", "email", "name", "version", "time", "member_count", "counter"
]
MEANINGS: dict[FindingKind, str] = {
    "damage": "The file itself is damaged.",
    "orphan": "A row refers to another one that is not there.",
    "document": "The document of a user cannot be read.",
    "derived": "A column is not what follows from the row's own data.",
    "email": "The index of e-mail addresses is not what follows from the documents.",
    "name": "A name that must be unique is there twice.",
    "version": "A version is less than 1.",
    "time": "A row was changed before it was made.",
    "member_count": "A group counts other members than it has.",
    "counter": "A connection counts other users or groups than it has.",
}
REPAIRABLE: frozenset[FindingKind] = frozenset({"derived", "email", "member_count", "counter"})
"""What can be derived from the rest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` is what it is about: a user, a group, a row's key, or the connection itself."""

    kind: FindingKind
    connection_id: str
    id: str
    told: str
    repaired: bool = False


@dataclass(slots=True)
class Kept:
    """The findings of one kind."""

    count: int = 0
    repaired: int = 0
    first: list[Finding] = field(default_factory=list[Finding])


@dataclass(slots=True)
class Report:
    """All findings; of each kind the first `limit`. `looked_at` is how many rows of what were checked."""

    limit: int = 20
    kinds: dict[FindingKind, Kept] = field(default_factory=dict[FindingKind, Kept])
    looked_at: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, finding: Finding) -> None:
        """Keep a finding, or count it."""
        kept = self.kinds.setdefault(finding.kind, Kept())
        kept.count += 1
        kept.repaired += finding.repaired
        if len(kept.first) < self.limit:
            kept.first.append(finding)

    def add_uncalled(self, kind: FindingKind, count: int) -> None:
        """So many more of a kind, of which nothing else is known."""
        if count:
            self.kinds.setdefault(kind, Kept()).count += count

    def saw(self, what: str, count: int) -> None:
        """So many more rows were checked."""
        self.looked_at[what] = self.looked_at.get(what, 0) + count

    @property
    def left(self) -> int:
        """How many findings were not repaired."""
        return sum(kept.count - kept.repaired for kept in self.kinds.values())
