"""`vestibule group`: groups that the SaaS app has of its own."""

import click

from vestibule import connections
from vestibule.cli.listing import Listing
from vestibule.cli.session import Session, command
from vestibule.counting import counted
from vestibule.directory import Directory
from vestibule.model import Group, JsonObject
from vestibule.store import Store


@click.group(cls=Listing)
def group() -> None:
    """The groups of a connection."""


@group.command()
@click.argument("connection_id")
@click.argument("name")
@click.option("--member", "members", multiple=True, metavar="USERNAME", help="A member; may be repeated.")
@command
def create(session: Session, connection_id: str, name: str, members: tuple[str, ...]) -> None:
    """Make a group of the app's own; the identity provider will find it by NAME and adopt it."""

    async def work(store: Store) -> Group:
        await connections.the_connection(store, connection_id)
        return await Directory(store, session.clock).create_app_group(connection_id, name, members)

    made = session.run(work)
    session.emit(_json(made), f"{made.id}  {made.display_name}  {counted(made.member_count, 'member')}")


@group.command("list")
@click.argument("connection_id")
@command
def list_all(session: Session, connection_id: str) -> None:
    """List the groups of CONNECTION_ID."""

    async def work(store: Store) -> list[Group]:
        await connections.the_connection(store, connection_id)
        found: list[Group] = []
        while True:
            page = await store.groups(connection_id, None, len(found) + 1, 200)
            found.extend(page.items)
            if not page.items or len(found) >= page.total:
                return found

    found = session.run(work)
    session.emit(
        {"groups": [_json(each) for each in found]},
        "\n".join(f"{each.id}  {each.member_count:>6}  {each.origin:<5}  {each.display_name}" for each in found)
        or "No group yet.",
    )


def _json(group: Group) -> JsonObject:
    return {
        "id": group.id,
        "name": group.display_name,
        "external_id": group.external_id,
        "origin": group.origin,
        "adopted": group.adopted_at is not None,
        "members": group.member_count,
    }
