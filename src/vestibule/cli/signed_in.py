"""`vestibule session`, `identity`, `approval`, `key` and `signin`: who signs in, and what waits for a word."""

from typing import Any

import click
import orjson

from vestibule import connections, sessions, sp_keys
from vestibule.cli.listing import Listing
from vestibule.cli.session import Session, command
from vestibule.cli.sign_on import seal_of
from vestibule.clock import rfc3339, to_the_day
from vestibule.connections import Refused
from vestibule.model import EmailVerification, Identity, JsonObject, SpKey
from vestibule.sealing import SealError
from vestibule.server.sign_on.evidence import context
from vestibule.signin import proofs
from vestibule.signin.proofs import CannotVerify
from vestibule.sp_keys import CannotRoll
from vestibule.store import NotFound, SessionState, Store


@click.group(cls=Listing)
def session() -> None:
    """People who are signed in."""


@session.command("list")
@click.argument("connection_id")
@click.option("--user", "user_name", metavar="USERNAME", help="Of one person only.")
@command
def list_sessions(session: Session, connection_id: str, user_name: str | None) -> None:
    """List the sessions of CONNECTION_ID, newest first, with what ended them."""

    async def work(store: Store) -> list[SessionState]:
        return await store.sessions(connection_id, await _user_id(store, connection_id, user_name))

    found, now = session.run(work), session.clock.now()
    session.emit(
        {"sessions": [_session_json(each, now) for each in found]},
        "\n".join(
            f"{each.session.id}  {each.user_name or each.session.user_id}  {sessions.why_ended(each, now) or 'open'}  "
            f"{rfc3339(each.session.created_at)}"
            for each in found
        )
        or "No session.",
    )


def _session_json(state: SessionState, now: int) -> JsonObject:
    each = state.session
    return {
        "id": each.id,
        "user_id": each.user_id,
        "user_name": state.user_name or None,
        "identity_id": each.identity_id,
        "created_at": rfc3339(each.created_at),
        "expires_at": rfc3339(each.expires_at),
        "ended": sessions.why_ended(state, now),
        "browser": each.document.get("browser"),
    }


async def _user_id(store: Store, connection_id: str, user_name: str | None) -> str | None:
    await connections.the_connection(store, connection_id)
    if user_name is None:
        return None
    try:
        return (await store.user_named(connection_id, user_name)).id
    except NotFound as error:
        raise Refused(f"There is no user {user_name} in {connection_id}.") from error


@session.command("end")
@click.argument("connection_id")
@click.argument("session_id", required=False)
@click.option("--user", "user_name", metavar="USERNAME", help="All sessions of one person.")
@command
def end_sessions(session: Session, connection_id: str, session_id: str | None, user_name: str | None) -> None:
    """End SESSION_ID, or all sessions of a person."""
    if (session_id is None) == (user_name is None):
        raise Refused("Name one session, or a person with --user.")

    async def work(store: Store) -> list[str]:
        user_id = await _user_id(store, connection_id, user_name)
        now = session.clock.now()
        return await sessions.end_by_admin(
            store, connection_id, now, session_id=session_id, user_id=user_id, actor="cli"
        )

    ended = session.run(work)
    session.emit({"ended": ended}, f"Ended: {', '.join(ended) or 'none was open'}.")


@click.group(cls=Listing)
def identity() -> None:
    """What signs in as whom."""


@identity.command("list")
@click.argument("connection_id")
@click.option("--user", "user_name", metavar="USERNAME", help="Of one person only.")
@command
def list_identities(session: Session, connection_id: str, user_name: str | None) -> None:
    """List the identities of CONNECTION_ID, newest first."""

    async def work(store: Store) -> list[Identity]:
        return await store.identities(connection_id, await _user_id(store, connection_id, user_name))

    found = session.run(work)
    session.emit(
        {"identities": [_identity_json(each) for each in found]},
        "\n".join(f"{each.id}  {each.user_id}  {each.subject}  {rfc3339(each.last_login_at)}" for each in found)
        or "No identity.",
    )


def _identity_json(each: Identity) -> JsonObject:
    return {
        "id": each.id,
        "user_id": each.user_id,
        "issuer": each.issuer,
        "subject": each.subject,
        "created_at": rfc3339(each.created_at),
        "last_login_at": rfc3339(each.last_login_at),
    }


@identity.command()
@click.argument("connection_id")
@click.argument("identity_id")
@command
def unlink(session: Session, connection_id: str, identity_id: str) -> None:
    """Forget IDENTITY_ID and end its sessions; the next sign-in is matched anew."""

    async def work(store: Store) -> Identity:
        await connections.the_connection(store, connection_id)
        try:
            return await sessions.unlink(store, connection_id, identity_id, session.clock.now(), actor="cli")
        except NotFound as error:
            raise Refused(
                f"There is no identity {identity_id}. `vestibule identity list {connection_id}` shows those that exist."
            ) from error

    gone = session.run(work)
    session.emit(_identity_json(gone), f"{gone.id} is forgotten; its sessions are over.")


@click.group(cls=Listing)
def approval() -> None:
    """Sign-ins that wait for an administrator."""


@approval.command("list")
@click.argument("connection_id")
@click.option("--all", "every", is_flag=True, help="Those that were decided or ask for a code, too.")
@command
def list_approvals(session: Session, connection_id: str, every: bool) -> None:
    """List the sign-ins of CONNECTION_ID that wait."""

    async def work(store: Store) -> list[EmailVerification]:
        await connections.the_connection(store, connection_id)
        return await store.verifications(connection_id, None if every else "awaiting_approval")

    found = session.run(work)
    session.emit(
        {"approvals": [_approval_json(each) for each in found]},
        "\n".join(
            f"{each.id}  {each.state}  {each.document.get('user_name')}  {each.address or 'no address'}"
            for each in found
        )
        or "Nobody waits.",
    )


def _approval_json(each: EmailVerification) -> JsonObject:
    return {
        "id": each.id,
        "state": each.state,
        "user_name": each.document.get("user_name"),
        "display_name": each.document.get("display_name"),
        "user_id": each.user_id,
        "address": each.address or None,
        "policy": each.document.get("policy"),
        "reason": each.document.get("reason"),
        "created_at": rfc3339(each.created_at),
        "expires_at": rfc3339(each.expires_at),
        "decided_by": each.decided_by,
    }


def _decide(session: Session, connection_id: str, verification_id: str, *, approve: bool) -> EmailVerification:
    async def work(store: Store) -> EmailVerification:
        await connections.the_connection(store, connection_id)
        now = session.clock.now()
        try:
            return await proofs.decide(store, connection_id, verification_id, now, approve=approve, actor="cli")
        except NotFound as error:
            raise Refused(
                f"There is no sign-in {verification_id}. `vestibule approval list {connection_id}` shows who waits."
            ) from error
        except CannotVerify as error:
            raise Refused(f"{verification_id} was decided already, or is over ({error.facts.get('state')}).") from error

    return session.run(work)


@approval.command()
@click.argument("connection_id")
@click.argument("verification_id")
@command
def approve(session: Session, connection_id: str, verification_id: str) -> None:
    """Let somebody in. Their page goes on by itself, or their next sign-in within a week."""
    decided = _decide(session, connection_id, verification_id, approve=True)
    session.emit(_approval_json(decided), f"{decided.document.get('user_name')} may sign in.")


@approval.command()
@click.argument("connection_id")
@click.argument("verification_id")
@command
def refuse(session: Session, connection_id: str, verification_id: str) -> None:
    """Keep somebody out, for a week."""
    decided = _decide(session, connection_id, verification_id, approve=False)
    session.emit(_approval_json(decided), f"{decided.document.get('user_name')} is kept out.")


@click.group(cls=Listing)
def key() -> None:
    """The key pairs that a connection signs with and is encrypted to."""


def _key_json(each: SpKey) -> JsonObject:
    return {
        "id": each.id,
        "state": each.state,
        "certificate": each.certificate,
        "created_at": rfc3339(each.created_at),
        "not_after": rfc3339(each.not_after),
    }


def _show_keys(session: Session, keys: list[SpKey]) -> None:
    session.emit(
        {"keys": [_key_json(each) for each in keys]},
        "\n".join(f"{each.id}  {each.state}  until {to_the_day(each.not_after)}" for each in keys),
    )


@key.command("list")
@click.argument("connection_id")
@command
def list_keys(session: Session, connection_id: str) -> None:
    """List the key pairs of CONNECTION_ID; the first one is made when there is none."""

    async def work(store: Store) -> list[SpKey]:
        await connections.the_connection(store, connection_id)
        seal = await seal_of(store, session.settings)
        return await sp_keys.ensured(store, seal, connection_id, session.clock.now())

    _show_keys(session, session.run(work))


@key.command()
@click.argument("connection_id")
@command
def prepare(session: Session, connection_id: str) -> None:
    """Publish a next key pair in the metadata, beside the current one."""

    async def work(store: Store) -> list[SpKey]:
        await connections.the_connection(store, connection_id)
        seal = await seal_of(store, session.settings)
        await _rolled(sp_keys.prepare(store, seal, connection_id, session.clock.now(), actor="cli"))
        return await store.sp_keys(connection_id)

    _show_keys(session, session.run(work))


@key.command()
@click.argument("connection_id")
@command
def activate(session: Session, connection_id: str) -> None:
    """Sign with the next key pair from now on; the one before still decrypts."""

    async def work(store: Store) -> list[SpKey]:
        await connections.the_connection(store, connection_id)
        return await _rolled(sp_keys.activate(store, connection_id, session.clock.now(), actor="cli"))

    _show_keys(session, session.run(work))


@key.command()
@click.argument("connection_id")
@command
def drop(session: Session, connection_id: str) -> None:
    """Delete the retired key pairs; what is still encrypted to them cannot be read any more."""

    async def work(store: Store) -> list[SpKey]:
        await connections.the_connection(store, connection_id)
        await sp_keys.drop_retired(store, connection_id, session.clock.now(), actor="cli")
        return await store.sp_keys(connection_id)

    _show_keys(session, session.run(work))


async def _rolled(work: Any) -> Any:
    try:
        return await work
    except CannotRoll as error:
        raise Refused(str(error)) from error


@click.group(cls=Listing)
def signin() -> None:
    """What sign-ins brought."""


@signin.command()
@click.argument("connection_id")
@click.argument("test_id", required=False)
@command
def show(session: Session, connection_id: str, test_id: str | None) -> None:
    """Show the result of the test sign-in TEST_ID, or the claims of the last sign-in, hidden in part."""

    async def work(store: Store) -> JsonObject:
        await connections.the_connection(store, connection_id)
        wanted = test_id or "claims"
        try:
            kept = await store.evidence(connection_id, wanted)
            if kept.expires_at <= session.clock.now():
                raise NotFound("evidence", wanted)
            text = (await seal_of(store, session.settings)).open(kept.document, context(connection_id, wanted))
        except NotFound as error:
            raise Refused("Nothing is kept: nobody has signed in lately, or the test is over a week old.") from error
        except SealError as error:
            raise Refused(str(error)) from error
        return orjson.loads(text)

    document = session.run(work)
    session.emit(document, orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
