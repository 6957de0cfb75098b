"""What an administrator enters at the identity provider, each value under the name that it has there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vestibule.addresses import Addresses
from vestibule.explain.catalogue.sign_in.places import PLACES
from vestibule.model import JsonObject


@dataclass(frozen=True, slots=True)
class Value:
    """One value: what its field is called there, and the way to it."""

    label: str
    value: str
    place: str

    def as_json(self) -> JsonObject:
        """The value for `--json` and the API."""
        return {"label": self.label, "value": self.value, "place": self.place}


@dataclass(frozen=True, slots=True)
class _Names:
    """What one kind of identity provider is called, and calls the fields."""

    name: str
    entity_id: str
    acs: str
    sign_on: str
    tenant: str
    token: str
    provisioning: str
    """Where provisioning is set up."""


_APP = "Applications › your app › "
_NAMES: Final[Mapping[str, _Names]] = {
    "entra": _Names(
        "Entra ID", "Identifier (Entity ID)", "Reply URL (Assertion Consumer Service URL)", "Sign on URL", "Tenant URL",
        "Secret Token",
        "Enterprise applications › your app › Provisioning › Admin Credentials (newer pages: Connectivity)",
    ),
    "okta": _Names(
        "Okta", "Audience URI (SP Entity ID)", "Single sign-on URL", "URL of a Bookmark App", "SCIM connector base URL",
        "Authorization (HTTP Header)", f"{_APP}Provisioning › Integration",
    ),
    "google": _Names(
        "Google Workspace", "Entity ID", "ACS URL", "Start URL", "Tenant URL (SCIM)", "SCIM token",
        "Apps › Web and mobile apps › your app › Autoprovisioning",
    ),
    "onelogin": _Names(
        "OneLogin", "Audience (EntityID)", "ACS (Consumer) URL", "Login URL", "SCIM Base URL", "SCIM Bearer Token",
        f"{_APP}Configuration › API Connection",
    ),
    "jumpcloud": _Names(
        "JumpCloud", "SP Entity ID", "ACS URL", "Login URL", "Base URL", "Token Key",
        "SSO Applications › your app › Identity Management",
    ),
    "ping": _Names(
        "Ping Identity", "Entity ID", "ACS URLs", "Target application URL", "SCIM BASE URL", "OAuth Access Token",
        "Integrations › Provisioning › your connection",
    ),
    "keycloak": _Names(
        "Keycloak", "Client ID", "Assertion Consumer Service POST Binding URL", "Home URL", "SCIM base URL",
        "Bearer token", "the SCIM extension of the realm",
    ),
}  # fmt: skip
_OTHER: Final = _Names(
    "the identity provider", "Entity ID (audience)", "Reply URL (assertion consumer service)", "Sign-on URL",
    "SCIM base URL", "Bearer token",
    "the application's provisioning",
)  # fmt: skip


def name_of(idp: str) -> str:
    """What it is called within a sentence."""
    return _NAMES.get(idp, _OTHER).name


def token_field(idp: str) -> str:
    """What the field for the token is called."""
    return _NAMES.get(idp, _OTHER).token


def provisioning_place(idp: str) -> str:
    """The way to where provisioning is set up."""
    return _NAMES.get(idp, _OTHER).provisioning


def place_of(topic: str, idp: str) -> str:
    """The way to a topic of `PLACES` in an identity provider's console."""
    return PLACES[topic].get(idp) or PLACES[topic]["generic"]


def values_of(addresses: Addresses, idp: str, protocol: str | None) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """The values for signing in, and those for provisioning. Before a protocol is chosen those of SAML are told."""
    names = _NAMES.get(idp, _OTHER)
    provisioning = (Value(names.tenant, addresses.tenant_url, names.provisioning),)
    if protocol == "oidc":
        return (
            Value("Redirect URI", addresses.redirect_uri, place_of("redirect_uri", idp)),
            Value("Initiate login URI", addresses.oidc_login_url, "the tile's sign-on URL"),
        ), provisioning
    return (
        Value(names.entity_id, addresses.entity_id, place_of("entity_id", idp)),
        Value(names.acs, addresses.acs_url, place_of("acs", idp)),
        Value(names.sign_on, addresses.login_url, place_of("sign_on_url", idp)),
        Value("Logout URL", addresses.logout_url, "the application's single logout, where it has one"),
        Value("Metadata", addresses.metadata_url, "where the identity provider reads all of these by one address"),
    ), provisioning
