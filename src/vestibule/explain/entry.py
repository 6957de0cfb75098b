"""The form of a catalogue entry and of what it tells."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vestibule.model import Exchange


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to do. `who` does it: `operator` (runs Vestibule), `customer` (the identity provider's admin)."""

    label: str
    who: str
    command: str | None = None

    def as_sentence(self) -> str:
        """The fix as it stands in an error's detail."""
        if self.command is None:
            return f"{self.label}."
        return f"{self.label}: `{self.command}`."

    def as_json(self) -> dict[str, Any]:
        """The fix for `--json` and the API."""
        return {"label": self.label, "who": self.who, "command": self.command}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened (`sentence`), why, and what to do."""

    code: str
    sentence: str
    why: str
    fixes: tuple[Fix, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The explanation for `--json` and the API."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "why": self.why,
            "fixes": [fix.as_json() for fix in self.fixes],
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: a stable code, a test on the recorded facts, and the story to tell."""

    code: str
    fits: Callable[[Exchange], bool]
    tell: Callable[[Exchange], Explanation]


def subject(exchange: Exchange) -> str:
    """What the exchange was about, e.g. `group "grp_all@example.com"`, `user usr_…`, `users`."""
    kind = (exchange.resource_type or "resource").lower()
    if exchange.target:
        return f'{kind} "{exchange.target}"'
    return f"{kind} {exchange.resource_id}" if exchange.resource_id else f"{kind}s"


def said_by_server(exchange: Exchange, code: str) -> Explanation:
    """The bare facts, for an answer that no entry knows better."""
    said = str(exchange.facts.get("detail") or "").strip()
    sentence = said or f"{exchange.method} {exchange.path} was answered {exchange.status}."
    return Explanation(code, sentence, "The server gave this answer; nothing more is recorded about it.")
