"""How every page and mail is made of its template: with the same filters, and with the same rules for browsers."""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from vestibule.clock import rfc3339, to_the_minute


def _with_code(text: str) -> Markup:
    """A sentence of an explanation, what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


_templates: Final = Environment(
    loader=PackageLoader("vestibule.portal"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_templates.filters |= {"with_code": _with_code, "when": to_the_minute, "rfc3339": rfc3339}


def page(
    template: str,
    status: int,
    /,
    *,
    policy: str = "form-action 'none'",
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> Response:
    """A page that loads nothing but our style; `policy` says where its forms lead, and what else is allowed on it.

    Its address may be a secret, or name somebody: no other site is told it, and no cache keeps it.
    """
    return HTMLResponse(
        text(template, **values),
        status,
        headers={
            "Content-Security-Policy": f"default-src 'none'; style-src 'self'; img-src data:; {policy}; "
            "frame-ancestors 'none'; base-uri 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
    )


def text(template: str, **values: Any) -> str:
    """What a template makes of values."""
    return _templates.get_template(template).render(**values)
