"""The lines of an exported connection (NDJSON): what each kind holds, written from rows and read back into rows.

The first line is the header. Each other one is an object with its `kind` and the columns of its table, but for the
connection and for what follows from the rest. JSON columns stand as JSON, yes/no columns as true/false, hashes as
hexadecimal digits, times as microseconds; a column without a value is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import orjson

from vestibule.model import JsonObject
from vestibule.store.answers import Declined
from vestibule.store.tables import TENANT, Column, Table, table

FORMAT = 1
_INTEGERS = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Kind:
    """The lines of one table, in the order of its key."""

    name: str
    table_name: str
    follows: frozenset[str] = frozenset()
    """Columns that follow from the others."""
    objects: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()

    @cached_property
    def table(self) -> Table:
        """The table."""
        return table(self.table_name)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns that a line has."""
        return tuple(each for each in self.table.columns if each.name != TENANT and each.name not in self.follows)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(each.name for each in self.columns)

    @cached_property
    def writers(self) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
        """How each value is shown; None for as it is."""
        return tuple((each.name, self._writer(each)) for each in self.columns)

    def _writer(self, column: Column) -> Callable[[Any], Any] | None:
        if column.name in self.objects | self.lists:
            return orjson.loads
        if column.name in self.flags:
            return bool
        return (lambda value: bytes(value).hex()) if column.type == "BLOB" else None

    @cached_property
    def readers(self) -> tuple[tuple[Column, Callable[[Any], Any]], ...]:
        """How each value is read."""
        return tuple((each, self._reader(each)) for each in self.columns)

    def _reader(self, column: Column) -> Callable[[Any], Any]:
        if column.name in self.objects:
            return _object
        if column.name in self.lists:
            return _list
        if column.name in self.flags:
            return _flag
        return {"TEXT": _text, "INTEGER": _integer, "BLOB": _hash}[column.type]

    def line(self, row: Sequence[Any]) -> bytes:
        """A row of `names` as a line. Raises Declined for one that holds no JSON where it should."""
        shown: JsonObject = {"kind": self.name}
        try:
            for (name, writer), value in zip(self.writers, row, strict=True):
                if value is not None:
                    shown[name] = value if writer is None else writer(value)
        except orjson.JSONDecodeError as error:
            raise _no_json(f"A row of {self.table_name} ({row[0]})") from error
        return orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)

    def row(self, number: int, shown: JsonObject) -> list[Any]:
        """The row of `names` in a line. Raises BadLine."""
        unknown = shown.keys() - self.names - {"kind"}
        if unknown:
            raise BadLine(number, f"a {self.name} has no {min(unknown)!r}")
        row: list[Any] = []
        for column, reader in self.readers:
            value = shown.get(column.name)
            if value is None and not column.nullable:
                raise BadLine(number, f"a {self.name} needs its {column.name!r}")
            try:
                row.append(None if value is None else reader(value))
            except (TypeError, ValueError) as error:
                raise BadLine(number, f"the {column.name!r} of the {self.name} is {error}") from error
        return row


def _no_json(what: str) -> Declined:
    return Declined(f"{what} holds no JSON where it should; nothing was written. `vestibule db verify` may tell more.")


class BadLine(Declined):
    """A line that is not as it should be."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")
        self.number = number
        self.why = why


def _object(value: Any) -> str:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return orjson.dumps(value).decode()


def _list(value: Any) -> str:
    if not isinstance(value, list):
        raise TypeError("no list")
    return orjson.dumps(value).decode()


def _flag(value: Any) -> int:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value not in _INTEGERS:
        raise TypeError("no whole number")
    return value


def _hash(value: Any) -> bytes:
    try:
        return bytes.fromhex(value)
    except (TypeError, ValueError):
        raise ValueError("not in hexadecimal digits") from None


SETTINGS = "settings"
"""The line with the connection's own settings, right after the header."""


def settings_line(settings: str) -> bytes:
    """That line. Raises Declined for settings that are none."""
    try:
        shown = {"kind": SETTINGS, SETTINGS: orjson.loads(settings)}
    except orjson.JSONDecodeError as error:
        raise _no_json("The connection") from error
    return orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)


KINDS = (
    Kind(
        "user",
        "users",
        follows=frozenset(
            {"user_name", "user_name_ci", "external_id", "manager_id", "display_name", "display_name_ci"}
        ),
        objects=frozenset({"document"}),
        flags=frozenset({"active", "protected"}),
    ),
    Kind("group", "groups", follows=frozenset({"display_name_ci", "member_count"})),
    Kind("member", "members", flags=frozenset({"claimed"})),
    Kind("pending_member", "pending_members", follows=frozenset({"ref_ci"}), flags=frozenset({"nested"})),
    Kind("pending_manager", "pending_managers", follows=frozenset({"ref_ci"})),
    Kind("deleted_user", "deleted_users"),
    Kind("identity", "identities"),
    Kind("verified_email", "verified_emails"),
    Kind("email_exception", "email_exceptions"),
    Kind("conflict", "conflicts", objects=frozenset({"incoming"})),
    Kind("hold", "holds"),
    Kind(
        "expectation",
        "expectations",
        follows=frozenset({"group_ci"}),
        objects=frozenset({"detail"}),
        lists=frozenset({"nested"}),
        flags=frozenset({"balanced"}),
    ),
    Kind(
        "expected_person",
        "expected_people",
        follows=frozenset({"name_ci"}),
        flags=frozenset({"enabled", "in_scope", "known"}),
    ),
    Kind("roll_call", "roll_calls", follows=frozenset({"group_ci"}), objects=frozenset({"reasons"})),
    Kind("audit", "audit", objects=frozenset({"detail"})),
    Kind("exchange", "exchanges", follows=frozenset({"target_ci", "outcome"}), objects=frozenset({"facts"})),
    Kind("token", "tokens", lists=frozenset({"scopes"})),
)
"""In the order of the file: what is referred to comes first, and tokens last, so that nobody gets in before all is."""
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: which connection it is, and what follows."""

    export_id: str
    exported_at: int
    connection_id: str
    idp: str
    created_at: int
    counts: dict[str, int]
    """How many lines there are of each kind; a kind that was left out is not named."""
    schema_version: int

    @property
    def lines(self) -> int:
        """All lines, with this one and that of the settings."""
        return 2 + sum(self.counts.values())

    def line(self) -> bytes:
        """As it stands in the file."""
        shown = {
            "kind": "header",
            "format": FORMAT,
            "schema_version": self.schema_version,
            "export": self.export_id,
            "exported_at": self.exported_at,
            "connection": {"id": self.connection_id, "idp": self.idp, "created_at": self.created_at},
            "counts": self.counts,
        }
        return orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE)


def read_object(number: int, line: bytes) -> JsonObject:
    """A line as an object. Raises BadLine."""
    try:
        shown: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadLine(number, f"it is not JSON ({error})") from error
    if not isinstance(shown, dict):
        raise BadLine(number, "it is no JSON object")
    return cast("JsonObject", shown)


def read_header(line: bytes, schema_version: int) -> Header:
    """The header, as far as this version of Vestibule can read what follows it. Raises Declined."""
    try:
        shown = read_object(1, line)
        if shown["kind"] != "header" or not isinstance(shown["format"], int):
            raise BadLine(1, "it is no header")
        connection, counts = shown["connection"], shown["counts"]
        header = Header(
            _text(shown["export"]), _integer(shown["exported_at"]), _text(connection["id"]), _text(connection["idp"]),
            _integer(connection["created_at"]), {_text(name): _integer(count) for name, count in counts.items()},
            _integer(shown["schema_version"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, BadLine) as error:
        raise Declined(
            "This is no exported connection: its first line is not the header that `vestibule connection export` "
            "writes. Nothing was changed."
        ) from error
    if shown["format"] > FORMAT or header.schema_version > schema_version:
        raise Declined(
            f"The export has format {shown['format']} and schema version {header.schema_version}, this Vestibule knows "
            f"{FORMAT} and {schema_version}: upgrade Vestibule first. Nothing was changed."
        )
    unknown = sorted(header.counts.keys() - BY_NAME.keys())
    if unknown or any(count < 0 for count in header.counts.values()):
        raise Declined(f"The header counts what there is not: {', '.join(unknown) or 'less than none'}.")
    return header
