"""Signed-in sessions: begun, checked in each request, ended.

A session ends at once when its person is deactivated or gone, or when its connection signs nobody in any more, for each
request reads how things stand.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from vestibule import ids
from vestibule.model import Audit, Identity, JsonObject, SignedInSession
from vestibule.store import NotFound, SessionState, Store

HOUR = 3_600_000_000
SECRET_LENGTH = 43

End = Literal["unknown", "expired", "logout", "single_logout", "admin", "deactivated", "gone", "connection_disabled"]
_ENDED_BY: Final = ("logout", "single_logout", "deactivated", "connection_disabled")


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session and the text that its browser keeps: `con_….ses_….<secret>`."""

    session: SignedInSession
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """There is no session to go on with. `why` says what ended it."""

    why: End


async def begin(
    store: Store, connection_id: str, user_id: str, identity_id: str, now: int, *, hours: int, document: JsonObject
) -> Begun:
    """Begin a session of so many hours at most. `document` holds NameID and SessionIndex, for a single logout."""
    secret = ids.new_browser_secret()
    session = SignedInSession(
        connection_id=connection_id,
        id=ids.new_id("ses", now),
        secret_hash=ids.token_hash(secret),
        user_id=user_id,
        identity_id=identity_id,
        created_at=now,
        expires_at=now + hours * HOUR,
        document=document,
    )
    await store.begin_session(session)
    return Begun(session, f"{connection_id}.{session.id}.{secret}")


async def check(store: Store, text: str | None, now: int) -> SessionState | Ended:
    """The session that a browser holds, if it may go on."""
    connection_id, session_id, secret = _parts(text)
    if len(secret) != SECRET_LENGTH or len(text or "") > 200:
        return Ended("unknown")
    try:
        state = await store.session(connection_id, session_id)
    except NotFound:
        return Ended("unknown")
    if not ids.same_hash(state.session.secret_hash, ids.token_hash(secret)):
        return Ended("unknown")
    end = why_ended(state, now)
    return state if end is None else Ended(end)


def _parts(text: str | None) -> tuple[str, str, str]:
    connection_id, _, rest = (text or "").partition(".")
    session_id, _, secret = rest.partition(".")
    return connection_id, session_id, secret


def is_one_of(text: str | None, connection_id: str, session_ids: Collection[str]) -> bool:
    """Whether what a browser holds is one of these sessions of a connection."""
    held, session_id, _ = _parts(text)
    return held == connection_id and session_id in session_ids


def why_ended(state: SessionState, now: int) -> End | None:
    """What ended a session, or None while it goes on."""
    ended_by = state.session.ended_by
    if ended_by is not None:
        return ended_by if ended_by in _ENDED_BY else "admin"
    if state.person != "active":
        return state.person
    if not state.enabled:
        return "connection_disabled"
    return "expired" if now >= state.session.expires_at else None


async def end(store: Store, session: SignedInSession, now: int, by: Literal["logout", "admin"], actor: str) -> None:
    """End one session."""
    entry = Audit(ids.new_id("aud", now), session.connection_id, now, actor, "session.ended", session.id, {"by": by})
    await store.end_sessions(session.connection_id, now, by, session_id=session.id, audit=entry)


async def end_by_admin(
    store: Store, connection_id: str, now: int, *, session_id: str | None, user_id: str | None, actor: str
) -> list[str]:
    """End one session, or all of a person; returns the ids of those that were open."""
    target = session_id or user_id or ""
    entry = Audit(ids.new_id("aud", now), connection_id, now, actor, "session.ended", target, {"by": "admin"})
    return await store.end_sessions(connection_id, now, "admin", session_id=session_id, user_id=user_id, audit=entry)


async def unlink(
    store: Store, connection_id: str, identity_id: str, now: int, *, actor: str, because: JsonObject | None = None
) -> Identity:
    """Forget an identity; its sessions end. `because` is kept with the audit entry. Raises NotFound."""
    detail = dict(because or {})
    entry = Audit(ids.new_id("aud", now), connection_id, now, actor, "identity.unlinked", identity_id, detail)
    return await store.unlink_identity(connection_id, identity_id, entry)
