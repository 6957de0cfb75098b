"""A sign-in gives nobody an address of a mail domain that the connection does not allow."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.signin.test_admission import ANA, AT, IDP, Door, at_the_door, mail
from vestibule import connections
from vestibule.claims import Received, read_profile
from vestibule.clock import SystemClock
from vestibule.model import EmailProof
from vestibule.signin.admission import complete
from vestibule.signin.outcome import Admitted, Arrival, Found, Refused
from vestibule.signin.preview import preview
from vestibule.signon import SamlIdp, SignOn, mapping_of

EVE = "eve@evil.example"


def allowing(work: Callable[[Door], Awaitable[Any]], *domains: str) -> Any:
    async def with_list(door: Door) -> Any:
        changed = await connections.change_settings(
            door.store, SystemClock(), door.connection.id, {"allowed_domains": list(domains or ("acme.example",))}
        )
        return await work(replace(door, connection=changed))

    return at_the_door(with_list)


def of(address: str, **rest: Any) -> dict[str, Any]:
    return {"emails": [{"value": address, "type": "work", "primary": True}], **rest}


async def address(door: Door, user_name: str) -> str:
    return orjson.loads((await door.store.user_named(door.connection.id, user_name)).document)["emails"][0]["value"]


async def proven(door: Door, who: str, claimed: str, proof: EmailProof) -> tuple[Arrival, Any]:
    """Somebody new who claimed an address and has proven EVE; and what becomes of them."""
    mapping = mapping_of("generic", "saml")
    received = Received("saml", IDP, who, None, mail(claimed))
    mapped = read_profile(received, mapping)
    assert mapped.profile is not None
    arrival = Arrival(door.connection, SignOn(SamlIdp(IDP, IDP), mapping), received, who, mapped, AT)
    found = Found("created", None)
    return arrival, await complete(
        door.store, arrival, mapped.profile, found, proof, provisioned=False, address=EVE
    )  # fmt: skip


@pytest.mark.parametrize(("who", "outcome"), [(ANA, Admitted), (EVE, Refused)])
def test_an_account_is_made_for_an_allowed_address_only(who: str, outcome: type[Any]) -> None:
    async def work(door: Door) -> Any:
        found = await door.arrive(who, mail(who))
        page = await door.store.users(door.connection.id, None)
        return found, len(page.items)

    found, count = allowing(work, "acme.example")
    assert isinstance(found, outcome)
    if outcome is Admitted:
        assert count == 1
        return
    assert (found.code, count) == ("domain_not_allowed", 0)
    assert found.facts == {
        "attribute": "emails", "value": EVE, "domain": "evil.example", "allowed": ["acme.example"],
    }  # fmt: skip


def test_without_an_address_the_user_name_counts_where_it_is_one() -> None:
    async def work(door: Door) -> Any:
        return await door.arrive(EVE, {})

    found = allowing(work)
    assert isinstance(found, Refused)
    assert (found.code, found.facts["attribute"]) == ("domain_not_allowed", "userName")


def test_who_is_here_already_comes_in_unless_the_address_would_be_changed() -> None:
    async def work(door: Door) -> Any:
        await door.user("eve", origin="login", **of(EVE))
        await door.user("ana", origin="login", **of(ANA))
        same = await door.arrive("eve", mail(EVE), update_people="always")
        other = await door.arrive("ana", mail(EVE), update_people="always")
        unasked = await door.arrive("ana", mail(EVE), update_people="never")
        return same, other, unasked, await address(door, "ana")

    same, other, unasked, kept = allowing(work)
    assert not isinstance(same, Refused)
    assert isinstance(other, Refused)
    assert (other.code, other.facts["user"]) == ("domain_not_allowed", "usr_ana")
    assert not isinstance(unasked, Refused)
    assert kept == ANA


def test_provisioned_people_come_in_whatever_the_claim_says() -> None:
    async def work(door: Door) -> Any:
        await door.user("ana", origin="scim", **of(EVE))
        return await door.arrive("ana", mail("ana@other.example"), update_people="always")

    assert not isinstance(allowing(work), Refused)


def test_a_proof_of_another_address_makes_no_account_with_it() -> None:
    async def work(door: Door) -> Any:
        arrival, refused = await proven(door, "ana", ANA, "code")
        return refused, await preview(door.store, arrival)

    refused, shown = allowing(work)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.facts["value"]) == ("domain_not_allowed", EVE)
    assert shown["outcome"] != "refused"


def test_a_list_that_was_made_while_an_administrator_was_asked_holds() -> None:
    async def work(door: Door) -> Any:
        _, refused = await proven(door, "eve", EVE, "admin")
        return refused, len((await door.store.users(door.connection.id, None)).items)

    refused, count = allowing(work)
    assert isinstance(refused, Refused)
    assert (refused.code, count) == ("domain_not_allowed", 0)


def test_nobody_is_asked_for_a_code_to_an_address_that_would_not_let_them_in() -> None:
    async def work(door: Door) -> Any:
        return await door.arrive("eve", mail(EVE), email_policy="always_code")

    refused = allowing(work)
    assert isinstance(refused, Refused)
    assert refused.code == "domain_not_allowed"


def test_a_test_sign_in_tells_it() -> None:
    async def work(door: Door) -> Any:
        mapping = mapping_of("generic", "saml")
        received = Received("saml", IDP, "eve", None, mail(EVE))
        arrival = Arrival(
            door.connection, SignOn(SamlIdp(IDP, IDP), mapping), received, "eve", read_profile(received, mapping), AT
        )
        return await preview(door.store, arrival)

    shown = allowing(work)
    assert (shown["outcome"], shown["code"], shown["facts"]["value"]) == ("refused", "domain_not_allowed", EVE)
