"""Why somebody is missing, and why somebody is too many: never guessed, each reason with what shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from vestibule.clock import rfc3339
from vestibule.counting import people
from vestibule.explain import explain
from vestibule.model import Exchange, Member
from vestibule.rollcall.report import Extra, Missing
from vestibule.scim.folding import fold
from vestibule.store.roll_calls import Account, ExpectedPerson, Whereabouts

REASONS: Mapping[str, str] = {
    "never_provisioned": "No request to make this person has come in with a valid token.",
    "removed": "The person was here and was deleted, and has not been sent again.",
    "refused": "A request for the person, or for the group, was refused.",
    "held": "A guard of the connection holds the request until an administrator decides.",
    "other_identity": "Somebody here has a name or an address of the person: two accounts that may be one person's.",
    "parked": "The person was named as a member and is no user here (yet).",
    "deactivated": "The account is here and is not active.",
    "nested_group": "The person is expected by way of a group within the group only.",
    "out_of_scope": "The person is not assigned to the app in the identity provider.",
    "disabled_in_source": "The account is disabled in the identity provider and never came.",
    "unknown_to_source": "The list names the person, and the identity provider's own file does not.",
    "no_group": "There is no group of this name here: it was not sent, or was deleted or renamed since.",
    "not_added": "The person is here, and is not in the group: nothing has added them, or they were removed again.",
    "unnamed": "Only the number is known: who they are, and why they are missing, a list of names tells.",
}
"""Every reason with what it means."""

_PARKED = (
    "The identity provider named somebody who is no user here (yet). The person joins the group alone as soon as "
    "the identity provider sends the user."
)
_EXTRA = {
    "app": "added by the app, not expected by the identity provider",
    "login": "added at a sign-in, not expected by the identity provider",
    "left_over": "added by the identity provider, not expected, or no longer",
}


DOUBLE = "another account of somebody who is expected, and is a member already"
"""Why a second account is too many, without names."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds for everybody who is expected in a group: whether it is here, and what of it was refused last.

    `named` are those whom that refusal kept out, by folded names and ids; None for everybody.
    """

    known: bool
    refusal: Exchange | None = None
    named: frozenset[str] | None = None

    def refusal_of(self, person: ExpectedPerson, account: Account) -> Exchange | None:
        """The refusal, when it kept this person out."""
        names = (person.user_name, account.user_id, account.user_name, account.external_id, *person.external_ids)
        kept_out = self.named is None or not self.named.isdisjoint(fold(each) for each in names if each)
        return self.refusal if kept_out else None


def accounts_of(person: ExpectedPerson, where: Whereabouts) -> list[Account]:
    """The accounts that may be a person's by the link rule: by an id, then by the userName; each once."""
    found = [where.by_id[each] for each in sorted(person.external_ids) if each in where.by_id]
    named = where.by_name.get(fold(person.user_name))
    candidates = found if named is None else [*found, named]
    return list({each.user_id: each for each in candidates}.values())


def account_of(person: ExpectedPerson, where: Whereabouts) -> Account | None:
    """The first of a person's accounts. A member before who is none."""
    candidates = accounts_of(person, where)
    return next((each for each in candidates if each.member), candidates[0] if candidates else None)


def reason_for(
    person: ExpectedPerson, where: Whereabouts, situation: Situation, refusals: Mapping[str, Exchange]
) -> Missing:
    """Why a person is no member. `refusals` are those of users by folded name."""
    who = person.user_name
    since = [where.waiting[name] for name in _names(person) if name in where.waiting]
    if since:
        return parked(who, min(since))
    account = account_of(person, where)
    if account is not None:
        return _of_account(person, account, situation)
    refusal = refusals.get(fold(who))
    if refusal is not None:
        return refused(who, refusal)
    return _of_stranger(person, where)


def _names(person: ExpectedPerson) -> list[str]:
    return [fold(name) for name in (person.user_name, *person.external_ids)]


def parked(who: str, since: int | None = None) -> Missing:
    """Somebody whom the group waits for."""
    return Missing(who, "parked", _PARKED, evidence={} if since is None else {"waiting_since": rfc3339(since)})


def _of_account(person: ExpectedPerson, account: Account, situation: Situation) -> Missing:
    who, shown = person.user_name, {"user_id": account.user_id}
    if not account.active:
        return Missing(who, "deactivated", "The account exists here but is deactivated.", evidence=shown)
    if person.via is not None:
        return _nested(person, shown)
    refusal = situation.refusal_of(person, account)
    if refusal is not None:
        return refused(who, refusal, evidence=shown)
    if not person.in_scope:
        return Missing(who, "out_of_scope", REASONS["out_of_scope"], evidence=shown)
    if not person.known:
        return _unknown(who, shown)
    return not_there(who, situation, shown)


def _of_stranger(person: ExpectedPerson, where: Whereabouts) -> Missing:
    """Of somebody who is no user here, and for whom no request was refused."""
    who = person.user_name
    same = where.by_address.get(fold(who), ())
    if same:
        told = f"{same[0].user_name!r} ({same[0].user_id}) has this address here, under another userName."
        return Missing(
            who, "other_identity", told, evidence={"user_id": same[0].user_id, "user_name": same[0].user_name}
        )
    if person.via is not None:
        return _nested(person, {})
    if not person.known:
        return _unknown(who, {})
    if not person.enabled:
        return Missing(who, "disabled_in_source", REASONS["disabled_in_source"])
    if not person.in_scope:
        return Missing(who, "out_of_scope", REASONS["out_of_scope"])
    departed = where.departed.get(fold(who))
    if departed is None:
        return Missing(who, "never_provisioned", REASONS["never_provisioned"])
    shown = {"user_id": departed.user_id, "deleted_at": rfc3339(departed.deleted_at)}
    if departed.merged_into is not None:
        told = f"The account was linked with {departed.merged_into}, which has another userName."
        return Missing(who, "other_identity", told, evidence={**shown, "holder": departed.merged_into})
    told = f"The person was deleted here on {shown['deleted_at'][:10]} and has not been sent again."
    return Missing(who, "removed", told, evidence=shown)


def _nested(person: ExpectedPerson, shown: Mapping[str, Any]) -> Missing:
    told = (
        f"The person is expected by way of the group {person.via!r} within the group only, whose people are not "
        "provisioned by way of it: assign that group, or the person, to the app."
    )
    return Missing(person.user_name, "nested_group", told, evidence={**shown, "via": person.via})


def _unknown(who: str, shown: Mapping[str, Any]) -> Missing:
    told = "The list names the person, but the identity provider's own file does not know anybody of this name."
    return Missing(who, "unknown_to_source", told, evidence=shown)


def refused(who: str, refusal: Exchange, count: int = 1, evidence: Mapping[str, Any] | None = None) -> Missing:
    """Why a request kept somebody out: held by a guard, taken by another account, or refused otherwise."""
    shown, facts = dict(evidence or {}), refusal.facts
    told = explain(refusal).sentence
    if refusal.error == "held":
        return Missing(who, "held", f"held: {told}", refusal.id, count, {**shown, "hold_id": facts.get("hold")})
    if refusal.error == "uniqueness" and refusal.resource_type == "User":
        named = {"holder": facts.get("holder"), "attribute": facts.get("attribute")}
        return Missing(who, "other_identity", f"conflict: {told}", refusal.id, count, {**shown, **named})
    return Missing(who, "refused", f"refused: {told}", refusal.id, count, shown)


def not_there(who: str, situation: Situation, evidence: Mapping[str, Any]) -> Missing:
    """The person is here and nothing was refused: the group is not, or the membership is not."""
    reason = "not_added" if situation.known else "no_group"
    return Missing(who, reason, REASONS[reason], evidence=evidence)


def uncounted(count: int, situation: Situation) -> Missing:
    """A number of people of whom nothing else is known."""
    who = f"{people(count)} (not named)"
    if situation.refusal is not None and situation.named is None:
        return replace(refused(who, situation.refusal, count), named=False)
    reason = "unnamed" if situation.known else "no_group"
    return Missing(who, reason, REASONS[reason], None, count, named=False)


def double(account: Account, person: ExpectedPerson, first: Account) -> Extra:
    """Another account of somebody who is expected, and is present by a first one."""
    told = (
        f"{person.user_name!r} is expected once and is a member by two accounts: this one ({account.user_id}) and "
        f"{first.user_name!r} ({first.user_id})."
    )
    return Extra(account.user_name, told, "double", account.user_id)


def surplus(member: Member) -> Extra:
    """Why somebody is a member whom nobody expects."""
    origin = "left_over" if member.claimed or member.origin == "scim" else member.origin
    return Extra(member.user_name, _EXTRA[origin], origin, member.user_id)
