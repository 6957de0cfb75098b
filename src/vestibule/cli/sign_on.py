"""The part of `vestibule connection set` and `show` about signing in."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from vestibule import identity_providers
from vestibule.addresses import Addresses
from vestibule.claims import read_claim_option
from vestibule.cli.session import Session
from vestibule.clock import rfc3339
from vestibule.connections import Refused, the_connection
from vestibule.identity_providers import Loaded
from vestibule.model import Connection, JsonObject
from vestibule.oidc.errors import OidcError
from vestibule.outbound.addresses import Allowed
from vestibule.outbound.fetch import Fetcher
from vestibule.outbound.target import FetchError
from vestibule.saml import certificates, metadata
from vestibule.saml.errors import SamlError
from vestibule.sealing import Seal
from vestibule.settings import Settings
from vestibule.signin.exceptions import CannotExcept, day_end
from vestibule.signon import EMAIL_POLICIES, MATCH, OidcIdp, SamlIdp
from vestibule.store import NotFound, Store

_PROVISION = click.Choice(("auto", "always", "never"))
OPTIONS = (
    click.option("--metadata", metavar="FILE|URL|-", help="The identity provider's SAML metadata."),
    click.option("--entity-id", metavar="ID", help="Without metadata: its entity id; needs --sso-url, --certificate."),
    click.option("--sso-url", metavar="URL", help="Without metadata: its sign-on URL (HTTP-Redirect)."),
    click.option("--certificate", "certificates", multiple=True, metavar="FILE", help="A signing certificate."),
    click.option("--issuer", metavar="URL", help="OIDC: the issuer; needs --client-id."),
    click.option("--client-id", metavar="ID", help="OIDC: our client id there."),
    click.option("--client-secret-file", metavar="FILE|-", help="OIDC: the client secret, never an argument."),
    click.option("--tenant", "tenants", multiple=True, metavar="ID", help="OIDC: a tenant (tid) or domain (hd)."),
    click.option("--claim", "claims", multiple=True, metavar="ATTR=CLAIM", help="Where an attribute comes from."),
    click.option("--match", metavar="ATTRS", help=f"By what people are found: {','.join(MATCH)}, in this order."),
    click.option("--create-people", type=_PROVISION, help="Make accounts at sign-in; auto: unless SCIM does."),
    click.option("--update-people", type=_PROVISION, help="Write what a sign-in says; auto: unless SCIM does."),
    click.option("--groups", type=_PROVISION, help="Take memberships from claims; auto: unless SCIM does."),
    click.option("--create-groups/--no-create-groups", default=None, help="Make groups that a sign-in names."),
    click.option("--groups-exact-case/--groups-any-case", default=None, help="How group names are compared."),
    click.option("--email-policy", type=click.Choice(EMAIL_POLICIES), help="When an address counts at first login."),
    click.option("--link-by-email/--no-link-by-email", default=None, help="Find people by a verified address too."),
    click.option("--allow-idp-initiated/--forbid-idp-initiated", "idp_initiated", default=None),
    click.option("--sign-requests/--no-sign-requests", default=None, help="Sign our requests."),
    click.option("--force-authn/--no-force-authn", default=None, help="Have people sign in anew each time."),
    click.option("--skew", type=click.IntRange(0, 600), metavar="SECONDS", help="How far the clocks may differ."),
    click.option("--allow-expired-until", metavar="DAY", help="Let an expired certificate count until then; or none."),
    click.option("--session-hours", type=click.IntRange(1, 720), help="How long a session lasts at most."),
    click.option("--enable/--disable", "enabled", default=None, help="Whether anybody is signed in."),
)  # fmt: skip
NAMES = (
    "metadata", "entity_id", "sso_url", "certificates", "issuer", "client_id", "client_secret_file", "tenants",
    "claims", "match", "create_people", "update_people", "groups", "create_groups", "groups_exact_case",
    "email_policy", "link_by_email", "idp_initiated", "sign_requests", "force_authn", "skew", "allow_expired_until",
    "session_hours", "enabled",
)  # fmt: skip
"""The options by the names that click gives them."""
_SETTINGS = (
    "create_people", "update_people", "groups", "create_groups", "groups_exact_case", "email_policy", "link_by_email",
    "idp_initiated", "sign_requests", "force_authn", "skew", "session_hours", "enabled",
)  # fmt: skip


def fetcher_of(settings: Settings) -> Fetcher:
    """What the command line fetches with: the same guard as the server's."""
    return Fetcher(Allowed.read(settings.allow_networks))


async def seal_of(store: Store, settings: Settings) -> Seal:
    """What secrets are sealed with."""
    return Seal(settings.secret_keys or (await store.key("secrets"),))


@dataclass(frozen=True, slots=True)
class SignOnWork:
    """`connection set` over one open store."""

    session: Session
    store: Store
    connection: Connection

    async def apply(self, options: dict[str, Any]) -> Loaded | None:
        """Set up an identity provider where one is named, then change what else is named. Raises Refused."""
        try:
            await self._provider(options)
            changes = {name: options[name] for name in _SETTINGS if options.get(name) is not None}
            if options.get("match"):
                changes["match"] = [each.strip() for each in options["match"].split(",")]
            if options.get("claims"):
                changes["claims"] = dict(map(read_claim_option, options["claims"]))
            if options.get("allow_expired_until"):
                until = options["allow_expired_until"]
                changes["expired_until"] = None if until == "none" else day_end(until)
            if changes:
                now = self.session.clock.now()
                await identity_providers.change_settings(self.store, self.connection, changes, now, actor="cli")
            return await identity_providers.load(self.store, self.connection.id)
        except NotFound:
            return None
        except (*identity_providers.SETTING_FAULTS, CannotExcept) as error:
            raise Refused(str(error)) from error

    async def _provider(self, options: dict[str, Any]) -> None:
        now = self.session.clock.now()
        if options.get("metadata") is not None:
            provider = await self._from_metadata(options["metadata"], options.get("entity_id"), now)
        elif options.get("sso_url") or options.get("certificates"):
            provider = _from_fields(options)
        elif options.get("issuer") or options.get("client_id"):
            oidc = await self._from_issuer(options, now)
            await identity_providers.set_up_oidc(self.store, self.connection, oidc, now, actor="cli")
            return
        else:
            return
        await identity_providers.set_up_saml(self.store, self.connection, provider, now, actor="cli")

    async def _from_metadata(self, source: str, entity_id: str | None, now: int) -> SamlIdp:
        settings = self.session.settings
        allow_http = bool(settings.allow_networks)
        try:
            if "://" in source:
                return await identity_providers.fetch_metadata(
                    fetcher_of(settings), source, now, entity_id=entity_id, allow_http=allow_http
                )
            return identity_providers.provider_of(
                metadata.read_idp(_read(source), now, entity_id, allow_http=allow_http)
            )
        except SamlError as error:
            raise Refused(f"{error} {_facts(error.facts)}".strip()) from error
        except FetchError as error:
            raise Refused(_not_fetched(source, error)) from error

    async def _from_issuer(self, options: dict[str, Any], now: int) -> OidcIdp:
        settings = self.session.settings
        issuer, client_id = options.get("issuer"), options.get("client_id")
        if not issuer or not client_id:
            raise Refused("OIDC needs both --issuer and --client-id.")
        try:
            issuer, document = await identity_providers.discover(
                fetcher_of(settings), issuer, allow_http=bool(settings.allow_networks)
            )
        except OidcError as error:
            raise Refused(f"{error} {_facts(error.facts)}".strip()) from error
        except FetchError as error:
            raise Refused(_not_fetched(issuer, error)) from error
        secret = None
        if options.get("client_secret_file"):
            text = _read(options["client_secret_file"]).decode().strip()
            seal = await seal_of(self.store, settings)
            secret = identity_providers.sealed_secret(seal, self.connection.id, text)
        return OidcIdp(
            issuer=issuer, client_id=client_id, client_secret=secret, tenants=tuple(options.get("tenants") or ()),
            discovery=document, discovery_read_at=now,
        )  # fmt: skip


def _from_fields(options: dict[str, Any]) -> SamlIdp:
    entity_id, sso_url = options.get("entity_id"), options.get("sso_url")
    if not entity_id or not sso_url or not options.get("certificates"):
        raise Refused("Without --metadata all of --entity-id, --sso-url and --certificate are needed.")
    try:
        pems = tuple(certificates.read(_read(each)).pem for each in options["certificates"])
    except SamlError as error:
        raise Refused(f"{error} {_facts(error.facts)}".strip()) from error
    return SamlIdp(entity_id=entity_id, sso_url=sso_url, certificates=pems)


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise Refused(f"{source} cannot be read: {error.strerror}.") from error


def _facts(facts: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)


def _not_fetched(url: str, error: FetchError) -> str:
    hint = ""
    if error.code in ("address_private", "url_scheme"):
        hint = " An identity provider of your own network is allowed by VESTIBULE_ALLOW_NETWORKS."
    return f"{url} could not be read ({error.code}): {_facts(error.facts)}.{hint}"


async def loaded_of(store: Store, connection_id: str) -> Loaded:
    """How a connection signs people in. Raises Refused."""
    await the_connection(store, connection_id)
    try:
        return await identity_providers.load(store, connection_id)
    except NotFound as error:
        raise Refused(
            f"{connection_id} signs nobody in yet: `vestibule connection set {connection_id} --metadata FILE|URL`."
        ) from error


def sign_on_json(loaded: Loaded) -> JsonObject:
    """The settings of a sign-on without secrets and without documents that were fetched."""
    shown = loaded.sign_on.as_json()
    if isinstance(loaded.sign_on.idp, OidcIdp):
        shown["oidc"] = {name: value for name, value in shown["oidc"].items() if name not in ("discovery", "jwks")}
        shown["oidc"]["client_secret"] = "(sealed)" if loaded.sign_on.idp.client_secret else None
    else:
        shown["saml"]["certificates"] = [_certificate_json(each) for each in loaded.sign_on.idp.certificates]
    return {"enabled": loaded.enabled, **shown}


def _certificate_json(pem: str) -> JsonObject:
    read = certificates.read(pem)
    return {
        "fingerprint": read.fingerprint,
        "not_before": rfc3339(read.not_before),
        "not_after": rfc3339(read.not_after),
        "key": f"{read.key_kind} {read.key_bits}",
    }


def told(loaded: Loaded) -> str:
    """The settings of a sign-on for people."""
    shown = sign_on_json(loaded)
    lines = [f"sign-on: {loaded.sign_on.protocol}, {'enabled' if loaded.enabled else 'disabled'}"]
    for name, value in shown.pop(loaded.sign_on.protocol).items():
        if name == "certificates":
            lines += [f"  certificate: {each['fingerprint'][:16]}… until {each['not_after'][:10]}" for each in value]
        elif value not in (None, [], False):
            lines.append(f"  {name}: {rfc3339(value) if name.endswith('_at') else value}")
    for attribute, rule in shown.pop("claims").items():
        lines.append(f"  claim {attribute}: {', '.join(rule['claims'])}")
    lines += [f"  {name}: {value}" for name, value in shown.items() if name != "enabled"]
    return "\n".join(lines)


def addresses_json(connection_id: str, settings: Settings) -> JsonObject:
    """What the identity provider must be told of us."""
    ours = Addresses.of(settings.base_url, connection_id)
    return {
        "saml": {
            "entity_id": ours.entity_id,
            "acs_url": ours.acs_url,
            "metadata_url": ours.metadata_url,
            "slo_url": ours.logout_url,
            "login_url": ours.login_url,
        },
        "oidc": {"redirect_uri": ours.redirect_uri, "login_url": ours.oidc_login_url},
    }
