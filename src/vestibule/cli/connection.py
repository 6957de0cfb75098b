"""`vestibule connection`: the links to identity providers."""

from typing import Any, cast

import click
import orjson

from vestibule import connections
from vestibule.addresses import tenant_url
from vestibule.cli import sign_on
from vestibule.cli.listing import Listing
from vestibule.cli.session import Session, command
from vestibule.clock import rfc3339
from vestibule.connections import IDENTITY_PROVIDERS
from vestibule.identity_providers import Loaded
from vestibule.model import Connection, JsonObject
from vestibule.scim.dialects import DIALECTS
from vestibule.scim.profile import kept_profile
from vestibule.settings import Settings
from vestibule.store import Store


def _sign_on_options(function: Any) -> Any:
    for option in reversed(sign_on.OPTIONS):
        function = option(function)
    return function


@click.group(cls=Listing)
def connection() -> None:
    """The links to an enterprise's identity provider."""


@connection.command()
@click.argument("enterprise_id")
@click.option("--idp", type=click.Choice(IDENTITY_PROVIDERS), default="entra", show_default=True)
@command
def create(session: Session, enterprise_id: str, idp: str) -> None:
    """Make a connection of ENTERPRISE_ID."""
    made = session.run(lambda store: connections.create_connection(store, session.clock, enterprise_id, idp))
    shown = connection_json(made, session.settings)
    session.emit(
        shown,
        f"{made.id}  {made.idp}\nTenant URL (SCIM base URL): {shown['scim_base_url']}\n"
        f"Identifier (entity id) and metadata: {shown['saml']['entity_id']}\n"
        f"Reply URL (ACS): {shown['saml']['acs_url']}\n"
        f"Next: vestibule token create {made.id} --all-scopes",
    )


@connection.command("list")
@click.argument("enterprise_id", required=False)
@command
def list_all(session: Session, enterprise_id: str | None) -> None:
    """List the connections of ENTERPRISE_ID, or all."""
    found = session.run(lambda store: store.connections(enterprise_id))
    session.emit(
        {"connections": [connection_json(each, session.settings) for each in found]},
        "\n".join(f"{each.id}  {each.idp}  {each.enterprise_id}" for each in found)
        or "No connection yet: vestibule connection create ENTERPRISE_ID",
    )


@connection.command("set")
@click.argument("connection_id")
@click.option("--dialect", type=click.Choice(tuple(DIALECTS)), help="What is forgiven to the identity provider.")
@click.option("--references", type=click.Choice(("park", "refuse")), help="Members and managers that are not here.")
@click.option("--nested-groups", type=click.Choice(("park", "accept", "refuse")), help="Groups within groups.")
@click.option("--hold-emptied-group", metavar="N|off", help="Hold what would empty a group of N members or more.")
@click.option("--hold-deactivations", metavar="N|off", help="Hold deactivations beyond N within the window.")
@click.option("--hold-window", type=click.IntRange(min=1), metavar="MINUTES", help="How long such a run is.")
@click.option("--rate-limit", metavar="N|off|default", help="Requests a second that are let through.")
@click.option("--allowed-domain", "allowed_domains", multiple=True, metavar="DOMAIN", help="Of which addresses may be.")
@click.option("--any-domain", is_flag=True, default=None, help="People may have addresses of any domain.")
@_sign_on_options
@command
def set_(session: Session, connection_id: str, **options: Any) -> None:
    """Change how CONNECTION_ID speaks SCIM and signs people in; without an option, show it."""
    for_sign_on = {name: options.pop(name) for name in sign_on.NAMES}
    changes = _changes(options)

    async def work(store: Store) -> tuple[Connection, Loaded | None]:
        connection = await connections.the_connection(store, connection_id)
        loaded = await sign_on.SignOnWork(session, store, connection).apply(for_sign_on)
        if changes:
            connection = await connections.change_settings(store, session.clock, connection_id, changes)
        return connection, loaded

    changed, loaded = session.run(work)
    shown = kept_profile(changed.settings).as_json()
    text = "\n".join(f"{name}: {_told(name, value)}" for name, value in shown.items())
    if loaded is None:
        session.emit(shown, text)
    else:
        session.emit({**shown, "sign_on": sign_on.sign_on_json(loaded)}, f"{text}\n{sign_on.told(loaded)}")


_WORDS = {
    "hold_emptied_group": {"off": None},
    "hold_deactivations": {"off": None},
    "rate_limit": {"off": 0, "default": None},
}
"""What may be said in place of a number."""


def _changes(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that the options name. Raises Refused."""
    domains, any_domain = options.pop("allowed_domains"), options.pop("any_domain")
    if domains and any_domain:
        raise connections.Refused("--any-domain takes the list away; give it without --allowed-domain.")
    changes = {name: _number(name, value) for name, value in options.items() if value is not None}
    if domains or any_domain:
        changes["allowed_domains"] = list(domains) or None
    return changes


def _number(name: str, value: Any) -> Any:
    words = _WORDS.get(name)
    if words is None:
        return value
    if value in words:
        return words[value]
    if not (str(value).isascii() and str(value).isdigit()):
        raise connections.Refused(f"--{name.replace('_', '-')} takes a number, or {' or '.join(words)}.")
    return int(value)


def _told(name: str, value: Any) -> str:
    if name == "extensions":
        return ", ".join(each["id"] for each in cast("list[JsonObject]", value)) or "none"
    if name == "allowed_domains":
        return ", ".join(cast("list[str]", value)) if value else "any"
    words = _WORDS.get(name, {})
    return next((word for word, meant in words.items() if meant == value), str(value))


@connection.group(cls=Listing)
def schema() -> None:
    """The extension schemas of a connection's own."""


@schema.command()
@click.argument("connection_id")
@click.argument("file", type=click.File("rb"))
@command
def declare(session: Session, connection_id: str, file: Any) -> None:
    """Add the schema in FILE (JSON as in an answer of /Schemas), or replace the one with the same URN."""
    try:
        declaration = orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        raise connections.Refused(f"{file.name} is not JSON: {error}.") from error
    changed = session.run(lambda store: connections.declare_extension(store, session.clock, connection_id, declaration))
    shown = kept_profile(changed.settings).as_json()["extensions"]
    session.emit({"extensions": shown}, "\n".join(each["id"] for each in shown))


@schema.command()
@click.argument("connection_id")
@click.argument("urn")
@command
def withdraw(session: Session, connection_id: str, urn: str) -> None:
    """Take the schema URN away. What users have of it is kept, and no longer shown."""
    changed = session.run(lambda store: connections.withdraw_extension(store, session.clock, connection_id, urn))
    shown = kept_profile(changed.settings).as_json()["extensions"]
    session.emit({"extensions": shown}, "\n".join(each["id"] for each in shown) or "No extension schema.")


def connection_json(connection: Connection, settings: Settings) -> JsonObject:
    """A connection with the addresses that its identity provider needs."""
    return {
        "id": connection.id,
        "enterprise_id": connection.enterprise_id,
        "idp": connection.idp,
        "created_at": rfc3339(connection.created_at),
        "scim_base_url": scim_base_url(connection.id, settings),
        **sign_on.addresses_json(connection.id, settings),
    }


def scim_base_url(connection_id: str, settings: Settings) -> str:
    """The tenant URL to paste into the identity provider."""
    return tenant_url(settings.base_url, connection_id)
