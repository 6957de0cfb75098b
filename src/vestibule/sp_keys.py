"""The key pairs of the service provider, one set for each connection: made, published ahead, handed over, retired."""

import asyncio
import contextlib

from vestibule import ids
from vestibule.model import Audit, SpKey
from vestibule.saml.certificates import make_key_pair, read
from vestibule.sealing import Seal
from vestibule.store import Store, Taken


class CannotRoll(Exception):
    """A roll-over that cannot be done; the message says why and what to do instead."""


async def ensured(store: Store, seal: Seal, connection_id: str, now: int) -> list[SpKey]:
    """The key pairs of a connection; the first one is made when there is none. Raises NotFound."""
    keys = await store.sp_keys(connection_id)
    if any(each.state == "current" for each in keys):
        return keys
    # To make a key is work, so not for a connection that is none.
    await store.connection(connection_id)
    fresh = await asyncio.to_thread(made, seal, connection_id, now, "current")
    # Another process may be faster.
    with contextlib.suppress(Taken):
        await store.add_sp_key(fresh)
    return await store.sp_keys(connection_id)


def made(seal: Seal, connection_id: str, now: int, state: str) -> SpKey:
    """A fresh key pair, its private key sealed."""
    pair = make_key_pair(connection_id, now)
    return SpKey(
        connection_id=connection_id,
        id=ids.new_id("key", now),
        state="next" if state == "next" else "current",
        certificate=pair.certificate,
        private_key=seal.seal(pair.private_key, _context(connection_id)),
        created_at=now,
        not_after=read(pair.certificate).not_after,
    )


def opened(seal: Seal, key: SpKey) -> str:
    """The private key, PEM. Raises SealError."""
    return seal.open(key.private_key, _context(key.connection_id))


def _context(connection_id: str) -> str:
    return f"{connection_id} sp_key"


def current(keys: list[SpKey]) -> SpKey:
    """The one that signs."""
    return next(each for each in keys if each.state == "current")


def published(keys: list[SpKey]) -> list[SpKey]:
    """Those of the metadata: the current one first, then the next ones."""
    return sorted((each for each in keys if each.state != "retired"), key=lambda each: each.state != "current")


async def prepare(store: Store, seal: Seal, connection_id: str, now: int, *, actor: str) -> SpKey:
    """Publish a next key pair beside the current one. Raises CannotRoll when there is one already."""
    keys = await ensured(store, seal, connection_id, now)
    waiting = [each for each in keys if each.state == "next"]
    if waiting:
        raise CannotRoll(f"{waiting[0].id} is published already: `vestibule key activate {connection_id}` uses it.")
    key = await asyncio.to_thread(made, seal, connection_id, now, "next")
    await store.add_sp_key(key, _audit(connection_id, now, actor, "sp_key.published", key.id))
    return key


async def activate(store: Store, connection_id: str, now: int, *, actor: str) -> list[SpKey]:
    """Sign with the next key pair from now on; the one before still decrypts. Raises CannotRoll."""
    keys = await store.sp_keys(connection_id)
    fresh = next((each for each in keys if each.state == "next"), None)
    if fresh is None:
        raise CannotRoll(
            f"There is no next key: `vestibule key prepare {connection_id}` publishes one, "
            "which the identity provider must read first."
        )
    states = {each.id: "retired" for each in keys if each.state == "current"} | {fresh.id: "current"}
    await store.set_sp_key_states(
        connection_id, states, _audit(connection_id, now, actor, "sp_key.activated", fresh.id)
    )
    return await store.sp_keys(connection_id)


async def drop_retired(store: Store, connection_id: str, now: int, *, actor: str) -> int:
    """Delete the retired key pairs; what is still encrypted to them cannot be read any more. Returns how many."""
    retired = [each.id for each in await store.sp_keys(connection_id) if each.state == "retired"]
    if retired:
        entry = _audit(connection_id, now, actor, "sp_key.dropped", retired[0])
        await store.set_sp_key_states(connection_id, dict.fromkeys(retired, "gone"), entry)
    return len(retired)


def _audit(connection_id: str, now: int, actor: str, action: str, target: str) -> Audit:
    return Audit(ids.new_id("aud", now), connection_id, now, actor, action, target, {})
