"""What every command shares: its options, the open store, its output, and its exit codes.

Exit codes: 0 ok, 1 a finding, 2 usage, 3 something could not be reached.
"""

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

import click
import orjson

from vestibule import settings
from vestibule.cli.kinds import mistaken
from vestibule.cli.long_json import written
from vestibule.cli.printable import printable_lines
from vestibule.clock import Clock, SystemClock
from vestibule.connections import Refused
from vestibule.domains.refusal import DomainRefused
from vestibule.fixing import CannotFix
from vestibule.outbound import Unusable
from vestibule.review import CannotDecide
from vestibule.rollcall import CannotExpect
from vestibule.rollcall.keeping import NothingExpected
from vestibule.scim.errors import ScimError
from vestibule.scim.scopes import UnknownScope
from vestibule.settings import InvalidSettings, Settings
from vestibule.store import Declined, StoreError
from vestibule.store.opening import InvalidUrl, open_store
from vestibule.store.relational import RelationalStore
from vestibule.store.urls import path_of
from vestibule.tickets import TicketRefused

P = ParamSpec("P")
T = TypeVar("T")

OK, FINDING, USAGE, UNREACHABLE = 0, 1, 2, 3
_AT_ONCE = 1 << 16
"""A long document goes out in so many bytes at a time."""


@dataclass(frozen=True, slots=True)
class Session:
    """The settings of one command and the way it speaks."""

    settings: Settings
    as_json: bool
    clock: Clock

    def run(self, work: Callable[[RelationalStore], Awaitable[T]], *, makes: bool = False) -> T:
        """Open the store, do the work, close the store.

        A database file that is not there is made only for a command that begins one (`makes`): anything else would
        look into an empty one of another folder and say that nothing exists.
        """
        if not makes:
            self._there()

        async def with_store() -> T:
            store = open_store(self.settings.database)
            try:
                await store.ready()
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(with_store())

    def _there(self) -> None:
        path = path_of(self.settings.database)
        if path is not None and not Path(path).exists():
            fail(
                f"There is no database {Path(path).absolute()}. `vestibule serve` and `vestibule enterprise create "
                "NAME` make one; one that is elsewhere is named by --database or VESTIBULE_DATABASE_URL.",
                UNREACHABLE,
            )

    def emit(self, document: Any, text: str) -> None:
        """One JSON document, or a text for people, on standard output."""
        shown = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() if self.as_json else printable_lines(text)
        click.echo(shown)

    def emit_long(self, document: Mapping[str, Any], text: str) -> None:
        """As `emit`; an iterator in the document is a list, which is written while it is read."""
        if not self.as_json:
            click.echo(printable_lines(text))
            return
        held = bytearray()
        for piece in written(document):
            held += piece
            if len(held) > _AT_ONCE:
                click.echo(bytes(held), nl=False)
                held.clear()
        click.echo(bytes(held))

    def say(self, text: str) -> None:
        """A message on standard error."""
        click.echo(printable_lines(text), err=True)


def fail(message: str, code: int = USAGE) -> NoReturn:
    """Say what is wrong on standard error and leave."""
    click.echo(printable_lines(f"vestibule: {message}"), err=True)
    sys.exit(code)


def _check_text(values: Iterable[Any]) -> None:
    """Whether what was written can be kept at all: the shell hands on bytes that are no UTF-8 as halves of letters."""
    for each in values:
        if isinstance(each, tuple):
            _check_text(cast("tuple[Any, ...]", each))
        elif isinstance(each, str) and any("\ud800" <= letter <= "\udfff" for letter in each):
            fail(f"{each[:200]!r} is not UTF-8 text.")


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--json`, `--database`, `--base-url` and a Session as its first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
    @click.option("--database", metavar="URL", help="sqlite:///PATH or postgresql://…; or VESTIBULE_DATABASE_URL.")
    @click.option("--base-url", metavar="URL", help="The public address; or VESTIBULE_BASE_URL.")
    @functools.wraps(function)
    def wrapped(*args: Any, as_json: bool, database: str | None, base_url: str | None, **kwargs: Any) -> None:
        outer: dict[str, Any] = click.get_current_context().find_root().obj or {}
        try:
            _check_text(kwargs.values())
            if (said := mistaken(kwargs)) is not None:
                fail(said)
            chosen = settings.read(database or outer.get("database"), base_url or outer.get("base_url"))
            function(Session(chosen, as_json, SystemClock()), *args, **kwargs)
        except (
            Refused,
            CannotExpect,
            NothingExpected,
            CannotDecide,
            CannotFix,
            DomainRefused,
            TicketRefused,
            Unusable,
            InvalidSettings,
            InvalidUrl,
            UnknownScope,
            Declined,
        ) as error:
            fail(str(error))
        except ScimError as error:
            fail(error.detail)
        except StoreError as error:
            fail(str(error), UNREACHABLE)

    return wrapped
