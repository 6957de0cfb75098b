"""What every store promises of mail domains: one holder, whatever is written at once."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.conformance_users import say_no
from tests.store.staging import AT, LATER, Stage, promise
from vestibule.model import Audit, Domain, DomainChange, Enterprise
from vestibule.store import NotFound, Store, Taken

ACME, OTHER = "ent_1", "ent_2"


def a_domain(number: int = 1, enterprise_id: str = ACME, **rest: Any) -> Domain:
    fields: dict[str, Any] = {"domain": "acme.com", "subdomains": False, "state": "pending", "token": f"t{number}"}
    fields |= {"created_at": AT} | rest
    return Domain(enterprise_id, f"dom_{number}", **fields)


def told(number: int = 1, enterprise_id: str = ACME) -> Audit:
    return Audit(f"aud_{number}", enterprise_id, AT, "cli", "domain.claimed", f"dom_{number}", {"domain": "acme.com"})


def becomes(state: Any, *audit: Audit) -> Any:
    return lambda present, _: DomainChange(replace(present, state=state), audit=audit)


async def two_claims(store: Store, **rest: Any) -> None:
    """Of two enterprises to one name."""
    await store.add_enterprise(Enterprise(OTHER, "Other", AT))
    await store.add_domain(a_domain(1, **rest), told(1))
    await store.add_domain(a_domain(2, OTHER), told(2, OTHER))


class DomainPromises(Stage):
    """Claims to mail domains."""

    @promise
    async def test_a_claim_is_read_as_it_was_kept(self, store: Store) -> None:
        await two_claims(store, subdomains=True, note="–", verified_at=AT, checked_at=LATER, failing_since=AT)
        first = a_domain(1, subdomains=True, note="–", verified_at=AT, checked_at=LATER, failing_since=AT)
        assert await store.domain("dom_1") == first
        assert await store.domains(ACME) == [first]
        assert await store.domains() == [first, a_domain(2, OTHER)]
        assert await store.domains_named(["acme.com", "b.com"]) == [first, a_domain(2, OTHER)]
        assert await store.domains_named(["ACME.com", "com", "xacme.com"]) == []
        assert await store.audit(ACME) == [told(1)]

    @promise
    async def test_an_enterprise_claims_a_domain_once(self, store: Store) -> None:
        await two_claims(store)
        with pytest.raises(Taken) as caught:
            await store.add_domain(a_domain(3), told(3))
        assert (caught.value.attribute, caught.value.holder) == ("domain", "dom_1")
        with pytest.raises(NotFound):
            await store.add_domain(a_domain(4, "ent_none"), told(4))
        assert [each.id for each in await store.audit(ACME)] == ["aud_1"]

    @promise
    async def test_a_domain_has_one_holder(self, store: Store) -> None:
        """The second one is refused, whole; it may hold it when the first gives way in the same write."""
        await two_claims(store)
        await store.change_domain(ACME, "dom_1", becomes("verified"))
        for state in ("verified", "failing"):
            with pytest.raises(Taken) as caught:
                await store.change_domain(OTHER, "dom_2", becomes(state, told(9, OTHER)))
            assert caught.value.holder == "dom_1"
        assert (await store.domain("dom_2")).state == "pending"
        assert len(await store.audit(OTHER)) == 1

        def takes_over(mine: Domain, holder: Domain | None) -> DomainChange:
            assert holder is not None
            return DomainChange(
                replace(mine, state="verified"), replace(holder, state="lost"), (told(8), told(9, OTHER))
            )

        assert (await store.change_domain(OTHER, "dom_2", takes_over)).state == "verified"
        assert [each.state for each in await store.domains()] == ["lost", "verified"]
        assert [each.id for each in await store.audit(ACME)] == ["aud_8", "aud_1"]

    @promise
    async def test_of_many_who_want_it_at_once_one_gets_it(self, store: Store) -> None:
        numbers = range(10, 20)
        for number in numbers:
            await store.add_enterprise(Enterprise(f"ent_{number}", "E", AT))
            await store.add_domain(a_domain(number, f"ent_{number}"), told(number, f"ent_{number}"))
        answers = await asyncio.gather(
            *(store.change_domain(f"ent_{number}", f"dom_{number}", becomes("verified")) for number in numbers),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in answers) == ["Domain"] + ["Taken"] * 9
        assert [each.state for each in await store.domains()].count("verified") == 1

    def test_of_two_processes_that_want_it_at_once_one_gets_it(self, tmp_path: Path) -> None:
        """Two stores of one database stand for two processes."""

        async def play() -> None:
            stores = [self.open_store(tmp_path), self.open_store(tmp_path)]
            await stores[0].add_enterprise(Enterprise(ACME, "Acme", AT))
            await two_claims(stores[0])
            for _ in range(10):
                answers = await asyncio.gather(
                    stores[0].change_domain(ACME, "dom_1", becomes("verified")),
                    stores[1].change_domain(OTHER, "dom_2", becomes("verified")),
                    return_exceptions=True,
                )
                assert sorted(type(each).__name__ for each in answers) == ["Domain", "Taken"]
                for id_, enterprise in (("dom_1", ACME), ("dom_2", OTHER)):
                    await stores[0].change_domain(enterprise, id_, becomes("pending"))
            for each in stores:
                await each.close()

        asyncio.run(play())

    @promise
    async def test_a_change_is_told_who_else_holds_the_domain(self, store: Store) -> None:
        """Of its name, or of one above it with its subdomains; the nearest, and never its own enterprise's."""
        await two_claims(store)
        await store.add_domain(
            a_domain(3, OTHER, domain="eu.acme.com", subdomains=True, state="verified"), told(3, OTHER)
        )
        await store.add_domain(a_domain(4, domain="x.eu.acme.com"), told(4))
        await store.add_domain(a_domain(5, domain="xeu.acme.com"), told(5))
        await store.add_domain(a_domain(6, OTHER, domain="a.x.eu.acme.com"), told(6, OTHER))
        seen: list[str | None] = []

        def look(present: Domain, holder: Domain | None) -> DomainChange:
            seen.append(None if holder is None else holder.id)
            return DomainChange(present)

        asked = ((ACME, "dom_1"), (ACME, "dom_4"), (ACME, "dom_5"), (OTHER, "dom_3"), (OTHER, "dom_6"))
        for enterprise, id_ in asked:
            await store.change_domain(enterprise, id_, look)
        await store.change_domain(OTHER, "dom_2", becomes("verified"))
        await store.change_domain(ACME, "dom_1", look)
        await store.change_domain(ACME, "dom_5", look)
        assert seen == [None, "dom_3", None, None, None, "dom_2", None]

    @promise
    async def test_the_holder_of_a_domain_is_the_nearest_one(self, store: Store) -> None:
        await two_claims(store, state="failing")
        await store.add_domain(
            a_domain(3, OTHER, domain="eu.acme.com", subdomains=True, state="verified"), told(3, OTHER)
        )
        await store.add_domain(a_domain(4, domain="x.eu.acme.com", state="verified"), told(4))
        await store.add_domain(a_domain(5, domain="p.eu.acme.com", state="disputed"), told(5))
        expected = {
            "acme.com": "dom_1", "us.acme.com": None, "eu.acme.com": "dom_3", "p.eu.acme.com": "dom_3",
            "x.eu.acme.com": "dom_4", "y.x.eu.acme.com": "dom_3", "com": None, "xacme.com": None, "eu.acme.com.evil.com": None,
        }  # fmt: skip
        for name, holder in expected.items():
            found = await store.domain_holder(name)
            assert (None if found is None else found.id) == holder, name

    @promise
    async def test_a_change_of_a_domain_that_raises_changes_nothing(self, store: Store) -> None:
        await two_claims(store)
        with pytest.raises(ValueError):
            await store.change_domain(ACME, "dom_1", lambda present, _: say_no(present))  # pyright: ignore[reportArgumentType]
        for enterprise, id_ in ((ACME, "dom_none"), (ACME, "dom_2"), ("ent_none", "dom_1")):
            with pytest.raises(NotFound):
                await store.change_domain(enterprise, id_, becomes("verified"))
            with pytest.raises(NotFound):
                await store.remove_domain(enterprise, id_, told(7))
        assert [each.state for each in await store.domains()] == ["pending", "pending"]

    @promise
    async def test_a_removed_domain_is_free(self, store: Store) -> None:
        await two_claims(store, state="verified")
        await store.remove_domain(ACME, "dom_1", told(7))
        with pytest.raises(NotFound):
            await store.domain("dom_1")
        assert (await store.change_domain(OTHER, "dom_2", becomes("verified"))).state == "verified"
        assert [each.id for each in await store.audit(ACME)] == ["aud_7", "aud_1"]
