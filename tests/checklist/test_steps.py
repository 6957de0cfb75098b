"""Each step says what is the case, and what comes next where something does; the facts are those of a real store."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from typing import Any, get_args

import httpx2
import pytest

from tests.conftest import USER_SCOPES, Tenant, Vestibule
from tests.explain.provisioned import group, nested_refused, user
from tests.saml.keys import DAY, NOW, certificate
from tests.store.staging import a_group, a_user
from vestibule import connections, identity_providers, ids
from vestibule.addresses import Addresses
from vestibule.checklist import Step, look, values_of
from vestibule.checklist.steps import CYCLES
from vestibule.clock import SystemClock
from vestibule.connections import IDENTITY_PROVIDERS
from vestibule.cycles import PIECE, State
from vestibule.model import Audit, Domain, Exchange, Identity
from vestibule.scim.scopes import SCOPES
from vestibule.signon import OidcIdp, SamlIdp
from vestibule.store import Store
from vestibule.store.roll_calls import ExpectedPerson, KeptExpectation, RollRecord

BASE_URL = "https://v.example"
Steps = dict[str, Step]


def steps(server: Vestibule, connection_id: str, now: int | None = None) -> Steps:
    at = SystemClock().now() if now is None else now

    async def work(store: Store) -> Steps:
        return {each.name: each for each in (await look(store, connection_id, BASE_URL, at)).steps}

    return server.admin(work)


def standings(found: Steps) -> dict[str, str]:
    return {name: each.standing for name, each in found.items()}


def on_disk(server: Vestibule) -> None:
    """A look for a request that is not there has the log written first."""
    httpx2.get(f"{server.base_url}/e/req_none", trust_env=False)


def settled(here: Tenant) -> Steps:
    """After everything that was asked is in the log."""
    on_disk(here.vestibule)
    return steps(here.vestibule, here.connection_id, SystemClock().now() + 20_000_000)


def test_of_a_fresh_connection_everything_is_to_do_and_each_step_says_what(vestibule: Vestibule) -> None:
    connection_id = vestibule.connection().id
    found = steps(vestibule, connection_id)
    assert list(found) == ["sign_on", "test_sign_in", "sign_ins", "token", "calls", "first_user", "first_group",
                           "cycle", "roll_call", "domains"]  # fmt: skip
    assert set(standings(found).values()) == {"open", "optional"}
    assert all(each.todo and each.todo.endswith(".") for each in found.values() if each.standing == "open")
    assert all(each.seen.endswith(".") for each in found.values())
    assert "App Federation Metadata Url" in (found["sign_on"].todo or "")
    assert "Secret Token" in (found["token"].todo or "")
    assert not vestibule.admin(lambda store: look(store, connection_id, BASE_URL, SystemClock().now())).finished


def test_every_verdict_on_the_cycles_has_a_standing() -> None:
    assert set(CYCLES) == set(get_args(State))


def test_requests_that_are_about_nobody_are_looked_at_too(tenant: Tenant) -> None:
    for _ in range(3):
        assert tenant.http.get("/Users", params={"filter": "nonsense"}).status_code == 400
    step = settled(tenant)["cycle"]
    assert (step.standing, bool(step.todo)) == ("attention", True)


@pytest.mark.parametrize("idp", IDENTITY_PROVIDERS)
def test_every_identity_provider_is_spoken_of_in_its_own_words(vestibule: Vestibule, idp: str) -> None:
    async def work(store: Store) -> str:
        enterprise = await connections.create_enterprise(store, SystemClock(), "Acme")
        return (await connections.create_connection(store, SystemClock(), enterprise.id, idp)).id

    connection_id = vestibule.admin(work)
    found = steps(vestibule, connection_id)
    told = " ".join(each.todo or "" for each in found.values())
    assert ("Microsoft" in told or "Enterprise applications" in told) == (idp == "entra")
    addresses = Addresses.of(BASE_URL, connection_id)
    for protocol in (None, "saml", "oidc"):
        sign_on, (tenant,) = values_of(addresses, idp, protocol)
        assert tenant.value == f"{BASE_URL}/scim/v2/connections/{connection_id}"
        shown = {each.value for each in sign_on}
        expected = {addresses.redirect_uri} if protocol == "oidc" else {addresses.acs_url, addresses.entity_id}
        assert expected <= shown
        assert len({each.label for each in sign_on}) == len(sign_on)


Change = Callable[[Store, str], Awaitable[Any]]


def saml(*pems: str, **rest: Any) -> Change:
    async def work(store: Store, connection_id: str) -> None:
        idp = SamlIdp("https://idp.example/", "https://idp.example/sso", certificates=pems, **rest)
        connection = await store.connection(connection_id)
        await identity_providers.set_up_saml(store, connection, idp, NOW, actor="test")

    return work


async def oidc(store: Store, connection_id: str) -> None:
    provider = OidcIdp("https://idp.example", "vestibule")
    await identity_providers.set_up_oidc(store, await store.connection(connection_id), provider, NOW, actor="test")


def switched_off(change: Change) -> Change:
    async def work(store: Store, connection_id: str) -> None:
        await change(store, connection_id)
        connection = await store.connection(connection_id)
        await identity_providers.change_settings(store, connection, {"enabled": False}, NOW, actor="test")

    return work


GOOD, ENDING, ENDED = certificate("a"), certificate("b", ends=10), certificate("c", ends=-1)
COMING, WEAK = certificate("d", begins=5), certificate("weak")


@pytest.mark.parametrize(
    ("change", "standing", "seen"),
    [
        (saml(GOOD), "done", "good until 2027-11-24"),
        (saml(ENDED, GOOD), "done", "good until 2027-11-24"),
        (saml(ENDING), "attention", "ends on 2026-12-04"),
        (saml(ENDED), "failed", "ended on 2026-11-23, so that everybody is refused"),
        (saml(), "failed", "no certificate"),
        (saml("nonsense"), "failed", "no certificate"),
        (saml(WEAK), "failed", "too weak to be believed, so that everybody is refused"),
        (saml(WEAK, ENDING), "attention", "ends on 2026-12-04"),
        (saml(COMING), "failed", "good from 2026-11-29 on only"),
        (saml(ENDED, COMING), "failed", "ended on 2026-11-23"),
        (saml(ENDING, COMING), "done", "good until 2027-11-24"),
        (saml(GOOD, metadata_url="https://idp.example/m", metadata_fault="timeout"), "attention", "could not be read"),
        (oidc, "done", "OpenID Connect, with https://idp.example"),
        (switched_off(saml(GOOD)), "attention", "It is switched off"),
    ],
    ids=[
        "good",
        "rolled over",
        "ends soon",
        "ended",
        "none",
        "unreadable",
        "weak",
        "weak beside",
        "coming",
        "gap",
        "coming beside",
        "metadata gone",
        "oidc",
        "switched off",
    ],
)
def test_the_sign_on_stands_as_its_certificates_do(
    vestibule: Vestibule, change: Change, standing: str, seen: str
) -> None:
    connection_id = vestibule.connection().id
    vestibule.admin(lambda store: change(store, connection_id))
    step = steps(vestibule, connection_id, NOW)["sign_on"]
    assert (step.standing, seen in step.seen) == (standing, True), step
    assert (step.todo is None) == (standing == "done")


def test_metadata_that_cannot_be_read_is_not_said_to_bring_the_new_certificate(vestibule: Vestibule) -> None:
    connection_id = vestibule.connection().id
    where = "https://idp.example/m"
    vestibule.admin(lambda store: saml(ENDED, metadata_url=where)(store, connection_id))
    assert "by itself within a day" in (steps(vestibule, connection_id, NOW)["sign_on"].todo or "")
    vestibule.admin(lambda store: saml(ENDED, metadata_url=where, metadata_fault="timeout")(store, connection_id))
    todo = steps(vestibule, connection_id, NOW)["sign_on"].todo or ""
    assert ("by itself" in todo, "can be reached" in todo) == (False, True)


def came(store: Store, connection_id: str, at: int, error: str | None = None, end: str = "acs", **facts: Any) -> None:
    store.record(
        Exchange(
            ids.request_id(at),
            connection_id,
            at,
            1,
            "POST",
            f"/sso/saml/x/{end}",
            "",
            400 if error else 303,
            resource_type="SignIn",
            error=error,
            facts={"protocol": "saml", **facts},
        )
    )


def test_sign_ins_are_told_from_the_log_and_tests_apart(vestibule: Vestibule) -> None:
    connection_id = vestibule.connection().id

    moments = count(NOW, 1_000_000)

    def after(*visits: dict[str, Any]) -> Steps:
        async def work(store: Store) -> None:
            for each in visits:
                came(store, connection_id, next(moments), **each)
            await store.flush()

        vestibule.admin(work)
        return steps(vestibule, connection_id, NOW + 3_600_000_000)

    vestibule.admin(lambda store: saml(GOOD)(store, connection_id))
    # Begun, and not come back: nothing is proven by it.
    found = after({"test": True}, {"test": False})
    assert (found["test_sign_in"].standing, found["sign_ins"].standing) == ("open", "open")
    found = after({"test": True, "test_id": "tst_1", "error": "audience"}, {"test": True})
    assert (found["test_sign_in"].standing, "audience" in found["test_sign_in"].seen) == ("failed", True)
    found = after({"test": True, "test_id": "tst_2", "outcome": "admitted"})
    assert (found["test_sign_in"].standing, found["sign_ins"].standing) == ("done", "open")
    found = after({"error": "bad_signature", "test": False})
    assert (found["sign_ins"].standing, "1 was refused" in found["sign_ins"].seen) == ("failed", True)
    found = after({"session": "ses_1", "test": False}, {"error": "replay", "test": False})
    assert (found["sign_ins"].standing, "1 request to sign in since then" in found["sign_ins"].seen) == (
        "done", True,
    )  # fmt: skip
    # Who cannot sign out, and who may not begin a test just now, tell nothing of signing in.
    found = after({"error": "replay", "test": False, "end": "slo"}, {"error": "rate_limited", "test": True})
    assert ("1 request" in found["sign_ins"].seen, found["test_sign_in"].standing) == (True, "done")
    # An old failure is no state of now.
    found = after({"test": True, "error": "audience", "test_id": "tst_3"})
    assert found["test_sign_in"].standing == "failed"
    found = after({"session": "ses_2", "test": False})
    assert (found["test_sign_in"].standing, "has signed in since" in found["test_sign_in"].seen) == ("optional", True)
    # Somebody came in once, and since then nobody does.
    found = after(*({"error": "bad_signature", "test": False} for _ in range(10)))
    assert (found["sign_ins"].standing, "10 requests" in found["sign_ins"].seen) == ("attention", True)


def test_who_signed_in_is_known_for_longer_than_the_log_is_kept(vestibule: Vestibule) -> None:
    connection_id = vestibule.connection().id

    async def work(store: Store) -> None:
        await saml(GOOD)(store, connection_id)
        made = await store.create_user(a_user(1, connection_id))
        audit = Audit(ids.new_id("aud", NOW), connection_id, NOW, "test", "x", "x", {})
        await store.link_identity(Identity(connection_id, "idn_1", "i", "s", made.id, NOW, NOW), audit)

    vestibule.admin(work)
    found = steps(vestibule, connection_id, NOW + DAY)
    assert (found["sign_ins"].standing, found["test_sign_in"].standing) == ("done", "optional")
    # Of many the newest that was linked may not be who came last.
    assert "or later" in found["sign_ins"].seen


TOKENS: list[tuple[Any, Any, str, str]] = [
    (SCOPES, None, "done", "may sync users and groups"),
    (USER_SCOPES, None, "attention", "Groups will fail"),
    ({"get:groups", "post:groups", "patch:groups", "delete:groups"}, None, "attention", "Users will fail"),
    ({"get:users", "get:groups"}, None, "attention", "lacks post:users, patch:users, post:groups"),
    (SCOPES, 10 * DAY, "attention", "ends on"),
    (SCOPES, 60 * DAY, "done", "it was not used yet"),
    (SCOPES, -DAY, "failed", "expired"),
]


@pytest.mark.parametrize(("scopes", "lifetime", "standing", "seen"), TOKENS)
def test_a_token_is_judged_by_what_it_may_do(
    vestibule: Vestibule, scopes: Any, lifetime: Any, standing: str, seen: str
) -> None:
    connection_id = vestibule.connection().id
    token, _ = vestibule.token(connection_id, scopes, lifetime)
    step = steps(vestibule, connection_id)["token"]
    assert (step.standing, seen in step.seen) == (standing, True), step
    if standing == "attention" and lifetime is None:
        assert token.last_four in step.seen
        assert "stays the same" in (step.todo or "")


def test_the_token_that_is_in_use_is_judged_and_not_a_better_one_beside_it(vestibule: Vestibule) -> None:
    connection_id = vestibule.connection().id
    used, text = vestibule.token(connection_id, USER_SCOPES)
    vestibule.token(connection_id)
    assert steps(vestibule, connection_id)["token"].standing == "done"
    with vestibule.client(connection_id, text) as client:
        client.get("/Users")
    on_disk(vestibule)
    found = steps(vestibule, connection_id)["token"]
    assert (found.standing, used.last_four in found.seen) == ("attention", True)


def test_provisioning_is_told_as_it_comes(tenant: Tenant) -> None:
    probe = {"filter": 'userName eq "7d1c0a52-0000-4000-8000-1c0ffee00003"'}
    tenant.http.get("/Users", params=probe)
    found = settled(tenant)
    assert [found[name].standing for name in ("calls", "first_user", "first_group", "cycle")] == [
        "done", "open", "open", "open",
    ]  # fmt: skip
    ana = user(tenant).json()["id"]
    found = settled(tenant)
    assert [found[name].standing for name in ("first_user", "first_group", "cycle")] == ["done", "open", "done"]
    assert found["first_user"].seen == "1 user is here."
    group(tenant, "grp_all", ana)
    assert nested_refused(tenant).status_code >= 400
    found = settled(tenant)
    assert (found["first_group"].standing, found["first_group"].seen) == ("done", "3 groups are here.")
    assert (found["cycle"].standing, "Restart provisioning" in (found["cycle"].todo or "")) == ("attention", True)


def test_who_was_not_let_in_is_not_told_as_calling_and_who_went_is_not_waited_for(tenant: Tenant) -> None:
    ana = user(tenant).json()["id"]
    tenant.http.delete(f"/Users/{ana}")
    found = settled(tenant)
    assert (found["calls"].standing, found["first_user"].seen) == ("done", "No user is here.")
    tenant.http.get("/Users", headers={"Authorization": "Bearer nonsense"})
    found = settled(tenant)
    assert (found["cycle"].standing, found["calls"].standing) == ("failed", "attention")
    assert "no token that is accepted" in found["calls"].seen


def test_the_403_on_groups_is_red_and_says_which_button_mends_it(vestibule: Vestibule) -> None:
    """The thread: users sync, every group is refused, and the identity provider says “Initial sync paused”."""
    connection_id = vestibule.connection().id
    token, text = vestibule.token(connection_id, USER_SCOPES)
    with vestibule.client(connection_id, text) as client:
        here = Tenant(vestibule, connection_id, token, text, client)
        for name in ("ana@example.com", "bob@example.com"):
            assert user(here, name, emails=[]).status_code == 201
        for name in ("grp_all", "grp_sre"):
            assert client.get("/Groups", params={"filter": f'displayName eq "{name}"'}).status_code == 403
        found = settled(here)
        assert (found["token"].standing, found["first_group"].standing, found["cycle"].standing) == (
            "attention", "failed", "failed",
        )  # fmt: skip
        assert "Restart provisioning" in (found["cycle"].todo or "")
        vestibule.admin(
            lambda store: connections.grant(store, SystemClock(), token.id, frozenset(SCOPES), actor="test")
        )
        found = settled(here)
        assert (found["token"].standing, "is there now" in (found["cycle"].todo or "")) == ("done", True)
        everything = " ".join(f"{each.seen} {each.todo} {each.details}" for each in found.values())
        assert "ana@" not in everything


def test_a_run_that_is_too_long_to_be_read_at_once_is_not_judged_by_its_beginning(
    vestibule: Vestibule, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_id = vestibule.connection().id

    async def work(store: Store) -> None:
        for number in range(PIECE + 50):
            at = NOW + number
            store.record(Exchange(ids.request_id(at), connection_id, at, 1, "POST", "/Users", "", 201,
                                  resource_type="User", target=f"u{number}"))  # fmt: skip
        await store.flush()

    vestibule.admin(work)
    monkeypatch.setattr("vestibule.checklist.reading._PIECES", 1)
    # All of it is too new to be folded for good, so each look reads the tail anew.
    late = steps(vestibule, connection_id, NOW + 1_000_000)["cycle"]
    assert (late.standing, "still being read" in late.seen) == ("open", True)
    monkeypatch.undo()
    assert steps(vestibule, connection_id, NOW + 1_000_000)["cycle"].standing == "done"


def expect(name: str, present: int | None, extra: int = 0) -> Change:
    async def work(store: Store, connection_id: str) -> None:
        kept = KeptExpectation(connection_id, f"rll_{name}{present}", name, "csv", 0, NOW)
        await store.begin_expectation(kept)
        await store.add_expected(connection_id, kept.id, [ExpectedPerson(f"p{each}") for each in range(3)])
        audit = Audit(ids.new_id("aud", NOW), connection_id, NOW, "test", "x", "x", {})
        kept = await store.settle_expectation(connection_id, kept.id, audit)
        if present is None:
            return
        roll = RollRecord(connection_id, name, NOW, 3, present, 3 - present + extra, extra, {})
        await store.note_roll(replace(kept, called_at=NOW, balanced=roll.balanced), roll, None, None)

    return work


def test_the_roll_call_tells_groups_with_their_figures(vestibule: Vestibule) -> None:
    connection_id = vestibule.connection().id

    def after(name: str, present: int | None, extra: int = 0) -> Step:
        vestibule.admin(lambda store: expect(name, present, extra)(store, connection_id))
        return steps(vestibule, connection_id, NOW)["roll_call"]

    assert steps(vestibule, connection_id)["roll_call"].standing == "optional"
    assert after("a", None).standing == "open"
    alone = after("a", 3)
    assert (alone.standing, alone.seen) == ("done", "1 of 1 group has those who are expected.")
    drifting = after("b", 1)
    assert (drifting.standing, drifting.details) == ("attention", ("b: 1 of 3 is here.",))
    assert "1 of 2 groups" in drifting.seen
    # As many as are expected, and not the same ones.
    assert after("c", 3, 1).details[-1:] == ("c: 3 people are here and 3 expected: 1 missing, 1 too many.",)


def test_what_is_the_apps_own_is_not_told_as_sent_by_the_identity_provider(vestibule: Vestibule) -> None:
    connection_id = vestibule.connection().id

    async def work(store: Store) -> None:
        made = await store.create_user(a_user(1, connection_id))
        await store.create_group(a_group("Sales", connection_id, "grp_s", origin="app"), [made.id], "app")

    vestibule.admin(work)
    found = steps(vestibule, connection_id)
    for name, seen in (("first_user", "1 user is here."), ("first_group", "1 group is here.")):
        assert (found[name].standing, found[name].seen.startswith(seen)) == ("open", True)
        assert "has sent none of them" in found[name].seen


def test_domains_are_told_with_the_record_that_is_awaited(vestibule: Vestibule) -> None:
    connection = vestibule.connection()

    def after(state: Any) -> Step:
        async def work(store: Store) -> None:
            name = f"{connection.id[4:]}.{state}.example"
            domain = Domain(connection.enterprise_id, ids.new_id("dom", NOW), name, False, state, "tok", NOW)
            entry = Audit(ids.new_id("aud", NOW), connection.enterprise_id, NOW, "test", "x", domain.id, {})
            await store.add_domain(domain, entry)

        vestibule.admin(work)
        return steps(vestibule, connection.id)["domains"]

    first = after("pending")
    assert (first.standing, "_vestibule-challenge." in first.details[0]) == ("open", True)
    assert "vestibule-verification=tok" in first.details[0]
    second = after("verified")
    assert (second.standing, second.seen) == ("attention", "1 of 2 domains is proven.")
    lost = after("lost")
    assert ("claim anew" in (lost.todo or ""), "another company" in (lost.todo or "")) == (True, False)
    third = after("disputed")
    assert "disputed" in " ".join(third.details)
    assert "another company" in (third.todo or "")


def test_a_proven_domain_is_done(vestibule: Vestibule) -> None:
    connection = vestibule.connection()

    async def work(store: Store) -> None:
        name = f"{connection.id[4:]}.example"
        domain = Domain(connection.enterprise_id, ids.new_id("dom", NOW), name, False, "verified", "tok", NOW)
        await store.add_domain(domain, Audit(ids.new_id("aud", NOW), "ent_x", NOW, "test", "x", domain.id, {}))

    vestibule.admin(work)
    assert steps(vestibule, connection.id)["domains"].standing == "done"
