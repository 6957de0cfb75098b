"""One exchange for each operation, on a connection where it applies."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conftest import USER_SCOPES, Tenant
from tests.explain import provisioned, recorded
from tests.explain.provisioned import PATCH, group, kept, patch, user
from vestibule import identity_providers, ids, review
from vestibule.clock import SystemClock
from vestibule.model import Audit, EmailVerification, Exchange, Identity
from vestibule.signon import SamlIdp
from vestibule.store import Store

HOUR = 3_600_000_000


def now() -> int:
    return SystemClock().now()


def adapted(here: Tenant, name: str, **facts: Any) -> Exchange:
    """A recorded sign-in as if it had been this connection's, with facts of what is here."""
    found = recorded.exchange(name)
    return replace(
        found,
        id=ids.request_id(now()),
        connection_id=here.connection_id,
        facts={**found.facts, **facts},
        request_body=None,
        response_body=None,
    )


def signs_on(here: Tenant) -> None:
    """Give the connection a SAML identity provider."""
    idp = SamlIdp("https://idp.example/", "https://idp.example/sso")

    async def work(store: Store) -> None:
        connection = await store.connection(here.connection_id)
        await identity_providers.set_up_saml(store, connection, idp, now(), actor="test")

    here.vestibule.admin(work)


def lacks_scopes(here: Tenant) -> Exchange:
    _, text = here.vestibule.token(here.connection_id, USER_SCOPES)
    with here.vestibule.client(here.connection_id, text) as client:
        return kept(here, client.get("/Groups", params={"filter": 'displayName eq "grp_all"'}))


def taken(here: Tenant) -> Exchange:
    user(here)
    return kept(here, user(here, "ANA@example.com", externalId="00u-new", emails=[]))


def same_email(here: Tenant) -> Exchange:
    return kept(here, provisioned.same_email(here))


def emptied(here: Tenant) -> Exchange:
    here.set(hold_emptied_group=1)
    sales = group(here, "Sales", user(here).json()["id"])
    return kept(here, patch(here, f"/Groups/{sales}", {"op": "remove", "path": "members"}))


def protected(here: Tenant) -> Exchange:
    ana = user(here).json()["id"]
    here.vestibule.admin(lambda store: review.protect(store, SystemClock(), here.connection_id, ana, protected=True))
    return kept(here, patch(here, f"/Users/{ana}", {"op": "replace", "path": "active", "value": False}))


def renamed(here: Tenant) -> Exchange:
    group(here, "everybody")
    return kept(here, provisioned.group_absent(here))


def strict(here: Tenant) -> Exchange:
    here.set(dialect="strict")
    body = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": True}]}
    return kept(here, here.http.patch(f"/Users/{user(here).json()['id']}", json=body))


def unknown_member(here: Tenant) -> Exchange:
    here.set(references="refuse")
    sales = group(here, "Sales")
    return kept(here, patch(here, f"/Groups/{sales}", {"op": "add", "path": "members", "value": [{"value": "x"}]}))


def waiting(here: Tenant) -> Exchange:
    verification = EmailVerification(
        here.connection_id, ids.new_id("ver", now()), b"x" * 32, "https://idp.example/", "ana", "ana@example.com",
        "awaiting_approval", now(), now() + HOUR, {"user_name": "ana@example.com"},
    )  # fmt: skip
    here.vestibule.admin(lambda store: store.add_verification(verification))
    return adapted(here, "approval_pending", verification=verification.id)


def other_identity(here: Tenant) -> Exchange:
    ana = user(here).json()["id"]
    identity = Identity(here.connection_id, ids.new_id("idy", now()), "https://idp.example/", "old", ana, now(), now())

    entry = Audit(ids.new_id("aud", now()), here.connection_id, now(), "test", "identity.linked", identity.id, {})
    here.vestibule.admin(lambda store: store.link_identity(identity, entry))
    return adapted(here, "identity_other", identity=identity.id)


def sign_in(name: str, **facts: Any) -> Callable[[Tenant], Exchange]:
    def make(here: Tenant) -> Exchange:
        signs_on(here)
        return adapted(here, name, **facts)

    return make


CASES: dict[str, tuple[str, Callable[[Tenant], Exchange], dict[str, str]]] = {
    "grant_scopes": ("grant_scopes", lacks_scopes, {}),
    "link_conflict, refused": ("link_conflict", taken, {}),
    "link_conflict, e-mail": ("link_conflict", same_email, {}),
    "rekey_match": ("rekey_match", taken, {}),
    "dismiss_conflict": ("dismiss_conflict", same_email, {}),
    "approve_hold": ("approve_hold", emptied, {}),
    "refuse_hold": ("refuse_hold", emptied, {}),
    "unprotect_user": ("unprotect_user", protected, {}),
    "map_group, taken": ("map_group", lambda here: kept(here, provisioned.group_taken(here)), {}),
    "map_group, renamed": ("map_group", renamed, {"group": "everybody"}),
    "forgive_dialect": ("forgive_dialect", strict, {}),
    "park_references": ("park_references", unknown_member, {}),
    "park_nested_groups": ("park_nested_groups", lambda here: kept(here, provisioned.nested_refused(here)), {}),
    "raise_rate_limit": ("raise_rate_limit", lambda here: kept(here, provisioned.limited(here)), {}),
    "allow_domain": ("allow_domain", lambda here: kept(here, provisioned.other_domain(here)), {}),
    "approve_sign_in": ("approve_sign_in", waiting, {}),
    "refuse_sign_in": ("refuse_sign_in", waiting, {}),
    "unlink_identity": ("unlink_identity", other_identity, {}),
    "set_claim": ("set_claim", sign_in("claim_missing", nearest=["vorname"]), {}),
    "set_claim, chosen": ("set_claim", sign_in("claim_missing"), {"claim": "department"}),
    "allow_idp_initiated": ("allow_idp_initiated", sign_in("unsolicited"), {}),
    "create_people": ("create_people", sign_in("not_provisioned"), {}),
    "trust_directory": ("trust_directory", sign_in("email_missing"), {}),
    "extend_ticket": ("extend_ticket", lambda here: kept(here, provisioned.link_opened(here)), {}),
}
"""Name → operation, what makes the exchange, and what the fix leaves open."""
