"""Runs of the provisioning engine against a running server, each of which leads to one explanation."""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tests.conftest import USER_SCOPES, Tenant
from tests.explain.provisioned import EMAIL, stands, tenant
from tests.explain.sending import Engine, Ran
from vestibule import connections, review
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.entra.tenant import Tenant as Source
from vestibule.entra.tenant import TenantGroup, TenantUser
from vestibule.explain import explain
from vestibule.explain.outside import from_text
from vestibule.model import Exchange, Origin
from vestibule.server import recorder
from vestibule.server.resources import Resources

HOUR = 60


def person(name: str, **rest: Any) -> TenantUser:
    """Somebody of Acme's; `rest` is what Graph says beside the name and the address."""
    mail = f"{name}@example.com"
    attributes = {"displayName": name.capitalize(), "mailNickname": name, "mail": mail} | rest
    return TenantUser(f"aad-{name}", mail, attributes={key: each for key, each in attributes.items() if each})


ANA, BOB = person("ana", jobTitle="Engineer"), person("bob", jobTitle="Analyst")
ALL = TenantGroup("aad-all", "grp_all", (ANA.id, BOB.id))
ACME = Source((ANA, BOB), (ALL,))
OFF = Source((replace(ANA, enabled=False), replace(BOB, enabled=False)))


@contextmanager
def going_on(here: Tenant) -> Generator[Engine]:
    """An engine that remembers its last run."""
    with TemporaryDirectory() as folder:
        yield Engine(here, f"{folder}/job.db")


def first(here: Tenant, source: Source = ACME, **how: Any) -> list[Exchange]:
    """A first cycle, without the made-up name of its connection test."""
    return Engine(here).run(source, **how).exchanges[1:]


def second(
    here: Tenant,
    before: Source,
    after: Source,
    between: Callable[[dict[str, str]], object] = lambda ids: None,
) -> list[Exchange]:
    """The cycle after a change in the directory; `between` is told the ids of those who were provisioned, by name."""
    with going_on(here) as engine:
        engine.run(before)
        between(
            {each["userName"].partition("@")[0]: each["id"] for each in here.http.get("/Users").json()["Resources"]}
        )
        return engine.run(after).exchanges


def refused_at_the_door(here: Tenant, token: str) -> list[Exchange]:
    return Engine(here).run(ACME, token=token).exchanges


def scope_missing(here: Tenant) -> list[Exchange]:
    return first(here, token=here.vestibule.token(here.connection_id, USER_SCOPES)[1])


def expired(here: Tenant) -> list[Exchange]:
    return refused_at_the_door(here, here.vestibule.token(here.connection_id, lifetime=1)[1])


def revoked(here: Tenant) -> list[Exchange]:
    here.vestibule.admin(lambda store: connections.revoke(store, SystemClock(), here.token.id))
    return refused_at_the_door(here, here.text)


def of_other(here: Tenant) -> list[Exchange]:
    return refused_at_the_door(here, here.vestibule.token(here.vestibule.connection().id)[1])


def nowhere(here: Tenant) -> list[Exchange]:
    """What the server tells the caller of; as it is nobody's, no log keeps it."""
    with patch.object(recorder, "explain", wraps=explain) as asked:
        Engine(here).send(ACME, url=here.vestibule.scim_url("con_nowhere"))
    return [call.args[0] for call in asked.call_args_list]


def strict(here: Tenant) -> list[Exchange]:
    here.set(dialect="strict")
    return second(here, Source((ANA,)), Source((person("ana", jobTitle="Lead"),)))


def emptied(here: Tenant) -> list[Exchange]:
    here.set(hold_emptied_group=1)
    return second(here, ACME, replace(ACME, groups=(replace(ALL, members=()),)))


def held(here: Tenant) -> list[Exchange]:
    here.set(hold_deactivations=1)
    return second(here, Source((ANA, BOB)), OFF)


def protected(here: Tenant) -> list[Exchange]:
    def protect(ids: dict[str, str]) -> None:
        ana, con = ids["ana"], here.connection_id
        here.vestibule.admin(lambda store: review.protect(store, SystemClock(), con, ana, protected=True))

    return second(here, Source((ANA, BOB)), OFF, protect)


def same_external_id(here: Tenant) -> list[Exchange]:
    return first(here, Source((ANA, person("anna", mailNickname="ana"))))


def renamed_to_a_taken_name(here: Tenant) -> list[Exchange]:
    taken = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "grp_everybody"}
    after = replace(ACME, groups=(replace(ALL, display_name="grp_everybody"),))
    return second(here, ACME, after, lambda _: here.http.post("/Groups", json=taken))


def member_gone(here: Tenant, references: str) -> list[Exchange]:
    """Somebody is deleted here, of whom the directory does not know, and joins a group there."""
    here.set(references=references)
    before = replace(ACME, groups=(replace(ALL, members=(ANA.id,)),))
    return second(here, before, ACME, lambda ids: here.http.delete(f"/Users/{ids['bob']}"))


def other_domain(here: Tenant) -> list[Exchange]:
    here.set(allowed_domains=["acme.example", "*.acme.example"])
    return first(here)


def deactivated(here: Tenant) -> list[Exchange]:
    return second(here, Source((ANA, BOB)), OFF)


def too_large(here: Tenant) -> list[Exchange]:
    del here
    with tenant(max_body=2_048) as small:
        people = tuple(person(f"person{number}") for number in range(40))
        return first(small, Source(people, (replace(ALL, members=tuple(each.id for each in people)),)))


def anchor_lost(here: Tenant) -> list[Exchange]:
    after = Source((ANA, person("bob", jobTitle="Lead")))
    return second(here, Source((ANA, BOB)), after, lambda ids: here.http.delete(f"/Users/{ids['bob']}"))


def broken(here: Tenant) -> list[Exchange]:
    with patch.object(Resources, "create_user", side_effect=RuntimeError("made for the example")):
        return first(here)


def was_here(here: Tenant, origin: Origin, **rest: Any) -> None:
    """An account that the identity provider has not made."""
    document = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ana", **rest}
    here.vestibule.admin(
        lambda store: Directory(store, SystemClock()).create_user(here.connection_id, document, origin)
    )


def same_email(here: Tenant) -> list[Exchange]:
    was_here(here, "app", emails=EMAIL)
    return first(here)


def linked(here: Tenant) -> list[Exchange]:
    was_here(here, "login", externalId="ana")
    return first(here)


def no_change(here: Tenant) -> list[Exchange]:
    """A job that was made anew knows nothing of what another one has done."""
    first(here)
    return first(here)


def done(here: Tenant) -> list[Exchange]:
    return [each for each in first(here) if each.facts.get("joined")]


def groups_looked_for(here: Tenant) -> list[Exchange]:
    return [each for each in first(here) if each.resource_type == "Group"]


def upn(here: Tenant) -> list[Exchange]:
    return first(here, Source((person("ana", mail="ana_b.example#EXT#@contoso.onmicrosoft.com"),)))


def manager(here: Tenant) -> list[Exchange]:
    return first(here, Source((ANA, replace(BOB, manager=ANA.id))))


def limited(here: Tenant) -> Ran:
    here.set(rate_limit=1)
    return Engine(here).run(Source(tuple(person(f"person{number}") for number in range(40))))


def outside(here: Tenant) -> list[Exchange]:
    """What an administrator pastes out of the engine's log, where only its text is at hand."""
    failures = (each["provisioningStatusInfo"]["errorInformation"] for each in limited(here).rehearsal.log)
    text = next(each["reason"] for each in failures if each)
    found = from_text(re.sub(r"http://127\.0\.0\.1:\d+", "https://id.example", text))
    return [found] if found else []


def called(here: Tenant) -> list[Exchange]:
    first(here)
    return [stands(here, HOUR // 4)]


def stalled(here: Tenant) -> list[Exchange]:
    """A first cycle with a token that may touch no group."""
    scope_missing(here)
    return [stands(here, 3 * HOUR)]


RUNS: dict[str, Callable[[Tenant], list[Exchange]]] = {
    "scope_missing": scope_missing,
    "token_expired": expired,
    "token_revoked": revoked,
    "token_of_other_directory": of_other,
    "token_unknown": lambda here: refused_at_the_door(here, "copied-from-another-page"),
    "connection_unknown": nowhere,
    "dialect_refused": strict,
    "patch_remove_all_guarded": emptied,
    "held_for_approval": held,
    "account_protected": protected,
    "user_conflict_username.external_id": same_external_id,
    "group_conflict_displayname.renamed": renamed_to_a_taken_name,
    "member_unresolved": lambda here: member_gone(here, "refuse"),
    "member_unresolved_parked": lambda here: member_gone(here, "park"),
    "domain_not_allowed.provisioned": other_domain,
    "schema_value_type.normalised": deactivated,
    "dialect_legacy": deactivated,
    "deactivated_in_directory": deactivated,
    "payload_too_large": too_large,
    "wrong_path": lambda here: Engine(here).run(ACME, at="/scim").exchanges,
    "wrong_path.elsewhere": lambda here: Engine(here).run(ACME, at="/app").exchanges,
    "resource_missing": anchor_lost,
    "server_fault": broken,
    "filter_no_match_will_create": first,
    "filter_no_match_will_create.group": groups_looked_for,
    "user_conflict_email_existing_account": same_email,
    "linked": linked,
    "no_change": no_change,
    "done": done,
    "email_missing.provisioned": lambda here: first(here, Source((person("ana", mail=""),))),
    "email_is_upn": upn,
    "manager_shape": manager,
    "rate_limited.connection": lambda here: limited(here).exchanges,
    "rate_limited.outside": outside,
    "traffic_arrives": called,
    "stalled_after_failures": stalled,
}
"""File → the run that it is out of."""
