"""The form of an operation: what it would change, told before anything is changed, and the act."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson

from vestibule.clock import Clock
from vestibule.model import Exchange, JsonObject
from vestibule.outbound.fetch import Fetcher
from vestibule.store import Store

Role = Literal["operator", "customer_admin"]
"""Who may have a fix done: whoever runs Vestibule, or the customer's own administrator as well."""
Reason = Literal["done", "gone", "stale", "argument", "role", "unknown", "failed"]


class CannotFix(Exception):
    """A fix that is not done. The message says why and what to do instead; nothing was changed.

    `code`: `done` (there is nothing left to do), `gone` (what it was about is no longer here), `stale` (things are
    not as they were shown), `argument` (one is missing or no good), `role` (not for who asks), `unknown` (the
    explanation has no such fix), `failed` (it was tried and cannot be done).
    """

    def __init__(self, code: Reason, message: str) -> None:
        super().__init__(message)
        self.code: Reason = code


@dataclass(frozen=True, slots=True)
class Tools:
    """What operations work with. `allow_http` as for the sign-in's desk."""

    store: Store
    clock: Clock
    fetcher: Fetcher
    allow_http: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One fix of one recorded exchange, its arguments all known."""

    exchange: Exchange
    operation: str
    arguments: Mapping[str, Any]

    @property
    def connection_id(self) -> str:
        """The connection that the exchange belongs to; nothing outside of it is touched."""
        return self.exchange.connection_id

    def text(self, name: str) -> str:
        """An argument that is a text. Raises CannotFix."""
        value = self.arguments.get(name)
        if not isinstance(value, str) or not value:
            raise CannotFix("argument", f"`{name}` must be given: --with {name}=VALUE.")
        return value

    def because(self) -> JsonObject:
        """What the audit entry tells beside the act itself."""
        return {"request": self.exchange.id, "fix": self.operation}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a fix would change: in a sentence, and as it is and would be."""

    sentence: str
    before: JsonObject
    after: JsonObject

    def as_json(self) -> JsonObject:
        """The preview for `--json` and the API."""
        return {"sentence": self.sentence, "before": self.before, "after": self.after}


Read: TypeAlias = Callable[[Tools, Case], Awaitable[JsonObject]]
"""How things stand, in the terms of the preview. Raises CannotFix."""
Plan: TypeAlias = Callable[[Tools, Case, JsonObject], Awaitable[Preview]]
"""From how things stand to the preview; changes nothing. Raises CannotFix."""
Act: TypeAlias = Callable[[Tools, Case, str], Awaitable[None]]
"""Do it, as an actor for the audit."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be done here and now. `role` is the least that is needed."""

    name: str
    role: Role
    read: Read
    plan: Plan
    act: Act

    async def preview(self, tools: Tools, case: Case) -> Preview:
        """What it would change. Raises CannotFix, with `done` when nothing would change."""
        found = await self.plan(tools, case, await self.read(tools, case))
        if found.before == found.after:
            raise CannotFix("done", f"There is nothing left to do: {_told(found.before)}.")
        return found


def _told(state: JsonObject) -> str:
    return ", ".join(f"{name} is {_word(value)}" for name, value in state.items())


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "empty"  # pyright: ignore[reportUnknownArgumentType]
    return (
        "not set" if value is None else orjson.dumps(value).decode() if isinstance(value, bool | dict) else str(value)
    )
