"""What every store promises of setup tickets."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.store.staging import AT, HERE, LATER, THERE, Stage, promise
from vestibule.model import Audit
from vestibule.store import NotFound, Store
from vestibule.store.tickets import Ticket, TicketChange

SECRET = b"\x00\xff hash"


def a_ticket(number: int = 1, connection_id: str = HERE, **rest: Any) -> Ticket:
    return Ticket(connection_id, f"tkt_{number}", "Maria", "maria@contoso.example", AT, LATER, **rest)


def told(number: int = 1, connection_id: str = HERE) -> Audit:
    return Audit(f"aud_{number}", connection_id, AT, "cli", "ticket.created", "tkt_1", {"label": "Maria"})


class TicketPromises(Stage):
    """Invitations to set a connection up."""

    @promise
    async def test_a_ticket_is_read_as_it_was_kept_and_found_by_the_hash_of_its_own_connection(
        self, store: Store
    ) -> None:
        whole = a_ticket(1, revoked_at=LATER, opened_at=AT, last_opened_at=LATER, opens=3)
        await store.add_ticket(whole, SECRET, told())
        bare = replace(a_ticket(2, THERE), label="", mail=None)
        await store.add_ticket(bare, SECRET, told(2, THERE))
        assert await store.ticket("tkt_1") == whole
        assert await store.ticket_behind(HERE, SECRET) == whole
        assert await store.ticket_behind(THERE, SECRET) == bare
        assert (await store.tickets(HERE), await store.tickets()) == ([whole], [whole, bare])
        assert await store.audit(HERE) == [told()]
        for call in (store.ticket("tkt_3"), store.ticket_behind(HERE, b"other"), store.ticket_behind("con_no", SECRET)):
            with pytest.raises(NotFound):
                await call

    @promise
    async def test_a_ticket_of_no_connection_is_not_kept(self, store: Store) -> None:
        with pytest.raises(NotFound):
            await store.add_ticket(a_ticket(1, "con_none"), SECRET, told(1, "con_none"))
        assert (await store.tickets(), await store.audit("con_none")) == ([], [])

    @promise
    async def test_a_change_and_its_audit_are_kept_both_or_neither(self, store: Store) -> None:
        await store.add_ticket(a_ticket(), SECRET, told())

        def longer(present: Ticket) -> TicketChange:
            return TicketChange(replace(present, expires_at=LATER + 1, revoked_at=AT), (told(2),))

        changed = await store.change_ticket(HERE, "tkt_1", longer)
        assert changed == await store.ticket("tkt_1") == replace(a_ticket(), expires_at=LATER + 1, revoked_at=AT)

        def fails(present: Ticket) -> TicketChange:
            # The entry is there already, so the second statement is refused.
            return TicketChange(replace(present, expires_at=0), (told(3), told(1)))

        with pytest.raises(Exception, match="audit"):
            await store.change_ticket(HERE, "tkt_1", fails)
        with pytest.raises(NotFound):
            await store.change_ticket(THERE, "tkt_1", longer)
        assert await store.ticket("tkt_1") == changed
        assert [each.id for each in await store.audit(HERE)] == ["aud_2", "aud_1"]

    @promise
    async def test_openings_are_counted_and_a_change_meanwhile_loses_none(self, store: Store) -> None:
        await store.add_ticket(a_ticket(), SECRET, told())

        def later(present: Ticket) -> TicketChange:
            store.ticket_opened(HERE, "tkt_1", LATER)
            return TicketChange(replace(present, expires_at=present.expires_at + 1))

        for at in (AT + 5, AT + 9, AT + 7):
            store.ticket_opened(HERE, "tkt_1", at)
        store.ticket_opened(THERE, "tkt_1", LATER)
        await store.flush()
        seen = await store.ticket("tkt_1")
        assert (seen.opens, seen.opened_at, seen.last_opened_at) == (3, AT + 5, AT + 9)
        await asyncio.gather(*(store.change_ticket(HERE, "tkt_1", later) for _ in range(5)))
        await store.flush()
        seen = await store.ticket("tkt_1")
        assert (seen.opens >= 8, seen.expires_at, seen.last_opened_at) == (True, LATER + 5, LATER)

    @promise
    async def test_a_link_is_looked_up_at_the_same_cost_among_many(self, store: Store) -> None:
        """By the hash within its connection: no scan of tickets, nor of connections."""
        costs: list[int] = []
        for where, many in ((HERE, 3), (THERE, 600)):
            for each in range(many):
                number = 1_000 + each + many
                ticket = replace(a_ticket(number, where), expires_at=LATER + each)
                await store.add_ticket(ticket, b"%d" % number, told(number, where))
            with self.work_of(store) as work:
                assert (await store.ticket_behind(where, b"%d" % (1_000 + many))).connection_id == where
            costs.append(work.steps)
        assert 0 < costs[1] < costs[0] * 1.5
