"""The pages of a setup ticket, for the administrator who was invited, and the mail that invites them."""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from starlette.responses import Response

from vestibule.checklist import Situation, Step, Value, is_finished, name_of
from vestibule.portal.rendering import page, text
from vestibule.tickets import Ticket

Over = Literal["expired", "revoked", "unknown", "too_fast", "unreachable", "fault"]
"""Why there is no checklist to be shown."""
_STATUS: Final[dict[Over, int]] = {
    "expired": 410,
    "revoked": 410,
    "unknown": 404,
    "too_fast": 429,
    "unreachable": 503,
    "fault": 500,
}
_HEADERS: Final = {"X-Robots-Tag": "noindex, nofollow, noarchive"}
"""The address is a secret, so it goes into no index either."""
MARKS: Final = {
    "done": ("✓", "Done"),
    "open": ("○", "To do"),
    "attention": ("!", "Look at this"),
    "failed": ("✗", "Failed"),
    "optional": ("–", "Not needed"),
}
"""Standing → a mark and a word, as colours alone tell nothing to many."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of an open ticket shows. `test_url` is None until there is something to test."""

    ticket: Ticket
    seen: Situation
    sign_on: tuple[Value, ...]
    provisioning: tuple[Value, ...]
    steps: tuple[Step, ...]
    test_url: str | None
    base_url: str
    now: int


def setup_page(shown: Shown) -> Response:
    """Who invites to what and until when, the values to enter, and the steps as they stand."""
    steps = shown.steps
    return page(
        "setup.html",
        200,
        headers=_HEADERS,
        ticket=shown.ticket,
        enterprise=shown.seen.enterprise.name,
        idp=name_of(shown.seen.connection.idp),
        host=urlsplit(shown.base_url).netloc,
        groups=(("Sign-on", shown.sign_on), ("Provisioning", shown.provisioning)),
        steps=[(each, *MARKS[each.standing]) for each in steps],
        done=sum(each.standing == "done" for each in steps),
        needed=sum(each.standing != "optional" for each in steps),
        finished=is_finished(steps),
        test_url=shown.test_url,
        now=shown.now,
    )


def over_page(why: Over, request_id: str, at: int | None = None) -> Response:
    """Why there is nothing to be seen, and what to do; `at` is when the ticket ended."""
    return page("setup_over.html", _STATUS[why], headers=_HEADERS, why=why, request_id=request_id, at=at)


def invitation_mail(ticket: Ticket, enterprise: str, idp: str, link: str) -> tuple[str, str]:
    """Subject and text of the mail with the link."""
    name = " ".join(enterprise.split())
    told = text("setup_mail.txt", ticket=ticket, enterprise=name, idp=name_of(idp), link=link)
    return f"Set up sign-in and provisioning for {name}", told
