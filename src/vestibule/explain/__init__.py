"""Tell a recorded exchange in plain words: what happened, why, and what to do. One text for log, page and error.

`explain` asks each entry of the catalogue in turn; the first whose test fits the facts tells the story, and the notes
that fit are told beside it.
"""

from dataclasses import replace

from vestibule.explain.catalogue import ENTRIES, NOTES
from vestibule.explain.catalogue.sign_in.reading import SIGN_IN
from vestibule.explain.catalogue.ticket_over import TICKET
from vestibule.explain.catalogue.traffic import TRAFFIC
from vestibule.explain.entry import Do, Entry, Evidence, Explanation, Fix, said_by_server
from vestibule.model import Exchange

__all__ = [
    "ENTRIES",
    "NOTES",
    "SIGN_IN",
    "TICKET",
    "TRAFFIC",
    "Do",
    "Entry",
    "Evidence",
    "Explanation",
    "Fix",
    "detail_for",
    "explain",
]


def explain(exchange: Exchange, judged: Exchange | None = None) -> Explanation:
    """The explanation of an exchange. There is always one: the last entry fits everything.

    With `judged`, which entry fits is found by that, and told of the other one: of the same exchange without values of
    people, which may look like something else.
    """
    judged = judged or exchange
    told = _story(exchange, judged)
    notes = tuple(each.tell(exchange) for each in NOTES if each.code != told.code and each.fits(judged))
    return replace(told, notes=notes) if notes else told


def _story(exchange: Exchange, judged: Exchange) -> Explanation:
    for entry in ENTRIES:
        if entry.fits(judged):
            return entry.tell(exchange)
    return said_by_server(exchange, "unexplained")


def detail_for(explanation: Explanation, link: str) -> str:
    """What a SCIM error's `detail` says: the sentence, the first fix, and where to read on."""
    parts = [explanation.sentence]
    if explanation.fixes:
        parts.append(explanation.fixes[0].as_sentence())
    return " ".join([*parts, link])
