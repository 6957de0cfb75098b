"""`vestibule token`: what identity providers authenticate with."""

import click

from vestibule import connections
from vestibule.cli.listing import Listing
from vestibule.cli.session import Session, command
from vestibule.clock import rfc3339
from vestibule.connections import MintedToken, in_order, scope_warning, state_of
from vestibule.model import JsonObject, Token
from vestibule.scim.scopes import SCOPES, read_scopes

_DAY = 86_400_000_000

scope_option = click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="E.g. get:groups; repeatable.")
all_scopes_option = click.option("--all-scopes", is_flag=True, help="All scopes for users and groups.")


@click.group(cls=Listing)
def token() -> None:
    """The SCIM tokens of a connection."""


@token.command()
@click.argument("connection_id")
@scope_option
@all_scopes_option
@click.option("--name", default="", help="What the token is for.")
@click.option(
    "--expires-in-days", type=click.FloatRange(min=0, min_open=True), metavar="DAYS", help="Never, unless given."
)
@click.option("--user", "user_id", metavar="USER_ID", help="The user that it stands for, who may use it for /Me.")
@command
def create(
    session: Session,
    connection_id: str,
    scopes: tuple[str, ...],
    all_scopes: bool,
    name: str,
    expires_in_days: float | None,
    user_id: str | None,
) -> None:
    """Mint a token of CONNECTION_ID. Its text is shown this once."""
    wanted = _wanted(scopes, all_scopes)
    lifetime = None if expires_in_days is None else int(expires_in_days * _DAY)
    made = session.run(
        lambda store: connections.create_token(
            store, session.clock, connection_id, wanted, name=name, lifetime=lifetime, user_id=user_id
        )
    )
    _show_minted(session, made)


@token.command()
@click.argument("token_id")
@scope_option
@all_scopes_option
@command
def grant(session: Session, token_id: str, scopes: tuple[str, ...], all_scopes: bool) -> None:
    """Add scopes to TOKEN_ID; the identity provider keeps the token that it has."""
    wanted = _wanted(scopes, all_scopes)
    changed = session.run(lambda store: connections.grant(store, session.clock, token_id, wanted))
    shown = token_json(changed, session.clock.now())
    session.emit(shown, f"{changed.id} now has {', '.join(in_order(changed.scopes))}. The token itself is unchanged.")
    _warn(session, changed)


@token.command("list")
@click.argument("connection_id")
@command
def list_all(session: Session, connection_id: str) -> None:
    """List the tokens of CONNECTION_ID."""

    async def work(store: connections.Store) -> list[Token]:
        await connections.the_connection(store, connection_id)
        return await store.tokens(connection_id)

    found = session.run(work)
    now = session.clock.now()
    session.emit(
        {"tokens": [token_json(each, now) for each in found]},
        "\n".join(
            f"{each.id}  …{each.last_four}  {state_of(each, now):<8}  {', '.join(in_order(each.scopes))}"
            for each in found
        )
        or f"No token yet: vestibule token create {connection_id} --all-scopes",
    )


@token.command()
@click.argument("token_id")
@command
def rotate(session: Session, token_id: str) -> None:
    """Mint a second token like TOKEN_ID; the old one works until it is revoked."""
    made = session.run(lambda store: connections.rotate(store, session.clock, token_id))
    _show_minted(session, made)
    session.say(f"{token_id} still works. When the new one is in use: vestibule token revoke {token_id}")


@token.command()
@click.argument("token_id")
@command
def revoke(session: Session, token_id: str) -> None:
    """Revoke TOKEN_ID for good."""
    changed = session.run(lambda store: connections.revoke(store, session.clock, token_id))
    session.emit(token_json(changed, session.clock.now()), f"{changed.id} is revoked.")


def token_json(token: Token, now: int) -> JsonObject:
    """A token as it is shown: never its text."""
    return {
        "id": token.id,
        "connection_id": token.connection_id,
        "name": token.name,
        "state": state_of(token, now),
        "scopes": in_order(token.scopes),
        "last_four": token.last_four,
        "created_at": rfc3339(token.created_at),
        "expires_at": None if token.expires_at is None else rfc3339(token.expires_at),
        "user_id": token.user_id,
        "last_used_at": None if token.last_used_at is None else rfc3339(token.last_used_at),
        "warning": scope_warning(token),
    }


def _wanted(scopes: tuple[str, ...], all_scopes: bool) -> frozenset[str]:
    return frozenset(SCOPES) if all_scopes else read_scopes(scopes)


def _show_minted(session: Session, made: MintedToken) -> None:
    shown = {"id": made.token.id, "token": made.text, **token_json(made.token, session.clock.now())}
    session.emit(shown, f"{made.token.id}\n{made.text}\nThis is shown once; only a hash is kept.")
    _warn(session, made.token)


def _warn(session: Session, token: Token) -> None:
    warning = scope_warning(token)
    if warning is not None:
        session.say(f"Warning: {warning}")
