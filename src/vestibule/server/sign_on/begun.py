"""What was begun at the identity provider: kept for its own browser until the answer comes, or it is too late."""

from vestibule import ids
from vestibule.model import JsonObject, PendingLogin
from vestibule.server.sign_on import cookies
from vestibule.server.sign_on.desk import Desk, hashed
from vestibule.server.sign_on.refusal import LoginRefused
from vestibule.server.sign_on.visit import Visit

_SECOND = 1_000_000


async def begin(desk: Desk, connection_id: str, now: int, document: JsonObject) -> tuple[str, str]:
    """Keep what is needed when the answer comes; returns the id that it must name, and the browser's secret."""
    secret = ids.new_browser_secret()
    login = PendingLogin(
        connection_id=connection_id,
        id=ids.new_id("lgn", now),
        browser_hash=hashed(secret),
        created_at=now,
        expires_at=now + cookies.LOGIN_LASTS * _SECOND,
        document=document,
    )
    await desk.store.begin_login(login)
    return login.id, secret


def resumed(visit: Visit, login: PendingLogin) -> JsonObject:
    """What was kept of a sign-in that goes on now. Raises LoginRefused when it took too long."""
    if visit.at >= login.expires_at:
        raise LoginRefused(400, "request_unknown", {"why": "too_old"})
    visit.facts |= {"login": login.id, "test": bool(login.document.get("test"))}
    return login.document
