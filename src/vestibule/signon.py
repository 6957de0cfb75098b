"""How a connection signs people in: its settings as frozen values, read from and written to JSON.

Instants are microseconds UTC. Secrets are sealed before they get here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar, cast

from vestibule.claims import Mapping as ClaimMapping
from vestibule.claims import preset, read_mapping, write_mapping
from vestibule.model import JsonObject

T = TypeVar("T")
Binding = Literal["redirect", "post"]
EmailPolicy = Literal["always_code", "trust_verified_domain", "trust_idp_claim", "trust_directory", "admin_approves"]
EMAIL_POLICIES: tuple[EmailPolicy, ...] = (
    "always_code",
    "trust_verified_domain",
    "trust_idp_claim",
    "trust_directory",
    "admin_approves",
)
Provision = Literal["auto", "always", "never"]
"""Whether a sign-in makes people or memberships: `auto` does so unless the identity provider provisions by SCIM."""
MATCH = ("externalId", "userName")


class InvalidSignOn(ValueError):
    """A setting that is none; the message says which, what came and what is due."""


@dataclass(frozen=True, slots=True)
class SamlIdp:
    """The identity provider of a SAML connection. `certificates` are PEM, all of them good for signatures."""

    entity_id: str
    sso_url: str
    sso_binding: Binding = "redirect"
    slo_url: str | None = None
    slo_binding: Binding = "redirect"
    slo_response_url: str | None = None
    certificates: tuple[str, ...] = ()
    metadata_url: str | None = None
    metadata_read_at: int | None = None
    """When the metadata behind the URL was last read, whether they had changed or not."""
    metadata_tried_at: int | None = None
    metadata_fault: str | None = None
    """Why they could not be read the last time; what was read before stays in force."""
    wants_signed_requests: bool = False
    signs_ciphertext: bool = False
    """Whether it was seen to sign what it encrypts; from then on AES-CBC that nothing signed covers is refused."""


@dataclass(frozen=True, slots=True)
class OidcIdp:
    """The OpenID Provider of an OIDC connection. `client_secret` is sealed. Documents are kept as they were read."""

    issuer: str
    client_id: str
    client_secret: str | None = None
    auth_method: str | None = None
    scope: str = "openid profile email"
    tenants: tuple[str, ...] = ()
    """Entra's `tid` or Google's `hd` that are let in; none lets in every one that the issuer has."""
    discovery: str | None = None
    discovery_read_at: int | None = None
    discovery_tried_at: int | None = None
    """When it was last asked for, whether it came or not."""
    jwks: str | None = None
    jwks_read_at: int | None = None
    jwks_tried_at: int | None = None


@dataclass(frozen=True, slots=True)
class SignOn:
    """The settings of one connection. `expired_until` lets an expired certificate count until an instant."""

    idp: SamlIdp | OidcIdp
    mapping: ClaimMapping
    idp_initiated: bool = False
    match: tuple[str, ...] = MATCH
    create_people: Provision = "auto"
    update_people: Provision = "auto"
    groups: Provision = "auto"
    create_groups: bool = False
    groups_exact_case: bool = False
    email_policy: EmailPolicy = "trust_verified_domain"
    link_by_email: bool = False
    """Whether a verified address of a verified domain finds the account of somebody who is unknown otherwise."""
    skew: int = 180
    """By how many seconds the clocks may differ."""
    expired_until: int | None = None
    sign_requests: bool = True
    force_authn: bool = False
    session_hours: int = 12

    @property
    def protocol(self) -> Literal["saml", "oidc"]:
        """The protocol that the identity provider speaks."""
        return "saml" if isinstance(self.idp, SamlIdp) else "oidc"

    def as_json(self) -> JsonObject:
        """The settings as `read_sign_on` reads them."""
        idp = {each.name: _plain(getattr(self.idp, each.name)) for each in fields(self.idp)}
        own = {each.name: _plain(getattr(self, each.name)) for each in fields(self) if each.name not in _PARTS}
        return {self.protocol: idp, "claims": write_mapping(self.mapping), **own}


_PARTS = ("idp", "mapping")


def _plain(value: Any) -> Any:
    return list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value


def mapping_of(idp: str, protocol: Literal["saml", "oidc"]) -> ClaimMapping:
    """What an identity provider of a kind sends, unless somebody changed it."""
    return preset(idp, protocol)


def read_sign_on(document: Mapping[str, Any], idp: str = "generic") -> SignOn:
    """Settings from JSON; without `claims` those of the preset of `idp`. Raises InvalidSignOn, InvalidMapping."""
    given = dict(document)
    protocols = [name for name in ("saml", "oidc") if given.get(name) is not None]
    if len(protocols) != 1:
        raise InvalidSignOn("Sign-on needs either an identity provider for SAML (metadata) or one for OIDC (issuer).")
    protocol: Literal["saml", "oidc"] = "saml" if protocols == ["saml"] else "oidc"
    part = given.pop(protocol)
    given.pop("oidc" if protocol == "saml" else "saml", None)
    claims = given.pop("claims", None)
    mapping = mapping_of(idp, protocol) if claims is None else read_mapping(claims)
    provider = _read(SamlIdp, part, protocol) if protocol == "saml" else _read(OidcIdp, part, protocol)
    return _read(SignOn, given, "", idp=provider, mapping=mapping)


def _read(kind: Callable[..., T], given: Any, where: str, **parts: Any) -> T:
    """A frozen value of checked settings."""
    if not isinstance(given, Mapping):
        raise InvalidSignOn(f"`{where}` is a JSON object.")
    known = {each.name: each for each in fields(cast("Any", kind)) if each.name not in parts}
    values: dict[str, Any] = {}
    for name, value in cast("Mapping[str, Any]", given).items():
        if name not in known:
            raise InvalidSignOn(f"There is no sign-on setting `{name}`: they are {', '.join(sorted(known))}.")
        values[name] = _checked(f"{where}.{name}".removeprefix("."), name, value)
        if name.endswith("_url") and value is not None and not value.lower().startswith(("https://", "http://")):
            raise InvalidSignOn(f"`{where}.{name}` is an address that begins with https://, not {value!r}.")
    needed = [
        name for name in ("entity_id", "sso_url", "issuer", "client_id") if name in known and not values.get(name)
    ]
    if needed:
        raise InvalidSignOn(f"`{where}.{needed[0]}` is missing.")
    return kind(**values, **parts)


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sso_binding": ("redirect", "post"),
    "slo_binding": ("redirect", "post"),
    "create_people": ("auto", "always", "never"),
    "update_people": ("auto", "always", "never"),
    "groups": ("auto", "always", "never"),
    "email_policy": EMAIL_POLICIES,
}
_FLAGS = frozenset(
    {"idp_initiated", "create_groups", "groups_exact_case", "link_by_email", "sign_requests", "force_authn",
     "wants_signed_requests", "signs_ciphertext"}
)  # fmt: skip
_INSTANTS = frozenset(
    {"expired_until", "metadata_read_at", "metadata_tried_at", "discovery_read_at", "discovery_tried_at",
     "jwks_read_at", "jwks_tried_at"}
)  # fmt: skip
_NUMBERS: Mapping[str, tuple[int, int]] = {"skew": (0, 600), "session_hours": (1, 720)}
_LISTS = frozenset({"certificates", "tenants", "match"})


def _checked(where: str, name: str, value: Any) -> Any:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise InvalidSignOn(f"`{where}` is one of {', '.join(_CHOICES[name])}, not {value!r}.")
        return value
    if name in _FLAGS:
        if not isinstance(value, bool):
            raise InvalidSignOn(f"`{where}` is true or false, not {value!r}.")
        return value
    if name in _NUMBERS:
        low, high = _NUMBERS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise InvalidSignOn(f"`{where}` is a number from {low} to {high}, not {value!r}.")
        return value
    if name in _LISTS:
        return _texts(where, name, value)
    if name in _INSTANTS:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise InvalidSignOn(f"`{where}` is an instant in microseconds, or null.")
        return value
    if value is not None and not isinstance(value, str):
        raise InvalidSignOn(f"`{where}` is a text, not {value!r}.")
    return value


def _texts(where: str, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in cast("list[Any]", value)):
        raise InvalidSignOn(f"`{where}` is a list of texts.")
    texts = tuple(cast("list[str]", value))
    if name == "match" and (not texts or set(texts) - set(MATCH) or len(set(texts)) != len(texts)):
        raise InvalidSignOn(f"`{where}` names, in order, by what people are found: out of {', '.join(MATCH)}.")
    return texts
