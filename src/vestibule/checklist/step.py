"""The form of a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vestibule.model import JsonObject

SOON: Final = 30 * 86_400_000_000
"""So long before its end, in microseconds, a certificate or a token is warned of."""
Standing = Literal["done", "open", "attention", "failed", "optional"]
"""`attention`: it is there, and something about it will fail or end soon. `optional`: it need not be done."""
SIGNS: Final[Mapping[Standing, str]] = {"done": "✓", "open": "○", "attention": "!", "failed": "✗", "optional": "–"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `seen` is what is the case, with `details` line by line; `todo` what to do next, None for nothing."""

    name: str
    title: str
    standing: Standing
    seen: str
    todo: str | None
    details: tuple[str, ...] = ()

    def as_json(self) -> JsonObject:
        """The step for `--json` and the API."""
        return {
            "name": self.name,
            "title": self.title,
            "standing": self.standing,
            "seen": self.seen,
            "todo": self.todo,
            "details": list(self.details),
        }
