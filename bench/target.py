"""What can be measured: a target starts a server, a service is one that answers."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from bench.session import Session

Kind: TypeAlias = Literal["ours", "durable", "memory"]
Load: TypeAlias = Callable[[Session, int, float], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of a target before it runs. `kind` says who it is and whether a write is on disk when answered."""

    name: str
    kind: Kind
    version: str
    store: str
    form: str
    """How it is started, for the report."""
    cursors: bool = False
    takes_members_on_post: bool = True
    shows_members: bool = True
    removes_by_value: bool = False
    """It takes one member out by `remove members` with a value, not by a filtered path."""


@dataclass(frozen=True, slots=True)
class Service:
    """A server that answers at `base_url`. Its CPU and memory are those of `roots` and their descendants."""

    base_url: str
    headers: Mapping[str, str]
    roots: tuple[int, ...]
    load: Load
    load_how: str = "post"
    """The name of that way; nothing when the size decides."""
    member_batch: int = 1_000
    """How many members one request brings when groups are filled."""
    commits: Callable[[], int] | None = None
    database: str = ""
    """The URL of the database when it is ours, so that the plain driver can do the same on it."""


class Target(Protocol):
    """A server that can be started afresh as often as wanted."""

    @property
    def name(self) -> str:
        """What it is called, installed or not."""
        ...

    @property
    def traits(self) -> Traits:
        """Who it is. Raises Unavailable when it is not installed and cannot be."""
        ...

    def start(self, scratch: Path) -> AbstractAsyncContextManager[Service]:
        """A fresh, empty server in an empty folder. Raises Unavailable."""
        ...
