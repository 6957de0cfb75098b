"""What every handler of signing in works with: the store, the clock, and the ways out of the house."""

from dataclasses import dataclass, field

from vestibule import ids, sp_keys
from vestibule.addresses import oidc_url, saml_url
from vestibule.clock import Clock
from vestibule.identity_providers import Loaded, load
from vestibule.outbound.fetch import Fetcher
from vestibule.outbound.mail import Mailer
from vestibule.sealing import Seal
from vestibule.server.sign_on.pace import SignInPace
from vestibule.server.sign_on.refusal import LoginRefused
from vestibule.store import NotFound, Store


@dataclass(slots=True)
class Desk:
    """The dependencies of signing in. `secret_keys` seal secrets at rest; without any the store's own key does.

    `allow_http` lets identity providers be on plain http, which only an operator who allows networks wants.
    """

    store: Store
    clock: Clock
    base_url: str
    fetcher: Fetcher
    mailer: Mailer | None
    secret_keys: tuple[bytes, ...]
    allow_http: bool
    pace: SignInPace = field(default_factory=SignInPace)
    _seal: Seal | None = field(default=None, init=False)

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by https only."""
        return self.base_url.startswith("https://")

    async def seal(self) -> Seal:
        """What secrets at rest are sealed with."""
        if self._seal is None:
            self._seal = Seal(self.secret_keys or (await self.store.key("secrets"),))
        return self._seal

    async def signing_key(self, connection_id: str) -> tuple[str, str]:
        """The private key and the certificate, PEM, that a connection's service provider signs with."""
        seal = await self.seal()
        key = sp_keys.current(await sp_keys.ensured(self.store, seal, connection_id, self.clock.now()))
        return sp_keys.opened(seal, key), key.certificate

    async def load(self, connection_id: str, protocol: str, *, disabled_too: bool = False) -> Loaded:
        """How a connection signs people in, by this protocol. Raises LoginRefused."""
        try:
            loaded = await load(self.store, connection_id)
        except NotFound as error:
            raise LoginRefused(404, "sign_on_missing", {"what": error.kind}) from error
        if loaded.sign_on.protocol != protocol:
            raise LoginRefused(404, "sign_on_missing", {"expected": loaded.sign_on.protocol, "received": protocol})
        if not (loaded.enabled or disabled_too):
            raise LoginRefused(403, "sign_on_disabled")
        return loaded

    async def code_key(self) -> bytes:
        """The key that codes are hashed with."""
        return await self.store.key("email_codes")

    def saml_url(self, connection_id: str, end: str) -> str:
        """An address of a connection's service provider: `metadata`, `login`, `acs`, `slo`."""
        return saml_url(self.base_url, connection_id, end)

    def oidc_url(self, connection_id: str, end: str) -> str:
        """An address of a connection's relying party: `login`, `callback`."""
        return oidc_url(self.base_url, connection_id, end)


def hashed(secret: str) -> bytes:
    """What is kept of a browser's secret."""
    return ids.token_hash(secret)
