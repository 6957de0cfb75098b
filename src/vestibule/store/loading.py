"""Lines of an exported connection as whole rows of its tables, with all that follows from them, and into the tables."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from vestibule.canary import is_canary
from vestibule.model import JsonObject
from vestibule.outcome import outcome_of
from vestibule.scim.folding import fold
from vestibule.store.answers import Clash
from vestibule.store.db import Transaction
from vestibule.store.lines import BY_NAME, BadLine, Kind
from vestibule.store.sql.derived import USER_COLUMNS, emails_of, user_columns
from vestibule.store.sql.resources import count_groups, count_users
from vestibule.store.tables import TENANT

_EMAIL_COLUMNS = (TENANT, "user_id", "value_ci", "type_ci")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the row that it becomes; of a user also the addresses, folded, with their types."""

    number: int
    kind: Kind
    row: tuple[Any, ...]
    emails: tuple[tuple[str, str], ...] = ()


def read_line(number: int, shown: JsonObject) -> Line:
    """The line that an object is. Raises BadLine."""
    kind = BY_NAME.get(str(shown.get("kind")))
    if kind is None:
        raise BadLine(number, f"there is no {shown.get('kind')!r} line, or not here")
    row = kind.row(number, shown)
    try:
        row += _FOLLOWS[kind.name](shown) if kind.name in _FOLLOWS else ()
    except ValueError as error:
        raise BadLine(number, f"the document of the user is {error}") from error
    return Line(number, kind, tuple(row), tuple(sorted(emails_of(shown["document"]))) if kind.name == "user" else ())


def _of_ref(shown: JsonObject) -> tuple[Any, ...]:
    return (fold(shown["ref"]),)


def _of_group(shown: JsonObject) -> tuple[Any, ...]:
    return fold(shown["display_name"]), 0


def _of_exchange(shown: JsonObject) -> tuple[Any, ...]:
    target = shown.get("target")
    outcome = outcome_of(shown["status"], shown.get("error"), shown["facts"])
    return fold(target) if target else None, outcome


_FOLLOWS: dict[str, Callable[[JsonObject], tuple[Any, ...]]] = {
    "user": lambda shown: user_columns(shown["document"]),
    "group": _of_group,
    "pending_member": _of_ref,
    "pending_manager": _of_ref,
    "exchange": _of_exchange,
    "expectation": lambda shown: (fold(shown["group_name"]),),
    "expected_person": lambda shown: (fold(shown["user_name"]),),
    "roll_call": lambda shown: (fold(shown["group_name"]),),
}
_FOLLOWING = {
    "user": USER_COLUMNS,
    "group": ("display_name_ci", "member_count"),
    "pending_member": ("ref_ci",),
    "pending_manager": ("ref_ci",),
    "exchange": ("target_ci", "outcome"),
    "expectation": ("group_ci",),
    "expected_person": ("name_ci",),
    "roll_call": ("group_ci",),
}


async def load_lines(db: Transaction, connection_id: str, lines: Sequence[Line]) -> None:
    """Put lines into their tables, and count them. Raises Clash."""
    for kind, listed in groupby(lines, key=lambda line: line.kind):
        await _load_kind(db, connection_id, kind, list(listed))


async def load_one_by_one(db: Transaction, connection_id: str, lines: Sequence[Line]) -> None:
    """The same, much slower, naming the line that breaks a rule. Raises BadLine."""
    for line in lines:
        try:
            await _load_kind(db, connection_id, line.kind, [line])
        except Clash as error:
            raise BadLine(line.number, f"the {line.kind.name} breaks a rule of the table {error}") from error


async def _load_kind(db: Transaction, connection_id: str, kind: Kind, lines: list[Line]) -> None:
    columns = (TENANT, *kind.names, *_FOLLOWING.get(kind.name, ()))
    await db.load(kind.table_name, columns, [(connection_id, *line.row) for line in lines])
    if kind.name == "user":
        # The addresses stand behind the id, the first column of a line.
        emails = [(connection_id, line.row[0], *email) for line in lines for email in line.emails]
        await db.load("user_emails", _EMAIL_COLUMNS, emails)
        active, people = kind.names.index("active"), _without_canaries(lines, columns, "user_name")
        await count_users(db, connection_id, len(people), sum(line.row[active] for line in people))
    elif kind.name == "group":
        await count_groups(db, connection_id, len(_without_canaries(lines, columns, "display_name")))
    elif kind.name == "member":
        joined = Counter(line.row[0] for line in lines)
        await db.many(
            "UPDATE groups SET member_count = member_count + $1 WHERE connection_id = $2 AND id = $3",
            [(count, connection_id, group_id) for group_id, count in joined.items()],
        )


def _without_canaries(lines: list[Line], columns: Sequence[str], name: str) -> list[Line]:
    """The lines that count. The first of the columns stands in no line."""
    at, external_id = columns.index(name) - 1, columns.index("external_id") - 1
    return [line for line in lines if not is_canary(line.row[at], line.row[external_id])]
