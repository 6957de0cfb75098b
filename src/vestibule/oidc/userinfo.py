"""The answer of UserInfo (OpenID Connect Core 1.0 section 5.3)."""

from vestibule.model import JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.oidc.json_object import read_object

_OF_THE_TOKEN = frozenset({"iss", "aud", "azp", "sub", "oid", "tid", "hd", "acr", "amr", "sid"})
"""What is believed of an ID token only: by these it is known who somebody is, and whose."""
_PAIR = ("email", "email_verified", "xms_edov")


def laid_beneath(userinfo: JsonObject, token: JsonObject) -> JsonObject:
    """The claims of an ID token, with those of UserInfo that it does not have.

    An address and what is said of it come from one of both: else one address would have the other's mark.
    """
    more = {name: value for name, value in userinfo.items() if name not in _OF_THE_TOKEN}
    own = dict(token)
    if "email" in token:
        more = {name: value for name, value in more.items() if name not in _PAIR}
    elif "email" in more:
        own = {name: value for name, value in own.items() if name not in _PAIR}
    else:
        more = {name: value for name, value in more.items() if name not in _PAIR}
    return {**more, **own}


def read_userinfo(body: bytes, expected_subject: str) -> JsonObject:
    """The claims in it, once its `sub` is the ID token's own `sub` (`IdToken.sub`, at Entra too). Raises `OidcError`.

    Section 5.3.2: without that check, somebody else's claims could be put in place of these.
    """
    claims = read_object(body, "userinfo_malformed")
    sub = claims.get("sub")
    if not isinstance(sub, str):
        raise OidcError("userinfo_malformed", fault="no sub", members=sorted(claims)[:20])
    if sub != expected_subject:
        raise OidcError("userinfo_subject", expected=expected_subject, found=sub[:255])
    return claims
