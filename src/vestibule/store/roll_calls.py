"""What the store keeps of the roll call; a part of `vestibule.store.Store`, with the same promises.

Who is expected in a group may be a hundred thousand people: they come and go in pages, and are compared with the
members where they lie, so that no list of them is ever whole in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from vestibule.model import Audit, Exchange, JsonObject, Member, Pending

Source = Literal["csv", "list", "count", "graph", "claims", "source"]
"""Where an expectation comes from. `claims` is a hint: only who has signed in is in it."""


@dataclass(frozen=True, slots=True)
class ExpectedPerson:
    """Somebody who should be in a group. `enabled` and `in_scope` are what the source says of the person."""

    user_name: str
    external_ids: frozenset[str] = frozenset()
    """Up to two ids by which the identity provider may name the person, e.g. objectId and mailNickname."""
    enabled: bool = True
    in_scope: bool = True
    known: bool = True
    """False when the list that names the person was held against the identity provider's own file, which does not."""
    via: str | None = None
    """The group within the group by way of which alone the person is expected."""


@dataclass(frozen=True, slots=True)
class KeptExpectation:
    """Who, or how many, should be in a group; `called_at` and what follows is what the last roll call found.

    `balanced` without `called_at` is what it found of the expectation before.

    `external_id` is the group's id in the identity provider, by which a renamed group is found. `count` is of the
    people, or the number itself where nobody is named (`source` is `count`).
    """

    connection_id: str
    id: str
    group: str
    source: Source
    count: int
    taken_at: int
    external_id: str | None = None
    nested: tuple[str, ...] = ()
    """Groups within the group: their people are not provisioned by way of it."""
    detail: JsonObject = field(default_factory=dict[str, object])
    """Where it was taken from, e.g. the name of the file."""
    called_at: int | None = None
    group_id: str | None = None
    group_version: int | None = None
    balanced: bool | None = None

    @property
    def hint(self) -> bool:
        """Whether absence from it proves nothing."""
        return self.source == "claims"


@dataclass(frozen=True, slots=True)
class Account:
    """A user as far as the roll call needs it. `member` is of the group in question."""

    user_id: str
    user_name: str
    external_id: str | None
    active: bool
    member: bool


@dataclass(frozen=True, slots=True)
class Departed:
    """A user who was deleted here; `merged_into` is the account that took over the memberships."""

    user_id: str
    deleted_at: int
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the connection knows of some people: by folded userName, by externalId, by folded address.

    `waiting` are the names (folded) under which somebody is kept aside for the group, with the time of the naming.
    """

    by_name: Mapping[str, Account] = field(default_factory=dict[str, Account])
    by_id: Mapping[str, Account] = field(default_factory=dict[str, Account])
    by_address: Mapping[str, tuple[Account, ...]] = field(default_factory=dict[str, tuple[Account, ...]])
    departed: Mapping[str, Departed] = field(default_factory=dict[str, Departed])
    waiting: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class RollRecord:
    """The figures of one group at an instant.

    `reasons` counts the missing, under `extra_…` the extra ones, and as `inactive` those present who are deactivated.
    """

    connection_id: str
    group: str
    at: int
    expected: int
    present: int
    missing: int
    extra: int
    reasons: Mapping[str, int]

    @property
    def balanced(self) -> bool:
        """Everybody expected is present and nobody else."""
        return not self.missing and not self.extra


class RollCallStore(Protocol):
    """Expectations, and the members held against them."""

    async def begin_expectation(self, draft: KeptExpectation) -> None:
        """Keep a draft to be filled; older drafts of the same group are forgotten. Raises NotFound: connection."""
        ...

    async def add_expected(self, connection_id: str, expectation_id: str, people: Sequence[ExpectedPerson]) -> None:
        """Add people to an expectation; who is in it already stays as it is. Names are compared caseless.

        Raises NotFound, as when another draft of the group was begun meanwhile.
        """
        ...

    async def settle_expectation(
        self, connection_id: str, expectation_id: str, audit: Audit, nested: Sequence[str] = ()
    ) -> KeptExpectation:
        """Make a draft the current expectation of its group; the one before is gone. Raises NotFound.

        `nested` are groups within the group that were found while it was filled.
        """
        ...

    async def give_up_expectation(self, connection_id: str, expectation_id: str) -> None:
        """Forget a draft, if it is there, and who is in it."""
        ...

    async def forget_expectation(self, connection_id: str, group: str, audit: Audit) -> None:
        """Expect nobody in a group any more; its trend stays. Raises NotFound."""
        ...

    async def expectation(self, connection_id: str, group: str) -> KeptExpectation:
        """The current expectation of a group, its name compared caseless. Raises NotFound."""
        ...

    async def expectations(self, connection_id: str) -> list[KeptExpectation]:
        """The current expectations of a connection by the names of their groups."""
        ...

    async def expectations_due(self, quiet_since: int, called_before: int, day_before: int) -> list[KeptExpectation]:
        """Those of all connections whose group, or who is expected in it, is otherwise than at the last roll call.

        What did not balance is due as well when the connection was called since, as the reasons may be others. What was
        changed, or called, after `quiet_since` waits, unless the roll was last called before `called_before`; every one
        that was last called before `day_before` is due.
        """
        ...

    async def people_to_explain(
        self, connection_id: str, expectation_id: str, group_id: str | None, after: str, limit: int
    ) -> tuple[list[ExpectedPerson], str | None]:
        """Of the next `limit` who are expected, in the order of folded names, those who are not plainly present.

        That is who is no member, by userName or by an id; who is one by several accounts; and whom the list says to be
        enabled, while no member account is active. With it comes where to go on, None at the end: so each call looks
        at a bounded number of people, however many of them are there.
        """
        ...

    async def expected_as(
        self, connection_id: str, expectation_id: str, accounts: Sequence[Account]
    ) -> list[ExpectedPerson]:
        """Those of an expectation who have the userName or the externalId of one of some accounts, by folded names."""
        ...

    async def extra_members(
        self, connection_id: str, expectation_id: str, group_id: str, after: str, limit: int
    ) -> tuple[list[Member], str | None]:
        """Of the next `limit` members, in the order of ids, those who are not expected; and where to go on."""
        ...

    async def members_after(self, connection_id: str, group_id: str, after: str, limit: int) -> list[Member]:
        """A page of the members of a group in the order of their ids."""
        ...

    async def waiting_for(self, connection_id: str, group_id: str, limit: int) -> tuple[list[Pending], int]:
        """The first of those who are kept aside for a group, and how many of them are people."""
        ...

    async def whereabouts(
        self, connection_id: str, group_id: str | None, people: Sequence[ExpectedPerson]
    ) -> Whereabouts:
        """What is known of a page of people."""
        ...

    async def refusals(self, connection_id: str, resource_type: str, names: Sequence[str]) -> Mapping[str, Exchange]:
        """By folded name the newest refusal that nothing later has made good, without the bodies.

        A success makes good the refusals of its own method before it, a write that succeeded all refusals before it.
        A refused DELETE kept nobody out.
        """
        ...

    async def note_roll(
        self, seen: KeptExpectation, roll: RollRecord, last_called: int | None, audit: Audit | None
    ) -> bool:
        """Keep what a roll call found (`called_at` and what follows of `seen`), and its figures in the trend.

        False, and nothing is kept, when the expectation was called by another after `last_called`, or is gone.
        """
        ...

    async def rolls(self, connection_id: str, group: str | None, limit: int) -> list[RollRecord]:
        """The trend of a group, or of all, newest first."""
        ...

    def groups_told(
        self, connection_id: str, user_name: str, external_id: str | None, groups: Sequence[str], *, complete: bool
    ) -> None:
        """Note which groups a sign-in named, for the expectations out of claims; never waits, never raises.

        A group is named by its name or by its id there: that of the expectation, or that of the group that is here.
        With `complete` the person is no longer expected in those that it did not name.
        """
        ...
