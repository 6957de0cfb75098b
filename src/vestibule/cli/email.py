"""`vestibule email`: whom the e-mail policy asks, and who is treated otherwise."""

import click

from vestibule import connections
from vestibule.cli.listing import Listing
from vestibule.cli.session import Session, command
from vestibule.cli.sign_on import loaded_of
from vestibule.clock import rfc3339
from vestibule.connections import Refused
from vestibule.domains.discovery import own_domains
from vestibule.model import EmailException, JsonObject
from vestibule.signin import exceptions
from vestibule.signin.email_preview import EmailPreview, preview_policy
from vestibule.signin.exceptions import CannotExcept, day_end
from vestibule.signon import EMAIL_POLICIES
from vestibule.store import Store


@click.group(cls=Listing)
def email() -> None:
    """When an address counts at the first sign-in."""


@email.command()
@click.argument("connection_id")
@click.option("--policy", type=click.Choice(EMAIL_POLICIES), help="As if this were the policy.")
@command
def preview(session: Session, connection_id: str, policy: str | None) -> None:
    """Count who of CONNECTION_ID would be asked for a code, and who has no mailbox."""

    async def work(store: Store) -> tuple[EmailPreview, str]:
        loaded = await loaded_of(store, connection_id)
        is_verified = await own_domains(store, loaded.connection.enterprise_id)
        found = await preview_policy(store, connection_id, loaded.sign_on, policy, is_verified, session.clock.now())
        return found, policy or loaded.sign_on.email_policy

    seen, used = session.run(work)
    names = ", ".join(seen.without_mailbox_names)
    session.emit(
        {"policy": used, **seen.as_json()},
        f"{used}: of {seen.people} people {seen.proven} come in at once, {seen.asked_code} are asked for a code, "
        f"{seen.asked_admin} wait for an administrator.\nWithout a mailbox: {seen.without_mailbox}"
        f"{f' ({names})' if names else ''}.",
    )


@email.command("exceptions")
@click.argument("connection_id")
@command
def list_exceptions(session: Session, connection_id: str) -> None:
    """List the exceptions of CONNECTION_ID."""

    async def work(store: Store) -> list[EmailException]:
        await connections.the_connection(store, connection_id)
        return await store.email_exceptions(connection_id)

    found = session.run(work)
    session.emit(
        {"exceptions": [_json(each) for each in found]},
        "\n".join(f"{each.id}  {each.kind} {each.subject_id}  {each.policy}  {_until(each)}" for each in found)
        or "No exception.",
    )


def _until(each: EmailException) -> str:
    return "for good" if each.until is None else f"until {rfc3339(each.until)}"


def _json(each: EmailException) -> JsonObject:
    return {
        "id": each.id,
        each.kind: each.subject_id,
        "policy": each.policy,
        "until": None if each.until is None else rfc3339(each.until),
        "reason": each.reason,
    }


@email.command("except")
@click.argument("connection_id")
@click.argument("policy", metavar="POLICY", type=click.Choice(EMAIL_POLICIES))
@click.option("--user", "user_name", metavar="USERNAME")
@click.option("--group", "group_name", metavar="NAME")
@click.option("--until", metavar="DAY", help="The last day that it holds, e.g. 2027-01-31.")
@click.option("--reason", default="", help="Why, for the audit.")
@command
def add_exception(
    session: Session,
    connection_id: str,
    policy: str,
    user_name: str | None,
    group_name: str | None,
    until: str | None,
    reason: str,
) -> None:
    """Have POLICY for a person or a group of CONNECTION_ID.

    It is one of always_code, trust_verified_domain, trust_idp_claim, trust_directory and admin_approves.
    """

    async def work(store: Store) -> EmailException:
        await connections.the_connection(store, connection_id)
        try:
            return await exceptions.add(
                store, connection_id, policy, session.clock.now(), user_name=user_name, group_name=group_name,
                until=None if until is None else day_end(until), reason=reason,
            )  # fmt: skip
        except CannotExcept as error:
            raise Refused(str(error)) from error

    made = session.run(work)
    session.emit(_json(made), f"{made.id}: {made.policy} for {made.kind} {made.subject_id}, {_until(made)}.")


@email.command("end")
@click.argument("connection_id")
@click.argument("exception_id")
@command
def end_exception(session: Session, connection_id: str, exception_id: str) -> None:
    """Have EXCEPTION_ID end now."""

    async def work(store: Store) -> EmailException:
        await connections.the_connection(store, connection_id)
        try:
            return await exceptions.end(store, connection_id, exception_id, session.clock.now())
        except CannotExcept as error:
            raise Refused(str(error)) from error

    ended = session.run(work)
    session.emit(_json(ended), f"{ended.id} is over.")
