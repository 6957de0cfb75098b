"""How many SCIM requests are let through: of a connection, of a person's own token, and of who has no good token.

What is refused is so before its body is looked at, or anything but its token. Each process counts for itself: an
identity provider that keeps one connection open speaks to one process, and its limit divided by the processes would be
in its way.
"""

from dataclasses import dataclass, field
from typing import Final

from vestibule.scim.errors import TooManyRequests
from vestibule.server.buckets import Buckets, Limit, limit_of, seconds
from vestibule.server.call import Call
from vestibule.server.client import client_of

STRANGERS: Final = 5
"""Calls a second without a good token that are answered 401, of one client to one connection."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits of this process. `rate` is requests a second of a connection without a rate of its own; 0 is none."""

    rate: int
    calls: Buckets = field(default_factory=Buckets)
    failures: Buckets = field(default_factory=Buckets)

    def admit(self, call: Call, now: int) -> None:
        """Count a call whose token is good. Raises TooManyRequests."""
        rate = self._rate(call)
        if not rate:
            return
        limit = limit_of(rate)
        wait = self.calls.take(_whose(call), limit, now)
        if wait:
            raise _refusal(rate, limit, wait, "person" if _is_persons(call) else "connection")

    def count_operations(self, call: Call, operations: int, now: int) -> None:
        """A bulk request counts as many times as it has operations."""
        rate = self._rate(call)
        if rate and operations > 1:
            self.calls.take_more(_whose(call), limit_of(rate), now, operations - 1)

    def fail(self, call: Call, now: int) -> None:
        """Count a call that was refused for want of a good token. Raises TooManyRequests.

        Such calls use up nothing of the connection's, and are counted by who calls: neither a stranger nor an old
        token keeps the identity provider out, be they behind one address with it.
        """
        limit = limit_of(STRANGERS)
        wait = self.failures.take(f"{call.connection_id} {client_of(call.client)}", limit, now)
        if wait:
            raise _refusal(STRANGERS, limit, wait, "strangers")

    def _rate(self, call: Call) -> int:
        rate = call.profile.rate_limit
        return self.rate if rate is None else rate


def _is_persons(call: Call) -> bool:
    return call.token is not None and call.token.user_id is not None


def _whose(call: Call) -> str:
    # People's own tokens do not use up what is the identity provider's.
    return call.token_id or "" if _is_persons(call) else call.connection_id


def _refusal(rate: int, limit: Limit, wait: int, of: str) -> TooManyRequests:
    return TooManyRequests(
        f"More requests came than {rate} a second.", of=of, limit=rate, burst=limit.burst, retry_after=seconds(wait)
    )
