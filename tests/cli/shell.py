"""The command line as an operator uses it, over a database of the test's own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner, Result

from vestibule.cli import main
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.model import Exchange
from vestibule.scim import errors
from vestibule.scim.patch import GroupChange
from vestibule.scim.profile import kept_profile
from vestibule.scim.resource import GroupDraft
from vestibule.scim.schema import CORE_USER
from vestibule.store.sqlite import SqliteStore

T = TypeVar("T")


@dataclass(frozen=True)
class Shell:
    """Commands, and what an identity provider does in between."""

    folder: Path

    def run(self, *arguments: str) -> Result:
        environment = {
            "VESTIBULE_DATABASE_URL": f"sqlite:///{self.folder}/cli.db",
            "VESTIBULE_BASE_URL": "https://vestibule.example",
        }
        return CliRunner().invoke(main, list(arguments), env=environment)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def text(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def refusal(self, *arguments: str) -> str:
        """What is told of a usage error; nothing is printed as a result."""
        done = self.run(*arguments)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        return done.stderr

    def connection(self) -> str:
        return self.json("connection", "create", self.json("enterprise", "create", "Acme")["id"])["id"]

    def directory(self, work: Callable[[Directory], Awaitable[T]]) -> T:
        """Do something as the identity provider, or the app, does it."""

        async def run() -> T:
            store = SqliteStore.open(f"{self.folder}/cli.db")
            try:
                return await work(Directory(store, SystemClock()))
            finally:
                await store.close()

        return asyncio.run(run())

    def record(self, exchange: Exchange) -> None:
        """Put an exchange into the log."""

        async def work(directory: Directory) -> None:
            directory.store.record(exchange)
            await directory.store.flush()

        self.directory(work)

    def new_user(self, connection_id: str, user_name: str, origin: Any = "scim", **rest: Any) -> str:
        document = {"schemas": [CORE_USER], "userName": user_name, "active": True, **rest}
        return self.directory(lambda directory: directory.create_user(connection_id, document, origin)).id

    def new_group(self, connection_id: str, name: str, *ids: str) -> str:
        draft = GroupDraft(name, None, ids)
        return self.directory(lambda directory: directory.create_group(connection_id, draft)).group.id

    def user(self, connection_id: str, user_id: str) -> Any:
        return self.directory(lambda directory: directory.user(connection_id, user_id))

    def members(self, connection_id: str, group_id: str) -> set[str]:
        found = self.directory(lambda directory: directory.store.members(connection_id, group_id))
        return {each.user_id for each in found}

    def empties(self, connection_id: str, group_id: str) -> bool:
        """Whether the identity provider may empty a group under the settings that are in force."""

        async def work(directory: Directory) -> bool:
            profile = kept_profile((await directory.store.connection(connection_id)).settings)
            try:
                await directory.change_group(connection_id, group_id, GroupChange(clear=True), profile=profile)
            except errors.Held:
                return False
            return True

        return self.directory(work)

    def leaves(self, connection_id: str, user_id: str) -> str | None:
        """The kind of the refusal when the identity provider deletes a user; None when it may."""

        async def work(directory: Directory) -> str | None:
            profile = kept_profile((await directory.store.connection(connection_id)).settings)
            try:
                await directory.delete_user(connection_id, user_id, profile=profile)
            except errors.ScimError as refusal:
                return refusal.kind
            return None

        return self.directory(work)
