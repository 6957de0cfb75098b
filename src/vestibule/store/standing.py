"""What the store keeps of groups that are read from Microsoft Graph again and again; a part of `vestibule.store.Store`.

A connection has one application to read with, and any number of groups that are. With its last group it is forgotten,
too: a secret that serves nothing is not kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vestibule.model import Audit, JsonObject


@dataclass(frozen=True, slots=True)
class GraphSource:
    """An application registration of the tenant; `secret` is sealed."""

    connection_id: str
    tenant: str
    client_id: str
    secret: str = field(repr=False)
    graph_url: str
    login_url: str
    kept_at: int


@dataclass(frozen=True, slots=True)
class ReadFault:
    """Why a read came to nothing: a code, what happened, what to do."""

    code: str
    sentence: str
    fix: str

    def as_json(self) -> JsonObject:
        """The fault for `--json`."""
        return {"code": self.code, "sentence": self.sentence, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class StandingGroup:
    """A group of which it is read again and again who is in it. Instants in microseconds UTC.

    `graph_id` is its Object ID. `read_at` is of the last read that succeeded, `tried_at` of the beginning of the last
    one; what was kept then stands since `failing_since`, as each read failed, the last one for `fault`.
    """

    connection_id: str
    group: str
    graph_id: str
    read_at: int
    tried_at: int
    due_at: int
    failing_since: int | None = None
    fault: ReadFault | None = None


class StandingStore(Protocol):
    """Groups that are read again, and with what."""

    async def keep_standing(self, source: GraphSource, group: StandingGroup, audit: Audit) -> None:
        """Keep what a connection's groups are read with, in place of what was, and one group more or anew.

        Those that could not be read are due at once. Raises NotFound when the current expectation of the group is not
        out of this group of Graph's.
        """
        ...

    async def graph_source(self, connection_id: str) -> GraphSource:
        """What a connection's groups are read with. Raises NotFound."""
        ...

    async def standing_groups(self, connection_id: str) -> list[StandingGroup]:
        """The groups of a connection that are read again, by their names."""
        ...

    async def standing_group(self, connection_id: str, group: str) -> StandingGroup | None:
        """One of them, its name compared caseless."""
        ...

    async def standing_due(self, now: int, tried_before: int) -> list[StandingGroup]:
        """Those of all connections that are due by now, the longest overdue first.

        One that was read well, and whose group here was changed since, is due when it was tried before `tried_before`.
        """
        ...

    async def claim_standing(self, group: StandingGroup, now: int, until: int) -> StandingGroup | None:
        """Be the one who reads a group, until an instant; None when another one is, or it is read no more."""
        ...

    async def note_standing(self, claimed: StandingGroup, after: StandingGroup, audit: Audit | None) -> bool:
        """Keep what a read came to; False, and nothing is kept, when the claim is no longer the newest."""
        ...

    async def settle_standing(
        self,
        claimed: StandingGroup,
        after: StandingGroup,
        expectation_id: str,
        audit: Sequence[Audit],
        nested: Sequence[str],
    ) -> bool:
        """As `note_standing`, and the draft becomes the current expectation, both or neither; `audit` is not empty."""
        ...

    async def is_as_current(self, connection_id: str, expectation_id: str, nested: Sequence[str]) -> bool:
        """Whether a draft, with these groups within it, has the same people as the current expectation of its group."""
        ...

    async def forget_source(self, connection_id: str, audit: Audit) -> None:
        """Read no group of a connection again, and forget the secret; who is expected stays. Raises NotFound."""
        ...
