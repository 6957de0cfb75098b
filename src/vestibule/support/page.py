"""The bundle as one page that needs nothing beside it: no script, no other file, no network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from jinja2 import Environment, PackageLoader

from vestibule.counting import counted
from vestibule.model import JsonObject
from vestibule.outcome import LABELS
from vestibule.support.collect import by_reason

SHOWN: Final = 400
"""How many entries of the log the page has, the newest; all are in the NDJSON beside it."""
PEOPLE: Final = 50
"""How many people of a roll the page names."""
_templates = Environment(
    loader=PackageLoader("vestibule.support"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@dataclass(slots=True)
class Trouble:
    """One kind of what went wrong: how often, when, an example, and what to do."""

    code: str
    sentence: str
    why: str
    fixes: list[JsonObject]
    outcome: str
    first: str
    last: str
    example: str
    count: int = 1
    various: bool = False
    """Whether others of the kind were told in other words."""


@dataclass(slots=True)
class Summary:
    """What the page tells of the log, gathered entry by entry, oldest first."""

    entries: int = 0
    outcomes: dict[str, int] = field(default_factory=dict[str, int])
    troubles: dict[str, Trouble] = field(default_factory=dict[str, Trouble])
    newest: list[JsonObject] = field(default_factory=list[JsonObject])

    def add(self, entry: JsonObject) -> None:
        """One more entry, as the NDJSON has it."""
        self.entries += 1
        outcome = entry["outcome"]
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.newest.append(entry)
        if len(self.newest) > 2 * SHOWN:
            del self.newest[:-SHOWN]
        if outcome in ("done", "no_change"):
            return
        known = self.troubles.get(entry["code"])
        self.troubles[entry["code"]] = Trouble(
            entry["code"], entry["sentence"], entry["why"], entry["fixes"], LABELS[outcome],
            known.first if known else entry["at"], entry["at"], entry["id"], known.count + 1 if known else 1,
            known is not None and (known.various or known.sentence != entry["sentence"]),
        )  # fmt: skip


def page(document: JsonObject, summary: Summary) -> str:
    """The page in HTML."""
    troubles = sorted(summary.troubles.values(), key=lambda each: each.count, reverse=True)
    return _templates.get_template("bundle.html").render(
        doc=document,
        counted=counted,
        cycles=document["cycles"],
        rolls=document["rollcall"],
        reasons=by_reason(document["rollcall"]),
        missing=_missing(document["rollcall"]),
        troubles=troubles,
        outcomes=[(LABELS[each], summary.outcomes[each]) for each in LABELS if each in summary.outcomes],
        entries=summary.entries,
        newest=summary.newest[: -SHOWN - 1 : -1],
        labels=LABELS,
        settings=_pretty(document["connection"]["settings"]),
        sign_on=_pretty(document["sign_on"]) if document["sign_on"] else None,
        pretty=_pretty_text,
    )


def _missing(rolls: Sequence[JsonObject]) -> list[tuple[str, str, str]]:
    rows = [(roll["name"], each["who"], each["detail"]) for roll in rolls for each in roll["missing"]]
    return rows[:PEOPLE]


def _pretty(content: Any) -> str:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def _pretty_text(text: str | None) -> str:
    """A body, indented where it is JSON."""
    try:
        return _pretty(orjson.loads(text or ""))
    except orjson.JSONDecodeError:
        return text or ""
