"""What the sign-ins of late say: who was refused and why, and what came that was amiss."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vestibule.doctor.finding import Counted, Finding
from vestibule.explain import Explanation, Fix, explain
from vestibule.explain.catalogue.sign_in import notes
from vestibule.explain.catalogue.sign_in.reading import SignIn
from vestibule.model import Exchange
from vestibule.scim.folding import fold

LOOKED_AT = 500
"""How many of the newest sign-ins are looked at."""


@dataclass(slots=True)
class _Story:
    """Sign-ins that tell the same."""

    sentence: str
    why: str
    fixes: tuple[Fix, ...]
    counted: Counted = field(default_factory=Counted)


def is_good(exchange: Exchange) -> bool:
    """Whether somebody came in, or would have in a test; not a step on the way, such as going there."""
    return exchange.error is None and explain(exchange).code == "signed_in"


def findings(exchanges: Sequence[Exchange]) -> list[Finding]:
    """Refusals that nothing later made good, by code, and notes. `exchanges` are sign-ins, the newest first."""
    refused: dict[str, _Story] = {}
    noted: dict[str, _Story] = {}
    came_in: set[str] = set()
    for exchange in exchanges:
        who = fold(exchange.target or "")
        if is_good(exchange):
            came_in.add(who)
        elif exchange.error is not None and (not who or who not in came_in):
            told = explain(exchange)
            refused.setdefault(told.code, _story_of(told)).counted.add(exchange.target or exchange.id)
        sign_in = SignIn(exchange)
        for code, _ in sign_in.notes:
            note = None if code in notes.LIGHT else notes.told(sign_in, code)
            if note is not None:
                sentence = f"{note.clause[0].upper()}{note.clause[1:]}."
                story = noted.setdefault(code, _Story(sentence, note.why, note.fixes))
                story.counted.add(exchange.target or exchange.id)
    return [
        *(_finding("sign_in_refused", code, story) for code, story in refused.items()),
        *(_finding("sign_in_noted", code, story) for code, story in noted.items()),
    ]


def _story_of(told: Explanation) -> _Story:
    return _Story(told.sentence, told.why, told.fixes)


def _finding(code: str, detail: str, story: _Story) -> Finding:
    counted = story.counted
    examples = tuple(dict.fromkeys(counted.examples))
    return Finding(code, story.sentence, story.why, story.fixes, counted.count, examples, {"code": detail})
