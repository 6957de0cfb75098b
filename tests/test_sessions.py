"""What ends a session, each by itself: none of them leans on another one having been written down."""

from typing import Any

import pytest

from vestibule.model import SignedInSession
from vestibule.sessions import is_one_of, why_ended
from vestibule.store import SessionState

NOW = 1_795_507_200_000_000


def state(person: Any = "active", *, enabled: bool = True, lasts: int = 1, ended_by: str | None = None) -> SessionState:
    ended_at = None if ended_by is None else NOW - 1
    session = SignedInSession("con_1", "ses_1", b"", "usr_1", "idy_1", NOW - 9, NOW + lasts, {}, ended_at, ended_by)
    return SessionState(session, person, "ana", enabled)


STATES: dict[str | None, SessionState] = {
    None: state(),
    "deactivated": state("deactivated"),
    "gone": state("gone"),
    "connection_disabled": state(enabled=False),
    "expired": state(lasts=0),
    "logout": state(ended_by="logout"),
    "single_logout": state(ended_by="single_logout"),
    "admin": state(ended_by="admin"),
}


@pytest.mark.parametrize("why", STATES)
def test_each_end_of_a_session_is_known(why: str | None) -> None:
    assert why_ended(STATES[why], NOW) == why


@pytest.mark.parametrize("by", ["deactivated", "connection_disabled"])
def test_an_end_that_was_written_down_outlives_its_cause(by: str) -> None:
    assert why_ended(state(ended_by=by), NOW) == by


def test_a_browsers_session_is_one_of_a_connections_by_both_names() -> None:
    assert is_one_of("con_1.ses_1.x", "con_1", ["ses_1"])
    for text, connection in (("con_1.ses_2.x", "con_1"), ("con_2.ses_1.x", "con_1"), (None, "con_1"), ("", "")):
        assert not is_one_of(text, connection, ["ses_1"])
