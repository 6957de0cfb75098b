"""Our cookies: one for each begun sign-in and each verification, and one for the session."""

from starlette.requests import Request
from starlette.responses import Response

from vestibule.server.sign_on.desk import Desk

LOGIN_LASTS = 15 * 60
"""How long, in seconds, a sign-in may take at the identity provider."""
VERIFY_LASTS = 7 * 24 * 3_600


def _name(desk: Desk, name: str) -> str:
    """By https with the prefix that binds a cookie to this host (RFC 6265bis 4.1.3.2): no neighbour can set it."""
    return f"__Host-{name}" if desk.secure else name


def login_name(desk: Desk, login_id: str) -> str:
    """A cookie of its own for each begun sign-in, so that two tabs do not end each other."""
    return _name(desk, f"vst_login_{login_id[-16:]}")


def verify_name(desk: Desk, verification_id: str) -> str:
    """A cookie for each verification."""
    return _name(desk, f"vst_verify_{verification_id[-16:]}")


def session_name(desk: Desk) -> str:
    """The cookie of the session."""
    return _name(desk, "vst_session")


def put_login(response: Response, desk: Desk, login_id: str, secret: str) -> None:
    """Bind a begun sign-in to this browser. The answer may be posted from the identity provider's site."""
    response.set_cookie(
        login_name(desk, login_id), secret, max_age=LOGIN_LASTS, path="/", secure=desk.secure, httponly=True,
        samesite="none" if desk.secure else "lax",
    )  # fmt: skip


def drop_login(response: Response, desk: Desk, login_id: str) -> None:
    """Forget a sign-in that is over."""
    response.delete_cookie(
        login_name(desk, login_id), path="/", secure=desk.secure, httponly=True,
        samesite="none" if desk.secure else "lax",
    )  # fmt: skip


def put_verify(response: Response, desk: Desk, verification_id: str, secret: str) -> None:
    """Bind a verification to this browser."""
    response.set_cookie(
        verify_name(desk, verification_id), secret, max_age=VERIFY_LASTS, path="/", secure=desk.secure,
        httponly=True, samesite="lax",
    )  # fmt: skip


def put_session(response: Response, desk: Desk, text: str, seconds: int) -> None:
    """Give a browser its session."""
    response.set_cookie(
        session_name(desk), text, max_age=seconds, path="/", secure=desk.secure, httponly=True, samesite="lax"
    )


def drop_session(response: Response, desk: Desk) -> None:
    """Take a browser's session away."""
    response.delete_cookie(session_name(desk), path="/", secure=desk.secure, httponly=True, samesite="lax")


def session_text(request: Request, desk: Desk) -> str | None:
    """What the browser holds."""
    return request.cookies.get(session_name(desk))
