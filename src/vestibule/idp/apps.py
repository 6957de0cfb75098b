"""The applications that the tenant knows: SAML service providers and OpenID Connect clients."""

import hmac
from dataclasses import dataclass
from uuid import UUID, uuid5

_APPS = UUID("0f6f5b7a-62f8-4a3d-8a35-7a1f4d0c9e22")


def app_id(identifier: str) -> str:
    """The application id (a GUID) of an identifier; the same at every start."""
    return str(uuid5(_APPS, identifier))


@dataclass(frozen=True, slots=True)
class SamlApp:
    """A service provider. Certificates as PEM; the first reply URL is the default one."""

    entity_id: str
    acs_urls: tuple[str, ...]
    slo_url: str | None = None
    signing_certificates: tuple[bytes, ...] = ()
    encryption_certificate: bytes | None = None
    name: str = ""

    @property
    def id(self) -> str:
        """The application id."""
        return app_id(self.entity_id)

    @property
    def title(self) -> str:
        """What people see."""
        return self.name or self.entity_id


@dataclass(frozen=True, slots=True)
class OidcClient:
    """A client of OpenID Connect with a secret."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()
    name: str = ""
    xms_edov: bool = False
    """Whether the optional claim is configured that says if the e-mail's domain is verified in the tenant."""

    @property
    def title(self) -> str:
        """What people see."""
        return self.name or self.id

    def knows(self, secret: str) -> bool:
        """Whether this is the client's secret."""
        return hmac.compare_digest(self.secret.encode(), secret.encode())
