"""`store_unreachable`, `secret_unreadable`, `sign_in_failed`: our own trouble; `no_response`, `other_origin`: no "
  "form of
a sign-in's; `sign_in_refused`: a refusal that no other entry knows."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import AGAIN, SIGN_IN, SignIn, as_text, at_idp, mend, quoted, story
from vestibule.explain.entry import Entry, Evidence, Explanation
from vestibule.model import Exchange


def _fails(exchange: Exchange) -> bool:
    return exchange.resource_type == SIGN_IN and (exchange.status >= 500 or exchange.error == "server_fault")


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


def _tell_store(sign_in: SignIn) -> Explanation:
    return Explanation(
        "store_unreachable",
        "The sign-in could not be handled, because the database did not answer.",
        "Nothing was half-written; the person may sign in as soon as the database answers again.",
        (mend(f"Look for {sign_in.exchange.id or 'the request'} in the server's own log, and at the database"),),
        (),
        "Signing in is not possible at present; please try again in a few minutes.",
    )


def _tell_secret(sign_in: SignIn) -> Explanation:
    why = {
        "key_unknown": "It was sealed with a key that is not among those of VESTIBULE_SECRET_KEYS any more.",
        "tampered": "It is not as it was sealed: it was altered, or copied from another connection.",
        "malformed": "It is no sealed secret at all.",
    }
    return Explanation(
        "secret_unreadable",
        "A secret of this connection cannot be opened, such as its private key or its client secret.",
        why.get(sign_in.text("seal") or "", "The key that sealed it is not at hand, or it was altered."),
        (
            mend("Put the old key behind the new one in VESTIBULE_SECRET_KEYS, and start the server again"),
            mend("Or make what was sealed anew", f"vestibule key list {sign_in.connection}"),
        ),
        (),
        "Signing in is not possible at present; please tell your administrator, with the code below.",
    )


def _tell_no_response(sign_in: SignIn) -> Explanation:
    return Explanation(
        "no_response",
        f"What arrived has no answer of {sign_in.idp_name}'s in it; it has {quoted(sign_in.items('received'))}.",
        "The address was opened by hand, or the identity provider answers in a way that is not set up: by a query in "
        "place of a form (HTTP-POST), or by another protocol.",
        (
            at_idp("Begin the sign-in at the application, and let the answer come by HTTP-POST"),
            at_idp(f"Compare the reply address: {place(sign_in, 'acs')}"),
        ),
        (Evidence("form", "SAMLResponse", sign_in.text("received")),),
        AGAIN,
    )


def _tell_origin(sign_in: SignIn) -> Explanation:
    return Explanation(
        "other_origin",
        f"A form was sent from another site's page: {sign_in.text('received') or 'an unknown one'}.",
        "The page that asks for a code sends its form from this server's own address. Either another site tried, or "
        "the server's base URL is not the address that the browser shows.",
        (mend("See that the base URL is the https address that the browser shows"),),
        sign_in.evidence("Origin"),
        AGAIN,
    )


ENTRIES: Final = (
    story("store_unreachable", tell=_tell_store),
    story("secret_unreadable", tell=_tell_secret),
    story("no_response", tell=_tell_no_response),
    story("other_origin", tell=_tell_origin),
    Entry("sign_in_failed", _fails, _tell_failed),
    Entry("sign_in_refused", _is_sign_in, _tell),
)
