"""The doctor finds what does not fit together, each with a count, examples and a mend; and nothing where all is well."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from tests.rollcall.stage import CON, Stage, play
from tests.saml.keys import certificate
from vestibule import connections, ids
from vestibule.canary import mark
from vestibule.doctor.examining import examine
from vestibule.doctor.finding import CODES, Examined, Finding
from vestibule.identity_providers import change_settings, set_up_saml
from vestibule.model import Audit, Conflict, Domain, Exchange, Identity, SpKey
from vestibule.saml import certificates
from vestibule.scim.scopes import SCOPES
from vestibule.signon import SamlIdp

DAY = 86_400_000_000
OBJECT_ID = "6d3f0c1e-51a5-4c8e-9e6b-2f3a1c0d7b{:02}"
MICROSOFT = "http://schemas.microsoft.com/identity/claims/"


def mail(address: str) -> Any:
    return [{"value": address, "type": "work", "primary": True}]


def examined(
    setting: Callable[[Stage], Awaitable[Any]], claims: Any = None, later: int = 0, domains: tuple[str, ...] = ()
) -> Examined:
    async def work(stage: Stage) -> Examined:
        await setting(stage)
        await stage.store.flush()
        return await examine(stage.store, CON, stage.clock.now() + later, claims, domains)

    return play(work)


def found(examined: Examined) -> dict[str, Finding]:
    assert all(each.code in CODES and each.sentence and each.why and each.fixes for each in examined.findings)
    return {each.code: each for each in examined.findings}


async def sound(stage: Stage) -> None:
    """Three people as they should be, and a connection that signs them in."""
    for number, name in enumerate(("ana", "ben", "cleo")):
        await stage.user(
            f"{name}@acme.example", externalId=OBJECT_ID.format(number), emails=mail(f"{name}@acme.example")
        )
    await stage.group("Sales")
    await signing_in(stage, metadata_url="https://idp.example/metadata")
    await stage.store.add_domain(
        Domain("ent_1", "dom_1", "acme.example", False, "verified", "t", 1, 1, 1), audit(stage, "domain.claimed")
    )
    signed_in(stage, "ana@acme.example")


def audit(stage: Stage, action: str) -> Audit:
    now = stage.clock.now()
    return Audit(ids.new_id("aud", now), CON, now, "test", action, CON, {})


async def signing_in(stage: Stage, **rest: Any) -> None:
    made = certificate("doctor")
    provider = SamlIdp("https://sts.example/", "https://sts.example/saml2", certificates=(made,), **rest)
    connection = await stage.store.connection(CON)
    # The certificate is good around this day.
    stage.clock.at = certificates.read(made).not_after - 200 * DAY
    await set_up_saml(stage.store, connection, provider, stage.clock.now(), actor="test")


def signed_in(stage: Stage, who: str, error: str | None = None, **facts: Any) -> None:
    now = stage.clock.now()
    told = {"protocol": "saml", "idp": "entra", "test": False, "notes": [], **facts}
    stage.store.record(
        Exchange(
            ids.request_id(now), CON, now, 1, "POST", f"/sso/saml/{CON}/acs", "", 403 if error else 303,
            resource_type="SignIn", target=who, error=error, facts=told,
        )
    )  # fmt: skip


def brought(**claims: str) -> Any:
    names = {
        "oid": f"{MICROSOFT}objectidentifier",
        "name": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
    }
    return {"issuer": "https://sts.example/", "subject": "x… (40 characters)",
            "claims": {names[each]: [value] for each, value in claims.items()}}  # fmt: skip


SOUND = brought(oid="6… (36 characters)", name="a…@acme.example")


def test_where_all_is_well_nothing_is_found() -> None:
    told = examined(sound, SOUND)
    assert (told.findings, dict(told.looked_at)) == ((), {"people": 3, "groups": 1})
    assert examined(lambda stage: stage.group("Empty")).findings == ()


def test_what_a_connection_test_made_is_not_looked_at() -> None:
    async def tested(stage: Stage) -> None:
        await sound(stage)
        made = mark(ids.new_id("can", stage.clock.now()))
        await stage.user(made, externalId=made)
        await stage.group(made, external_id=made)

    told = examined(tested, SOUND)
    assert (told.findings, dict(told.looked_at)) == ((), {"people": 3, "groups": 1})


def test_a_mail_nickname_as_external_id_is_no_object_id_and_finds_nobody_first() -> None:
    async def setting(stage: Stage) -> None:
        await sound(stage)
        for name in ("dan", "eve", "fay"):
            await stage.user(f"{name}@acme.example", externalId=name, emails=mail(f"{name}@acme.example"))

    told = found(examined(setting, SOUND))
    assert (told["external_id_not_object_id"].count, told["external_id_not_object_id"].examples[0]) == (
        3, "dan@acme.example (dan)",
    )  # fmt: skip

    async def only_nicknames(stage: Stage) -> None:
        await signing_in(stage)
        await stage.user("dan@acme.example", externalId="dan")

    told = found(examined(only_nicknames, SOUND))
    assert told["matching_key_differs"].count == 1
    assert "people are found by userName only" in told["matching_key_differs"].sentence
    nobody = found(examined(only_nicknames, brought(oid="6… (36 characters)", name="d… (8 characters)")))
    assert nobody["nobody_will_match"].count == 1
    absent = found(examined(only_nicknames, brought(name="d…@acme.example")))
    assert absent["claim_absent"].facts["attribute"] == "externalId"


def test_people_without_mail_or_with_a_sign_in_name_for_it_are_counted() -> None:
    async def setting(stage: Stage) -> None:
        await sound(stage)
        for number in range(7):
            await stage.user(f"c{number}@acme.example", externalId=OBJECT_ID.format(30 + number))
        await stage.user("off@acme.example", externalId=OBJECT_ID.format(40), active=False)
        upn = "x@acme.onmicrosoft.com"
        await stage.user(upn, externalId=OBJECT_ID.format(41), emails=mail(upn))

    told = found(examined(setting, SOUND))
    assert (told["mail_missing"].count, len(told["mail_missing"].examples)) == (7, 5)
    assert told["mail_without_mailbox"].count == 1
    policy = told["policy_asks_without_mailbox"]
    assert (policy.count, "--email-policy trust_directory" in str(policy.fixes)) == (7, True)
    assert told["domain_unproven"].examples == ("acme.onmicrosoft.com (1)",)

    async def trusting(stage: Stage) -> None:
        await setting(stage)
        connection = await stage.store.connection(CON)
        change = {"email_policy": "trust_directory"}
        await change_settings(stage.store, connection, change, stage.clock.now(), actor="test")

    assert "policy_asks_without_mailbox" not in found(examined(trusting, SOUND))


def test_what_only_a_computer_tells_apart_is_found() -> None:
    async def setting(stage: Stage) -> None:
        await sound(stage)
        await stage.user("ana @acme.example", externalId=OBJECT_ID.format(0).upper(), emails=mail("ANA@acme.example"))
        await stage.group("Sales ")
        await stage.group("Sales\u00a0Team")
        await stage.expect("SalesTeam")

    told = found(examined(setting, SOUND))
    assert told["names_alike"].examples == ("ana@acme.example", "ana @acme.example")
    assert told["external_ids_alike"].count == 2
    assert told["mail_shared"].count == 2
    assert told["groups_alike"].examples == ("'Sales' and 'Sales '",)
    assert told["group_name_spaced"].count == 2
    assert told["expected_group_differs"].count == 1


def test_accounts_of_the_apps_own_and_open_conflicts_are_told() -> None:
    async def setting(stage: Stage) -> None:
        await sound(stage)
        own = await stage.user("old", "app", emails=mail("old@acme.example"))
        incoming = {"userName": "new", "externalId": None}
        await stage.store.note_conflict(
            Conflict("cfl_1", CON, "emails", "old@acme.example", own, "usr_2", incoming, "open", 1, 1, 1)
        )
        await stage.user("nameless", emails=mail("nameless@acme.example"))

    told = found(examined(setting, SOUND))
    assert told["accounts_unclaimed"].examples == ("old",)
    assert told["conflicts_open"].fixes[0].command == f"vestibule conflict list {CON}"
    assert told["external_id_missing"].examples == ("nameless",)


def test_people_whom_sign_in_knows_by_another_id_than_scim_are_named() -> None:
    async def setting(stage: Stage) -> None:
        await sound(stage)
        page = await stage.store.users(CON)
        for user, subject in zip(
            page.items, (f"tid/{OBJECT_ID.format(0)}", "ben@acme.example", "tid/other"), strict=True
        ):
            made = Identity(CON, f"idy_{user.id}", "https://sts.example/", subject, user.id, 1, 1)
            await stage.store.link_identity(made, audit(stage, "identity.linked"))
        # Nobody sent this one, so that there is nothing to differ from.
        await stage.user("own@acme.example", "app", externalId="mine", emails=mail("own@acme.example"))
        await identity(stage, "own@acme.example")

    told = found(examined(setting, SOUND))["identity_key_differs"]
    assert (told.count, "tid/other at sign-in" in told.examples[0]) == (1, True)


def test_nobody_is_said_to_be_lost_who_is_known_by_a_sign_in() -> None:
    odd = brought(oid="6… (36 characters)", name="d… (8 characters)")

    async def setting(stage: Stage) -> None:
        await signing_in(stage)
        for name in ("dan", "eve"):
            await stage.user(f"{name}@acme.example", externalId=name)

    assert "None of 2 people will be found at sign-in: " in found(examined(setting, odd))["nobody_will_match"].sentence

    async def by_email(stage: Stage) -> None:
        await setting(stage)
        connection = await stage.store.connection(CON)
        await change_settings(stage.store, connection, {"link_by_email": True}, stage.clock.now(), actor="test")

    told = found(examined(by_email, odd))["nobody_will_match"]
    assert "None of 2 people will be found at sign-in, unless by a proven address: " in told.sentence

    async def one_came(stage: Stage) -> None:
        await setting(stage)
        await identity(stage, "dan@acme.example")

    told = found(examined(one_came, odd))["nobody_will_match"]
    assert (told.sentence.split(" will ")[0], told.count) == ("Nobody who has not signed in before", 1)

    async def all_came(stage: Stage) -> None:
        await one_came(stage)
        await identity(stage, "eve@acme.example")

    assert "nobody_will_match" not in found(examined(all_came, odd))


async def identity(stage: Stage, name: str) -> None:
    user = await stage.store.user_named(CON, name)
    made = Identity(CON, f"idy_{user.id}", "https://sts.example/", f"key of {name}", user.id, 1, 1)
    await stage.store.link_identity(made, audit(stage, "identity.linked"))


def test_a_connection_is_not_untested_because_its_log_was_pruned() -> None:
    async def setting(stage: Stage) -> None:
        await signing_in(stage)
        await stage.user("ana@acme.example")

    async def came_once(stage: Stage) -> None:
        await setting(stage)
        await identity(stage, "ana@acme.example")

    assert "sign_on_untested" in found(examined(setting))
    assert "sign_on_untested" not in found(examined(came_once))


def test_a_domain_that_can_be_nobodys_is_not_to_be_claimed() -> None:
    async def private(stage: Stage) -> None:
        await sound(stage)
        for number, domain in enumerate(("gmail.com", "gmail.com", "acme.onmicrosoft.com", "co.uk")):
            await stage.user(
                f"p{number}@x", externalId=OBJECT_ID.format(50 + number), emails=mail(f"p{number}@{domain}")
            )

    told = found(examined(private))["domain_unproven"]
    assert (told.count, [each.command for each in told.fixes]) == (4, [None])

    async def rare(stage: Stage) -> None:
        await private(stage)
        await stage.user("q@x", externalId=OBJECT_ID.format(60), emails=mail("q@own.example"))

    assert found(examined(rare))["domain_unproven"].fixes[0].command == "vestibule domain claim ent_1 own.example"


def test_a_group_that_is_here_under_its_very_name_does_not_differ() -> None:
    async def setting(stage: Stage) -> None:
        await stage.group("Sales")
        await stage.group("Sa les")
        await stage.expect("SA LES", "ana")

    assert "expected_group_differs" not in found(examined(setting))

    async def other(stage: Stage) -> None:
        await setting(stage)
        await stage.expect("S ales", "ana")

    assert found(examined(other))["expected_group_differs"].count == 1


def test_one_is_told_as_one() -> None:
    async def setting(stage: Stage) -> None:
        await signing_in(stage)
        await stage.user("ana@acme.example", externalId="x", emails=mail("ana@acme.onmicrosoft.com"))
        await stage.user("ben@acme.example")
        await stage.group("a  b")
        await stage.group("a b")
        await stage.expect("ab", "ana")

    told = " ".join(each.sentence for each in examined(setting, SOUND, later=198 * DAY).findings)
    assert "ends within a day" in str(examined(setting, SOUND, later=199 * DAY))
    assert not re.search(
        r"\b1 (people|accounts|addresses|domains|groups|times|days)\b|\b1 of \d+ \w+ \w+ have\b", told
    ), told
    for words in ("1 day,", "1 address ends", "1 group has", "1 address is of 1 domain", "1 account has a text"):
        assert words in told, words


def test_a_refused_sign_in_counts_until_the_person_comes_in() -> None:
    async def setting(stage: Stage) -> None:
        await sound(stage)
        missing = {"attribute": "email", "expected": ["mail"], "nearest": [], "received": []}
        literal = {"code": "email_literal", "facts": {"claim": "mail", "value": "user.email"}}
        for who in ("ana@acme.example", "ben@acme.example"):
            signed_in(stage, who, "claim_missing", notes=[literal], **missing)
        signed_in(stage, "ana@acme.example")

    told = found(examined(setting, SOUND))
    assert (told["sign_in_refused"].count, told["sign_in_refused"].examples) == (1, ("ben@acme.example",))
    assert (told["sign_in_noted"].count, "`user.email`" in told["sign_in_noted"].sentence) == (2, True)


def test_what_ends_soon_is_told_with_how_soon() -> None:
    async def setting(stage: Stage) -> None:
        await sound(stage)
        now = stage.clock.now()
        for number, ends in ((1, 20), (2, 400)):
            token = await connections.create_token(
                stage.store, stage.clock, CON, frozenset(SCOPES), lifetime=ends * DAY, actor="test"
            )
            if number == 1:
                stage.store.token_used(CON, token.token.id, now)
        key = SpKey(CON, "key_1", "current", certificate("sp"), "sealed", now, now + 5 * DAY)
        await stage.store.add_sp_key(key)

    told = found(examined(setting, SOUND))
    assert "ends in 19 days" in told["token_expires"].sentence or "ends in 20 days" in told["token_expires"].sentence
    assert "ends in" in told["sp_key_expires"].sentence
    assert "certificate_expires" not in told
    for days, within in ((150, 60), (175, 30), (195, 7), (201, 0)):
        late = found(examined(setting, SOUND, later=days * DAY))["certificate_expires"]
        assert (late.facts["within_days"], "ended on" in late.sentence) == (within, within == 0)


def test_a_certificate_that_has_ended_and_is_let_through_is_not_said_to_be_refused() -> None:
    """The day from which sign-ins are refused is told as the settings have it."""

    async def setting(stage: Stage) -> None:
        await signing_in(stage)

    async def let_through(stage: Stage) -> None:
        await setting(stage)
        connection = await stage.store.connection(CON)
        until = stage.clock.now() + 230 * DAY
        await change_settings(stage.store, connection, {"expired_until": until}, stage.clock.now(), actor="test")

    def why(how: Callable[[Stage], Awaitable[Any]]) -> tuple[str, str]:
        told = found(examined(how, later=201 * DAY))["certificate_expires"]
        return told.why.split(" on ")[0], told.facts["not_after"][:10]

    ended, not_after = why(setting)
    assert ended == f"From {not_after}"
    ended, not_after = why(let_through)
    assert ended > f"From {not_after}"


def test_what_is_not_finished_before_switching_on_is_told() -> None:
    async def setting(stage: Stage) -> None:
        await stage.user("ana@acme.example", externalId=OBJECT_ID.format(1), emails=mail("ana@acme.example"))
        await signing_in(stage, metadata_fault=None)
        connection = await stage.store.connection(CON)
        await change_settings(stage.store, connection, {"enabled": False}, stage.clock.now(), actor="test")
        await connections.create_token(
            stage.store, stage.clock, CON, frozenset({"get:users", "post:users"}), actor="test"
        )

    told = found(examined(setting))
    assert {"sign_on_untested", "sign_on_disabled", "certificate_by_hand", "domain_unproven"} <= told.keys()
    lacking = told["token_lacks_groups"]
    assert "--scope get:groups" in str(lacking.fixes[0].command)
    assert list(told) == [each for each in CODES if each in told]


async def of_two_domains(stage: Stage) -> None:
    await sound(stage)
    await stage.user("dan", externalId=OBJECT_ID.format(5), emails=mail("dan@other.example"))
    await stage.user("eve@other.example", externalId=OBJECT_ID.format(6), active=False)
    await stage.user("S-1-5-21", externalId=OBJECT_ID.format(7))


def test_who_has_an_address_that_is_not_allowed_is_told_before_and_after() -> None:
    async def limited(stage: Stage) -> None:
        await of_two_domains(stage)
        await connections.change_settings(stage.store, stage.clock, CON, {"allowed_domains": ["acme.example"]})

    assert "address_not_allowed" not in found(examined(of_two_domains))
    before = found(examined(of_two_domains, domains=("ACME.example",)))["address_not_allowed"]
    after = found(examined(limited))["address_not_allowed"]
    assert before.examples == after.examples == ("dan (dan@other.example)", "eve@other.example (eve@other.example)")
    assert (after.count, after.facts["domains"]) == (2, {"other.example": 2})
    assert ("would not allow" in before.sentence, "does not allow" in after.sentence) == (True, True)
    command = "vestibule connection set con_1 --allowed-domain acme.example --allowed-domain other.example"
    assert after.fixes[0].command == command.replace("con_1", CON)
    assert "address_not_allowed" not in found(examined(limited, domains=("acme.example", "other.example")))
