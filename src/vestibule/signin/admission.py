"""Whether somebody whom the identity provider vouches for comes in: found, checked, made, linked."""

from dataclasses import replace
from typing import Any

import orjson

from vestibule import ids
from vestibule.canary import is_canary
from vestibule.claims import Profile, read_address
from vestibule.model import Audit, EmailProof, Identity, JsonObject, User, VerifiedEmail
from vestibule.scim.folding import fold
from vestibule.signin import allowed_domains, memberships, people
from vestibule.signin.email_policy import EmailFacts, Ruling, rule
from vestibule.signin.outcome import Admitted, Arrival, Found, MustVerify, Outcome, Refused
from vestibule.store import Store, Taken


async def admit(store: Store, arrival: Arrival) -> Outcome:
    """Let somebody in, ask for a proof of their address, or refuse; writes only for who comes in.

    A refusal says which claim is missing, or why there is no account to sign in to.
    """
    profile = arrival.mapped.profile
    if profile is None:
        return claims_missing(arrival)
    if is_canary(profile.user_name, profile.external_id):
        # Such names are a connection test's, and hidden.
        return Refused("not_provisioned", {"looked_for": {"userName": profile.user_name}})
    provisioned = await is_provisioned(store, arrival)
    found = await people.find(store, arrival, profile, provisioned=provisioned)
    if isinstance(found, Refused):
        return found
    ruling, policy = await email_ruling(store, arrival, profile, found)
    if ruling.decision != "proven":
        # Nobody is asked for a proof of an address that would not let them in.
        unwanted = allowed_domains.refused(arrival, profile, found.user, provisioned=provisioned)
        return unwanted or must_verify(profile, found, ruling, policy)
    return await complete(store, arrival, profile, found, ruling.proof, provisioned=provisioned)


def claims_missing(arrival: Arrival) -> Refused:
    """What did not come, what did, and what looks alike."""
    missing = arrival.mapped.missing[0]
    facts: dict[str, Any] = {
        "attribute": missing.wanted,
        "expected": list(missing.sources),
        "nearest": list(missing.nearest),
        "received": sorted(arrival.received.values),
    }
    return Refused("claim_missing", facts)


def must_verify(profile: Profile, found: Found, ruling: Ruling, policy: str) -> MustVerify:
    """What is asked of somebody whose address is not proven."""
    address = None if profile.email is None else str(profile.email)
    how = "admin" if ruling.decision == "ask_admin" else "code"
    return MustVerify(found, profile, address, how, policy, ruling.reason)


async def is_provisioned(store: Store, arrival: Arrival) -> bool:
    """Whether the identity provider keeps the people of this connection by SCIM: it has a token, and has used one.

    That a token ran out, or was replaced and the new one not used yet, does not hand the people over to sign-ins.
    """
    tokens = await store.tokens(arrival.connection.id, of_people=False)
    return any(each.revoked_at is None for each in tokens) and any(each.last_used_at is not None for each in tokens)


async def email_ruling(store: Store, arrival: Arrival, profile: Profile, found: Found) -> tuple[Ruling, str]:
    """What the connection's policy, or an exception from it, says of the address; with the policy that said so."""
    policy: str = arrival.sign_on.email_policy
    user = found.user
    if user is not None:
        for exception in await store.email_exceptions_for(user.connection_id, user.id, arrival.now):
            policy = exception.policy
            break
    return rule(policy, await _facts(store, arrival, profile, user)), policy


async def _facts(store: Store, arrival: Arrival, profile: Profile, user: User | None) -> EmailFacts:
    address = None if profile.email is None else str(profile.email)
    folded = None if address is None else fold(address)
    proofs = [] if user is None else await store.verified_emails(user.connection_id, user.id)
    # Whose address did not come keeps the one that was proven before.
    already: EmailProof | None = next((each.by for each in proofs if folded is None or each.address == folded), None)
    from_directory = user is not None and (user.origin == "scim" or user.adopted_at is not None)
    document: JsonObject = {} if user is None else orjson.loads(user.document)
    return EmailFacts(
        protocol=arrival.received.protocol,
        address=address,
        already=already,
        domain_verified=profile.email is not None and arrival.is_verified_domain(profile.email.domain),
        idp_says=profile.email_verified,
        guest=any(note.code == "subject_is_guest" for note in arrival.mapped.notes),
        from_directory=from_directory,
        directory_addresses={fold(str(each.get("value", ""))) for each in document.get("emails", [])} - {""},
        address_folded=folded,
    )


async def complete(
    store: Store,
    arrival: Arrival,
    profile: Profile,
    found: Found,
    proof: EmailProof | None,
    *,
    provisioned: bool,
    address: str | None = None,
) -> Admitted | Refused:
    """Make or update the account, link the identity, keep the proof of `address` (else the profile's), join groups.

    Refused where the account would get an address of a domain that is not allowed, or is no more by now.
    """
    if proof == "code" and address:
        # An account of a sign-in's has the address that was proven, not another one that was claimed.
        profile = replace(profile, email=read_address(address))
    if unwanted := allowed_domains.refused(arrival, profile, found.user, provisioned=provisioned):
        return unwanted
    user = found.user or await people.make(store, arrival, profile)
    if isinstance(user, Refused):
        return user
    identity = found.identity or await _linked(store, arrival, user, found)
    if isinstance(identity, Refused):
        return identity
    proven = address or ("" if profile.email is None else str(profile.email))
    # Without an address it is a proof all the same, when an administrator vouches for somebody who has no mailbox.
    if proof is not None and (proven or proof == "admin"):
        await store.verify_email(VerifiedEmail(user.connection_id, user.id, proven, proof, arrival.now))
    user = await people.refresh(store, arrival, profile, user, provisioned=provisioned)
    planned = await memberships.plan(store, arrival, profile.groups, user, provisioned=provisioned)
    groups = await memberships.apply(store, arrival, user, planned)
    memberships.tell(store, user, profile.groups)
    store.signed_in(user.connection_id, identity.id, arrival.now)
    return Admitted(user, identity, found, proof, groups)


async def _linked(store: Store, arrival: Arrival, user: User, found: Found) -> Identity | Refused:
    now, connection_id = arrival.now, user.connection_id
    identity = Identity(
        connection_id, ids.new_id("idy", now), arrival.received.issuer, arrival.subject, user.id, now, now
    )
    detail = {"user": user.id, "match": found.match, "issuer": identity.issuer, "subject": identity.subject}
    entry = Audit(ids.new_id("aud", now), connection_id, now, "sign-in", "identity.linked", identity.id, detail)
    try:
        await store.link_identity(identity, entry)
    except Taken:
        # Two sign-ins of one person at once: the first one linked it.
        other = await store.identity(connection_id, identity.issuer, identity.subject)
        return other if other.user_id == user.id else Refused("identity_other", {"received": identity.subject})
    return identity
