"""Our addresses of one connection, for its checklist."""

from vestibule.checklist import Addresses
from vestibule.server.recorder import PREFIX
from vestibule.server.sign_on.desk import oidc_url, saml_url


def addresses_of(base_url: str, connection_id: str) -> Addresses:
    """Where the identity provider and its people reach us."""
    return Addresses(
        entity_id=saml_url(base_url, connection_id, "metadata"),
        acs_url=saml_url(base_url, connection_id, "acs"),
        metadata_url=saml_url(base_url, connection_id, "metadata"),
        login_url=saml_url(base_url, connection_id, "login"),
        logout_url=saml_url(base_url, connection_id, "slo"),
        oidc_login_url=oidc_url(base_url, connection_id, "login"),
        redirect_uri=oidc_url(base_url, connection_id, "callback"),
        tenant_url=f"{base_url}{PREFIX}{connection_id}",
    )
