"""The steps of a setup: of each what is the case, and what to do next. Pure."""

from collections.abc import Callable
from typing import Final

from vestibule.checklist.reading import SHOWN, SIGN_INS, Situation
from vestibule.checklist.sign_on_step import sign_on_step
from vestibule.checklist.step import Standing, Step
from vestibule.checklist.token_step import token_step
from vestibule.checklist.values import name_of, place_of, provisioning_place
from vestibule.clock import to_the_minute
from vestibule.counting import counted, people, verb
from vestibule.cycles import State
from vestibule.cycles.words import idp_of
from vestibule.domains.proof import record_name, record_value
from vestibule.store.roll_calls import RollRecord

__all__ = ["Standing", "Step", "steps_of"]


def steps_of(seen: Situation, now: int) -> tuple[Step, ...]:
    """Every step in the order in which they are taken."""
    return tuple(each(seen, now) for each in _STEPS)


def _test(seen: Situation, _now: int) -> Step:
    name, title, sign_ins = "test_sign_in", "A test sign-in", seen.sign_ins
    if sign_ins.tested_at is None:
        if seen.sign_on is None:
            return Step(name, title, "open", "No test was made.", "This comes after sign-on is set up.")
        if sign_ins.last_at is not None:
            return Step(name, title, "optional", "None was made lately; people sign in.", None)
        todo = "Make a test sign-in by the link above: it signs nobody in, and shows every check."
        return Step(name, title, "open", "No test was made lately.", todo)
    if sign_ins.test_passed:
        return Step(name, title, "done", f"The last one went through, {to_the_minute(sign_ins.tested_at)}.", None)
    if sign_ins.last_at is not None and sign_ins.last_at > sign_ins.tested_at:
        told = f"The last one was refused, {to_the_minute(sign_ins.tested_at)}; somebody has signed in since."
        return Step(name, title, "optional", told, None)
    return Step(
        name, title, "failed", f"The last one was refused, {to_the_minute(sign_ins.tested_at)}: {sign_ins.test_error}.",
        "Make another one: its page says which check fails, and where that is mended.",
    )  # fmt: skip


def _sign_ins(seen: Situation, _now: int) -> Step:
    name, title, found = "sign_ins", "People sign in", seen.sign_ins
    if found.last_at is not None:
        at = to_the_minute(found.last_at)
        last = f"last at {at}" if found.exact else f"at {at}, or later, too"
        since = f" {counted(found.refused, 'request')} to sign in since then came to nothing." if found.refused else ""
        told = f"Somebody signed in {last}.{since}"
        if found.refused >= _MANY:
            return Step(name, title, "attention", told, _MAKE_TEST)
        return Step(name, title, "done", told, None)
    if found.refused:
        were = verb(found.refused, "was", "were")
        told = f"Of the newest requests to sign in (of {SIGN_INS}) {found.refused} {were} refused; none went through."
        return Step(name, title, "failed", told, _MAKE_TEST)
    todo = f"Assign people to the application: {place_of('assignment', seen.connection.idp)}. Then sign in."
    return Step(name, title, "open", "Nobody has signed in yet.", todo)


_MANY: Final = 10
"""So many refusals one after the other are more than a person's who mistook something."""
_MAKE_TEST: Final = "Make a test sign-in, which says what is wrong."


def _capital(text: str) -> str:
    """A sentence that may begin with a name."""
    return text[:1].upper() + text[1:]


def _calls(seen: Situation, _now: int) -> Step:
    name, last = "calls", seen.overview.history.last_contact
    title = f"{_capital(name_of(seen.connection.idp))} calls"
    if last is not None and seen.overview.verdict.state == "locked_out":
        told = f"What called last, at {to_the_minute(last)}, had no token that is accepted."
        return Step(name, title, "attention", told, _enter_token(seen))
    if last is not None:
        return Step(name, title, "done", f"It called last at {to_the_minute(last)}.", None)
    return Step(name, title, "open", "It has never called.", _enter_token(seen))


def _enter_token(seen: Situation) -> str:
    test = " and press Test Connection; it is seen here at once" if seen.connection.idp == "entra" else ""
    place = provisioning_place(seen.connection.idp)
    return f"Enter the values for provisioning and the token under {place}{test}."


def _first_user(seen: Situation, _now: int) -> Step:
    name, title, idp = "first_user", "The first user", seen.connection.idp
    here = f"{counted(seen.users, 'user')} {verb(seen.users, 'is', 'are')} here."
    if seen.user_written and seen.users:
        return Step(name, title, "done", here, None)
    told = f"{here} {_capital(name_of(idp))} has sent none of them." if seen.users else "No user is here."
    todo = "Assign one person to the application there, and have provisioning started."
    if idp in _BUTTONS:
        todo = f"Press “{idp_of(idp).one_person}” for one person there: it calls at once."
    return Step(name, title, "open", told, todo)


def _first_group(seen: Situation, _now: int) -> Step:
    name, title, idp = "first_group", "The first group", seen.connection.idp
    here = f"{counted(seen.groups, 'group')} {verb(seen.groups, 'is', 'are')} here."
    if seen.group_written and seen.groups:
        return Step(name, title, "done", here, None)
    told = (
        f"{here} {_capital(name_of(idp))} has sent none of them, as far as is seen."
        if seen.groups
        else "No group is here."
    )
    if any(each.kind == "Group" for each in seen.overview.history.open.values()):
        return Step(
            name,
            title,
            "failed",
            f"{told} Groups were refused.",
            "See what is said of the token above and of the cycle below.",
        )
    return Step(name, title, "open", told, _GROUPS.get(idp, _ANY_GROUPS))


_ANY_GROUPS: Final = "Assign a group to the application, and have groups provisioned, too."
_GROUPS: Final = {
    "entra": "Assign a group to the application, and see that Provisioning › Mappings › Provision Microsoft Entra ID "
    "Groups is enabled (Yes).",
    "okta": "Add the group under Applications › your app › Push Groups.",
}


def _cycle(seen: Situation, _now: int) -> Step:
    verdict, told = seen.overview.verdict, seen.overview.told
    if not seen.overview.whole:
        late = "So much came just now that it is still being read."
        return Step("cycle", _CYCLE, "open", late, "Load the page again in a moment.")
    todo = None
    if told.press is not None and verdict.state != "quiet":
        button, comma, rest = told.press.partition(",")
        act = f"press “{button}”" if seen.connection.idp in _BUTTONS else f"{button[0].lower()}{button[1:]}"
        press = f"{act} there{comma}{rest}."
        if verdict.mended:
            todo = f"What it lacked is there now: {press}"
        elif verdict.refusal is not None:
            todo = f"Once what was refused is mended, {press}"
        else:
            todo = _capital(press)
    standing = CYCLES[verdict.state]
    if todo is None and standing not in ("done", "open"):
        todo = "Ask whoever invited you: their log tells which requests were refused, and why."
    return Step("cycle", _CYCLE, standing, told.sentence, todo)


_BUTTONS: Final = ("entra", "okta")
"""Of these it is known what their buttons are called."""
_CYCLE: Final = "Provisioning runs"
CYCLES: Final[dict[State, Standing]] = {
    "never_called": "open",
    "tested_only": "open",
    "running": "done",
    "good": "done",
    "quiet": "done",
    "escrow": "attention",
    "refused": "attention",
    "overdue": "attention",
    "initial_sync_paused": "failed",
    "quarantine": "failed",
    "locked_out": "failed",
}


def _roll_call(seen: Situation, _now: int) -> Step:
    name, title, kept = "roll_call", "The roll call", seen.expectations
    if not kept:
        told = "It is not known who is expected, so nobody can be missed."
        return Step(
            name, title, "optional", told, "Send whoever invited you the member list of a group, to be compared."
        )
    uncalled = [each for each in kept if each.balanced is None]
    drifting = sum(each.balanced is False for each in kept)
    shown = tuple(map(_figures, seen.rolls))
    balanced = len(kept) - len(uncalled) - drifting
    told = f"{balanced:,} of {counted(len(kept), 'group')} {verb(balanced, 'has', 'have')} those who are expected."
    if drifting:
        more = (f"And {counted(drifting - SHOWN, 'more group')}.",) if drifting > SHOWN else ()
        todo = "Ask whoever invited you for the roll call: it gives the reason for each who is missing, or too many."
        return Step(name, title, "attention", told, todo, shown + more)
    if uncalled:
        return Step(name, title, "open", told, "The roll of the others is called within a few minutes.")
    return Step(name, title, "done", told, None)


def _figures(roll: RollRecord) -> str:
    if not roll.extra:
        return f"{roll.group}: {roll.present:,} of {roll.expected:,} {verb(roll.present, 'is', 'are')} here."
    return (
        f"{roll.group}: {people(roll.present)} {verb(roll.present, 'is', 'are')} here and {roll.expected:,} expected: "
        f"{roll.missing:,} missing, {roll.extra:,} too many."
    )


def _domains(seen: Situation, _now: int) -> Step:
    name, title, found = "domains", "Mail domains", seen.domains
    if not found:
        told = "None is claimed; people find their sign-in by the application then."
        return Step(name, title, "optional", told, None)
    proven = sum(each.state == "verified" for each in found)
    told = f"{proven:,} of {counted(len(found), 'domain')} {verb(proven, 'is', 'are')} proven."
    waiting = [each for each in found if each.state in ("pending", "failing")]
    lines = tuple(
        f"{each.domain} is {each.state}: TXT record {record_name(each.domain)} with {record_value(each.token)}"
        for each in waiting[:SHOWN]
    )
    others = tuple(f"{each.domain} is {each.state}." for each in found if each.state in ("disputed", "lost"))[:SHOWN]
    todos = tuple(todo for state, todo in _OF_DOMAINS.items() if any(each.state == state for each in found))
    if waiting:
        records = "Have these records added to the DNS of the domains; they are looked for again and again."
        todo = " ".join((records, *todos))
        return Step(name, title, "attention" if proven else "open", told, todo, lines + others)
    if others:
        return Step(name, title, "attention", told, " ".join(todos), others)
    return Step(name, title, "done", told, None)


_OF_DOMAINS: Final = {
    "disputed": "Ask whoever invited you about what is disputed: another company has proven it, too.",
    "lost": "Ask whoever invited you to claim anew what is lost, if it is yours.",
}


_STEPS: Final[tuple[Callable[[Situation, int], Step], ...]] = (
    sign_on_step,
    _test,
    _sign_ins,
    token_step,
    _calls,
    _first_user,
    _first_group,
    _cycle,
    _roll_call,
    _domains,
)
