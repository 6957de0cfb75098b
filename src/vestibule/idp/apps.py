"""The applications that the tenant knows: SAML service providers and OpenID Connect clients."""

import hmac
from dataclasses import dataclass
from uuid import UUID, uuid5

from cryptography import x509

_APPS = UUID("0f6f5b7a-62f8-4a3d-8a35-7a1f4d0c9e22")


def app_id(identifier: str) -> str:
    """The application id (a GUID) of an identifier; the same at every start."""
    return str(uuid5(_APPS, identifier))


class BadApp(ValueError):
    """An application that cannot be registered; the message says why."""


@dataclass(frozen=True, slots=True)
class SamlApp:
    """A service provider. Certificates as PEM; the first reply URL is the default one. Raises BadApp."""

    entity_id: str
    acs_urls: tuple[str, ...]
    slo_url: str | None = None
    signing_certificates: tuple[bytes, ...] = ()
    encryption_certificate: bytes | None = None
    name: str = ""

    def __post_init__(self) -> None:
        for url in (*self.acs_urls, *filter(None, [self.slo_url])):
            if not url.startswith(("https://", "http://")):
                raise BadApp(f"The address {url!r} must begin with https:// or http://.")
        for pem in (*self.signing_certificates, *filter(None, [self.encryption_certificate])):
            try:
                x509.load_pem_x509_certificate(pem)
            except ValueError as error:
                raise BadApp(f"A certificate is not an X.509 certificate in PEM: {error}.") from error

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
