"""The cookies of signing in: bound to this host, out of reach of scripts, and sent where they must be and nowhere else."""

import pytest
from starlette.responses import Response

from vestibule.clock import SystemClock
from vestibule.server.app import desk_of
from vestibule.server.sign_on import cookies
from vestibule.server.sign_on.desk import Desk
from vestibule.settings import Settings
from vestibule.store.sqlite import SqliteStore


def desk(base_url: str) -> Desk:
    return desk_of(SqliteStore.open(":memory:", upgrade=True), Settings(base_url=base_url), SystemClock())


def set_by(base_url: str) -> list[str]:
    response, at = Response(), desk(base_url)
    cookies.put_login(response, at, "lgn_1", "secret")
    cookies.put_verify(response, at, "ver_1", "secret")
    cookies.put_session(response, at, "con_1.ses_1.secret", 60)
    cookies.drop_login(response, at, "lgn_1")
    cookies.drop_session(response, at)
    return [value.decode() for name, value in response.raw_headers if name == b"set-cookie"]


def test_by_https_no_neighbouring_host_can_set_one() -> None:
    """Else an attacker's own begun sign-in, or session, could be put into somebody's browser."""
    for each in set_by("https://sign.example"):
        assert each.startswith("__Host-vst_")
        attributes = {part.strip().lower() for part in each.split(";")[1:]}
        assert {"path=/", "secure", "httponly"} <= attributes
        assert not any(part.startswith("domain") for part in attributes)


@pytest.mark.parametrize(("place", "same_site"), [(0, "none"), (1, "lax"), (2, "lax"), (3, "none"), (4, "lax")])
def test_only_the_cookie_of_a_begun_sign_in_comes_with_an_identity_providers_form(place: int, same_site: str) -> None:
    assert f"samesite={same_site}" in set_by("https://sign.example")[place].lower()


def test_by_http_none_asks_for_https() -> None:
    for each in set_by("http://127.0.0.1:8700"):
        assert "secure" not in each.lower()
        assert "samesite=lax" in each.lower()
