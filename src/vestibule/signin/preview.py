"""What would happen at a real sign-in, without doing any of it."""

from typing import Any

from vestibule.claims import Profile
from vestibule.model import JsonObject
from vestibule.signin import allowed_domains, memberships, people, proofs
from vestibule.signin.admission import claims_missing, email_ruling, is_provisioned
from vestibule.signin.outcome import Arrival, Refused
from vestibule.store import Store


async def preview(store: Store, arrival: Arrival) -> JsonObject:
    """Who it would be, which groups, whether a code would be asked; or the refusal with its code and facts."""
    profile = arrival.mapped.profile
    if profile is None:
        return _refused(claims_missing(arrival))
    provisioned = await is_provisioned(store, arrival)
    found = await people.find(store, arrival, profile, provisioned=provisioned)
    if isinstance(found, Refused):
        return {**_refused(found), "profile": profile_json(profile)}
    if unwanted := allowed_domains.refused(arrival, profile, found.user, provisioned=provisioned):
        return {**_refused(unwanted), "profile": profile_json(profile)}
    word = await proofs.decided(store, arrival)
    if word is not None and word.state == "refused":
        refusal = Refused("approval_refused", {"verification": word.id, "by": word.decided_by})
        return {**_refused(refusal), "profile": profile_json(profile)}
    ruling, policy = await email_ruling(store, arrival, profile, found)
    spoken_for = word is not None and proofs.holds_for(word, found, profile)
    groups = await memberships.plan(store, arrival, profile.groups, found.user, provisioned=provisioned)
    asks = None if ruling.decision == "proven" else "admin" if ruling.decision == "ask_admin" else "code"
    return {
        "outcome": "must_verify" if asks and not spoken_for else "admitted",
        "profile": profile_json(profile),
        "match": found.match,
        "user": None if found.user is None else {"id": found.user.id, "userName": found.user.user_name},
        "email": {"policy": policy, "asks": asks, "reason": ruling.reason, "proof": ruling.proof},
        "groups": groups,
        "provisioned_by_scim": provisioned,
    }


def _refused(refusal: Refused) -> JsonObject:
    return {"outcome": "refused", "code": refusal.code, "facts": dict(refusal.facts)}


def profile_json(profile: Profile) -> JsonObject:
    """A mapped profile in SCIM's names."""
    shown: dict[str, Any] = {
        "userName": profile.user_name,
        "externalId": profile.external_id,
        "email": None if profile.email is None else str(profile.email),
        "email_verified": profile.email_verified,
        "givenName": profile.given_name,
        "familyName": profile.family_name,
        "displayName": profile.display_name,
        "groups": None if profile.groups is None else list(profile.groups.values),
        **{name: list(values) for name, values in profile.extra.items()},
    }
    return {name: value for name, value in shown.items() if value is not None}
