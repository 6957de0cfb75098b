"""What a browser posts, read with limits: as many bytes and fields as an honest page sends, and nothing in parts."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from vestibule.server.sign_on.refusal import LoginRefused

URLENCODED = "application/x-www-form-urlencoded"
MOST_FIELDS = 20


async def read_form(request: Request, most: int) -> dict[str, str]:
    """The fields of an urlencoded form of at most so many bytes; of a name that comes twice the last one counts.

    A form of another type has none. Raises LoginRefused.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != URLENCODED:
        return {}
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise LoginRefused(413, "too_large", {"limit": most})
    except ClientDisconnect as error:
        raise LoginRefused(400, "no_response", {"received": []}) from error
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise LoginRefused(400, "no_response", {"received": [], "limit": MOST_FIELDS}) from error
    return dict(pairs)


def names_of(fields: Iterable[str]) -> list[str]:
    """The names of fields as evidence: not all of them, and cut."""
    return sorted(each[:80] for each in fields)[:10]
