"""Groups that are read from Microsoft Graph again and again, with a secret that is kept: daily, and after changes here.

A list that is otherwise than before is a new expectation; what cannot be read leaves the list as it was, and tells why.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote_plus

from vestibule import ids
from vestibule.clock import Clock, rfc3339
from vestibule.model import Audit, JsonObject
from vestibule.outbound.fetch import Fetcher
from vestibule.rollcall.expectation import CannotExpect, check_people
from vestibule.rollcall.graph import GraphAccess, GraphReader
from vestibule.rollcall.graph_refusal import GraphRefused
from vestibule.scim.folding import fold
from vestibule.sealing import Seal, SealError
from vestibule.store import NotFound, Store
from vestibule.store.roll_calls import KeptExpectation
from vestibule.store.standing import GraphSource, ReadFault, StandingGroup

MINUTE: Final = 60_000_000
HOUR: Final = 60 * MINUTE
DAILY: Final = 24 * HOUR
"""How often a group is read again when nothing changes,"""
AT_MOST: Final = HOUR
"""and how long after a read at the least when something does. What failed is tried again after as long."""
SOON: Final = 15 * MINUTE
"""When it is tried again after what goes by itself: nobody answered, or Graph was busy."""
LEASE: Final = 30 * MINUTE
"""For how long who reads a group is alone with it,"""
DEADLINE: Final = 25 * 60.0
"""and how many seconds a read may take."""
PATIENCE: Final = 60.0
"""How many seconds of a read are waited when Graph asks to wait; for longer it is left, and done later."""
_PASSING: Final = frozenset({"graph_throttled", "graph_unreachable"})
NO_KEYS: Final = (
    "A client secret is kept only where it is sealed with a key that is not in the database: set VESTIBULE_SECRET_KEYS "
    "(make one with `openssl rand -base64 32`) for the server and for this command, and run it again. Without --keep "
    "the group is read for this once."
)
_WITHOUT_KEYS: Final = ReadFault(
    "secret_keys_missing",
    "The client secret cannot be opened, as the server has no VESTIBULE_SECRET_KEYS.",
    "Start the server with the key that the secret was sealed with.",
)


class NothingStands(Exception):
    """No group of the connection is read again; the message says so."""


@dataclass(frozen=True, slots=True)
class Anew:
    """What the reading of a group came to; `fault` is told, `broken` is a fault of ours."""

    group: StandingGroup
    changed: bool = False
    fault: ReadFault | None = None
    broken: Exception | None = None


def sealed(seal: Seal, connection_id: str, access: GraphAccess, now: int) -> GraphSource:
    """What is kept of an application; its secret opens for this tenant and this address alone."""
    secret = seal.seal(access.secret, _context(connection_id, access.tenant, access.client_id, access.login_url))
    return GraphSource(
        connection_id, access.tenant, access.client_id, secret, access.graph_url, access.login_url, now
    )  # fmt: skip


def opened(seal: Seal, source: GraphSource) -> GraphAccess:
    """The application, to read with. Raises SealError."""
    context = _context(source.connection_id, source.tenant, source.client_id, source.login_url)
    secret = seal.open(source.secret, context)
    return GraphAccess(source.tenant, source.client_id, secret, source.graph_url, source.login_url)


def _context(connection_id: str, tenant: str, client_id: str, login_url: str) -> str:
    return f"{connection_id} graph.client_secret {tenant} {client_id} {login_url}"


async def keep(store: Store, clock: Clock, source: GraphSource, kept: KeptExpectation, *, actor: str = "cli") -> None:
    """Have the group of an expectation that was just read be read again and again."""
    now = clock.now()
    group = StandingGroup(kept.connection_id, kept.group, kept.external_id or "", now, now, now + DAILY)
    detail: JsonObject = {"group": kept.group, "tenant": source.tenant, "client_id": source.client_id}
    await store.keep_standing(source, group, _audit(now, group, "rollcall.source_kept", detail, actor))


async def forget_source(store: Store, clock: Clock, connection_id: str, *, actor: str = "cli") -> list[str]:
    """Forget the secret, and read no group of a connection again; which ones those were. Raises NothingStands."""
    names = [each.group for each in await store.standing_groups(connection_id)]
    now = clock.now()
    ident = ids.new_id("aud", now)
    entry = Audit(ident, connection_id, now, actor, "rollcall.source_forgotten", connection_id, {"groups": names})
    try:
        await store.forget_source(connection_id, entry)
    except NotFound as error:
        raise NothingStands(f"No client secret is kept for the groups of {connection_id}.") from error
    return names


@dataclass(frozen=True, slots=True)
class Rereading:
    """Reads what is due. `seal` is None where the server has no keys of its own to open secrets with."""

    store: Store
    clock: Clock
    fetcher: Fetcher
    seal: Seal | None

    async def due(self) -> list[StandingGroup]:
        """The groups of all connections that are to be read now."""
        now = self.clock.now()
        return await self.store.standing_due(now, now - AT_MOST)

    async def read(self, group: StandingGroup) -> Anew | None:
        """Read one group; None when another one does, or it was forgotten meanwhile. Raises StoreError alone."""
        now = self.clock.now()
        claimed = await self.store.claim_standing(group, now, now + LEASE)
        if claimed is None:
            return None
        try:
            source = await self.store.graph_source(group.connection_id)
        except NotFound:
            return None
        if self.seal is None:
            return await self._failed(claimed, _WITHOUT_KEYS)
        try:
            access = opened(self.seal, source)
        except SealError as error:
            fix = f"Keep the secret anew: {_keep_anew(group, source)}"
            return await self._failed(claimed, ReadFault("secret_sealed", str(error), fix))
        return await self._with(access, claimed)

    async def _with(self, access: GraphAccess, claimed: StandingGroup) -> Anew | None:
        try:
            async with asyncio.timeout(DEADLINE):
                return await self._all_of_it(access, claimed)
        except GraphRefused as error:
            waiting = int(float(error.facts.get("retry_after") or 0) * 1_000_000)
            fix = (
                f"{error.fix} Then: {_keep_anew(claimed, access)}" if error.code == "graph_token_refused" else error.fix
            )
            # A server that answers with what it was sent must not get the secret into the audit.
            told = ReadFault(error.code, _without(access.secret, error.sentence), _without(access.secret, fix))
            return await self._failed(claimed, told, waiting)
        except CannotExpect as error:
            return await self._failed(claimed, ReadFault("graph_name", str(error), "Mend the name there."))
        except TimeoutError:
            told = f"Microsoft Graph took longer than {DEADLINE / 60:.0f} minutes to tell who is in the group."
            return await self._failed(claimed, ReadFault("graph_slow", told, "It is tried again by itself."))
        except Exception as error:  # noqa: BLE001 -- it is told, and the other groups are read all the same
            told = ReadFault("failed_here", f"The read failed here ({type(error).__name__}).", "See the server's log.")
            failed = await self._failed(claimed, told)
            return failed and replace(failed, broken=error)

    async def _all_of_it(self, access: GraphAccess, claimed: StandingGroup) -> Anew | None:
        store, nested = self.store, list[str]()
        reader = GraphReader(self.fetcher, access, patience=PATIENCE)
        group = await reader.group(claimed.graph_id)
        draft = self._draft(access, claimed)
        await store.begin_expectation(draft)
        try:
            async for page in reader.people(group, nested):
                check_people(page)
                await store.add_expected(draft.connection_id, draft.id, page)
            return await self._settled(claimed, draft, nested)
        finally:
            # What became the expectation is no draft any more, and stays.
            await store.give_up_expectation(draft.connection_id, draft.id)

    async def _settled(self, claimed: StandingGroup, draft: KeptExpectation, nested: Sequence[str]) -> Anew | None:
        store, now = self.store, self.clock.now()
        after = replace(claimed, read_at=now, due_at=now + DAILY, failing_since=None, fault=None)
        again = self._again(claimed, now)
        changed = not await store.is_as_current(draft.connection_id, draft.id, nested)
        if changed:
            detail = {"group": claimed.group, "source": "graph", **draft.detail}
            entry = _audit(now, claimed, "rollcall.expected", detail, target=draft.id)
            noted = await store.settle_standing(claimed, after, draft.id, [entry, *again], nested)
        else:
            noted = await store.note_standing(claimed, after, again[0] if again else None)
        return Anew(after, changed=changed) if noted else None

    def _draft(self, access: GraphAccess, claimed: StandingGroup) -> KeptExpectation:
        now = self.clock.now()
        detail = {"tenant": access.tenant, "client_id": access.client_id, "graph_group": claimed.graph_id}
        return KeptExpectation(
            claimed.connection_id, ids.new_id("rll", now), claimed.group, "graph", 0, now, claimed.graph_id, (), detail
        )

    def _again(self, claimed: StandingGroup, now: int) -> Sequence[Audit]:
        """What the audit is told when a group can be read that could not be."""
        if claimed.failing_since is None:
            return ()
        detail: JsonObject = {"group": claimed.group, "failing_since": rfc3339(claimed.failing_since)}
        return (_audit(now, claimed, "rollcall.source_read_again", detail),)

    async def _failed(self, claimed: StandingGroup, fault: ReadFault, waiting: int = 0) -> Anew | None:
        """The list stays; the audit is told once of each fault."""
        now = self.clock.now()
        pause = max(SOON if fault.code in _PASSING else AT_MOST, min(waiting, DAILY))
        since = now if claimed.failing_since is None else claimed.failing_since
        after = replace(claimed, due_at=now + pause, failing_since=since, fault=fault)
        told = claimed.fault is not None and claimed.fault.code == fault.code
        detail: JsonObject = {"group": claimed.group, "read_at": rfc3339(claimed.read_at), **fault.as_json()}
        entry = None if told else _audit(now, claimed, "rollcall.source_failed", detail)
        return Anew(after, fault=fault) if await self.store.note_standing(claimed, after, entry) else None


def _without(secret: str, text: str) -> str:
    for each in {secret, quote_plus(secret)}:
        text = text.replace(each, "(the secret)")
    return text


def _keep_anew(group: StandingGroup, source: GraphSource | GraphAccess) -> str:
    return (
        f"vestibule rollcall expect {group.connection_id} --group {group.group!r} --graph-group {group.graph_id} "
        f"--graph {source.tenant} --client-id {source.client_id} --client-secret-file FILE --keep"
    )


def is_of(source: GraphSource, tenant: str) -> bool:
    """Whether what is kept is for this tenant, as it was named."""
    return fold(source.tenant) == fold(tenant)


def _audit(
    now: int, group: StandingGroup, action: str, detail: JsonObject, actor: str = "graph", *, target: str | None = None
) -> Audit:
    return Audit(ids.new_id("aud", now), group.connection_id, now, actor, action, target or group.graph_id, detail)
