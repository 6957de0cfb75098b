"""What the DNS says of a claim: the TXT record that proves it, or what stands in its place, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vestibule.outbound.names import Answer, Names

_LABEL = "_vestibule-challenge"
_PREFIX = "vestibule-verification="

Outcome = Literal[
    "proven", "spreading", "no_name", "no_record", "old_token", "quoted", "altered", "foreign", "at_apex", "doubled",
    "unreachable",
]  # fmt: skip
GONE: frozenset[Outcome] = frozenset(
    {"no_name", "no_record", "old_token", "quoted", "altered", "foreign", "at_apex", "doubled"}
)
"""The DNS answered, and the proof is not there; the others leave it open."""


def record_name(domain: str) -> str:
    """Where the record of a claim belongs."""
    return f"{_LABEL}.{domain}"


def record_value(token: str) -> str:
    """What the record says, exactly."""
    return _PREFIX + token


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a look at the DNS. `sentence` says what was looked up and what came back, `fix` how to mend it."""

    outcome: Outcome
    sentence: str
    fix: str
    answers: tuple[Answer, ...]

    @property
    def note(self) -> str:
        """Both as one text."""
        return f"{self.sentence} {self.fix}".strip()


async def look(names: Names, domain: str, token: str) -> Proof:
    """Look a claim's record up, and where it is not, in the two places where it is put by mistake."""
    name, value = record_name(domain), record_value(token)
    answers = tuple(await names.txt(name))
    outcome = judge(answers, value)
    if outcome in ("no_name", "no_record", "foreign"):
        for other, elsewhere in ((domain, "at_apex"), (f"{name}.{domain}", "doubled")):
            if any(value in map(_bare, each.values) for each in await names.txt(other)):
                outcome = "at_apex" if elsewhere == "at_apex" else "doubled"
                break
    sentence, fix = _told(outcome, domain, value, answers)
    return Proof(outcome, sentence, fix, answers)


def judge(answers: Sequence[Answer], value: str) -> Outcome:
    """What the answers of the resolvers come to. Where several are asked, two have to show the record."""
    showing = [each for each in answers if value in each.values]
    others = [each for each in answers if each.outcome in ("found", "no_record", "no_name") and each not in showing]
    if showing and others:
        return "spreading"
    if not others:
        return "proven" if showing and len(showing) >= min(2, len(answers)) else "unreachable"
    found = [text for each in others for text in each.values]
    if any(_bare(text) == value for text in found):
        return "quoted" if any(_has_quotes(text) for text in found) else "altered"
    if any(_is_nearly(text, value) for text in found):
        return "altered"
    if any(_bare(text).startswith(_PREFIX) for text in found):
        return "old_token"
    if found:
        return "foreign"
    return "no_record" if any(each.outcome == "no_record" for each in others) else "no_name"


def _bare(text: str) -> str:
    return text.strip().strip("\"'“”„‘’").strip()


def _has_quotes(text: str) -> bool:
    return text.strip() != text.strip().strip("\"'“”„‘’")


def _is_nearly(text: str, value: str) -> bool:
    """In capital letters, with spaces inside, or the token alone."""
    squeezed = "".join(_bare(text).split()).casefold()
    return squeezed in (value.casefold(), value.removeprefix(_PREFIX).casefold())


_TEXTS: dict[Outcome, tuple[str, str]] = {
    "proven": ("The record at {name} was found.", ""),
    "spreading": (
        "{having} has the record at {name}, {lacking} does not have it yet.",
        "A new record spreads within an hour or so: check again later.",
    ),
    "no_name": (
        "There is no {name} in the DNS (NXDOMAIN).",
        "Add a TXT record there with the value {value}. If it is there already, it may take an hour until it is seen.",
    ),
    "no_record": (
        "The name {name} is there, but it has no TXT record.",
        "Add a TXT record there with the value {value}; a record of another type (CNAME, A) does not count.",
    ),
    "old_token": (
        "The record at {name} has another token: {shown}.",
        "It is from an earlier claim or of another enterprise. It has to be exactly {value}.",
    ),
    "quoted": (
        "The record at {name} carries quotes within its value: {shown}.",
        "Enter the value without quotes, your DNS provider adds those that are needed. It has to be exactly {value}.",
    ),
    "altered": (
        "The record at {name} is nearly right: {shown}.",
        "It has to be exactly {value}, in small letters and without spaces.",
    ),
    "foreign": (
        "The record at {name} says something else: {shown}.",
        "It has to be exactly {value}. Other records may stay beside it.",
    ),
    "at_apex": (
        "The record was found at {domain} instead of {name}.",
        "Move it: the name (host) to enter at your DNS provider is {label}, in the zone of {domain}.",
    ),
    "doubled": (
        "The record was found at {name}.{domain} instead of {name}.",
        "Your DNS provider adds {domain} by itself: enter {label} alone as its name (host).",
    ),
    "unreachable": (
        "The record at {name} could not be looked up: {silent}.",
        "This says nothing of the record: check again, and if it stays so, look at the name servers of the domain.",
    ),
}
"""What was looked up and what came back, and how to mend it."""


def _told(outcome: Outcome, domain: str, value: str, answers: Sequence[Answer]) -> tuple[str, str]:
    lacking = [each for each in answers if value not in each.values]
    facts = {
        "domain": domain,
        "label": _LABEL,
        "name": record_name(domain),
        "value": value,
        "shown": ", ".join(sorted({repr(text[:80]) for each in answers for text in each.values})[:3]),
        "having": ", ".join(each.server for each in answers if value in each.values),
        "lacking": ", ".join(each.server for each in lacking),
        "silent": ", ".join(f"{each.server} ({each.why or each.outcome})" for each in lacking),
    }
    sentence, fix = _TEXTS[outcome]
    return sentence.format_map(facts), fix.format_map(facts)
