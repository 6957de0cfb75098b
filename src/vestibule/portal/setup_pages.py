"""The pages of a setup ticket, for the administrator who was invited, and the mail that invites them."""

from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader
from starlette.responses import HTMLResponse, Response

from vestibule.checklist import Situation, Step, Value, is_finished, name_of
from vestibule.clock import rfc3339, to_the_minute
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
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    # The address is a secret: it goes neither to another site, nor into a cache, nor into an index.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
MARKS: Final = {
    "done": ("✓", "Done"),
    "open": ("○", "To do"),
    "attention": ("!", "Look at this"),
    "failed": ("✗", "Failed"),
    "optional": ("–", "Not needed"),
}
"""Standing → a mark and a word, as colours alone tell nothing to many."""


_templates = Environment(
    loader=PackageLoader("vestibule.portal"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_templates.filters["when"] = to_the_minute
_templates.filters["rfc3339"] = rfc3339


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
    return _page(
        "setup.html",
        200,
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
    return _page("setup_over.html", _STATUS[why], why=why, request_id=request_id, at=at)


def invitation_mail(ticket: Ticket, enterprise: str, idp: str, link: str) -> tuple[str, str]:
    """Subject and text of the mail with the link."""
    name = " ".join(enterprise.split())
    text = _templates.get_template("setup_mail.txt").render(
        label=ticket.label, enterprise=name, idp=name_of(idp), link=link, until=to_the_minute(ticket.expires_at)
    )
    return f"Set up sign-in and provisioning for {name}", text


def _page(template: str, status: int, **values: Any) -> Response:
    return HTMLResponse(_templates.get_template(template).render(**values), status, headers=_HEADERS)
