"""Who comes in as whom: each rule of linking, proving and joining by itself, over a store and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import orjson
import pytest

from vestibule import connections, ids
from vestibule.account_rules import user_of
from vestibule.canary import mark
from vestibule.claims import Received, read_profile
from vestibule.clock import SystemClock
from vestibule.model import Audit, Connection, Group, Identity, Origin, Token, User
from vestibule.scim.patch import GroupChange
from vestibule.signin.admission import admit
from vestibule.signin.email_policy import EmailFacts, rule
from vestibule.signin.outcome import Admitted, Arrival, MustVerify, Refused
from vestibule.signin.subject import key_of
from vestibule.signon import SamlIdp, SignOn, mapping_of
from vestibule.store import Store
from vestibule.store.sqlite import SqliteStore

T = TypeVar("T")
AT = 1_795_507_200_000_000
IDP = "https://idp.example"
ANA = "ana@acme.example"


@dataclass(frozen=True)
class Door:
    """A connection, and who arrives there."""

    store: Store
    connection: Connection

    async def user(self, user_name: str, *, active: bool = True, origin: Any = "scim", **more: Any) -> User:
        document = {"schemas": [], "userName": user_name, "active": active, **more}
        made = user_of(f"usr_{user_name}", self.connection.id, document, origin, AT)
        return await self.store.create_user(made)

    async def arrive(
        self, subject: str = "s1", claims: dict[str, tuple[str, ...]] | None = None, **settings: Any
    ) -> Any:
        mapping = mapping_of("generic", "saml")
        defaults: dict[str, Any] = {"email_policy": "trust_idp_claim", "create_people": "always"}
        sign_on = SignOn(SamlIdp(IDP, IDP), mapping, **{**defaults, **settings})
        received = Received("saml", IDP, subject, None, claims or {})
        return await admit(
            self.store,
            Arrival(
                self.connection, sign_on, received, subject, read_profile(received, mapping), AT,
                is_verified_domain=lambda domain: domain == "acme.example",
            ),
        )  # fmt: skip


def at_the_door(work: Callable[[Door], Awaitable[T]]) -> T:
    async def run() -> T:
        store = SqliteStore.open(":memory:", upgrade=True)
        enterprise = await connections.create_enterprise(store, SystemClock(), "Acme")
        connection = await connections.create_connection(store, SystemClock(), enterprise.id, "generic")
        try:
            return await work(Door(store, connection))
        finally:
            await store.close()

    return asyncio.run(run())


def mail(address: str = ANA) -> dict[str, tuple[str, ...]]:
    return {"email": (address,)}


BOSS: dict[str, Any] = {"emails": [{"value": ANA, "type": "work", "primary": True}]}
LINK: dict[str, Any] = {"link_by_email": True, "create_people": "never"}


def test_an_address_finds_the_one_person_who_has_it() -> None:
    async def work(door: Door) -> Any:
        await door.user("boss", **BOSS)
        return await door.arrive(claims=mail(), **LINK)

    found = at_the_door(work)
    assert isinstance(found, Admitted)
    assert (found.user.user_name, found.found.match) == ("boss", "email")


NOT_BY_ADDRESS: dict[str, Any] = {
    "not allowed": lambda door: door.arrive(claims=mail(), **{**LINK, "link_by_email": False}),
    "a domain that is not proven": lambda door: door.arrive(claims=mail("ana@else.example"), **LINK),
    "a guest": lambda door: door.arrive("x_y.z#EXT#@t.onmicrosoft.com", mail(), **LINK),
    "no address": lambda door: door.arrive(**LINK),
}


@pytest.mark.parametrize("case", NOT_BY_ADDRESS)
def test_an_address_finds_nobody_where_it_must_not(case: str) -> None:
    async def work(door: Door) -> Any:
        emails = [{"value": ANA}, {"value": "ana@else.example"}]
        await door.user("boss", emails=emails)
        return await NOT_BY_ADDRESS[case](door)

    assert isinstance(at_the_door(work), Refused)


def test_an_address_of_two_people_finds_neither() -> None:
    async def work(door: Door) -> Any:
        await door.user("boss", **BOSS)
        await door.user("other", **BOSS)
        return await door.arrive(claims=mail(), **LINK)

    assert isinstance(at_the_door(work), Refused)


@pytest.mark.parametrize("by", ["email", "userName", "externalId", "identity"])
def test_who_is_deactivated_does_not_come_in_however_they_are_found(by: str) -> None:
    async def work(door: Door) -> Any:
        user = await door.user("s1" if by == "userName" else "boss", active=False, externalId="s1", **BOSS)
        if by == "identity":
            known = Identity(door.connection.id, "idy_1", IDP, "s1", user.id, AT, AT)
            await door.store.link_identity(known, _audit(door))
        match = {"email": ("userName",), "identity": ("userName",)}.get(by, (by,))
        return await door.arrive(claims=mail(), match=match, **LINK)

    refused = at_the_door(work)
    assert isinstance(refused, Refused)
    assert refused.code == "person_deactivated"


def _audit(door: Door) -> Audit:
    return Audit("aud_1", door.connection.id, AT, "test", "x", "x", {})


def test_an_account_that_somebody_signs_in_to_is_not_handed_over() -> None:
    async def work(door: Door) -> Any:
        user = await door.user("s2")
        await door.store.link_identity(Identity(door.connection.id, "idy_1", IDP, "s1", user.id, AT, AT), _audit(door))
        return await door.arrive("s2")

    refused = at_the_door(work)
    assert isinstance(refused, Refused)
    assert refused.code == "identity_other"


def test_a_name_of_a_connection_tests_comes_in_for_nobody() -> None:
    name = mark(ids.new_id("can", AT))
    refused = at_the_door(lambda door: door.arrive(name, mail()))
    assert isinstance(refused, Refused)


def test_nobody_gets_a_second_account_beside_the_provisioned_one() -> None:
    async def work(door: Door) -> Any:
        await door.user("boss", **BOSS)
        return await door.arrive(claims=mail())

    refused = at_the_door(work)
    assert isinstance(refused, Refused)
    assert refused.code == "subject_matches_nobody"


@pytest.mark.parametrize("kept", ["protected", "never", "scim", "adopted"])
def test_a_sign_in_changes_nobody_who_is_not_its_own(kept: str) -> None:
    async def work(door: Door) -> User:
        made = await door.user("s1", origin="scim" if kept == "scim" else "login", displayName="As it was")
        changes = {"protected": {"protected": True}, "adopted": {"adopted_at": AT}}.get(kept, {})
        await door.store.change_user(door.connection.id, made.id, lambda each: replace(each, **changes))
        setting = "never" if kept == "never" else "always"
        found = await door.arrive("s1", {**mail(), "displayName": ("Eve",)}, update_people=setting)
        assert isinstance(found, Admitted)
        return found.user

    assert orjson.loads(at_the_door(work).document)["displayName"] == "As it was"


@pytest.mark.parametrize(("user_id", "found"), [(None, "not_provisioned"), ("usr_app", None)])
def test_only_an_identity_providers_token_means_that_scim_is_on(user_id: str | None, found: str | None) -> None:
    async def work(door: Door) -> Any:
        await door.user("app")
        token = Token("tok_1", door.connection.id, "t", frozenset({"get:users"}), "abcd", AT, user_id=user_id)
        await door.store.add_token(token, b"h" * 32, _audit(door))
        door.store.token_used(door.connection.id, "tok_1", AT)
        await door.store.flush()
        return await door.arrive(claims=mail(), create_people="auto")

    came = at_the_door(work)
    assert (came.code if isinstance(came, Refused) else None) == found


FACTS = EmailFacts("saml", ANA, None, True, None, False, True, {ANA}, ANA)
RULES: list[tuple[str, dict[str, Any], str]] = [
    ("trust_verified_domain", {}, "proven"),
    ("trust_verified_domain", {"guest": True}, "ask_code"),
    ("trust_verified_domain", {"domain_verified": False}, "ask_code"),
    ("trust_verified_domain", {"address": None}, "ask_code"),
    ("trust_idp_claim", {}, "proven"),
    ("trust_idp_claim", {"guest": True}, "ask_code"),
    ("trust_idp_claim", {"guest": True, "protocol": "oidc", "idp_says": True}, "ask_code"),
    ("trust_idp_claim", {"protocol": "oidc"}, "ask_code"),
    ("trust_idp_claim", {"protocol": "oidc", "idp_says": False}, "ask_code"),
    ("trust_idp_claim", {"protocol": "oidc", "idp_says": True}, "proven"),
    ("trust_directory", {}, "proven"),
    ("trust_directory", {"from_directory": False}, "ask_code"),
    ("trust_directory", {"directory_addresses": {"b@acme.example"}}, "ask_code"),
    ("trust_directory", {"directory_addresses": set[str]()}, "proven"),
    ("always_code", {}, "ask_code"),
    ("admin_approves", {}, "ask_admin"),
    ("a policy of tomorrow", {}, "ask_code"),
    *((policy, {"already": "code"}, "proven") for policy in ("always_code", "admin_approves")),
]


@pytest.mark.parametrize(("policy", "changes", "decision"), RULES)
def test_a_policy_trusts_what_it_names_and_nothing_else(policy: str, changes: dict[str, Any], decision: str) -> None:
    assert rule(policy, replace(FACTS, **changes)).decision == decision


def test_a_proof_of_one_address_is_none_of_the_next_one() -> None:
    async def work(door: Door) -> tuple[Any, Any]:
        await door.arrive(claims=mail())
        same = await door.arrive(claims=mail(), email_policy="always_code")
        return same, await door.arrive(claims=mail("new@acme.example"), email_policy="always_code")

    same, other = at_the_door(work)
    assert isinstance(same, Admitted)
    assert isinstance(other, MustVerify)


def test_groups_of_others_are_joined_but_left_by_nobodys_claim() -> None:
    """Only a membership that a sign-in made, and that SCIM has not claimed since, is ended by one."""

    async def work(door: Door) -> dict[str, str]:
        user = await door.user("s1")
        memberships: list[tuple[str, Origin]] = [
            ("of scim", "scim"),
            ("of the app", "app"),
            ("of a login", "login"),
            ("claimed", "login"),
        ]
        for name, origin in memberships:
            group = Group(f"grp_{name}", door.connection.id, name, None, origin, 1, AT, AT)
            await door.store.create_group(group, [user.id], origin)
        both = GroupChange(add=frozenset({user.id}))
        await door.store.change_group(door.connection.id, "grp_claimed", both, AT, "scim")
        found = await door.arrive("s1", {**mail(), "groups": ("Other",)})
        assert isinstance(found, Admitted)
        return found.groups["leaves"]

    assert at_the_door(work) == {"grp_of a login": "of a login"}


@pytest.mark.parametrize(("exact", "joins"), [(False, ["Ops"]), (True, [])])
def test_case_counts_in_a_groups_name_where_the_connection_says_so(exact: bool, joins: list[str]) -> None:
    async def work(door: Door) -> list[str]:
        await door.store.create_group(Group("grp_1", door.connection.id, "Ops", None, "scim", 1, AT, AT))
        found = await door.arrive(claims={**mail(), "groups": ("OPS",)}, groups_exact_case=exact)
        assert isinstance(found, Admitted)
        return list(found.groups["joins"].values())

    assert at_the_door(work) == joins


ENTRA = "http://schemas.microsoft.com/identity/claims/"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


def entra(**claims: tuple[str, ...]) -> Received:
    values = {ENTRA + name: value for name, value in claims.items()}
    return Received("saml", "https://sts.windows.net/t/", "ana@acme.example", None, values)


@pytest.mark.parametrize(
    ("received", "key"),
    [
        (entra(objectidentifier=("o",), tenantid=("t",)), "t/o"),
        (entra(objectidentifier=("o",)), "o"),
        (entra(objectidentifier=("o", "p"), tenantid=("t",)), "ana@acme.example"),
        (entra(objectidentifier=("o",), tenantid=("t", "u")), "o"),
        (Received("saml", IDP, " ana ", None, {}), "ana"),
        (Received("saml", IDP, "x", TRANSIENT, {}), None),
        (Received("saml", IDP, "x", None, {ENTRA + "objectidentifier": ("o",)}), "x"),
        (Received("oidc", IDP, "x", None, {"oid": ("o",), "tid": ("t",)}), "x"),
        (
            Received("oidc", "https://login.microsoftonline.com/t/v2.0", "x", None, {"oid": ("o",), "tid": ("t",)}),
            "t/o",
        ),
    ],
)
def test_a_person_is_known_by_what_never_changes(received: Received, key: str | None) -> None:
    assert key_of(received, "generic") == key
