"""A ticket invites to a connection that is there; its link works until it ends, and its secret is kept nowhere."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.staging import AT, HERE, THERE, two_connections
from vestibule import ids, tickets
from vestibule.store import Store
from vestibule.store.sqlite import SqliteStore
from vestibule.tickets import DAY, HOUR, LASTS, TicketRefused


@dataclass
class Clock:
    at: int = AT

    def now(self) -> int:
        return self.at


def play(work: Callable[[Store, Clock], Awaitable[Any]], place: str = ":memory:") -> Any:
    async def run() -> Any:
        store = SqliteStore.open(place)
        try:
            await two_connections(store)
            return await work(store, Clock())
        finally:
            await store.close()

    return asyncio.run(run())


async def refused(call: Awaitable[Any]) -> str:
    with pytest.raises(TicketRefused) as caught:
        await call
    assert str(caught.value).endswith((".", ")."))
    return caught.value.code


def test_a_link_leads_to_its_ticket_until_it_ends_however_often_it_is_opened() -> None:
    async def work(store: Store, clock: Clock) -> None:
        made = await tickets.create(store, clock, HERE, label="  Maria \n Rossi ", mail=" Maria@Contoso.Example ")
        assert (made.ticket.label, made.ticket.mail) == ("Maria Rossi", "Maria@contoso.example")
        assert made.ticket.expires_at == AT + 14 * DAY
        assert made.link("https://v.example") == f"https://v.example/setup/{made.secret}"
        assert made.secret not in repr(made)
        for _ in range(3):
            assert await tickets.opened(store, made.secret) == made.ticket
        assert await tickets.opened(store, made.secret.upper()) == made.ticket
        ends = made.ticket.expires_at
        states = [tickets.state_of(made.ticket, at) for at in (AT, ends - 1, ends, ends + DAY)]
        assert states == ["open", "open", "expired", "expired"]

    play(work)


def test_a_secret_has_130_random_bits_and_no_other_connection_s_link_is_made_of_it() -> None:
    async def work(store: Store, clock: Clock) -> None:
        made = [await tickets.create(store, clock, HERE) for _ in range(20)]
        tails = {each.secret.removeprefix("here") for each in made}
        assert len(tails) == 20
        assert all(len(each) == 26 and set(each) <= set("0123456789abcdefghjkmnpqrstvwxyz") for each in tails)
        elsewhere = "there" + made[0].secret.removeprefix("here")
        assert await tickets.opened(store, elsewhere) is None
        last = made[0].secret[-1]
        assert await tickets.opened(store, made[0].secret[:-1] + ("0" if last != "0" else "1")) is None

    play(work)


@given(st.text(max_size=120))
def test_no_text_opens_anything_by_chance(text: str) -> None:
    async def work(store: Store, clock: Clock) -> Any:
        await tickets.create(store, clock, HERE)
        return await tickets.opened(store, text)

    assert play(work) is None


def test_the_secret_is_kept_as_a_hash_alone(tmp_path: Path) -> None:
    async def work(store: Store, clock: Clock) -> str:
        made = await tickets.create(store, clock, HERE, label="Maria")
        return made.secret

    secret = play(work, f"{tmp_path}/a.db")
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Maria" in written
    assert ids.token_hash(secret) in written
    assert secret.encode() not in written
    assert secret[-26:].encode() not in written


def test_what_cannot_be_is_refused_with_words_and_nothing_is_kept() -> None:
    async def work(store: Store, clock: Clock) -> None:
        async def create(**options: Any) -> str:
            return await refused(tickets.create(store, clock, options.pop("connection_id", HERE), **options))

        assert await create(connection_id="con_none") == "unknown_connection"
        assert await create(label="x" * 201) == "label"
        assert await create(label="Mar\x00ia") == "label"
        assert await create(label="\u202eairaM") == "label"
        assert await create(mail="maria") == "mail"
        assert await create(mail="a@b.example, c@d.example") == "mail"
        for lifetime in (HOUR - 1, 90 * DAY + 1, 0, -DAY):
            assert await create(lifetime=lifetime) == "lifetime"
        assert (await store.tickets(), await store.audit(HERE)) == ([], [])
        for lifetime in (HOUR, 90 * DAY):
            await tickets.create(store, clock, HERE, lifetime=lifetime)

    play(work)


@pytest.mark.parametrize("days", [-1.0, 90.1, float("nan"), float("inf"), 1e300])
def test_a_number_of_days_that_is_none_is_refused(days: float) -> None:
    with pytest.raises(TicketRefused):
        tickets.lifetime_of(days)
    assert tickets.lifetime_of(0.5) == DAY // 2


def test_an_expired_ticket_goes_on_by_the_same_link_and_a_revoked_one_does_not() -> None:
    async def work(store: Store, clock: Clock) -> None:
        made = await tickets.create(store, clock, HERE, lifetime=HOUR)
        name = made.ticket.id
        clock.at = AT + DAY
        later = await tickets.extend(store, clock, name, because={"request": "req_1"})
        assert later.expires_at == clock.at + LASTS
        assert tickets.state_of(later, clock.at) == "open"
        assert await tickets.opened(store, made.secret) == later
        assert await refused(tickets.extend(store, clock, name, lifetime=DAY)) == "ends_later"
        assert await refused(tickets.extend(store, clock, name, lifetime=91 * DAY)) == "lifetime"
        gone = await tickets.revoke(store, clock, name)
        assert tickets.state_of(gone, clock.at) == "revoked"
        clock.at += DAY
        assert await tickets.revoke(store, clock, name) == gone
        assert await refused(tickets.extend(store, clock, name, lifetime=80 * DAY)) == "revoked"
        told = [(each.action, each.target, each.detail) for each in await store.audit(HERE)]
        ends = (made.ticket.expires_at, later.expires_at)
        assert told == [
            ("ticket.revoked", name, {}),
            ("ticket.extended", name, {"before": ends[0], "expires_at": ends[1], "request": "req_1"}),
            ("ticket.created", name, {"label": "", "mail": None, "expires_at": ends[0]}),
        ]
        for act in (tickets.extend, tickets.revoke):
            assert await refused(act(store, clock, "tkt_none")) == "unknown_ticket"

    play(work)


def test_open_tickets_of_a_connection_are_bounded_and_those_that_ended_do_not_count() -> None:
    async def work(store: Store, clock: Clock) -> None:
        for _ in range(tickets.MOST_OPEN):
            await tickets.create(store, clock, HERE, lifetime=HOUR)
        assert await refused(tickets.create(store, clock, HERE)) == "too_many"
        await tickets.create(store, clock, THERE)
        clock.at += HOUR
        await tickets.create(store, clock, HERE)

    play(work)
