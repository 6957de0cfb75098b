"""`vestibule connection`: the links to identity providers."""

import click

from vestibule import connections
from vestibule.cli.session import Session, command
from vestibule.clock import rfc3339
from vestibule.connections import IDENTITY_PROVIDERS
from vestibule.model import Connection, JsonObject
from vestibule.settings import Settings


@click.group()
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
        "\n".join(f"{each.id}  {each.idp}  {each.enterprise_id}" for each in found) or "No connection yet.",
    )


def connection_json(connection: Connection, settings: Settings) -> JsonObject:
    """A connection with the addresses that its identity provider needs."""
    return {
        "id": connection.id,
        "enterprise_id": connection.enterprise_id,
        "idp": connection.idp,
        "created_at": rfc3339(connection.created_at),
        "scim_base_url": scim_base_url(connection.id, settings),
    }


def scim_base_url(connection_id: str, settings: Settings) -> str:
    """The tenant URL to paste into the identity provider."""
    return f"{settings.base_url}/scim/v2/connections/{connection_id}"
