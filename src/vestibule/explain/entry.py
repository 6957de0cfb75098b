"""The form of a catalogue entry and of what it tells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vestibule.model import Exchange


@dataclass(frozen=True, slots=True)
class Do:
    """What `vestibule.fixing` can do here and now: the name of one of its operations, and for what.

    An argument that is None is not known from what was recorded, and is asked of whoever has it done.
    """

    operation: str
    arguments: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to do. `who` does it: `operator` (runs Vestibule), `customer` (the identity provider's admin).

    With `do` it can be done by `vestibule fix REQUEST_ID OPERATION`, too.
    """

    label: str
    who: str
    command: str | None = None
    do: Do | None = None

    def as_sentence(self) -> str:
        """The fix as it stands in an error's detail."""
        if self.command is None:
            return f"{self.label}."
        return f"{self.label}: `{self.command}`."

    def as_json(self) -> dict[str, Any]:
        """The fix for `--json` and the API."""
        return {
            "label": self.label,
            "who": self.who,
            "command": self.command,
            "operation": self.do.operation if self.do else None,
            "arguments": dict(self.do.arguments) if self.do else None,
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was due and what came, side by side; None where nothing was due, or nothing came."""

    label: str
    expected: str | None
    received: str | None

    @property
    def differs_at(self) -> int | None:
        """The index of the first character in which the two differ; None if they do not, or one is not there."""
        if self.expected is None or self.received is None or self.expected == self.received:
            return None
        pairs = zip(self.expected, self.received, strict=False)
        shorter = min(len(self.expected), len(self.received))
        return next((place for place, (due, came) in enumerate(pairs) if due != came), shorter)

    def as_json(self) -> dict[str, Any]:
        """The evidence for `--json` and the API."""
        return {
            "label": self.label,
            "expected": self.expected,
            "received": self.received,
            "differs_at": self.differs_at,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened (`sentence`), why, and what to do.

    `notes` are told beside it: what was noteworthy about a request whatever became of it.

    `end_user` is what the person at the door is told: one sentence without names, values or technical words; None
    for what no person waits for.
    """

    code: str
    sentence: str
    why: str
    fixes: tuple[Fix, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    end_user: str | None = None
    notes: "tuple[Explanation, ...]" = ()

    def every_fix(self) -> tuple[Fix, ...]:
        """The fixes, and those of the notes."""
        return (*self.fixes, *(fix for note in self.notes for fix in note.fixes))

    def as_json(self) -> dict[str, Any]:
        """The explanation for `--json` and the API."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "why": self.why,
            "fixes": [fix.as_json() for fix in self.fixes],
            "evidence": [each.as_json() for each in self.evidence],
            "end_user": self.end_user,
            "notes": [each.as_json() for each in self.notes],
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: a stable code, a test on the recorded facts, and the story to tell.

    `codes` are all that its explanations may have, for a story that several refusals share; else `code` alone.
    """

    code: str
    fits: Callable[[Exchange], bool]
    tell: Callable[[Exchange], Explanation]
    codes: tuple[str, ...] = ()


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
