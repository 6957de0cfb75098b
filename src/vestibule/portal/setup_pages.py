"""The pages of a setup ticket, for the administrator who was invited, and the mail that invites them."""

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

from starlette.responses import Response

from vestibule.checklist import SIGNS, Checklist, Standing, name_of
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
_WORDS: Final[Mapping[Standing, str]] = {
    "done": "Done",
    "open": "To do",
    "attention": "Look at this",
    "failed": "Failed",
    "optional": "Not needed",
}
"""What stands beside the sign of a step, as signs and colours alone tell nothing to many."""


def setup_page(ticket: Ticket, found: Checklist, base_url: str, now: int) -> Response:
    """Who invites to what and until when, the values to enter, and the steps as they stand."""
    steps = found.steps
    return page(
        "setup.html",
        200,
        headers=_HEADERS,
        ticket=ticket,
        enterprise=found.seen.enterprise.name,
        idp=name_of(found.seen.connection.idp),
        host=urlsplit(base_url).netloc,
        groups=(("Sign-on", found.sign_on), ("Provisioning", found.provisioning)),
        steps=[(each, SIGNS[each.standing], _WORDS[each.standing]) for each in steps],
        done=sum(each.standing == "done" for each in steps),
        needed=sum(each.standing != "optional" for each in steps),
        finished=found.finished,
        test_url=found.test_url,
        now=now,
    )


def over_page(why: Over, request_id: str, at: int | None = None) -> Response:
    """Why there is nothing to be seen, and what to do; `at` is when the ticket ended."""
    return page("setup_over.html", _STATUS[why], headers=_HEADERS, why=why, request_id=request_id, at=at)


def invitation_mail(ticket: Ticket, enterprise: str, idp: str, link: str) -> tuple[str, str]:
    """Subject and text of the mail with the link."""
    name = " ".join(enterprise.split())
    told = text("setup_mail.txt", ticket=ticket, enterprise=name, idp=name_of(idp), link=link)
    return f"Set up sign-in and provisioning for {name}", told
