"""The identity provider of a connection: set up, read anew when it changes, and known by its certificates or keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, cast

import orjson

from vestibule import ids
from vestibule.claims import InvalidMapping
from vestibule.model import Audit, Connection, JsonObject, SignOnRow
from vestibule.oidc.errors import OidcError
from vestibule.oidc.keys import Keys, read_jwks
from vestibule.oidc.provider import Provider, discovery_url, issuer_of, read_discovery
from vestibule.outbound.fetch import Fetcher
from vestibule.outbound.target import FetchError
from vestibule.saml.certificates import read as read_certificate
from vestibule.saml.errors import SamlError
from vestibule.saml.metadata import IdpMetadata, read_idp
from vestibule.saml.names import POST, REDIRECT
from vestibule.sealing import Seal
from vestibule.signon import InvalidSignOn, OidcIdp, SamlIdp, SignOn, mapping_of, read_sign_on
from vestibule.store import NotFound, Store

HOUR = 3_600_000_000
READ_AGAIN = 24 * HOUR
"""How often metadata and discovery documents are read again."""
NOT_BEFORE = 300_000_000
"""How long is waited between two readings, whatever asks for one (5 minutes)."""
_METADATA_TYPES = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
Change = Callable[[SignOn], SignOn]


class CannotSetUp(Exception):
    """What was asked cannot be set; the message says what is wrong and what to do instead."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A connection with how it signs people in."""

    connection: Connection
    sign_on: SignOn
    enabled: bool


async def load(store: Store, connection_id: str) -> Loaded:
    """How a connection signs people in. Raises NotFound for the connection or its sign-on."""
    connection = await store.connection(connection_id)
    row = await store.sign_on(connection_id)
    return Loaded(connection, kept_sign_on(row.settings, connection.idp), row.enabled)


@lru_cache(maxsize=256)
def kept_sign_on(settings: str, idp: str) -> SignOn:
    """Settings as they are kept."""
    return read_sign_on(orjson.loads(settings), idp)


async def set_up_saml(
    store: Store,
    connection: Connection,
    provider: SamlIdp,
    now: int,
    *,
    actor: str,
) -> Loaded:
    """Make a SAML identity provider the connection's; other settings stay. It signs people in from now on."""
    return await _set_up(store, connection, provider, now, actor, {"entity_id": provider.entity_id})


async def set_up_oidc(store: Store, connection: Connection, provider: OidcIdp, now: int, *, actor: str) -> Loaded:
    """Make an OpenID Provider the connection's; other settings stay. It signs people in from now on."""
    return await _set_up(store, connection, provider, now, actor, {"issuer": provider.issuer})


async def _set_up(
    store: Store, connection: Connection, provider: SamlIdp | OidcIdp, now: int, actor: str, detail: JsonObject
) -> Loaded:
    def change(row: SignOnRow | None) -> SignOnRow:
        if row is None:
            protocol: Literal["saml", "oidc"] = "saml" if isinstance(provider, SamlIdp) else "oidc"
            wanted = SignOn(provider, mapping_of(connection.idp, protocol))
        else:
            present = kept_sign_on(row.settings, connection.idp)
            wanted = replace(present, idp=provider)
            if wanted.protocol != present.protocol:
                wanted = replace(wanted, mapping=mapping_of(connection.idp, wanted.protocol))
        return _row(connection.id, wanted, enabled=True)

    entry = _audit(connection.id, now, actor, "sign_on.identity_provider_set", detail)
    row = await store.change_sign_on(connection.id, change, entry)
    return Loaded(connection, kept_sign_on(row.settings, connection.idp), row.enabled)


async def change_settings(
    store: Store,
    connection: Connection,
    changes: Mapping[str, Any],
    now: int,
    *,
    actor: str,
    because: JsonObject | None = None,
) -> Loaded:
    """Change settings of a sign-on that is set up; `claims` are laid over the present ones, `enabled` switches it.

    Raises CannotSetUp when nothing is set up, InvalidSignOn and InvalidMapping for what cannot be.
    """

    def change(row: SignOnRow | None) -> SignOnRow:
        if row is None:
            raise CannotSetUp(
                f"{connection.id} signs nobody in yet: give it an identity provider first, with --metadata or --issuer."
            )
        wanted = kept_sign_on(row.settings, connection.idp).as_json()
        enabled = row.enabled
        for name, value in changes.items():
            if name == "enabled":
                enabled = bool(value)
            elif name == "claims":
                wanted["claims"] = {**wanted["claims"], **_laid_over(wanted["claims"], value)}
            else:
                wanted[name] = value
        return _row(connection.id, read_sign_on(wanted, connection.idp), enabled=enabled)

    entry = _audit(connection.id, now, actor, "sign_on.settings_changed", {**changes, **(because or {})})
    row = await store.change_sign_on(connection.id, change, entry)
    return Loaded(connection, kept_sign_on(row.settings, connection.idp), row.enabled)


def _laid_over(present: JsonObject, claims: Mapping[str, Any]) -> JsonObject:
    """New claims for attributes; one that is given by its name alone leaves the rest of the attribute's rule."""
    return {
        attribute: {**present[attribute], "claims": [claim]}
        if isinstance(claim, str) and attribute in present
        else claim
        for attribute, claim in claims.items()
    }


def _row(connection_id: str, sign_on: SignOn, *, enabled: bool) -> SignOnRow:
    return SignOnRow(connection_id, orjson.dumps(sign_on.as_json()).decode(), enabled)


def _audit(connection_id: str, now: int, actor: str, action: str, detail: JsonObject) -> Audit:
    return Audit(ids.new_id("aud", now), connection_id, now, actor, action, connection_id, detail)


async def fetch_metadata(fetcher: Fetcher, url: str, now: int, *, entity_id: str | None, allow_http: bool) -> SamlIdp:
    """The identity provider behind a metadata URL. Raises FetchError, SamlError."""
    fetched = await fetcher.get(url, accept=_METADATA_TYPES, redirects=3)
    found = provider_of(read_idp(fetched.body, now, entity_id, allow_http=allow_http))
    return replace(found, metadata_url=url, metadata_read_at=now, metadata_tried_at=now)


def provider_of(metadata: IdpMetadata) -> SamlIdp:
    """What is kept of metadata. HTTP-Redirect is preferred, as its requests fit every browser without a script."""
    sso_binding: Literal["redirect", "post"] = "redirect" if REDIRECT in metadata.sso else "post"
    slo_binding: Literal["redirect", "post"] = "redirect" if REDIRECT in metadata.slo or not metadata.slo else "post"
    names = {"redirect": REDIRECT, "post": POST}
    return SamlIdp(
        entity_id=metadata.entity_id,
        sso_url=metadata.sso[names[sso_binding]],
        sso_binding=sso_binding,
        slo_url=metadata.slo.get(names[slo_binding]),
        slo_binding=slo_binding,
        slo_response_url=metadata.slo_response.get(names[slo_binding]),
        certificates=tuple(each.pem for each in metadata.certificates),
        wants_signed_requests=metadata.want_authn_requests_signed,
    )


async def refresh_metadata(
    store: Store,
    fetcher: Fetcher,
    loaded: Loaded,
    now: int,
    *,
    allow_http: bool,
    actor: str = "metadata",
    because: JsonObject | None = None,
) -> Loaded:
    """Read the metadata behind the URL again; what was read before stays in force when that fails."""
    present = loaded.sign_on.idp
    if not isinstance(present, SamlIdp) or present.metadata_url is None:
        return loaded
    fault: str | None = None
    fresh = present
    try:
        fresh = await fetch_metadata(
            fetcher, present.metadata_url, now, entity_id=present.entity_id, allow_http=allow_http
        )
    except (FetchError, SamlError) as error:
        fault = error.code

    def renew(sign_on: SignOn) -> SignOn:
        idp = sign_on.idp
        if not isinstance(idp, SamlIdp) or idp.metadata_url != present.metadata_url:
            return sign_on
        if fault is not None:
            return replace(sign_on, idp=replace(idp, metadata_tried_at=now, metadata_fault=fault))
        return replace(sign_on, idp=replace(fresh, metadata_tried_at=now, signs_ciphertext=idp.signs_ciphertext))

    changed = fault is None and _essence(fresh) != _essence(present)
    fingerprints = [read_certificate(each).fingerprint for each in fresh.certificates]
    detail = {"certificates": fingerprints, "sso_url": fresh.sso_url, "slo_url": fresh.slo_url, **(because or {})}
    entry = _audit(loaded.connection.id, now, actor, "sign_on.metadata_changed", detail) if changed else None
    return await _renewed(store, loaded, renew, entry)


def _essence(provider: SamlIdp) -> SamlIdp:
    return replace(provider, metadata_read_at=None, metadata_tried_at=None, metadata_fault=None, signs_ciphertext=False)


async def _renewed(store: Store, loaded: Loaded, renew: Change, entry: Audit | None = None) -> Loaded:
    connection = loaded.connection

    def change(row: SignOnRow | None) -> SignOnRow:
        if row is None:
            raise NotFound("sign-on", connection.id)
        present = kept_sign_on(row.settings, connection.idp)
        return replace(row, settings=orjson.dumps(renew(present).as_json()).decode())

    row = await store.change_sign_on(connection.id, change, entry)
    return Loaded(connection, kept_sign_on(row.settings, connection.idp), row.enabled)


async def note_signed_ciphertext(store: Store, loaded: Loaded) -> None:
    """Remember that the identity provider signs what it encrypts, so that nothing less is taken from now on."""
    if isinstance(loaded.sign_on.idp, SamlIdp) and not loaded.sign_on.idp.signs_ciphertext:
        await _renewed(store, loaded, _with_saml(signs_ciphertext=True))


def _with_saml(**values: Any) -> Change:
    def renew(sign_on: SignOn) -> SignOn:
        return replace(sign_on, idp=replace(cast("SamlIdp", sign_on.idp), **values))

    return renew


def may_read_again(loaded: Loaded, now: int) -> bool:
    """Whether metadata may be read now because a signature is by an unknown certificate."""
    idp = loaded.sign_on.idp
    if not isinstance(idp, SamlIdp) or idp.metadata_url is None:
        return False
    return idp.metadata_tried_at is None or now - idp.metadata_tried_at >= NOT_BEFORE


def is_due(loaded: Loaded, now: int) -> bool:
    """Whether metadata is to be read again in the background."""
    idp = loaded.sign_on.idp
    if not isinstance(idp, SamlIdp) or idp.metadata_url is None:
        return False
    read_at, tried_at = idp.metadata_read_at or 0, idp.metadata_tried_at or 0
    return now - read_at >= READ_AGAIN and now - tried_at >= HOUR


async def discover(fetcher: Fetcher, issuer: str, *, allow_http: bool) -> tuple[str, str]:
    """The issuer of what was pasted (it may be the address of the document), and the document.

    Raises FetchError, OidcError.
    """
    wanted = issuer_of(issuer)
    fetched = await fetcher.get(discovery_url(wanted), accept="application/json", redirects=0)
    provider = read_discovery(fetched.body, wanted, allow_http=allow_http)
    return wanted if provider.any_tenant else provider.issuer, fetched.body.decode()


async def provider_for(
    store: Store, fetcher: Fetcher, loaded: Loaded, now: int, *, allow_http: bool
) -> tuple[Loaded, Provider]:
    """What signing in at the OpenID Provider needs; its document is read again once a day, kept when that fails."""
    idp = _oidc(loaded)
    old = now - (idp.discovery_read_at or 0) >= READ_AGAIN and now - (idp.discovery_tried_at or 0) >= NOT_BEFORE
    if idp.discovery is None or old:
        try:
            _, document = await discover(fetcher, idp.issuer, allow_http=allow_http)
        except (FetchError, OidcError):
            if idp.discovery is None:
                raise
            await _renewed(store, loaded, _with_oidc(discovery_tried_at=now))
        else:
            change = _with_oidc(discovery=document, discovery_read_at=now, discovery_tried_at=now)
            fresh = read_discovery(document.encode(), idp.issuer, allow_http=allow_http)
            kept = idp.discovery and read_discovery(idp.discovery.encode(), idp.issuer, allow_http=allow_http)
            detail = {"authorization_endpoint": fresh.authorization_endpoint, "jwks_uri": fresh.jwks_uri}
            entry = _audit(loaded.connection.id, now, "discovery", "sign_on.discovery_changed", detail)
            loaded = await _renewed(store, loaded, change, entry if kept and kept != fresh else None)
            idp = _oidc(loaded)
    return loaded, read_discovery((idp.discovery or "").encode(), idp.issuer, allow_http=allow_http)


async def keys_for(
    store: Store, fetcher: Fetcher, loaded: Loaded, provider: Provider, now: int, *, anew: bool = False
) -> Keys:
    """The provider's keys; `anew` when a token names one that is not among them, but at most every five minutes."""
    idp = _oidc(loaded)
    age, rest = now - (idp.jwks_read_at or 0), now - (idp.jwks_tried_at or idp.jwks_read_at or 0)
    if idp.jwks is None or ((anew or age >= READ_AGAIN) and rest >= NOT_BEFORE):
        try:
            fetched = await fetcher.get(provider.jwks_uri, accept="application/json")
            keys = read_jwks(fetched.body)
        except (FetchError, OidcError):
            if idp.jwks is None:
                raise
            await _renewed(store, loaded, _with_oidc(jwks_tried_at=now))
        else:
            change = _with_oidc(jwks=fetched.body.decode(), jwks_read_at=now, jwks_tried_at=now)
            detail = {"kids": [each.kid for each in keys.keys]}
            entry = _audit(loaded.connection.id, now, "keys", "sign_on.keys_changed", detail)
            changed = idp.jwks is not None and keys != read_jwks(idp.jwks.encode())
            await _renewed(store, loaded, change, entry if changed else None)
            return keys
    return read_jwks((idp.jwks or "").encode())


def _with_oidc(**values: Any) -> Change:
    def renew(sign_on: SignOn) -> SignOn:
        return replace(sign_on, idp=replace(cast("OidcIdp", sign_on.idp), **values))

    return renew


def _oidc(loaded: Loaded) -> OidcIdp:
    if not isinstance(loaded.sign_on.idp, OidcIdp):
        raise CannotSetUp(f"{loaded.connection.id} signs people in by SAML, not by OIDC.")
    return loaded.sign_on.idp


def client_secret_context(connection_id: str) -> str:
    """What a client secret is sealed for."""
    return f"{connection_id} oidc.client_secret"


def sealed_secret(seal: Seal, connection_id: str, secret: str) -> str:
    """A client secret as it is kept."""
    return seal.seal(secret, client_secret_context(connection_id))


READING_FAULTS = (FetchError, SamlError)
"""What is raised for metadata that cannot be read; each has a `code`."""
SETTING_FAULTS = (CannotSetUp, InvalidSignOn, InvalidMapping)
"""What is raised for settings that cannot be; the message of each is fit to be shown."""
