"""`destination`, `recipient`: the response is addressed to another URL; `other_connection`: to another connection's."""

import re
from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, at_idp, mend, story
from vestibule.explain.differing import how_differs
from vestibule.explain.entry import Explanation

_ERRORS = ("destination", "recipient")
_CONNECTION = re.compile(r"/sso/(?:saml|oidc)/(con_[0-9a-z]+)")


def _other_connection(sign_in: SignIn) -> bool:
    due, came = (_CONNECTION.search(sign_in.text(each) or "") for each in ("expected", "received"))
    return due is not None and came is not None and due[1] != came[1]


def _tell_other(sign_in: SignIn) -> Explanation:
    came = _CONNECTION.search(sign_in.text("received") or "")
    other = came[1] if came else "another connection"
    return Explanation(
        "other_connection",
        f"The response was made for the connection {other} and arrived at {sign_in.connection}.",
        f"It is addressed to {sign_in.text('received')}. An application that was copied in {sign_in.idp_name} keeps "
        "the addresses of the one that it was copied from.",
        (
            at_idp(f"{place(sign_in, 'acs')}: enter {sign_in.text('expected')}"),
            at_idp(f"{place(sign_in, 'entity_id')}: enter this connection's entity ID too"),
        ),
        sign_in.evidence("reply address"),
        NOT_SET_UP,
    )


def _tell(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "destination"
    name = "Recipient" if code == "recipient" else "Destination"
    expected, received = sign_in.text("expected"), sign_in.text("received")
    if received is None:
        sentence = f"The response does not say where it was sent: it has no {name}, which must be {expected}."
    else:
        how = how_differs(expected, received)
        sentence = f"The response is for {received}, not for {expected}{f': they differ {how}' if how else ''}."
    return Explanation(
        code,
        sentence,
        f"The {name} must be this connection's reply address, character for character; {sign_in.idp_name} has another "
        "one configured, or chose another one from its list. If the address of this server has changed, or stands "
        "behind a proxy, its base URL may be wrong as well.",
        (
            at_idp(f"{place(sign_in, 'acs')}: enter {expected}"),
            mend("Or, if the expected address is the wrong one, start the server with the right `--base-url`"),
        ),
        sign_in.evidence(name),
        NOT_SET_UP,
    )


ENTRIES: Final = (
    story("other_connection", tell=_tell_other, errors=_ERRORS, when=_other_connection),
    story("destination", "recipient", tell=_tell),
)
