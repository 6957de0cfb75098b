"""An OpenID Provider as its discovery document describes it (OpenID Connect Discovery 1.0 section 3)."""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from vestibule.model import JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.oidc.json_object import read_object, texts
from vestibule.oidc.keys import ALGORITHMS

WELL_KNOWN: Final = "/.well-known/openid-configuration"
TENANT: Final = "{tenantid}"

Dialect = Literal["entra", "google", "generic"]

_ENTRA = frozenset(
    {
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "sts.windows.net",
        "sts.chinacloudapi.cn",
    }
)
_ALL_TENANTS = ("common", "organizations", "consumers")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of Microsoft's personal accounts."""
_LONGEST = 2_048


@dataclass(frozen=True, slots=True)
class Provider:
    """What signing in at a provider needs. `issuer` may hold `{tenantid}` when Entra serves all its tenants."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    algorithms: tuple[str, ...]
    """What it may sign ID tokens with: those that it offers and that are accepted here."""
    auth_methods: tuple[str, ...]
    """How a client may prove itself at the token endpoint; `client_secret_basic` where it does not say."""
    pkce: bool | None
    """Whether it says that it knows S256; None when it says nothing of PKCE. It is sent in any case."""
    iss_in_callback: bool
    """Whether it promises `iss` in every callback (RFC 9207)."""
    scopes: tuple[str, ...]
    dialect: Dialect

    @property
    def any_tenant(self) -> bool:
        """Whether the issuer stands for all tenants of Entra, so that the tenants must be restricted."""
        return TENANT in self.issuer

    @property
    def is_anybodys(self) -> bool:
        """Whether whoever likes can have an account there, so that the tenants or domains must be restricted."""
        return self.any_tenant or self.dialect == "google" or _PERSONAL_ACCOUNTS in self.issuer

    def is_issuer(self, issuer: object) -> bool:
        """Whether a value is this provider's issuer; for one of all tenants, that of any one tenant."""
        if not isinstance(issuer, str):
            return False
        if not self.any_tenant:
            return issuer == self.issuer
        before, _, behind = self.issuer.partition(TENANT)
        tenant = issuer.removeprefix(before).removesuffix(behind)
        return is_tenant_id(tenant) and issuer == self.issuer.replace(TENANT, tenant)


def is_tenant_id(text: str) -> bool:
    """Whether a text is a tenant's id, a GUID in small letters."""
    return _GUID.match(text) is not None


def discovery_url(issuer: str) -> str:
    """Where an issuer's discovery document lies (section 4.1: a slash at the end is left out)."""
    return issuer.removesuffix("/") + WELL_KNOWN


def issuer_of(text: str) -> str:
    """The issuer in what an administrator pasted: the issuer itself, or the address of its discovery document."""
    return text.strip().removesuffix(WELL_KNOWN)


def dialect_of(issuer: str) -> Dialect:
    """Whose claims an issuer's tokens have, by its host."""
    host = urlsplit(issuer).hostname or ""
    if host in _ENTRA or host.endswith(".ciamlogin.com"):
        return "entra"
    return "google" if host == "accounts.google.com" else "generic"


def read_discovery(document: bytes, asked_issuer: str, *, allow_http: bool = False) -> Provider:
    """The provider that a discovery document describes. Raises `OidcError`.

    Its issuer must equal `asked_issuer`, character by character. Entra's `organizations` and `common` are the one
    exception: they answer with `{tenantid}` in the issuer. `allow_http` is for a provider on this machine.
    """
    found = read_object(document, "discovery_malformed")
    issuer = _url(found, "issuer", allow_http=allow_http)
    if issuer != asked_issuer and not _of_all_tenants(issuer, asked_issuer):
        raise OidcError("issuer_mismatch", asked=asked_issuer, found=issuer)
    return Provider(
        issuer=issuer,
        authorization_endpoint=_url(found, "authorization_endpoint", allow_http=allow_http),
        token_endpoint=_url(found, "token_endpoint", allow_http=allow_http),
        jwks_uri=_url(found, "jwks_uri", allow_http=allow_http),
        userinfo_endpoint=_optional_url(found, "userinfo_endpoint", allow_http=allow_http),
        end_session_endpoint=_optional_url(found, "end_session_endpoint", allow_http=allow_http),
        algorithms=_algorithms(found),
        auth_methods=_list(found, "token_endpoint_auth_methods_supported", ("client_secret_basic",)),
        pkce=_pkce(found),
        iss_in_callback=found.get("authorization_response_iss_parameter_supported") is True,
        scopes=_list(found, "scopes_supported", ()),
        dialect=dialect_of(issuer),
    )


def _of_all_tenants(issuer: str, asked: str) -> bool:
    return dialect_of(asked) == "entra" and any(issuer.replace(TENANT, name) == asked for name in _ALL_TENANTS)


def _url(found: JsonObject, member: str, *, allow_http: bool) -> str:
    value = found.get(member)
    if value is None:
        raise OidcError("discovery_missing", member=member)
    if not isinstance(value, str):
        raise OidcError("discovery_malformed", fault="not a text", member=member)
    if not is_safe_url(value, allow_http=allow_http) or (member == "issuer" and "?" in value):
        raise OidcError("discovery_insecure", member=member, url=value[:_LONGEST])
    return value


def is_safe_url(text: str, *, allow_http: bool) -> bool:
    """Whether a text is a plain https URL: a host, no user, no fragment, no character that needs thought."""
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    schemes = ("https", "http") if allow_http else ("https",)
    return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc and "#" not in text


def _optional_url(found: JsonObject, member: str, *, allow_http: bool) -> str | None:
    return None if found.get(member) is None else _url(found, member, allow_http=allow_http)


def _list(found: JsonObject, member: str, default: tuple[str, ...]) -> tuple[str, ...]:
    if found.get(member) is None:
        return default
    listed = texts(found[member])
    if listed is None:
        raise OidcError("discovery_malformed", fault="not a list of texts", member=member)
    return listed


def _algorithms(found: JsonObject) -> tuple[str, ...]:
    """Those accepted of those offered; RS256 where it does not say, for every provider must have it."""
    if "code" not in _list(found, "response_types_supported", ("code",)):
        raise OidcError("discovery_unsupported", member="response_types_supported", need=["code"])
    offered = _list(found, "id_token_signing_alg_values_supported", ("RS256",))
    accepted = tuple(each for each in offered if each in ALGORITHMS)
    if not accepted:
        member = "id_token_signing_alg_values_supported"
        raise OidcError("discovery_unsupported", member=member, offered=list(offered), need=list(ALGORITHMS))
    return accepted


def _pkce(found: JsonObject) -> bool | None:
    member = "code_challenge_methods_supported"
    if found.get(member) is None:
        return None
    offered = _list(found, member, ())
    if "S256" not in offered:
        raise OidcError("discovery_unsupported", member=member, offered=list(offered), need=["S256"])
    return True
