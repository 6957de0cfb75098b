"""`server_fault`: our own mistake or trouble."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status >= 500


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "server_fault",
        "The server failed to handle this request.",
        "This is a fault of the server's, not of the identity provider's; nothing was half-written. The identity "
        "provider will try again in its next cycle.",
        (Fix(f"Look for {exchange.id or 'the time of the request'} in the server's own log", "operator"),),
    )


ENTRY = Entry("server_fault", _fits, _tell)
