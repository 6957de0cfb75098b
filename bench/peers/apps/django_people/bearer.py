"""One bearer token; the library asks only whether `request.user` is somebody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    is_authenticated: bool


class BearerMiddleware:
    """Sets `request.user`."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        request.user = Caller(request.headers.get("Authorization") == "Bearer bench")
        return self._get_response(request)
