"""Claims checked against the DNS, once when somebody asks, and again and again in the background."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from vestibule.clock import Clock
from vestibule.domains.claiming import entry
from vestibule.domains.proof import Proof, look
from vestibule.domains.refusal import DomainRefused
from vestibule.domains.states import after_check, due
from vestibule.model import HELD, Audit, Domain, DomainChange
from vestibule.outbound.names import Names
from vestibule.store import NotFound, Store, Taken


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim after a check, the state it had before, and what the DNS said."""

    domain: Domain
    before: Domain
    proof: Proof

    @property
    def changed(self) -> bool:
        """Whether its state is another one now."""
        return self.domain.state != self.before.state


async def check(store: Store, names: Names, clock: Clock, domain: Domain, *, actor: str = "cli") -> Checked:
    """Look a claim's record up and keep what follows. Raises DomainRefused for one that is lost or gone.

    A proof of a domain that another enterprise holds makes the claim `disputed`, and the holder is checked at once.
    """
    if domain.state == "lost":
        raise DomainRefused(
            "used_up", f"{domain.domain} was lost: claim it again, which makes a new token to be published."
        )
    proof, now = await look(names, domain.domain, domain.token), clock.now()
    before = domain

    def change(present: Domain, holder: Domain | None) -> DomainChange:
        nonlocal before
        before = present
        if present.token != domain.token:
            # It was claimed anew meanwhile; what was looked up is no longer the question.
            return DomainChange(present)
        after = replace(after_check(present, holder, proof.outcome, now), note=proof.note)
        return DomainChange(after, audit=_entries(present, after, holder, now, actor))

    try:
        after = await store.change_domain(domain.enterprise_id, domain.id, change)
    except NotFound as error:
        raise DomainRefused("unknown_domain", f"{domain.id} is gone meanwhile.") from error
    except Taken:
        # Another one got it between two looks, at a store that does not wait for others: the next look tells.
        after = await store.domain(domain.id)
    if after.state == "disputed" and before.state != "disputed":
        await _check_holders(store, names, clock, after, actor)
    return Checked(after, before, proof)


def _entries(before: Domain, after: Domain, holder: Domain | None, now: int, actor: str) -> tuple[Audit, ...]:
    """The audit of a change of state; the holder hears of a dispute, too."""
    if before.state == after.state:
        return ()
    mine = entry(after, after.state, now, actor, to=holder if after.state == "disputed" else None)
    if after.state != "disputed" or holder is None:
        return (mine,)
    return mine, entry(holder, "disputed", now, actor, to=after)


async def _check_holders(store: Store, names: Names, clock: Clock, claim: Domain, actor: str) -> None:
    for each in await store.domains_named([claim.domain]):
        if each.state in HELD and each.enterprise_id != claim.enterprise_id:
            await check(store, names, clock, each, actor=actor)


async def recheck(
    store: Store, names: Names, clock: Clock, *, everything: bool = False, actor: str = "recheck"
) -> Sequence[Checked]:
    """Check all claims that are due, or all that can be; those that wait for one that is lost now, right after it.

    Holders come first, so that a disputed claim finds the domain free in the same turn.
    """
    now = clock.now()
    todo = [each for each in await store.domains() if each.state != "lost" and (everything or due(each, now))]
    done: dict[str, Checked] = {}
    for each in sorted(todo, key=lambda domain: domain.state not in HELD):
        await _check_one(store, names, clock, each, actor, done)
        if each.id in done and done[each.id].domain.state == "lost":
            waiting = [other for other in await store.domains_named([each.domain]) if other.state == "disputed"]
            for other in waiting:
                await _check_one(store, names, clock, other, actor, done)
    return tuple(done.values())


async def _check_one(
    store: Store, names: Names, clock: Clock, domain: Domain, actor: str, done: dict[str, Checked]
) -> None:
    if domain.id in done:
        return
    try:
        done[domain.id] = await check(store, names, clock, domain, actor=actor)
    except DomainRefused:
        # It was given up or lost while others were checked.
        return
