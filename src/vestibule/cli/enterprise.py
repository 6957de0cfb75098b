"""`vestibule enterprise`: the customers of the SaaS app."""

import click

from vestibule import connections
from vestibule.cli.listing import Listing
from vestibule.cli.session import Session, command
from vestibule.clock import rfc3339
from vestibule.model import Enterprise, JsonObject


@click.group(cls=Listing)
def enterprise() -> None:
    """The customers of the SaaS app."""


@enterprise.command()
@click.argument("name")
@command
def create(session: Session, name: str) -> None:
    """Make an enterprise called NAME."""
    made = session.run(lambda store: connections.create_enterprise(store, session.clock, name), makes=True)
    session.emit(_json(made), f"{made.id}  {made.name}\nNext: vestibule connection create {made.id} --idp entra")


@enterprise.command("list")
@command
def list_all(session: Session) -> None:
    """List the enterprises."""
    found = session.run(lambda store: store.enterprises())
    session.emit(
        {"enterprises": [_json(each) for each in found]},
        "\n".join(f"{each.id}  {each.name}" for each in found) or "No enterprise yet: vestibule enterprise create NAME",
    )


def _json(enterprise: Enterprise) -> JsonObject:
    return {"id": enterprise.id, "name": enterprise.name, "created_at": rfc3339(enterprise.created_at)}
