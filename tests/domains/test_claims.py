"""Claims as enterprises, resolvers and the operator deal with them, in one database and over months."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import database_url
from vestibule import connections
from vestibule.domains.checking import check, recheck
from vestibule.domains.claiming import MOST, claim, give, keep, remove, the_domain
from vestibule.domains.discovery import discover, holder_of, own_domains
from vestibule.domains.proof import record_name, record_value
from vestibule.domains.refusal import DomainRefused
from vestibule.domains.states import DAY, GRACE, HOUR
from vestibule.model import Domain, SignOnRow
from vestibule.outbound.names import Answer
from vestibule.store import NotFound, Store
from vestibule.store.opening import open_store


@dataclass
class SetClock:
    """Stands still until it is moved."""

    at: int = 1_795_507_200_000_000

    def now(self) -> int:
        self.at += 1_000
        return self.at


@dataclass
class Dns:
    """What two resolvers say; `silent` is everything being out of reach."""

    records: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    silent: bool = False
    asked: list[str] = field(default_factory=list[str])

    def publish(self, domain: Domain) -> None:
        self.records.setdefault(record_name(domain.domain), set()).add(record_value(domain.token))

    def withdraw(self, domain: Domain) -> None:
        self.records[record_name(domain.domain)].discard(record_value(domain.token))

    async def txt(self, name: str) -> Sequence[Answer]:
        self.asked.append(name)
        values = tuple(self.records.get(name, ()))
        if self.silent:
            return [Answer(server, "timeout") for server in ("a", "b")]
        return [Answer(server, "found" if values else "no_name", values) for server in ("a", "b")]

    async def mail_hosts(self, domain: str) -> Sequence[Answer]:
        return [Answer("a", "no_record")]


@dataclass
class World:
    """A store with three enterprises, the DNS, and a clock."""

    store: Store
    dns: Dns
    clock: SetClock
    acme: str = ""
    beta: str = ""
    gamma: str = ""

    async def claim(self, enterprise: str, name: str = "acme.com", **rest: Any) -> Domain:
        return await claim(self.store, self.clock, enterprise, name, **rest)

    async def proven(self, enterprise: str, name: str = "acme.com", **rest: Any) -> Domain:
        """A claim whose record is published and looked up."""
        made = await self.claim(enterprise, name, **rest)
        self.dns.publish(made)
        return await self.check(made)

    async def check(self, domain: Domain) -> Domain:
        return (await check(self.store, self.dns, self.clock, await self.store.domain(domain.id))).domain

    async def recheck(self, after: int) -> list[str]:
        """The ids that were checked after this time has gone by."""
        self.clock.at += after
        return [each.domain.id for each in await recheck(self.store, self.dns, self.clock)]

    async def state(self, domain: Domain) -> str:
        return (await self.store.domain(domain.id)).state

    async def acts(self, enterprise: str) -> list[str]:
        return [each.action for each in (await self.store.audit(enterprise))[::-1]]


def story(tell: Callable[[World], Awaitable[None]]) -> Callable[[Path], None]:
    def test(tmp_path: Path) -> None:
        async def play() -> None:
            store = open_store(database_url(tmp_path))
            world = World(store, Dns(), SetClock())
            names = [
                (await connections.create_enterprise(store, world.clock, name)).id for name in ("Acme", "Beta", "Gamma")
            ]
            world.acme, world.beta, world.gamma = names
            try:
                await tell(world)
            finally:
                await store.close()

        asyncio.run(play())

    test.__name__, test.__doc__ = tell.__name__, tell.__doc__
    return test


async def refused(work: Awaitable[Any], code: str) -> str:
    with pytest.raises(DomainRefused) as caught:
        await work
    assert caught.value.code == code
    return str(caught.value)


@story
async def test_a_claim_is_proven_by_its_record_and_told_on_the_way(world: World) -> None:
    made = await world.claim(world.acme, "ACME.com.")
    assert (made.domain, made.state, len(made.token)) == ("acme.com", "pending", 26)
    assert await holder_of(world.store, "acme.com") is None
    waiting = await world.check(made)
    assert (waiting.state, "NXDOMAIN" in waiting.note) == ("pending", True)
    world.dns.publish(made)
    held = await world.check(made)
    assert (held.state, held.verified_at) == ("verified", world.clock.at)
    assert await holder_of(world.store, "acme.com") == held
    assert await world.acts(world.acme) == ["domain.claimed", "domain.verified"]


@story
async def test_a_claim_alone_blocks_nobody(world: World) -> None:
    await world.claim(world.beta)
    assert (await world.proven(world.acme)).state == "verified"


@story
async def test_each_claim_has_a_token_of_its_own(world: World) -> None:
    """The record of one enterprise proves nothing for another."""
    first = await world.proven(world.acme)
    second = await world.claim(world.beta)
    assert first.token != second.token
    assert (await world.check(second)).state == "pending"
    assert "another token" in (await world.store.domain(second.id)).note


@story
async def test_a_later_proof_takes_nothing_and_everybody_hears_of_it(world: World) -> None:
    first = await world.proven(world.acme)
    later = await world.proven(world.beta)
    assert (later.state, await world.state(first)) == ("disputed", "verified")
    assert (await world.acts(world.acme))[-1] == "domain.disputed"
    (told, *_) = await world.store.audit(world.acme)
    assert (told.detail["other"], told.detail["other_enterprise"]) == (later.id, world.beta)
    for _ in range(30):
        await world.recheck(DAY)
    assert (await world.state(later), await world.state(first)) == ("disputed", "verified")


@story
async def test_the_operator_gives_a_disputed_domain_away(world: World) -> None:
    first, later = await world.proven(world.acme), await world.proven(world.beta)
    given = await give(world.store, world.clock, later)
    assert (given.state, await world.state(first)) == ("verified", "lost")
    held = await holder_of(world.store, "acme.com")
    assert held is not None
    assert held.enterprise_id == world.beta
    assert (await world.acts(world.acme))[-1] == "domain.lost"
    await refused(check(world.store, world.dns, world.clock, await world.store.domain(first.id)), "used_up")


@story
async def test_the_operator_keeps_it_where_it_is(world: World) -> None:
    first, later = await world.proven(world.acme), await world.proven(world.beta)
    kept = await keep(world.store, world.clock, later)
    assert (kept.state, await world.state(first)) == ("lost", "verified")
    again = await world.claim(world.beta)
    assert (again.id, again.state) == (later.id, "pending")
    assert again.token != later.token
    assert (await world.check(again)).state == "pending"


@story
async def test_only_a_dispute_is_decided(world: World) -> None:
    first = await world.proven(world.acme)
    for decide in (give, keep):
        assert "verified and holds the domain" in await refused(decide(world.store, world.clock, first), "not_disputed")
    assert await world.state(first) == "verified"


@story
async def test_a_holder_whose_record_is_gone_keeps_the_domain_for_the_grace(world: World) -> None:
    """Then the enterprise that proved it too gets it, in the same turn."""
    first, later = await world.proven(world.acme), await world.proven(world.beta)
    world.dns.withdraw(first)
    assert set(await world.recheck(7 * DAY)) == {first.id, later.id}
    assert (await world.state(first), await world.state(later)) == ("failing", "disputed")
    for _ in range(13):
        await world.recheck(DAY)
    assert (await world.state(first), await world.state(later)) == ("failing", "disputed")
    await world.recheck(DAY + HOUR)
    assert (await world.state(first), await world.state(later)) == ("lost", "verified")
    assert (await world.acts(world.acme))[-2:] == ["domain.failing", "domain.lost"]


@story
async def test_a_claim_whose_own_record_is_gone_gets_nothing_when_the_holder_leaves(world: World) -> None:
    first, later = await world.proven(world.acme), await world.proven(world.beta)
    world.dns.withdraw(later)
    await remove(world.store, world.clock, first)
    await world.recheck(DAY + HOUR)
    assert await world.state(later) == "pending"
    assert await holder_of(world.store, "acme.com") is None


@story
async def test_the_domain_of_a_holder_who_leaves_goes_to_the_one_that_has_proven_it(world: World) -> None:
    first, later = await world.proven(world.acme), await world.proven(world.beta)
    await remove(world.store, world.clock, first)
    assert await holder_of(world.store, "acme.com") is None
    await world.recheck(DAY + HOUR)
    assert await world.state(later) == "verified"
    assert (await world.acts(world.acme))[-1] == "domain.removed"
    await refused(remove(world.store, world.clock, first), "unknown_domain")


@story
async def test_the_holder_is_checked_when_another_one_proves_the_domain(world: World) -> None:
    first = await world.proven(world.acme)
    world.dns.withdraw(first)
    await world.proven(world.beta)
    assert await world.state(first) == "failing"


@story
async def test_of_two_who_wait_the_first_gets_it(world: World) -> None:
    first, second, third = [await world.proven(each) for each in (world.acme, world.beta, world.gamma)]
    world.dns.withdraw(first)
    await world.recheck(7 * DAY)
    await world.recheck(GRACE + HOUR)
    assert [await world.state(each) for each in (first, second, third)] == ["lost", "verified", "disputed"]


@story
async def test_resolvers_out_of_reach_cost_nobody_a_domain(world: World) -> None:
    held = await world.proven(world.acme)
    world.dns.silent = True
    for _ in range(60):
        await world.recheck(DAY)
    assert await world.state(held) == "failing"
    assert await holder_of(world.store, "acme.com") is not None
    world.dns.silent = False
    await world.recheck(DAY)
    assert await world.state(held) == "verified"


@story
async def test_checks_come_as_often_as_they_are_due(world: World) -> None:
    held, waiting = await world.proven(world.acme), await world.claim(world.beta, "beta.com")
    assert await world.recheck(HOUR) == [waiting.id]
    assert await world.recheck(HOUR // 2) == []
    assert await world.recheck(6 * DAY) == [waiting.id]
    assert await world.recheck(DAY) == [held.id]
    assert await world.recheck(DAY) == []
    assert {each.domain.id for each in await recheck(world.store, world.dns, world.clock, everything=True)} == {
        held.id,
        waiting.id,
    }


@story
async def test_a_domain_speaks_for_what_is_below_it_only_by_choice(world: World) -> None:
    held = await world.proven(world.acme)
    assert await holder_of(world.store, "eu.acme.com") is None
    wide = await world.claim(world.acme, subdomains=True)
    assert (wide.id, wide.state, wide.subdomains) == (held.id, "verified", True)
    assert await holder_of(world.store, "eu.acme.com") == wide
    assert await holder_of(world.store, "xacme.com") is None
    assert (await world.acts(world.acme))[-1] == "domain.widened"
    await world.claim(world.acme)
    assert await holder_of(world.store, "eu.acme.com") is None
    await refused(world.claim(world.acme), "already_claimed")


@story
async def test_what_is_below_a_wide_domain_is_disputed_too(world: World) -> None:
    """Given away, it is cut out; the rest stays."""
    wide = await world.proven(world.acme, subdomains=True)
    below = await world.proven(world.beta, "eu.acme.com")
    assert (below.state, await holder_of(world.store, "eu.acme.com")) == ("disputed", await world.store.domain(wide.id))
    assert (await world.acts(world.acme))[-1] == "domain.disputed"
    given = await give(world.store, world.clock, below)
    assert await holder_of(world.store, "eu.acme.com") == given
    assert [(await holder_of(world.store, each) or given).enterprise_id for each in ("acme.com", "us.acme.com")] == [
        world.acme
    ] * 2
    assert (await world.acts(world.acme))[-1] == "domain.carved_out"


@story
async def test_an_own_domain_above_is_no_rival(world: World) -> None:
    await world.proven(world.acme, subdomains=True)
    assert (await world.proven(world.acme, "eu.acme.com")).state == "verified"


@story
async def test_a_claim_that_was_lost_begins_anew(world: World) -> None:
    """The old record, which may still lie about, proves nothing."""
    held = await world.proven(world.acme)
    world.dns.withdraw(held)
    await world.recheck(7 * DAY)
    await world.recheck(GRACE)
    assert await world.state(held) == "lost"
    world.dns.publish(held)
    await refused(check(world.store, world.dns, world.clock, await world.store.domain(held.id)), "used_up")
    again = await world.claim(world.acme)
    assert (again.id, again.state, again.verified_at) == (held.id, "pending", None)
    assert (await world.check(again)).state == "pending"
    world.dns.publish(again)
    assert (await world.check(again)).state == "verified"


@story
async def test_a_look_at_an_old_token_counts_for_nothing(world: World) -> None:
    """A check that was under way while the claim began anew."""
    held = await world.proven(world.acme)
    stale = await world.store.domain(held.id)
    await world.store.change_domain(world.acme, held.id, lambda present, _: lose(present))
    again = await world.claim(world.acme)
    checked = await check(world.store, world.dns, world.clock, stale)
    assert (checked.proof.outcome, checked.domain) == ("proven", again)


def lose(domain: Domain) -> Any:
    from vestibule.model import DomainChange

    return DomainChange(replace(domain, state="lost"))


@story
async def test_claims_are_found_by_id_or_by_a_name_that_is_clear(world: World) -> None:
    first = await world.claim(world.acme)
    assert await the_domain(world.store, first.id) == await the_domain(world.store, "ACME.com.") == first
    second = await world.claim(world.beta)
    told = await refused(the_domain(world.store, "acme.com"), "unknown_domain")
    assert first.id in told
    assert second.id in told
    await refused(the_domain(world.store, "dom_none"), "unknown_domain")
    await refused(world.claim("ent_none"), "unknown_enterprise")


@story
async def test_an_enterprise_has_so_many_claims_and_no_more(world: World) -> None:
    first = await world.claim(world.acme)
    await asyncio.gather(*(world.claim(world.acme, f"a{number}.com") for number in range(MOST - 1)))
    await refused(world.claim(world.acme, "one-more.com"), "too_many")
    await remove(world.store, world.clock, first)
    await world.claim(world.acme, "one-more.com")


@story
async def test_people_are_sent_where_their_domain_signs_in(world: World) -> None:
    """By the domain alone; all else comes to nothing, one way or the other."""
    await world.proven(world.acme)
    made = [(await connections.create_connection(world.store, world.clock, world.acme, "entra")).id for _ in range(3)]
    for each, enabled in zip(made, (True, False), strict=False):
        await world.store.change_sign_on(each, lambda _, c=each, e=enabled: SignOnRow(c, "{}", e))
    for address in ("ana@acme.com", "nobody-at-all@ACME.com", " ana@acme.com "):
        assert await discover(world.store, address) == (made[0],)
    await world.proven(world.beta, "bücher.example")
    pending = await world.claim(world.gamma, "gamma.com")
    other = (await connections.create_connection(world.store, world.clock, world.gamma, "okta")).id
    await world.store.change_sign_on(other, lambda _: SignOnRow(other, "{}", enabled=True))
    for nothing in (
        "ana@bücher.example",
        "ana@gamma.com",
        "ana@nobody.com",
        "acme.com",
        "ana@b@acme.com",
        "",
        "ana@eu.acme.com",
        "@acme.com",
    ):
        assert await discover(world.store, nothing) == (), nothing
    world.dns.publish(pending)
    await world.check(pending)
    assert await discover(world.store, "ana@gamma.com") == (other,)


@story
async def test_people_of_a_failing_domain_still_sign_in_and_of_a_lost_one_no_longer(world: World) -> None:
    held = await world.proven(world.acme)
    made = (await connections.create_connection(world.store, world.clock, world.acme, "entra")).id
    await world.store.change_sign_on(made, lambda _: SignOnRow(made, "{}", enabled=True))
    world.dns.withdraw(held)
    await world.recheck(7 * DAY)
    assert await discover(world.store, "ana@acme.com") == (made,)
    await world.recheck(GRACE)
    assert await discover(world.store, "ana@acme.com") == ()
    with pytest.raises(NotFound):
        await world.store.domain("dom_none")


@story
async def test_a_domain_is_proven_for_the_enterprise_that_holds_it_alone(world: World) -> None:
    await world.proven(world.acme, subdomains=True)
    await give(world.store, world.clock, await world.proven(world.beta, "eu.acme.com", subdomains=True))
    await world.claim(world.beta, "pending.com")
    holders = {
        "acme.com": world.acme, "us.acme.com": world.acme, "eu.acme.com": world.beta, "x.eu.acme.com": world.beta,
        "pending.com": None, "com": None, "xacme.com": None,
    }  # fmt: skip
    for enterprise in (world.acme, world.beta, world.gamma):
        is_own = await own_domains(world.store, enterprise)
        for name, holder in holders.items():
            assert is_own(name) == (holder == enterprise), (enterprise, name)
