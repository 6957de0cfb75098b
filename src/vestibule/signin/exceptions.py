"""Exceptions from a connection's e-mail policy, for a person or a group, with an end and a reason."""

from datetime import UTC, datetime

from vestibule import ids
from vestibule.model import Audit, EmailException
from vestibule.signon import EMAIL_POLICIES
from vestibule.store import NotFound, Store


class CannotExcept(Exception):
    """An exception that cannot be made or ended; the message says why and what to do instead."""


async def add(
    store: Store,
    connection_id: str,
    policy: str,
    now: int,
    *,
    user_name: str | None = None,
    group_name: str | None = None,
    until: int | None = None,
    reason: str = "",
    actor: str = "cli",
) -> EmailException:
    """Have another policy for a person (by userName or id) or for the members of a group (by displayName or id)."""
    if (user_name is None) == (group_name is None):
        raise CannotExcept("Say for whom: --user USERNAME or --group NAME, one of them.")
    if policy not in EMAIL_POLICIES:
        raise CannotExcept(f"There is no policy {policy!r}: one of {', '.join(EMAIL_POLICIES)}.")
    if until is not None and until <= now:
        raise CannotExcept("The exception would be over already: give a day that is still to come.")
    subject = await (
        _user(store, connection_id, user_name) if user_name else _group(store, connection_id, group_name or "")
    )
    exception = EmailException(
        connection_id, ids.new_id("exc", now), "user" if user_name else "group", subject, policy, until, reason, now
    )
    detail = {"kind": exception.kind, "subject": subject, "policy": policy, "until": until, "reason": reason}
    entry = Audit(ids.new_id("aud", now), connection_id, now, actor, "email_exception.added", exception.id, detail)
    await store.add_email_exception(exception, entry)
    return exception


async def _user(store: Store, connection_id: str, name: str) -> str:
    try:
        found = await (
            store.user(connection_id, name) if ids.is_id(name, "usr") else store.user_named(connection_id, name)
        )
    except NotFound as error:
        raise CannotExcept(f"There is no user {name} in {connection_id}.") from error
    return found.id


async def _group(store: Store, connection_id: str, name: str) -> str:
    try:
        found = await (
            store.group(connection_id, name) if ids.is_id(name, "grp") else store.group_named(connection_id, name)
        )
    except NotFound as error:
        raise CannotExcept(f"There is no group {name} in {connection_id}.") from error
    return found.id


async def end(store: Store, connection_id: str, exception_id: str, now: int, *, actor: str = "cli") -> EmailException:
    """Have an exception end now. Raises CannotExcept."""
    entry = Audit(ids.new_id("aud", now), connection_id, now, actor, "email_exception.ended", exception_id, {})
    try:
        return await store.end_email_exception(connection_id, exception_id, entry)
    except NotFound as error:
        raise CannotExcept(
            f"There is no exception {exception_id}: `vestibule email exceptions {connection_id}` shows them all."
        ) from error


def day_end(text: str) -> int:
    """The end of a day `2027-01-31` in UTC, in microseconds. Raises CannotExcept."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise CannotExcept(f"{text!r} is no day; write it as 2027-01-31.") from error
    return (int(day.timestamp()) + 86_400) * 1_000_000
