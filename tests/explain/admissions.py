"""Sign-ins that the identity provider vouches for, decided over a real store, as exchanges."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.explain.saml_sign_ins import exchange
from tests.saml.keys import NOW
from vestibule import connections, ids
from vestibule.account_rules import user_of
from vestibule.claims import from_saml, preset, read_profile
from vestibule.claims.presets import MICROSOFT, WS_2005, WS_2008
from vestibule.clock import SystemClock
from vestibule.model import Exchange
from vestibule.scim.scopes import SCOPES
from vestibule.signin.admission import admit
from vestibule.signin.outcome import Admitted, Arrival, MustVerify, Refused
from vestibule.signin.proofs import CannotVerify
from vestibule.signin.subject import key_of
from vestibule.signon import SamlIdp, SignOn
from vestibule.store import Store
from vestibule.store.opening import open_store

ISSUER = "https://sts.windows.net/3f0a2f0e-0000-4000-8000-1c0ffee00001/"
EMAIL = f"{WS_2005}emailaddress"
GROUPS = f"{WS_2008}groups"
OF_ENTRA: Mapping[str, tuple[str, ...]] = {
    f"{MICROSOFT}tenantid": ("3f0a2f0e-0000-4000-8000-1c0ffee00001",),
    f"{MICROSOFT}objectidentifier": ("7d1c0a52-0000-4000-8000-1c0ffee00003",),
    f"{MICROSOFT}displayname": ("Ana Novak",),
    f"{WS_2005}givenname": ("Ana",),
    f"{WS_2005}surname": ("Novak",),
    f"{WS_2005}name": ("ana@corp.example.com",),
    EMAIL: ("ana.novak@example.com",),
}
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


def claims(**changes: Any) -> dict[str, tuple[str, ...]]:
    """Entra's default claims, with some changed; None leaves one out."""
    names = {"email": EMAIL, "groups": GROUPS, "name": f"{WS_2005}name", "oid": f"{MICROSOFT}objectidentifier"}
    found = dict(OF_ENTRA) | {names.get(name, name): value for name, value in changes.items()}
    return {name: value for name, value in found.items() if value is not None}


def signs_in(
    came: Mapping[str, tuple[str, ...]],
    people: tuple[Mapping[str, Any], ...] = (),
    *,
    name_id: str = "ana@corp.example.com",
    form: str | None = None,
    idp: str = "entra",
    issuer: str = ISSUER,
    provisioned: bool = True,
    first: str | None = None,
    gone: bool = False,
    required: tuple[str, ...] = (),
    allowed: tuple[str, ...] = (),
    **settings: Any,
) -> Exchange:
    """What becomes of a sign-in, with these people provisioned. `first`: a subject that the account belongs to."""
    mapping = preset(idp, "saml")
    if required:
        rules = {
            name: type(rule)(rule.sources, name in required or rule.required, rule.default) for name, rule in mapping
        }
        mapping = type(mapping)(rules)
    sign_on = SignOn(SamlIdp(issuer, "https://idp.example/sso"), mapping, **settings)
    received = from_saml(issuer, name_id, form, came)
    mapped = read_profile(received, mapping)
    subject = key_of(received, "entra")
    notes = [asdict(each) for each in mapped.notes]
    if subject is None:
        return exchange("subject_transient", {"notes": notes, "received": received.subject_format}, idp, name_id)

    async def work(store: Store) -> Any:
        clock = SystemClock()
        enterprise = await connections.create_enterprise(store, clock, "Acme")
        connection = await connections.create_connection(store, clock, enterprise.id, idp)
        if allowed:
            connection = await connections.change_settings(
                store, clock, connection.id, {"allowed_domains": list(allowed)}
            )
        if provisioned:
            made = await connections.create_token(store, clock, connection.id, frozenset(SCOPES))
            store.token_used(connection.id, made.token.id, NOW)
            await store.flush()
        for document in people:
            user = await store.create_user(user_of(ids.new_id("usr", NOW), connection.id, dict(document), "scim", NOW))
            if gone:
                await store.delete_user(connection.id, user.id, NOW)
        arrival = Arrival(connection, sign_on, received, subject, mapped, NOW)
        if first is not None:
            earlier = Arrival(
                connection, SignOn(sign_on.idp, mapping, email_policy="trust_directory"), received, first, mapped, NOW
            )
            assert isinstance(await admit(store, earlier), Admitted)
        return await admit(store, arrival)

    return _told(_in_a_store(work), notes, idp, name_id)


def _in_a_store(work: Callable[[Store], Any]) -> Any:
    async def run(path: str) -> Any:
        store = open_store(f"sqlite:///{path}")
        try:
            await store.ready()
            return await work(store)
        finally:
            await store.close()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(str(Path(folder) / "v.db")))


def _told(outcome: Any, notes: list[dict[str, Any]], idp: str, name_id: str) -> Exchange:
    match outcome:
        case Refused():
            return exchange(outcome.code, {"notes": notes, **outcome.facts}, idp, name_id)
        case MustVerify():
            code = "email_unproven"
            facts = {
                "address": outcome.address,
                "policy": outcome.policy,
                "reason": outcome.reason,
                "asks": outcome.how,
            }
            return exchange(code, {"notes": notes, **facts}, idp, outcome.profile.user_name, 303)
        case Admitted():
            facts = {"match": outcome.found.match, "verified_by": outcome.verified_by}
            return exchange(None, {"notes": notes, **facts}, idp, outcome.user.user_name, 303)
        case _:
            raise AssertionError(outcome)


def cannot(problem: Any, **facts: Any) -> Exchange:
    error = CannotVerify(problem, **facts)
    return exchange(error.code, error.facts, target="ana@corp.example.com", status=400)


ANA = {"schemas": [], "userName": "ana@corp.example.com", "externalId": "7d1c0a52-0000-4000-8000-1c0ffee00003", "active": True,
       "emails": [{"value": "ana.novak@example.com", "type": "work", "primary": True}]}  # fmt: skip
BY_MAIL = ANA | {"externalId": "a.novak"}
TRUST: dict[str, Any] = {"email_policy": "trust_directory"}

ADMISSIONS: dict[str, Callable[[], Exchange]] = {
    "signed_in": lambda: signs_in(claims(groups=("e1c4ad1e-0000-4000-8000-000000000001",)), (ANA,), **TRUST),
    "response_in_order": lambda: exchange(
        None, {**signs_in(claims(), (ANA,), **TRUST).facts, "offline": True, "alone": True}, "entra", "ana@corp.example.com", 200
    ),
    "email_literal": lambda: signs_in(claims(email=("user.email",)), required=("email",)),
    "email_missing": lambda: signs_in(claims(email=None), required=("email",)),
    "email_not_an_address": lambda: signs_in(claims(email=("Ana Novak",)), required=("email",)),
    "claim_renamed": lambda: signs_in(claims(name=None, upn=("ana@corp.example.com",)), name_id=""),
    "value_literal": lambda: signs_in(claims(name=("user.userprincipalname",)), name_id=""),
    "claim_missing": lambda: signs_in({"department": ("Sales",)}, idp="okta", issuer="http://www.okta.com/exk1", required=("givenName",)),
    "subject_opaque": lambda: signs_in(
        claims(name=None), (ANA | {"externalId": None},), name_id="AAAAAAAAAAAAAAAAAAAAAMFA2oAXgkVhPPcGpEsf1bQ=", form=PERSISTENT, create_people="never"
    ),
    "subject_matches_nobody": lambda: signs_in(
        claims(name=("ana.novak@example.com",), oid=None), (BY_MAIL,), name_id="ana.novak@example.com"
    ),
    "not_provisioned": lambda: signs_in(claims(email=("zoe@example.com",), name=("zoe@corp.example.com",), oid=None), (ANA,), name_id="zoe@corp.example.com"),
    "domain_not_allowed": lambda: signs_in(claims(), provisioned=False, allowed=("acme.example",)),
    "person_deactivated": lambda: signs_in(claims(), (ANA | {"active": False},)),
    "person_removed": lambda: signs_in(claims(), (ANA,), gone=True),
    "identity_other": lambda: signs_in(claims(), (ANA,), first="3f0a2f0e-0000-4000-8000-1c0ffee00001/0ld00000-0000-4000-8000-000000000000"),
    "subject_transient": lambda: signs_in({"mail": ("ana.novak@example.com",)}, idp="okta", issuer="http://www.okta.com/exk1", name_id="_7f0c9", form=TRANSIENT),
    "email_unproven": lambda: signs_in(
        claims(name=("bob_partner.com#EXT#@contoso.onmicrosoft.com",), email=("bob@partner.com",)),
        (), name_id="bob_partner.com#EXT#@contoso.onmicrosoft.com", provisioned=False,
    ),
    "approval_pending": lambda: signs_in(claims(email=None), (ANA,), email_policy="admin_approves"),
    "email_code_wrong": lambda: cannot("wrong_code", left=3),
    "email_code_expired": lambda: cannot("code_expired"),
    "email_code_too_many_tries": lambda: cannot("too_many_tries"),
    "email_code_too_many_codes": lambda: cannot("too_many_codes", limit=5),
    "email_code_mailbox_busy": lambda: exchange("email_code_mailbox_busy", {"mail": "mailbox_busy", "seconds": 312}, "entra", "ana@corp.example.com", 429),
    "rate_limited": lambda: replace(
        exchange("rate_limited", {"limit": 5, "burst": 150, "retry_after": 1, "hidden": False}, "entra", None, 429), method="GET", path="/sso/saml/con_1/login"
    ),
    "email_code_too_soon": lambda: cannot("too_soon", seconds=42),
    "email_code_not_an_address": lambda: cannot("not_an_address", why="it has 0 @ where one belongs"),
    "email_code_over": lambda: cannot("over", state="passed"),
    # What the server itself adds, as it records it.
    "account_taken": lambda: exchange("account_taken", {"attribute": "externalId", "value": "a.novak", "holder": "usr_01m85q90sbf79abrc20mmdq9sx"}, "okta", "ana.novak@example.com", 409),
    "approval_refused": lambda: exchange("approval_refused", {"by": "admin:ops@example.com"}, "entra", "ana@corp.example.com"),
    "request_unknown": lambda: exchange("request_unknown", {"why": "cookie_missing"}, "entra", None, 400),
    "not_a_logout": lambda: exchange("not_a_logout", {"expected": "LogoutRequest", "received": "Response"}, "adfs", None, 400),
    "replay": lambda: exchange("replay", {"received": "_assertion"}, "entra", "ana@corp.example.com", 409),
    "sign_on_disabled": lambda: exchange("sign_on_disabled", {}, "okta"),
    "sign_on_missing": lambda: exchange("sign_on_missing", {}, "generic"),
    "fetch_failed": lambda: exchange("fetch_failed", {"fetch": "timeout", "url": "https://login.microsoftonline.com/common/discovery/v2.0/keys", "seconds": 5}, "entra", None, 503, "oidc"),
    "mail_not_set_up": lambda: exchange("mail_not_set_up", {"address": "ana.novak@example.com"}, "entra", "ana@corp.example.com", 503),
    "mail_failed": lambda: exchange("mail_failed", {"address": "ana.novak@example.com", "mail": {"code": "refused", "answer": "554 not today"}}, "entra", "ana@corp.example.com", 503),
    "no_such_mailbox": lambda: exchange("no_such_mailbox", {"mail": {"code": "recipient_refused"}}, "entra", "ana@corp.example.com", 400),
    "store_unreachable": lambda: exchange("store_unreachable", {}, "entra", None, 503),
    "secret_unreadable": lambda: exchange("secret_unreadable", {"seal": "key_unknown"}, "okta", None, 500),
    "no_response": lambda: exchange("no_response", {"received": ["RelayState"]}, "adfs", None, 400),
    "other_origin": lambda: exchange("other_origin", {"received": "https://evil.example"}, "entra"),
    "sign_in_begun": lambda: replace(exchange(None, {"login": "lgn_1"}, status=302), method="GET", path="/sso/saml/con_1/login"),
    "sign_in_sent_back": lambda: replace(exchange(None, {}, "okta", status=303), facts={"protocol": "saml", "idp": "okta", "test": False}),
    "proof_asked": lambda: replace(exchange(None, {}, target="ana@corp.example.com", status=200), path="/sso/verify/con_1/ver_1"),
    "signed_out": lambda: replace(exchange(None, {"ended": 2}, "okta", "ana@corp.example.com", 302), path="/sso/saml/con_1/slo"),
    "sign_in_failed": lambda: exchange("server_fault", {}, "entra", None, 500),
    "sign_in_refused": lambda: exchange("odd", {"detail": "It was refused for a reason of its own."}, "entra"),
}  # fmt: skip
"""Code of the explanation → the exchange that it tells."""
