"""The two lenses on an entry of the log: the story for who administers, the wire for who develops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vestibule.clock import rfc3339
from vestibule.counting import verb
from vestibule.cycles import Run, cycle_at
from vestibule.explain import SIGN_IN, TICKET, explain
from vestibule.model import Exchange, JsonObject, Token
from vestibule.outcome import LABELS, Outcome, outcome_of


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a connection beside the log, to tell an entry: its tokens by id, its cycles (oldest first)."""

    tokens: Mapping[str, Token] = field(default_factory=dict[str, Token])
    cycles: Sequence[Run] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """An entry through the story lens. `kind` is `user`, `group`, `sign-in`, `ticket`, `discovery` or `auth`."""

    id: str
    at: int
    kind: str
    who: str
    code: str
    sentence: str
    outcome: Outcome
    cycle: str | None
    cycle_number: int | None

    def as_json(self) -> JsonObject:
        """The entry for `--json` and the API."""
        return {
            "id": self.id,
            "at": rfc3339(self.at),
            "kind": self.kind,
            "who": self.who,
            "code": self.code,
            "sentence": self.sentence,
            "outcome": self.outcome,
            "cycle": self.cycle,
            "cycle_number": self.cycle_number,
        }


@dataclass(frozen=True, slots=True)
class Wire:
    """An entry through the wire lens.

    `token_last_four` is of the connection's token, or of what came in its place. `quirks` are what was tolerated of the
    dialect, as `vestibule.scim.quirks` names them.
    """

    id: str
    at: int
    method: str
    path: str
    query: str
    status: int
    scim_type: str | None
    milliseconds: float
    token_id: str | None
    token_last_four: str | None
    token_name: str | None
    quirks: tuple[str, ...]
    request_body: str | None
    response_body: str | None

    def as_json(self) -> JsonObject:
        """The entry for `--json` and the API."""
        return {
            "id": self.id,
            "at": rfc3339(self.at),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "scim_type": self.scim_type,
            "ms": self.milliseconds,
            "token": {"id": self.token_id, "last_four": self.token_last_four, "name": self.token_name},
            "quirks": list(self.quirks),
            "request_body": self.request_body,
            "response_body": self.response_body,
        }


_KINDS: Mapping[str | None, str] = {"User": "user", "Group": "group", SIGN_IN: "sign-in", TICKET: "ticket"}


def story_of(exchange: Exchange, known: Known) -> Story:
    """The entry told: who or what, what happened, what became of it, and in which cycle."""
    told = explain(exchange)
    kind = "auth" if exchange.status == 401 else _KINDS.get(exchange.resource_type, "discovery")
    cycle = None if kind in ("sign-in", "ticket") else cycle_at(known.cycles, exchange.id)
    return Story(
        id=exchange.id,
        at=exchange.at,
        kind=kind,
        who=exchange.target or exchange.resource_id or "",
        code=told.code,
        sentence=told.sentence + _left_out(exchange),
        outcome=outcome_of(exchange.status, exchange.error, exchange.facts),
        cycle=cycle.id if cycle else None,
        cycle_number=cycle.number if cycle else None,
    )


def _left_out(exchange: Exchange) -> str:
    """What is told beside a call without a good token: how many like it were not kept, that none push out the rest."""
    number = exchange.facts.get("left_out")
    if exchange.status != 401 or not number:
        return ""
    return f" Before it {number:,} more without a good token came and {verb(number, 'was', 'were')} not kept."


def wire_of(exchange: Exchange, known: Known) -> Wire:
    """The entry as it went over the wire."""
    presented: Mapping[str, Any] = exchange.facts.get("presented") or {}
    token = known.tokens.get(exchange.token_id or "")
    return Wire(
        id=exchange.id,
        at=exchange.at,
        method=exchange.method,
        path=exchange.path,
        query=exchange.query,
        status=exchange.status,
        scim_type=exchange.scim_type,
        milliseconds=exchange.duration_us / 1_000,
        token_id=exchange.token_id,
        token_last_four=token.last_four if token else presented.get("last_four"),
        token_name=token.name if token else None,
        quirks=tuple(str(each) for each in exchange.facts.get("tolerated") or ()),
        request_body=exchange.request_body,
        response_body=exchange.response_body,
    )


def entry_json(exchange: Exchange, known: Known) -> JsonObject:
    """An entry with both lenses and its facts, as one flat object."""
    story, wire = story_of(exchange, known), wire_of(exchange, known)
    return {
        **wire.as_json(),
        **story.as_json(),
        "connection_id": exchange.connection_id,
        "token_id": exchange.token_id,
        "resource_type": exchange.resource_type,
        "resource_id": exchange.resource_id,
        "target": exchange.target,
        "duration_us": exchange.duration_us,
        "facts": dict(exchange.facts),
    }


def story_line(story: Story) -> str:
    """One line of the story for a terminal."""
    cycle = "" if story.cycle_number is None else f"#{story.cycle_number}"
    return f"{rfc3339(story.at)}  {LABELS[story.outcome]:<9}  {cycle:>4}  {story.sentence}  {story.id}"


def wire_line(wire: Wire) -> str:
    """One line of the wire for a terminal."""
    asked = f"{wire.path}{'?' + wire.query if wire.query else ''}"
    token = f"…{wire.token_last_four}" if wire.token_last_four else "-"
    quirks = f"  ~{','.join(wire.quirks)}" if wire.quirks else ""
    told = f"{wire.status} {wire.scim_type or ''}".rstrip()
    return (
        f"{rfc3339(wire.at)}  {wire.method:<6} {asked}  {told}  {wire.milliseconds:.1f} ms  "
        f"{wire.token_id or 'no token'} {token}{quirks}  {wire.id}"
    )
