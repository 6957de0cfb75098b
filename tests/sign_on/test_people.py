"""Who a sign-in is: found by the link rule, made where it is allowed, and never brought back against SCIM's word."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.sign_on.walk import ANA, Walk
from vestibule import identity_providers
from vestibule.claims import Groups, Mapped, Received
from vestibule.model import Audit, TokenChange
from vestibule.signin import memberships
from vestibule.signin.outcome import Arrival
from vestibule.store import Store

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
DMITRI, GUS, GRETA = (
    "dmitri@contoso.example",
    "gus_partner.example#EXT#@contoso.onmicrosoft.example",
    "greta@contoso.example",
)


@pytest.fixture
def scim(walk: Walk) -> Any:
    walk.set(email_policy="trust_idp_claim")
    _, text = walk.vestibule.token(walk.id)
    with walk.vestibule.client(walk.id, text) as client:
        # The token has been used, so SCIM is on, as soon as that is noted.
        assert client.get("/Users?count=1").status_code == 200
        walk.vestibule.admin(lambda store: _noted(store, walk.id))
        yield client


async def _noted(store: Store, connection_id: str) -> None:
    for _ in range(500):
        if any(each.last_used_at for each in await store.tokens(connection_id)):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the use of the token was not noted")


def provision(scim: httpx2.Client, user_name: str = ANA, **more: Any) -> str:
    made = scim.post("/Users", json={"schemas": [CORE], "userName": user_name, **more})
    assert made.status_code == 201, made.text
    return made.json()["id"]


def test_somebody_who_was_provisioned_is_found_by_their_user_name(walk: Walk, scim: httpx2.Client) -> None:
    user_id = provision(scim, "ANA@contoso.example")
    answer = walk.login()
    assert answer.headers["location"] == "/session", answer.text
    assert (walk.exchange(answer).resource_id, walk.exchange(answer).facts["match"]) == (user_id, "userName")
    assert len(walk.users()) == 1


def test_somebody_who_was_provisioned_is_found_by_their_object_id(walk: Walk, scim: httpx2.Client) -> None:
    person = walk.provider.state.people.find(ANA)
    user_id = provision(scim, "another.name@contoso.example", externalId=person.id)
    answer = walk.login()
    assert walk.exchange(answer).resource_id == user_id
    assert walk.exchange(answer).facts["match"] == "externalId"


def test_login_does_not_override_what_scim_keeps(walk: Walk, scim: httpx2.Client) -> None:
    provision(scim, displayName="As the directory says")
    assert walk.login().status_code == 303
    assert walk.document()["displayName"] == "As the directory says"


def test_who_is_not_provisioned_yet_is_told_so_while_scim_is_on(walk: Walk, scim: httpx2.Client) -> None:
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (403, "not_provisioned")
    walk.set(create_people="always")
    assert walk.login().status_code == 303


def test_a_subject_that_differs_from_scims_name_shows_both(walk: Walk, scim: httpx2.Client) -> None:
    """Misconfiguration 20: SCIM sends another name than the sign-in, for one person."""
    user_id = provision(scim, "ana.garcia", emails=[{"value": ANA, "type": "work"}])
    answer = walk.login()
    assert walk.code_of(answer) == "subject_matches_nobody"
    facts = walk.exchange(answer).facts
    assert facts["looked_for"]["userName"] == ANA
    assert facts["candidate"] == {"user": user_id, "userName": "ana.garcia", "externalId": None}


def test_the_claim_that_brings_scims_name_is_told(walk: Walk, scim: httpx2.Client) -> None:
    """Here the sign-in takes the NameID for the name, and another claim has what SCIM sends."""
    walk.provider.control(mistakes=["nameid_opaque"])
    provision(scim, ANA)
    claims = walk.set().as_json()["claims"]
    walk.set(claims={**claims, "userName": {"claims": ["NameID"], "required": True}})
    answer = walk.login()
    assert walk.code_of(answer) == "subject_matches_nobody"
    assert walk.exchange(answer).facts["matching_claim"].endswith(("/claims/name", "/claims/emailaddress"))


def test_somebody_scim_deleted_does_not_come_back_by_signing_in(walk: Walk, scim: httpx2.Client) -> None:
    walk.set(create_people="always")
    user_id = provision(scim)
    assert walk.login().status_code == 303
    assert scim.delete(f"/Users/{user_id}").status_code == 204
    assert walk.session().status_code == 401
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (403, "person_removed")
    assert walk.users() == []


def test_an_account_made_by_login_is_adopted_by_scim_later(walk: Walk, scim: httpx2.Client) -> None:
    walk.set(create_people="always")
    walk.login()
    made = walk.user()
    assert made.origin == "login"
    assert provision(scim, displayName="Ana of the directory") == made.id
    answer = walk.login()
    assert walk.exchange(answer).facts["match"] == "identity"
    assert walk.document()["displayName"] == "Ana of the directory"


def test_an_account_is_not_handed_to_a_second_identity(walk: Walk, scim: httpx2.Client) -> None:
    provision(scim)
    assert walk.login().status_code == 303
    identity = walk.vestibule.admin(lambda store: store.identities(walk.id))[0]

    # The same name comes with another object id: an account that was made anew at the identity provider.
    walk.set(claims={"userName": {"claims": ["tenant_constant"], "required": True}})
    walk.set(claims={"userName": {"claims": ["http://schemas.microsoft.com/identity/claims/tenantid"]}})
    tenant = walk.provider.state.people.tenant_id
    provision(scim, tenant)
    assert walk.login("ben@contoso.example").status_code == 303
    answer = walk.login("chloe@contoso.example")
    assert (answer.status_code, walk.code_of(answer)) == (403, "identity_other")
    assert identity.id != walk.exchange(answer).facts["identity"]


def test_group_claims_become_memberships_where_scim_does_not_keep_them(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim", create_groups=True)
    walk.provider.control(mistakes=["groups_names"])
    walk.login()
    groups = {each.display_name for each in _groups(walk)}
    assert {"Everybody", "Engineering", "Führungskreis"} == groups
    # A missing claim, and one that is cut off, take nothing away.
    walk.set(claims={"groups": "no_such_claim"})
    walk.login()
    assert {each.display_name for each in _groups(walk)} == groups


def _groups(walk: Walk, user_name: str = ANA) -> list[Any]:
    user = walk.user(user_name)
    return walk.vestibule.admin(lambda store: store.memberships_of(walk.id, user.id))


def test_what_a_sign_in_no_longer_names_is_left_and_nothing_else(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim", create_groups=True)
    walk.provider.control(mistakes=["groups_names"])
    walk.login()
    from vestibule.clock import SystemClock
    from vestibule.directory import Directory
    from vestibule.model import Group
    from vestibule.scim.patch import GroupChange
    from vestibule.scim.resource import GroupDraft

    user = walk.user()

    async def app_group(store: Any) -> Group:
        made = await Directory(store, SystemClock()).create_group(
            walk.id, GroupDraft("Of the app", None, (user.id,)), "app"
        )
        ops = await store.create_group(Group("grp_old", walk.id, "Once", None, "login", 1, 1, 1), [user.id], "login")
        await store.change_group(walk.id, ops.group.id, GroupChange(), 2, "login")
        return made.group

    walk.vestibule.admin(app_group)
    answer = walk.login()
    assert walk.exchange(answer).facts["groups"]["leaves"] == {"grp_old": "Once"}
    assert {each.display_name for each in _groups(walk)} == {"Everybody", "Engineering", "Führungskreis", "Of the app"}


def test_more_groups_than_fit_empty_no_membership(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim", create_groups=True)
    answer = walk.login(GRETA)
    facts = walk.exchange(answer).facts
    assert facts["groups"]["overage"] is True
    assert "groups_overage" in [note["code"] for note in facts["notes"]]


def test_groups_of_the_claim_are_found_by_the_object_id_that_scim_sent(walk: Walk, scim: httpx2.Client) -> None:
    walk.set(groups="always")
    groups = walk.provider.state.people.find(ANA).groups
    group = next(each for each in groups if each.name == "Engineering")
    made = scim.post(
        "/Groups",
        json={"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Eng", "externalId": group.id},
    )
    provision(scim)
    answer = walk.login()
    assert walk.exchange(answer).facts["groups"]["joins"] == {made.json()["id"]: "Eng"}


def test_a_guest_is_noted(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim")
    answer = walk.login(GUS)
    assert "subject_is_guest" in [note["code"] for note in walk.exchange(answer).facts["notes"]]
    assert answer.headers["location"].startswith("/sso/verify/")


@pytest.mark.parametrize("how", ["expired", "replaced"])
def test_scim_stays_the_authority_when_its_token_runs_out(walk: Walk, scim: httpx2.Client, how: str) -> None:
    """Who was deleted would else come back on the day after the token's last one."""
    walk.set(create_people="always")
    user_id = provision(scim)
    assert walk.login().status_code == 303
    assert scim.delete(f"/Users/{user_id}").status_code == 204
    tokens = walk.vestibule.admin(lambda store: store.tokens(walk.id))
    if how == "replaced":
        walk.vestibule.token(walk.id)
        change = TokenChange(revoked_at=1)
    else:
        change = TokenChange(expires_at=1)
    entry = Audit(f"aud_{how}", walk.id, 1, "test", "token.changed", tokens[0].id, {})
    walk.vestibule.admin(lambda store: store.change_token(walk.id, tokens[0].id, lambda _: (change, entry)))
    answer = walk.login()
    assert (answer.status_code, walk.code_of(answer)) == (403, "person_removed")


def test_more_groups_than_are_looked_at_take_nobody_out_of_one(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim", create_groups=True)
    walk.provider.control(mistakes=["groups_names"])
    walk.login()
    names = [f"A{number:04d}" for number in range(memberships.MOST_GROUPS)]

    async def planned(store: Store, values: list[str]) -> Any:
        loaded = await identity_providers.load(store, walk.id)
        received = Received("saml", "https://idp", "ana", None, {})
        arrival = Arrival(loaded.connection, loaded.sign_on, received, "ana", Mapped(None, (), ()), 1)
        user = await store.user_named(walk.id, ANA)
        groups = Groups(tuple(values), overage=False, looks_like="names")
        return await memberships.plan(store, arrival, groups, user, provisioned=False)

    few, many = (walk.vestibule.admin(lambda store, more=more: planned(store, names + more)) for more in ([], ["Z"]))
    assert sorted(few["leaves"].values()) == ["Engineering", "Everybody", "Führungskreis"]
    assert (many["leaves"], many["overage"]) == ({}, True)
