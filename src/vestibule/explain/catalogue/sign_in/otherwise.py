"""`sign_in_failed`: our own trouble; `sign_in_refused`: a refusal that no other entry knows."""

from typing import Final

from vestibule.explain.catalogue.sign_in.reading import AGAIN, SIGN_IN, SignIn, as_text, mend
from vestibule.explain.entry import Entry, Explanation
from vestibule.model import Exchange


def _fails(exchange: Exchange) -> bool:
    return exchange.resource_type == SIGN_IN and exchange.status >= 500


def _tell_failed(exchange: Exchange) -> Explanation:
    return Explanation(
        "sign_in_failed",
        "The server failed to handle this sign-in.",
        "This is a fault of the server's, not of the identity provider's; nobody was signed in and nothing "
        "half-written.",
        (mend(f"Look for {exchange.id or 'the request'} in the server's own log"),),
        (),
        AGAIN,
    )


def _is_sign_in(exchange: Exchange) -> bool:
    return exchange.resource_type == SIGN_IN


def _tell(exchange: Exchange) -> Explanation:
    sign_in = SignIn(exchange)
    detail = as_text(exchange.facts.get("detail"))
    return Explanation(
        "sign_in_refused",
        detail or f"The sign-in of {sign_in.who} was refused: {exchange.error or 'no reason is recorded'}.",
        f"{exchange.method} {exchange.path} was answered {exchange.status}; nothing more is known of it.",
        (mend(f"Look for {exchange.id or 'the request'} in the server's own log"),),
        sign_in.evidence(exchange.error or "sign-in"),
        AGAIN,
    )


ENTRIES: Final = (
    Entry("sign_in_failed", _fails, _tell_failed),
    Entry("sign_in_refused", _is_sign_in, _tell),
)
