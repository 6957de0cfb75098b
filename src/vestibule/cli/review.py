"""`vestibule conflict`, `vestibule hold` and `vestibule user`: what waits for an administrator's word."""

import click

from vestibule import connections, review
from vestibule.cli.listing import Listing
from vestibule.cli.session import Session, command
from vestibule.clock import rfc3339
from vestibule.model import Conflict, Hold, JsonObject
from vestibule.review import conflict_json, hold_json
from vestibule.store import Store


@click.group(cls=Listing)
def conflict() -> None:
    """Accounts that may be one person's."""


@conflict.command("list")
@click.argument("connection_id")
@click.option("--all", "every", is_flag=True, help="Those that were decided, too.")
@command
def list_conflicts(session: Session, connection_id: str, every: bool) -> None:
    """List the open conflicts of CONNECTION_ID."""

    async def work(store: Store) -> list[Conflict]:
        await connections.the_connection(store, connection_id)
        return await store.conflicts(connection_id, None if every else "open")

    found = session.run(work)
    session.emit(
        {"conflicts": [conflict_json(each) for each in found]},
        "\n".join(f"{each.id}  {each.state}  {_conflict_told(each)}" for each in found) or "No conflict.",
    )


@conflict.command()
@click.argument("connection_id")
@click.argument("conflict_id")
@command
def link(session: Session, connection_id: str, conflict_id: str) -> None:
    """Say that both accounts of CONFLICT_ID are one person's."""
    decided = session.run(lambda store: review.link(store, session.clock, connection_id, conflict_id))
    said = (
        f"{decided.other_id} has the memberships of {decided.user_id} now, which is gone."
        if decided.other_id
        else f"{decided.user_id} takes over what the identity provider sends next for {decided.value!r}."
    )
    session.emit(conflict_json(decided), said)


@conflict.command()
@click.argument("connection_id")
@click.argument("conflict_id")
@command
def dismiss(session: Session, connection_id: str, conflict_id: str) -> None:
    """Say that the accounts of CONFLICT_ID are two people's."""
    decided = session.run(lambda store: review.dismiss(store, session.clock, connection_id, conflict_id))
    session.emit(conflict_json(decided), f"{decided.id} is dismissed; both accounts stay as they are.")


@click.group(cls=Listing)
def hold() -> None:
    """Requests that a guard keeps back until they are approved."""


@hold.command("list")
@click.argument("connection_id")
@command
def list_holds(session: Session, connection_id: str) -> None:
    """List the holds of CONNECTION_ID, newest first."""

    async def work(store: Store) -> list[Hold]:
        await connections.the_connection(store, connection_id)
        return await store.holds(connection_id)

    found = session.run(work)
    session.emit(
        {"holds": [hold_json(each) for each in found]},
        "\n".join(f"{each.id}  {each.state}  {_hold_told(each)}" for each in found) or "Nothing is held.",
    )


@hold.command()
@click.argument("connection_id")
@click.argument("hold_id")
@command
def approve(session: Session, connection_id: str, hold_id: str) -> None:
    """Switch off the guard of HOLD_ID for a day: for that group, or for all deactivations of the connection."""
    decided = session.run(lambda store: review.approve(store, session.clock, connection_id, hold_id))
    until = rfc3339(decided.approved_until or 0)
    session.emit(
        hold_json(decided),
        f"{decided.id} is approved: until {until} {_let_through(decided)}. It is sent again by itself.",
    )


@hold.command()
@click.argument("connection_id")
@click.argument("hold_id")
@command
def refuse(session: Session, connection_id: str, hold_id: str) -> None:
    """Keep refusing what HOLD_ID keeps back."""
    decided = session.run(lambda store: review.refuse(store, session.clock, connection_id, hold_id))
    session.emit(hold_json(decided), f"{decided.id} is refused; such requests are still held.")


@click.group(cls=Listing)
def user() -> None:
    """The users of a connection."""


@user.command()
@click.argument("connection_id")
@click.argument("user_id")
@command
def protect(session: Session, connection_id: str, user_id: str) -> None:
    """Keep provisioning from deactivating, renaming or deleting USER_ID."""
    _protect(session, connection_id, user_id, protected=True)


@user.command()
@click.argument("connection_id")
@click.argument("user_id")
@command
def unprotect(session: Session, connection_id: str, user_id: str) -> None:
    """Let provisioning manage USER_ID again."""
    _protect(session, connection_id, user_id, protected=False)


def _protect(session: Session, connection_id: str, user_id: str, *, protected: bool) -> None:
    changed = session.run(
        lambda store: review.protect(store, session.clock, connection_id, user_id, protected=protected)
    )
    shown: JsonObject = {"id": changed.id, "user_name": changed.user_name, "protected": changed.protected}
    session.emit(shown, f"{changed.user_name} is {'' if protected else 'no longer '}protected.")


def _conflict_told(conflict: Conflict) -> str:
    name = conflict.incoming.get("userName")
    if conflict.other_id:
        return f"{conflict.other_id} ({name}) has the e-mail {conflict.value} of {conflict.user_id}"
    held = f"{conflict.user_id} has the {conflict.attribute} {conflict.value}"
    return f"{name} was refused {conflict.requests} times: {held}"


def _let_through(hold: Hold) -> str:
    if hold.guard == "deactivations":
        return "no deactivation is held"
    return f"{hold.subject_name} may be emptied or deleted"


def _hold_told(hold: Hold) -> str:
    if hold.guard == "emptied_group":
        return f"{hold.requests} requests would empty {hold.subject_name} of its {hold.count} members"
    return f"{hold.requests} deactivations beyond {hold.threshold}"
