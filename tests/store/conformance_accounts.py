"""What every store promises of enterprises, connections, tokens, the provisioning log and the audit."""

import asyncio
from dataclasses import replace

import pytest

from tests.store.staging import AT, HERE, LATER, THERE, Stage, a_token, an_audit, an_exchange, ids_of, people, promise
from vestibule.model import Connection, Enterprise, Token, TokenChange
from vestibule.store import Credentials, ExchangeQuery, NotFound, Store

DAY = 86_400_000_000


class AccountPromises(Stage):
    """What the operator keeps, and what is told of each exchange."""

    @promise
    async def test_enterprises_and_connections_come_in_the_order_of_making(self, store: Store) -> None:
        """All, or those of one enterprise; one by its id."""
        second = Enterprise("ent_2", "Fabrikam", AT)
        await store.add_enterprise(second)
        await store.add_connection(Connection("con_z", "ent_2", "okta", AT))
        assert [each.id for each in await store.enterprises()] == ["ent_1", "ent_2"]
        assert await store.enterprise("ent_2") == second
        assert [each.id for each in await store.connections()] == [HERE, THERE, "con_z"]
        assert await store.connections("ent_2") == [await store.connection("con_z")]

    @promise
    async def test_unknown_enterprises_and_connections_are_not_found(self, store: Store) -> None:
        """Neither when asked for nor when something is to belong to them."""
        for call in (
            store.enterprise("ent_none"),
            store.connection("con_none"),
            store.add_connection(Connection("con_new", "ent_none", "entra", AT)),
            store.add_token(a_token(1, "con_none"), b"hash", an_audit(1, "con_none")),
        ):
            with pytest.raises(NotFound):
                await call
        assert await store.audit("con_none") == []

    @promise
    async def test_a_token_is_found_only_in_its_connection(self, store: Store) -> None:
        """With its hash; the operator finds it wherever it is."""
        await store.add_token(a_token(), b"\x00hash", an_audit())
        assert await store.credentials(HERE, "tok_1") == Credentials(a_token(), b"\x00hash", "{}")
        assert await store.find_token("tok_1") == a_token()
        assert (await store.tokens(HERE), await store.tokens(THERE)) == ([a_token()], [])
        with pytest.raises(NotFound):
            await store.credentials(THERE, "tok_1")
        with pytest.raises(NotFound):
            await store.find_token("tok_2")

    @promise
    async def test_the_tokens_of_people_are_passed_over_where_they_are_not_wanted(self, store: Store) -> None:
        """There may be one for each person."""
        (ana,) = await people(store, 1)
        await store.add_token(a_token(), b"hash", an_audit())
        await store.add_token(replace(a_token(2), user_id=ana), b"hash", an_audit(2))
        assert [each.id for each in await store.tokens(HERE)] == ["tok_1", "tok_2"]
        assert [each.id for each in await store.tokens(HERE, of_people=False)] == ["tok_1"]

    @promise
    async def test_a_token_changes_with_its_audit_entry_or_not_at_all(self, store: Store) -> None:
        """Fields left at None stay as they are; the change is told what the token is by then, and may be none."""
        await store.add_token(a_token(), b"hash", an_audit(1))
        wider = frozenset({"get:users", "get:groups"})
        changed = await store.change_token(HERE, "tok_1", lambda _: (TokenChange(scopes=wider), an_audit(2)))
        assert changed == replace(a_token(), scopes=wider)
        await store.change_token(HERE, "tok_1", lambda _: (TokenChange(expires_at=LATER), an_audit(3)))
        await store.change_token(HERE, "tok_1", lambda _: (TokenChange(revoked_at=LATER), an_audit(4)))
        assert (await store.credentials(HERE, "tok_1")).token == replace(
            a_token(), scopes=wider, expires_at=LATER, revoked_at=LATER
        )
        for connection_id, token_id in ((THERE, "tok_1"), (HERE, "tok_none")):
            with pytest.raises(NotFound):
                await store.change_token(
                    connection_id, token_id, lambda _: (TokenChange(revoked_at=1), an_audit(5, HERE))
                )
        seen: list[Token] = []
        same = await store.change_token(HERE, "tok_1", seen.append)
        assert seen == [same] == await store.tokens(HERE)
        assert await store.audit(THERE) == []
        assert [each.id for each in await store.audit(HERE)] == ["aud_4", "aud_3", "aud_2", "aud_1"]

    @promise
    async def test_an_audit_entry_that_cannot_be_kept_undoes_the_change(self, store: Store) -> None:
        """Both or neither: here the entry's id is in use."""
        await store.add_token(a_token(), b"hash", an_audit(1))
        change = store.change_token(HERE, "tok_1", lambda _: (TokenChange(revoked_at=LATER), an_audit(1)))
        [raised] = await asyncio.gather(change, return_exceptions=True)
        assert isinstance(raised, Exception)
        assert (await store.credentials(HERE, "tok_1")).token.revoked_at is None

    @promise
    async def test_the_last_use_of_a_token_never_moves_back(self, store: Store) -> None:
        """Whatever the order in which uses are told; an unknown token is passed over."""
        await store.add_token(a_token(), b"hash", an_audit())
        store.token_used(HERE, "tok_1", LATER)
        store.token_used(HERE, "tok_1", AT)
        store.token_used(HERE, "tok_none", LATER)
        await store.flush()
        assert (await store.credentials(HERE, "tok_1")).token.last_used_at == LATER
        store.token_used(HERE, "tok_1", LATER + DAY)
        await store.flush()
        assert (await store.credentials(HERE, "tok_1")).token.last_used_at == LATER + DAY

    @promise
    async def test_the_audit_is_newest_first_and_bounded(self, store: Store) -> None:
        """With its detail as it was given."""
        for number in (1, 2, 3):
            await store.add_token(a_token(number), b"hash", an_audit(number))
        assert await store.audit(HERE, limit=2) == [an_audit(3), an_audit(2)]

    @promise
    async def test_an_exchange_is_read_back_as_it_was_recorded(self, store: Store) -> None:
        """After a flush, by its request id alone."""
        exchange = an_exchange(
            1,
            token_id="tok_1",
            resource_type="Group",
            resource_id="grp_1",
            target="Zürich",
            scim_type="uniqueness",
            error="uniqueness",
            facts={"got": ["get:users"], "changed": 3, "nested": {"ä": None}},
            request_body="{}",
            response_body="{…}",
            status=409,
        )
        store.record(exchange)
        await store.flush()
        assert await store.exchange("req_0001") == exchange
        with pytest.raises(NotFound):
            await store.exchange("req_none")

    @promise
    async def test_recording_never_raises(self, store: Store) -> None:
        """An id that is there already, a connection that does not exist; others recorded with them are kept."""
        store.record(an_exchange(1))
        store.record(an_exchange(1, status=500))
        store.record(an_exchange(2, "con_none"))
        store.record(an_exchange(3))
        await store.flush()
        assert (await store.exchange("req_0001")).status == 200
        assert ids_of(await store.exchanges(HERE, ExchangeQuery())) == ["req_0003", "req_0001"]

    @promise
    async def test_exchanges_are_asked_for_in_many_ways(self, store: Store) -> None:
        """Newest first, by refusal, type, name (caseless), token, bounded, and followed oldest first."""
        store.record(an_exchange(1, status=401))
        store.record(an_exchange(2, resource_type="User", target="Ana@Straße.de", token_id="tok_1"))
        store.record(an_exchange(3, resource_type="Group", target="ana@strasse.de", status=403, token_id="tok_1"))
        store.record(an_exchange(4, resource_type="User", target="ANA@STRASSE.DE", status=500))
        store.record(an_exchange(5, THERE, resource_type="User", target="ana@strasse.de", status=404))
        await store.flush()
        for query, expected in (
            (ExchangeQuery(), [4, 3, 2, 1]),
            (ExchangeQuery(limit=2), [4, 3]),
            (ExchangeQuery(refused=True), [4, 3, 1]),
            (ExchangeQuery(resource_type="User"), [4, 2]),
            (ExchangeQuery(target="ana@strasse.de"), [4, 3, 2]),
            (ExchangeQuery(token_id="tok_1", refused=True), [3]),
            (ExchangeQuery(after_id="req_0002"), [3, 4]),
            (ExchangeQuery(after_id="req_0001", limit=1), [2]),
        ):
            found = await store.exchanges(HERE, query)
            assert ids_of(found) == [f"req_{number:04d}" for number in expected], query

    @promise
    async def test_the_last_exchange_about_a_name_is_found_refused_or_not(self, store: Store) -> None:
        """Of this connection and type, compared caseless."""
        store.record(an_exchange(1, resource_type="User", target="Ana"))
        store.record(an_exchange(2, resource_type="User", target="ANA", status=409))
        store.record(an_exchange(3, resource_type="Group", target="ana"))
        store.record(an_exchange(4, THERE, resource_type="User", target="ana"))
        await store.flush()
        (found,) = await store.exchanges(HERE, ExchangeQuery(limit=1, resource_type="User", target="ana"))
        assert found is not None
        assert (found.id, found.status) == ("req_0002", 409)
        assert await store.exchanges(HERE, ExchangeQuery(limit=1, resource_type="User", target="ben")) == []
