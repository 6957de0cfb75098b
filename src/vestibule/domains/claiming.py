"""Claims of enterprises to mail domains: made, given up, and decided by the operator when two have proven one."""

from dataclasses import replace

from vestibule import ids
from vestibule.clock import Clock
from vestibule.domains.names import read_claim
from vestibule.domains.refusal import DomainRefused
from vestibule.model import HELD, Audit, Domain, DomainChange
from vestibule.store import NotFound, Store, Taken

MOST = 500
"""How many domains an enterprise may claim, as each is looked up again and again."""


async def claim(
    store: Store, clock: Clock, enterprise_id: str, name: str, *, subdomains: bool = False, actor: str = "cli"
) -> Domain:
    """Claim a domain, which blocks nobody until it is proven. A claim that was lost begins anew, with a new token.

    With `subdomains` its proof speaks for what is below it too; a second claim to the same domain changes only that.
    Raises DomainRefused.
    """
    domain, now = read_claim(name), clock.now()
    if len(await store.domains(enterprise_id)) >= MOST:
        raise DomainRefused("too_many", f"{enterprise_id} has {MOST} claims, the most that there can be: remove some.")
    fresh = Domain(
        enterprise_id, ids.new_id("dom", now), domain, subdomains, "pending", ids.new_challenge(), created_at=now
    )
    try:
        await store.add_domain(fresh, entry(fresh, "claimed", now, actor))
    except NotFound as error:
        raise DomainRefused(
            "unknown_enterprise",
            f"There is no enterprise {enterprise_id}; `vestibule enterprise list` shows those that exist.",
        ) from error
    except Taken as error:
        return await _claim_again(store, fresh, error.holder, actor)
    return fresh


async def _claim_again(store: Store, fresh: Domain, present_id: str, actor: str) -> Domain:
    now = fresh.created_at

    def change(present: Domain, _: Domain | None) -> DomainChange:
        if present.state == "lost":
            again = replace(fresh, id=present.id)
            return DomainChange(again, audit=(entry(again, "claimed", now, actor),))
        if present.subdomains == fresh.subdomains:
            raise DomainRefused(
                "already_claimed",
                f"{present.domain} is claimed already ({present.id}, {present.state}); "
                f"`vestibule domain check {present.id}` looks for its record.",
                id=present.id,
            )
        changed = replace(present, subdomains=fresh.subdomains)
        action = "widened" if fresh.subdomains else "narrowed"
        return DomainChange(changed, audit=(entry(changed, action, now, actor),))

    return await store.change_domain(fresh.enterprise_id, present_id, change)


async def the_domain(store: Store, domain_id: str) -> Domain:
    """A claim by its id, or by its domain where one enterprise alone has claimed it. Raises DomainRefused."""
    try:
        return await store.domain(domain_id)
    except NotFound as error:
        named = await store.domains_named([domain_id.strip().removesuffix(".").lower()])
        if len(named) == 1:
            return named[0]
        which = ", ".join(f"{each.id} of {each.enterprise_id}" for each in named)
        raise DomainRefused(
            "unknown_domain",
            f"Several have claimed {domain_id}: say which one by its id, {which}."
            if named
            else f"There is no claim {domain_id}; `vestibule domain list` shows those that exist.",
        ) from error


async def remove(store: Store, clock: Clock, domain: Domain, *, actor: str = "cli") -> None:
    """Give a claim up; addresses of the domain are nobody's from now on. Raises DomainRefused."""
    try:
        await store.remove_domain(domain.enterprise_id, domain.id, entry(domain, "removed", clock.now(), actor))
    except NotFound as error:
        raise DomainRefused("unknown_domain", f"{domain.id} is gone already.") from error


async def give(store: Store, clock: Clock, domain: Domain, *, actor: str = "cli") -> Domain:
    """Decide a dispute for the enterprise that came later: it holds the domain, and the one before has lost it.

    One that holds a domain above with its subdomains keeps that one. Raises DomainRefused when it is not disputed.
    """
    now = clock.now()

    def change(present: Domain, holder: Domain | None) -> DomainChange:
        _check_disputed(present)
        won = replace(present, state="verified", verified_at=now, failing_since=None, note="The operator decided so.")
        audit = (entry(won, "given", now, actor),)
        if holder is None:
            return DomainChange(won, audit=audit)
        beaten = entry(holder, "lost" if holder.domain == won.domain else "carved_out", now, actor, to=won)
        lost = replace(holder, state="lost", note=f"The operator gave the domain to {won.enterprise_id}.")
        return DomainChange(won, lost if holder.domain == won.domain else None, (*audit, beaten))

    return await store.change_domain(domain.enterprise_id, domain.id, change)


async def keep(store: Store, clock: Clock, domain: Domain, *, actor: str = "cli") -> Domain:
    """Decide a dispute for the enterprise that holds the domain; the other claim is lost. Raises DomainRefused."""
    now = clock.now()

    def change(present: Domain, holder: Domain | None) -> DomainChange:
        _check_disputed(present)
        lost = replace(present, state="lost", note="The operator decided for the enterprise that holds the domain.")
        kept = () if holder is None else (entry(holder, "kept", now, actor, to=lost),)
        return DomainChange(lost, audit=(entry(lost, "lost", now, actor), *kept))

    return await store.change_domain(domain.enterprise_id, domain.id, change)


def _check_disputed(domain: Domain) -> None:
    if domain.state != "disputed":
        held = " and holds the domain" if domain.state in HELD else ""
        raise DomainRefused(
            "not_disputed",
            f"{domain.id} is {domain.state}{held}: only a disputed claim is decided; `vestibule domain list` shows "
            "those that are.",
        )


def entry(domain: Domain, what: str, at: int, actor: str, to: Domain | None = None) -> Audit:
    """The audit entry of an act on a domain, kept for its enterprise; `to` is the other side of a dispute."""
    detail = {"domain": domain.domain, "state": domain.state, "subdomains": domain.subdomains}
    if to is not None:
        detail |= {"other": to.id, "other_enterprise": to.enterprise_id}
    return Audit(ids.new_id("aud", at), domain.enterprise_id, at, actor, f"domain.{what}", domain.id, detail)
