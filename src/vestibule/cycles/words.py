"""The verdict in words: what is the case, why it is thought so, and what to press."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from vestibule.clock import rfc3339, to_the_minute
from vestibule.counting import counted, verb
from vestibule.cycles.history import History, Refusal, Run
from vestibule.cycles.verdict import State, Verdict
from vestibule.model import JsonObject


@dataclass(frozen=True, slots=True)
class Idp:
    """What the identity provider calls itself and its buttons."""

    name: str
    start: str
    restart: str
    one_person: str


_IDPS: Final[Mapping[str, Idp]] = {
    "entra": Idp("Entra ID", "Start provisioning", "Restart provisioning", "Provision on demand"),
    "okta": Idp(
        "Okta", "Provisioning › To App › Enable", "Dashboard › Tasks › Retry Selected", "Assignments › Provision User"
    ),
}
_OTHER: Final = Idp("The identity provider", "Start provisioning", "Restart provisioning", "provision one person")
USUAL_CAUSES: Final = (
    "Provisioning was not started there: its status is Off, or the mode is Manual.",
    "The tenant URL there is another one: compare it letter by letter with this connection's.",
    "Nobody is assigned to the application there, so there is nothing to send.",
    "The server cannot be reached from the internet: a firewall, a name that does not resolve, a certificate.",
    "The first cycle has not come yet: it may take up to 40 minutes after the start.",
)


@dataclass(frozen=True, slots=True)
class Told:
    """`press` is the button in the identity provider, None when nothing is to be pressed; `causes` are of a silence."""

    sentence: str
    why: str
    press: str | None = None
    causes: tuple[str, ...] = ()


def idp_of(name: str) -> Idp:
    """The words of a kind of identity provider, as `Connection.idp` names it."""
    return _IDPS.get(name, _OTHER)


def tell(verdict: Verdict, idp: Idp, history: History) -> Told:
    """A verdict in words."""
    return _TELLERS[verdict.state](verdict, idp, history)


def _never(_verdict: Verdict, idp: Idp, history: History) -> Told:
    why = "Its log has no request of provisioning; sign-ins, and what `vestibule test scim` made, are none."
    if history.strangers:
        came = f"{counted(history.strangers, 'request')} came without any token, as a browser or a monitor sends them"
        why = f"{why} {came}: the address can be reached, and a token must be entered there."
    return Told(f"{idp.name} has never called this connection.", why, idp.start, _causes(idp, *USUAL_CAUSES))


def _tested(_verdict: Verdict, idp: Idp, _history: History) -> Told:
    return Told(
        "Provisioning was never seen here, only requests as a connection test makes them.",
        f"{idp.name}'s own test and a person who reads look alike here. Such a test looks up a user, and says nothing "
        "of groups.",
        idp.start,
        _causes(idp, *USUAL_CAUSES[:1], *USUAL_CAUSES[2:3], *USUAL_CAUSES[4:]),
    )


def _causes(idp: Idp, *causes: str) -> tuple[str, ...]:
    """The causes that an identity provider can have: one that calls on each change has no first cycle to wait for."""
    return causes if idp is _IDPS["entra"] else causes[:-1]


def _paused(verdict: Verdict, idp: Idp, _history: History) -> Told:
    forecast = "will probably stop" if verdict.going_on else "has probably stopped"
    return Told(
        f"{idp.name} {forecast} with “Initial sync paused”: in its initial cycle {_met(verdict.cycle)}.",
        "An initial cycle in which so much is refused is ended, what was refused is forgotten, and the job waits for "
        f"somebody. It does not call again by itself. {_newest(verdict)}",
        idp.restart,
    )


def _quarantine(verdict: Verdict, idp: Idp, _history: History) -> Told:
    forecast = "will probably put" if verdict.going_on else "has probably put"
    return Told(
        f"{idp.name} {forecast} the job in quarantine: in its last cycle {_met(verdict.cycle)}.",
        "A job in quarantine calls less and less, at last once a day, and is switched off after four weeks. "
        f"{_newest(verdict)}",
        idp.restart,
    )


def _locked_out(verdict: Verdict, idp: Idp, _history: History) -> Told:
    number = verdict.cycle.shut_out if verdict.cycle else 1
    last = "the last request" if number == 1 else f"the last {counted(number, 'request')}"
    entra = " A job whose probe is answered so goes into quarantine at once and calls less and less."
    return Told(
        f"{idp.name} is not let in: {last} came without a token that is accepted.",
        f"Such requests are answered 401.{entra if idp is _IDPS['entra'] else ''} The explanation of the newest one "
        "says what is the matter with the token. A person who tries the address with a wrong token looks the same.",
        f"{idp.restart}, once a good token is pasted and the connection test there is green",
    )


def _escrow(verdict: Verdict, idp: Idp, _history: History) -> Told:
    number = verdict.waiting
    what = f"{counted(number, 'object')} that {verb(number, 'was', 'were')} refused"
    again = "tries them again by itself, after 6, 12 and 24 hours, then once a day for four weeks"
    return Told(
        f"{'A cycle is going on' if verdict.going_on else 'The last cycle is over'}, but {what} "
        f"{verb(number, 'waits', 'wait')} to be made good.",
        f"{idp.name} {again if idp is _IDPS['entra'] else 'may not try them again by itself'}. {_newest(verdict)}",
        f"{idp.restart}, to have them tried at once",
    )


def _refused(verdict: Verdict, idp: Idp, _history: History) -> Told:
    cycle = verdict.cycle
    number, requests = (cycle.adrift, cycle.requests) if cycle else (0, 0)
    every = number == requests
    which = "the only request" if every and number == 1 else counted(number, "request")
    ours = cycle is not None and cycle.faults >= number
    cause = "the server or its database failed here" if ours else "the address or a filter is often wrong then"
    last = f" The last of them is {cycle.adrift_id}." if cycle else ""
    return Told(
        f"In the last cycle of {idp.name} {which} {verb(number, 'was', 'were')} refused"
        f"{'' if every else f' of {requests:,}'}, about no user and no group by name.",
        f"So no object waits for anybody; {cause}.{last}",
        idp.restart if every else None,
    )


def _overdue(verdict: Verdict, idp: Idp, _history: History) -> Told:
    return Told(
        f"{idp.name} is overdue: it was expected at {_at(verdict.expected_next)}.",
        f"In its last cycle {_met(verdict.cycle)}, and such things are tried again. It may be switched off there.",
        idp.restart,
    )


def _running(verdict: Verdict, idp: Idp, _history: History) -> Told:
    return Told(f"A cycle of {idp.name} is going on, and {_went(verdict.cycle)}.", "Requests came just now.")


def _good(verdict: Verdict, idp: Idp, _history: History) -> Told:
    return Told(
        f"The last cycle is good: {_went(verdict.cycle)}.", f"Nothing that {idp.name} has sent waits for anybody."
    )


def _quiet(verdict: Verdict, idp: Idp, _history: History) -> Told:
    since = verdict.cycle.ended if verdict.cycle else None
    return Told(
        f"The last cycle was good, and {idp.name} has been silent since {_at(since)}.",
        "A cycle in which nothing has changed sends nothing, so silence is no fault by itself. "
        "When changes are missing, have one person provisioned there: that calls at once, or tells why not.",
        idp.one_person,
    )


_TELLERS: Final[Mapping[State, Callable[[Verdict, Idp, History], Told]]] = {
    "never_called": _never,
    "tested_only": _tested,
    "running": _running,
    "good": _good,
    "quiet": _quiet,
    "escrow": _escrow,
    "refused": _refused,
    "overdue": _overdue,
    "initial_sync_paused": _paused,
    "quarantine": _quarantine,
    "locked_out": _locked_out,
}


def _met(cycle: Run | None) -> str:
    """What was refused in a cycle."""
    if cycle is None:
        return "nothing was seen"
    if not cycle.answered:
        return "every request was refused"
    told: list[str] = []
    for name, tally in (("user", cycle.users), ("group", cycle.groups)):
        if tally.refused:
            every = "all " if tally.all_refused and tally.refused > 1 else ""
            told.append(f"{every}{counted(tally.refused, name)} {verb(tally.refused, 'was', 'were')} refused")
    if cycle.memberships.refused:
        number = cycle.memberships.refused
        told.append(f"{counted(number, 'change')} of memberships {verb(number, 'was', 'were')} refused")
    return " and ".join(told) or "some requests failed"


def _went(cycle: Run | None) -> str:
    """How a cycle went of which nothing waits."""
    if cycle is None or cycle.requests == cycle.answered:
        return "nothing was refused"
    if cycle.unauthorized:
        return f"{counted(cycle.unauthorized, 'request')} had no token that is accepted, and the newest had"
    return "what was refused in it was made good"


def _newest(verdict: Verdict) -> str:
    refusal = verdict.refusal
    if refusal is None:
        return ""
    lacked = f" The token lacked {', '.join(refusal.need)}." if refusal.need else ""
    now = " It may do this now, so the same token goes on working." if verdict.mended else ""
    return f"Refused last: {refusal.kind.lower()} “{refusal.who}” ({refusal.status}, {refusal.id}).{lacked}{now}"


def _at(instant: int | None) -> str:
    return "some time" if instant is None else to_the_minute(instant)


def cycle_json(run: Run) -> JsonObject:
    """A cycle for `--json` and the API."""
    return {
        "id": run.id,
        "number": run.number,
        "kind": run.kind,
        "started": rfc3339(run.began),
        "ended": rfc3339(run.ended),
        "first_request": run.first_id,
        "last_request": run.last_id,
        "requests": run.requests,
        "refused": run.refused,
        "refused_requests": run.requests - run.answered,
        "users": _tally_json(run, "users"),
        "groups": _tally_json(run, "groups"),
        "memberships": {
            "added": run.memberships.joined,
            "already": run.memberships.already,
            "removed": run.memberships.left,
            "parked": run.memberships.parked,
            "refused_requests": run.memberships.refused,
        },
    }


def _tally_json(run: Run, name: str) -> JsonObject:
    tally = run.users if name == "users" else run.groups
    names = ("found", "missed", "created", "updated", "unchanged", "deleted", "refused")
    return {each: getattr(tally, each) for each in names} | {"done": tally.written}


def refusal_json(refusal: Refusal) -> JsonObject:
    """An object that waits, for `--json` and the API."""
    return {
        "kind": refusal.kind,
        "who": refusal.who,
        "status": refusal.status,
        "request_id": refusal.id,
        "at": rfc3339(refusal.at),
        "cycles": refusal.runs,
        "need": refusal.need,
    }
