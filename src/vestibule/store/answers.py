"""What goes into a store and comes out of it beside the nouns of the model: rules, questions, pages, errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from vestibule.model import Audit, Group, SignedInSession, Token
from vestibule.outcome import Outcome
from vestibule.scim.sorting import SortValue

T = TypeVar("T")


class StoreError(Exception):
    """What a store may answer instead of a value."""


class NotFound(StoreError):
    """There is no such thing in this connection. `kind` is e.g. `user`, `id` what was asked for."""

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002 -- the word of the model
        super().__init__(f"no {kind} {id}")
        self.kind = kind
        self.id = id


class Taken(StoreError):
    """A unique value is in use. `attribute` is SCIM's name for it, `holder` the id of the one that has it."""

    def __init__(self, attribute: str, value: str, holder: str) -> None:
        super().__init__(f"{attribute} {value!r} is taken by {holder}")
        self.attribute = attribute
        self.value = value
        self.holder = holder


class Stale(StoreError):
    """The expected version is not the present one."""

    def __init__(self, expected: int, present: int) -> None:
        super().__init__(f"expected version {expected}, found {present}")
        self.expected = expected
        self.present = present


class Decided(StoreError):
    """A conflict is in another state than a decision is of. Nothing was changed."""

    def __init__(self, id: str, state: str) -> None:  # noqa: A002 -- the word of the model
        super().__init__(f"{id} is {state}")
        self.id = id
        self.state = state


class UnknownMembers(StoreError):
    """Some ids are no users of this connection; `groups` are those that are groups of it. Nothing was changed."""

    def __init__(self, ids: Sequence[str], groups: Sequence[str] = ()) -> None:
        super().__init__(f"unknown members: {', '.join(ids)}")
        self.ids = tuple(ids)
        self.groups = tuple(groups)


class UnknownManager(StoreError):
    """The manager of a user is no user of this connection. Nothing was changed."""

    def __init__(self, ref: str) -> None:
        super().__init__(f"unknown manager: {ref}")
        self.ref = ref


class Guarded(StoreError):
    """A guard of the connection keeps the write back. Nothing was changed. `subject` is a group's id or empty."""

    def __init__(self, guard: Literal["emptied_group", "deactivations"], subject: str, count: int, limit: int) -> None:
        super().__init__(f"{guard} of {subject or 'the connection'}: {count}, the limit is {limit}")
        self.guard: Literal["emptied_group", "deactivations"] = guard
        self.subject = subject
        self.count = count
        self.limit = limit


class TooMany(StoreError):
    """The question would have to look at more than the store does for one request. Nothing was answered by half."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(why)
        self.path = path


class Unsupported(StoreError):
    """The engine cannot evaluate this filter, because of `path`; it never answers a filter by half."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(why)
        self.path = path


class Clash(StoreError):
    """Rows that are put in whole break a rule of their table: a key is taken, or what they refer to is not there."""


class Declined(StoreError):
    """What was asked of a whole database or connection is not done; the message says why and what to do instead."""


class SchemaMismatch(StoreError):
    """The database was made by another version of Vestibule, or is no database of Vestibule's at all."""


class Unreachable(StoreError):
    """The database cannot be opened."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token, the hash of its text, and the settings of its connection."""

    token: Token
    secret_hash: bytes
    settings: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list: `total` counts all matches, `items` are those of this page.

    `more` says whether others follow (or, of a page that ends before a position, whether others precede). `keys` are
    the values that the items are sorted by, when a sort was asked for.
    """

    total: int
    items: tuple[T, ...]
    more: bool = False
    keys: tuple[SortValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a connection wants done with references that lead nowhere, and what its guards keep back.

    `park` keeps an unknown member or manager until the user appears, and takes one that is named by externalId, by
    userName or by the id of a deleted user's who came back; without it such a write raises. `nested` is the same for
    members that are groups. `hold_emptied_group` is the least number of members of a group that may not be emptied,
    `hold_deactivations` the most users that may be deactivated or deleted within `hold_window` microseconds.
    """

    park: bool = False
    nested: bool = False
    hold_emptied_group: int | None = None
    hold_deactivations: int | None = None
    hold_window: int = 3_600_000_000


AS_IS = Rules()
"""Every reference must lead somewhere, and nothing is held."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a conflict, with its audit entry; where accounts change by it, in the same transaction.

    `was` is the state that it is decided in; when it is in another one, nothing is changed.
    """

    conflict_id: str
    was: Literal["open", "linked"]
    state: Literal["linked", "dismissed", "done"]
    audit: Audit


@dataclass(frozen=True, slots=True)
class GroupChanged:
    """What a GroupChange did. Ids that were members already are in `already`, and now claimed by `origin`."""

    group: Group
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    already: int = 0
    absent: int = 0
    """How many of the ids to remove were no members."""
    attributes_changed: bool = False
    parked: tuple[str, ...] = ()
    """What was named as a member and is no user (yet), groups among them."""
    nested: tuple[str, ...] = ()
    """Those of them that are groups."""
    resolved: Mapping[str, str] = field(default_factory=dict[str, str])
    """What was named by another name than its id, and the user that it meant."""

    @property
    def changed(self) -> bool:
        """Whether the group has a new version."""
        return bool(self.joined or self.left or self.attributes_changed)


@dataclass(frozen=True, slots=True)
class ExchangeQuery:
    """Which exchanges: newest first, at most `limit`. Unset fields do not restrict.

    `since`/`before` are instants (microseconds): since <= at < before. `refused` keeps status >= 400.
    `target` compares caseless. `sign_ins` keeps only the sign-ins (True) or only provisioning (False).
    """

    limit: int = 100
    since: int | None = None
    before: int | None = None
    refused: bool = False
    resource_type: str | None = None
    target: str | None = None
    token_id: str | None = None
    outcome: Outcome | None = None
    sign_ins: bool | None = None
    after_id: str | None = None
    """Only exchanges newer than this one, oldest first: for following the log, and for reading all of it."""


class Trace(NamedTuple):
    """An exchange as far as a cycle leaves its trace in it: the columns of `Exchange` that are cheap to read.

    A tuple, as one is made of each request that ever came.
    """

    id: str
    at: int
    method: str
    path: str
    query: str
    status: int
    token_id: str | None
    resource_type: str | None
    resource_id: str | None
    target: str | None
    error: str | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was read of a connection's log: up to which request, what was made of it (JSON text), and its size now."""

    read_to: str = ""
    size: int = 0
    """About how many bytes the log has that were read and not pruned."""
    document: str = "{}"


@dataclass(frozen=True, slots=True)
class HeldMembership:
    """A membership as its user has it. `claimed` as in `Member`."""

    group_id: str
    display_name: str
    external_id: str | None
    origin: str
    claimed: bool


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session and what decides whether it may go on.

    `person` is `active`, `deactivated` or `gone`; `user_name` is empty when gone. `enabled` tells whether the
    connection signs people in.
    """

    session: SignedInSession
    person: Literal["active", "deactivated", "gone"]
    user_name: str
    enabled: bool
