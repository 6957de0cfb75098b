"""Where a connection's identity provider and its people reach us. None of these addresses is secret."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """All of one connection's."""

    entity_id: str
    acs_url: str
    metadata_url: str
    login_url: str
    logout_url: str
    oidc_login_url: str
    redirect_uri: str
    tenant_url: str

    @classmethod
    def of(cls, base_url: str, connection_id: str) -> "Addresses":
        """Those of a connection of the installation at `base_url`."""
        return cls(
            entity_id=saml_url(base_url, connection_id, "metadata"),
            acs_url=saml_url(base_url, connection_id, "acs"),
            metadata_url=saml_url(base_url, connection_id, "metadata"),
            login_url=saml_url(base_url, connection_id, "login"),
            logout_url=saml_url(base_url, connection_id, "slo"),
            oidc_login_url=oidc_url(base_url, connection_id, "login"),
            redirect_uri=oidc_url(base_url, connection_id, "callback"),
            tenant_url=tenant_url(base_url, connection_id),
        )


def tenant_url(base_url: str, connection_id: str) -> str:
    """The base URL of SCIM, which is pasted into the identity provider."""
    return f"{base_url}/scim/v2/connections/{connection_id}"


def saml_url(base_url: str, connection_id: str, end: str) -> str:
    """Our addresses for SAML. The entity id is that of the metadata; both never change for a connection."""
    return f"{base_url}/sso/saml/{connection_id}/{end}"


def oidc_url(base_url: str, connection_id: str, end: str) -> str:
    """Our addresses for OIDC."""
    return f"{base_url}/sso/oidc/{connection_id}/{end}"
