"""A database with something in every table, as it comes about: by the store's own calls."""

from dataclasses import replace
from typing import Any

from tests.store.staging import AT, HERE, LATER, a_group, a_token, a_user, an_audit, an_exchange, edited, reporting_to
from tests.store.staging import two_connections as begin
from tests.store.staging import user_id as user
from vestibule.model import Audit, Conflict, Domain, Hold
from vestibule.scim.patch import GroupChange
from vestibule.store import Rules, Store
from vestibule.store.roll_calls import ExpectedPerson, KeptExpectation, RollRecord
from vestibule.store.standing import GraphSource, ReadFault, StandingGroup
from vestibule.store.tickets import Ticket

PARKING = Rules(park=True, nested=True, hold_emptied_group=2)
NAMES = ("Ana", "Jörg Straße", 'O\'Brien; "Rory" -- \\', "İpek 👩‍💻", "ﬁona")


async def a_world(store: Store) -> None:
    """People, groups, those who are waited for, who left, what waits for an administrator, and the log."""
    await begin(store)
    await store.key("cursors")
    for number, name in enumerate(NAMES):
        emails = [{"type": "work", "value": f"{number}@Example.com"}, {"value": f"Home{number}@example.com"}]
        more: dict[str, Any] = {"displayName": name, "emails": emails} if number else {}
        await store.create_user(a_user(number, externalId=f"ext-{number}", userName=f"{name}@example.com", **more))
    await _managers(store)
    await _groups(store)
    await _gone(store)
    await store.add_token(a_token(), b"\x00\xff hash", an_audit())
    await _waiting_for_a_word(store)
    await _expected(store)
    entry = Audit("aud_5", HERE, AT, "cli", "ticket.created", "tkt_1", {"label": "Jörg"})
    await store.add_ticket(Ticket(HERE, "tkt_1", "Jörg", "j@example.com", AT, LATER), b"\x00\xff link", entry)
    store.record(an_exchange(1, target="Ana", resource_type="User", facts={"got": ["get:users"]}, request_body="{}"))
    store.token_used(HERE, "tok_1", LATER)
    await store.flush()
    await store.create_user(a_user(1, "con_there"))
    entry = Audit("aud_3", "ent_1", LATER, "cli", "domain.claimed", "dom_1", {"domain": "xn--bcher-kva.example"})
    await store.add_domain(Domain("ent_1", "dom_1", "xn--bcher-kva.example", True, "verified", "t", AT, AT), entry)


async def _managers(store: Store) -> None:
    await store.change_user(HERE, user(1), lambda each: edited(each, **reporting_to(user(0))), rules=PARKING)
    await store.change_user(HERE, user(2), lambda each: edited(each, **reporting_to("Boss", x=1)), rules=PARKING)
    await store.change_user(HERE, user(3), lambda each: edited(each, active=False), rules=PARKING)


async def _groups(store: Store) -> None:
    await store.create_group(a_group(external_id="G"), [user(number) for number in range(3)], "app", PARKING)
    await store.create_group(a_group("STRASSE", id="grp_2"), [user(1), "Stranger", "grp_1"], "scim", PARKING)
    await store.create_group(a_group("Empty", id="grp_3", origin="app"))
    change = GroupChange(add=frozenset({"ext-3"}), remove=frozenset({user(0)}))
    await store.change_group(HERE, "grp_1", change, LATER, rules=PARKING)


async def _gone(store: Store) -> None:
    for number, name in ((7, "gone"), (8, "twice")):
        await store.create_user(a_user(number, userName=name, externalId=name))
    await store.delete_user(HERE, user(7), LATER)
    await store.merge_users(HERE, user(4), user(8), LATER)


async def _expected(store: Store) -> None:
    kept = KeptExpectation(HERE, "rll_1", "Straße", "csv", 0, AT, "G", ("Inner",), {"file": "a.csv"})
    await store.begin_expectation(kept)
    who = (ExpectedPerson("Jörg Straße@example.com", frozenset({"b", "a"}), known=False), ExpectedPerson("x", via="y"))
    await store.add_expected(HERE, "rll_1", who)
    kept = await store.settle_expectation(
        HERE, "rll_1", Audit("aud_4", HERE, AT, "cli", "rollcall.expected", "rll_1", {})
    )
    roll = RollRecord(HERE, "Straße", LATER, 2, 0, 2, 0, {"refused": 2})
    await store.note_roll(replace(kept, called_at=LATER, balanced=False), roll, None, None)
    await store.begin_expectation(KeptExpectation(HERE, "rll_2", "Ärzte", "graph", 0, AT, "oid-1"))
    await store.settle_expectation(HERE, "rll_2", Audit("aud_6", HERE, AT, "cli", "rollcall.expected", "rll_2", {}))
    source = GraphSource(HERE, "acme.example", "app", "v1.sealed", "https://graph.example", "https://login.example", AT)
    fault = ReadFault("graph_forbidden", "No.", "Grant it.")
    again = StandingGroup(HERE, "Ärzte", "oid-1", AT, AT, LATER, LATER, fault)
    await store.keep_standing(source, again, Audit("aud_7", HERE, AT, "cli", "rollcall.source_kept", "oid-1", {}))


async def _waiting_for_a_word(store: Store) -> None:
    incoming = {"userName": "Jörg", "externalId": None}
    conflict = Conflict("cfl_1", HERE, "emails", "1@example.com", user(1), user(2), incoming, "open", 1, AT, AT)
    await store.note_conflict(conflict)
    await store.note_hold(Hold("hld_1", HERE, "emptied_group", "grp_1", "Sales", 3, 2, 1, "open", AT, AT))
    entry = Audit("aud_2", HERE, LATER, "cli", "hold.approved", "hld_1", {"approved_until": LATER})
    await store.decide_hold(HERE, "hld_1", LATER, entry)
