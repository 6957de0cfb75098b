"""The answer of UserInfo (OpenID Connect Core 1.0 section 5.3)."""

from vestibule.model import JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.oidc.json_object import read_object


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
