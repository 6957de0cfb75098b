"""An ASGI application that reads the request and answers nothing: what HTTP alone costs on the server's own stack."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
_START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
_BODY: Message = {"type": "http.response.body", "body": b"{}"}


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer every request with 200 and an empty JSON object."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send(_START)
    await send(_BODY)
