"""Each operation changes what its preview said, once, and the audit names the request that it was done for."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from tests.conftest import Tenant
from tests.explain.provisioned import user
from tests.fixing.cases import CASES, adapted, emptied, kept, lacks_scopes, other_identity, renamed, sign_in, taken
from tests.sign_on.walk import FETCHER
from vestibule import connections, fixing
from vestibule.clock import SystemClock
from vestibule.fixing import OPERATIONS, CannotFix, Doer, Preview, Tools
from vestibule.model import Exchange
from vestibule.store import Store

T = TypeVar("T")
BY = Doer("ana", "operator")


def run(here: Tenant, work: Callable[[Tools], Awaitable[T]]) -> T:
    async def with_store(store: Store) -> T:
        return await work(Tools(store, SystemClock(), FETCHER, True))

    return here.vestibule.admin(with_store)


def do(
    here: Tenant,
    exchange: Exchange,
    operation: str,
    given: Mapping[str, Any] | None = None,
    by: Doer = BY,
    **rest: Any,
) -> Preview:
    return run(here, lambda tools: fixing.do(tools, exchange, operation, by, given=given, **rest))


def refusal(here: Tenant, exchange: Exchange, operation: str, given: Any = None, **rest: Any) -> CannotFix:
    with pytest.raises(CannotFix) as caught:
        do(here, exchange, operation, given, **rest)
    return caught.value


def state(here: Tenant, exchange: Exchange, name: str, arguments: Mapping[str, Any]) -> Any:
    """How things stand, or why that cannot be said."""

    async def work(tools: Tools) -> Any:
        try:
            return await OPERATIONS[name].read(tools, fixing.Case(exchange, name, arguments))
        except CannotFix as error:
            return error.code

    return run(here, work)


def audit(here: Tenant) -> list[Any]:
    return here.vestibule.admin(lambda store: store.audit(here.connection_id))


def arguments_of(here: Tenant, exchange: Exchange, name: str) -> Mapping[str, Any]:
    offered = run(here, lambda tools: fixing.offers(tools, exchange, BY))
    return next(each.fix.do.arguments for each in offered.offers if each.fix.do and each.fix.do.operation == name)


def test_every_operation_has_a_case() -> None:
    elsewhere = {"read_metadata_again", "sign_requests"}
    assert {operation for operation, _, _ in CASES.values()} == set(OPERATIONS) - elsewhere


@pytest.mark.parametrize("name", CASES)
def test_a_fix_does_what_its_preview_said_once_and_is_in_the_audit(tenant: Tenant, name: str) -> None:
    operation, make, given = CASES[name]
    exchange = make(tenant)
    arguments = {**arguments_of(tenant, exchange, operation), **given}
    if "group" in given:
        arguments["group"] = here_id = do(tenant, exchange, operation, given, dry=True).before["group"]
        given = {"group": here_id}
    before, entries = state(tenant, exchange, operation, arguments), audit(tenant)
    preview = do(tenant, exchange, operation, given, dry=True)
    assert (preview.before, preview.sentence[-1]) == (before, ".")
    assert preview.after != before
    assert (state(tenant, exchange, operation, arguments), audit(tenant)) == (before, entries)

    assert do(tenant, exchange, operation, given, shown=preview) == preview
    after = state(tenant, exchange, operation, arguments)
    assert after == preview.after or (operation, after) == ("unlink_identity", "gone")
    newest, *older = audit(tenant)
    assert older == entries
    assert (newest.actor, newest.detail["request"], newest.detail["fix"]) == ("ana", exchange.id, operation)

    again = refusal(tenant, exchange, operation, given)
    assert again.code in ("done", "gone", "unknown")
    assert state(tenant, exchange, operation, arguments) == after
    assert len(audit(tenant)) == len(entries) + 1


def test_what_was_granted_is_what_syncs_groups_and_no_more(tenant: Tenant) -> None:
    done = do(tenant, lacks_scopes(tenant), "grant_scopes")
    granted = set(done.after["scopes"]) - set(done.before["scopes"])
    assert granted == {"get:groups", "post:groups", "patch:groups", "delete:groups"}


def test_a_token_that_was_revoked_meanwhile_is_not_widened(tenant: Tenant) -> None:
    exchange = lacks_scopes(tenant)
    tenant.vestibule.admin(lambda store: connections.revoke(store, SystemClock(), exchange.token_id or ""))
    told = refusal(tenant, exchange, "grant_scopes")
    assert (told.code, "Create a new token" in str(told)) == ("gone", True)


def test_an_argument_that_the_explanation_gives_cannot_be_given_otherwise(tenant: Tenant) -> None:
    exchange, other = lacks_scopes(tenant), tenant.vestibule.token(tenant.vestibule.connection().id, {"get:users"})[0]
    assert refusal(tenant, exchange, "grant_scopes", {"token": other.id}).code == "argument"
    assert refusal(tenant, exchange, "grant_scopes", {"scopes": ["delete:users"]}).code == "argument"
    found = tenant.vestibule.admin(lambda store: store.find_token(other.id))
    assert found.scopes == {"get:users"}


def test_what_is_open_must_be_given_and_be_there(tenant: Tenant) -> None:
    exchange = renamed(tenant)
    assert "--with group=" in str(refusal(tenant, exchange, "map_group"))
    assert refusal(tenant, exchange, "map_group", {"group": "nobody"}).code == "gone"


def test_a_fix_that_is_the_operators_is_none_of_the_customers(tenant: Tenant) -> None:
    admin = Doer("ana", "customer_admin")
    exchange = sign_in("unsolicited")(tenant)
    assert refusal(tenant, exchange, "allow_idp_initiated", by=admin).code == "role"
    offered = run(tenant, lambda tools: fixing.offers(tools, exchange, admin)).offers
    (shown,) = (each for each in offered if each.fix.do and each.fix.do.operation == "allow_idp_initiated")
    assert (shown.preview, shown.refusal and shown.refusal.code) == (None, "role")
    assert do(tenant, lacks_scopes(tenant), "grant_scopes", by=admin).after


def test_a_fix_that_the_explanation_does_not_have_is_not_done(tenant: Tenant) -> None:
    told = refusal(tenant, emptied(tenant), "grant_scopes")
    assert (told.code, "approve_hold, refuse_hold" in str(told)) == ("unknown", True)


def test_nothing_is_done_when_things_are_not_as_they_were_shown(tenant: Tenant) -> None:
    exchange = lacks_scopes(tenant)
    shown = do(tenant, exchange, "grant_scopes", dry=True)
    tenant.vestibule.admin(
        lambda store: connections.grant(store, SystemClock(), exchange.token_id or "", frozenset({"get:groups"}))
    )
    assert refusal(tenant, exchange, "grant_scopes", shown=shown).code == "stale"


def test_a_token_of_another_connection_is_not_reached_by_a_forged_fact(tenant: Tenant) -> None:
    other = tenant.vestibule.token(tenant.vestibule.connection().id, {"get:users"})[0]
    exchange = adapted(tenant, "scope_missing")
    forged = replace(exchange, token_id=other.id)
    assert refusal(tenant, forged, "grant_scopes").code == "gone"


def test_a_name_that_somebody_else_has_is_not_given_twice(tenant: Tenant) -> None:
    exchange = taken(tenant)
    tenant.http.post("/Users", json={"userName": "bob@example.com", "externalId": "00u-new"})
    told = refusal(tenant, exchange, "rekey_match")
    assert (told.code, "another account has it" in str(told)) == ("failed", True)


def test_a_fix_gives_nobody_an_address_that_the_connection_does_not_allow(tenant: Tenant) -> None:
    user(tenant, emails=[], externalId="1")
    tenant.set(allowed_domains=["acme.example"])
    emails = [{"value": "ana@acme.example", "primary": True}]
    exchange = kept(tenant, user(tenant, "ana@evil.example", emails=emails, externalId="1"))
    told = refusal(tenant, exchange, "rekey_match")
    assert (told.code, "ana@evil.example" in str(told), "does not allow" in str(told)) == ("failed", True, True)
    tenant.set(allowed_domains=["acme.example", "evil.example"])
    assert do(tenant, exchange, "rekey_match")


def test_an_identity_of_another_connection_is_out_of_reach(tenant: Tenant) -> None:
    exchange = other_identity(tenant)
    elsewhere = tenant.vestibule.connection().id
    moved = replace(exchange, connection_id=elsewhere)
    assert refusal(tenant, moved, "unlink_identity").code == "gone"
