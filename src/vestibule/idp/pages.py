"""The pages for people: picked by name from templates, each with the banner that says what this is."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from vestibule.idp.identifiers import guid, instant
from vestibule.idp.refusals import Refused

_templates = Environment(loader=PackageLoader("vestibule.idp"), autoescape=True, undefined=StrictUndefined)


def with_code(text: str) -> Markup:
    """A sentence of the register, what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


_templates.filters["with_code"] = with_code
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cache-Control": "no-store",
}


def page(name: str, status: int = 200, **values: object) -> Response:
    """A page of a template."""
    return HTMLResponse(_templates.get_template(name).render(**values), status, headers=_HEADERS)


def error_page(refused: Refused, now: int, application: str | None = None) -> Response:
    """The page that looks like an error: the number first, and the ids that a support desk asks for."""
    return page(
        "error.html",
        400,
        number=refused.number,
        kind=refused.kind.name,
        message=refused.message,
        application=application,
        request_id=guid(),
        correlation_id=guid(),
        timestamp=instant(now),
    )


def post_form(url: str, fields: dict[str, str]) -> Response:
    """A form that sends itself, with a button for browsers without scripts."""
    return page("post.html", url=url, fields=fields)
