"""Lists of a group's people: the exports of Entra, Okta and Google, other CSV files, and names one below the other.

An export is known by its headings. Rows are read one by one, so that a file of any length takes no memory.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vestibule.scim.folding import fold
from vestibule.store.roll_calls import ExpectedPerson

_NAMES = (
    "userprincipalname", "memberobjectidorupn", "login", "username", "memberemail", "emailaddress", "email", "mail",
    "primaryemail",
)  # fmt: skip
"""Headings for the name that is provisioned, the likeliest first."""
_IDS = ("objectid", "id", "externalid", "userid", "memberid")
_NICKNAMES = ("mailnickname",)
_GROUPS = ("group", "groupname", "groupdisplayname", "groupemail")
_ENABLED = ("accountenabled", "enabled")
_STATUS = ("status", "userstatus", "memberstatus")
_TYPES = ("membertype", "objecttype", "type")
_GROUP_FLAGS = ("isgroup",)
_OFF = frozenset({"deprovisioned", "suspended", "deactivated", "inactive", "disabled", "staged"})
_SENDERS = (
    ("entra", frozenset({"userprincipalname"})),
    ("entra", frozenset({"memberobjectidorupn"})),
    ("google", frozenset({"groupemail", "memberemail"})),
    ("google", frozenset({"memberemail"})),
    ("okta", frozenset({"login"})),
)


class InvalidList(ValueError):
    """A list that cannot be read; the message names the file, the line, the fault and the mend."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list: somebody, or a group within the group. `group` is its group where the file names one."""

    number: int
    person: ExpectedPerson
    group: str | None = None
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """Whose export a file is (`entra`, `okta`, `google` or `csv`), and its rows, read as they are asked for."""

    sender: str
    names_groups: bool
    rows: Iterator[Row]


def read_csv_list(lines: Iterable[str], name: str) -> Listed:
    """A CSV with a person a row; `,`, `;` or tab between the cells. Raises InvalidList, also while it is read."""
    source = iter(lines)
    heading = _heading(source, name)
    delimiter = max(",;\t", key=heading.count)
    try:
        columns = [_column(cell) for cell in next(csv.reader([heading], delimiter=delimiter))]
    except csv.Error as error:
        raise InvalidList(f"{name}, line 1: this is not CSV ({error}). Export it again.") from error
    if not set(columns) & {*_NAMES, *_IDS}:
        raise InvalidList(
            f"{name}, line 1: no column tells who it is. There is {', '.join(filter(None, columns)) or 'nothing'}; one "
            "of userPrincipalName (Entra: Groups, Members, Download members), login or username (Okta), Member Email "
            "(Google), userName or email is needed."
        )
    sender = next((who for who, marks in _SENDERS if marks <= set(columns)), "csv")
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    return Listed(sender, bool(set(columns) & {*_GROUPS}), _rows(reader, columns, name))


def _heading(source: Iterator[str], name: str) -> str:
    for line in source:
        text = line.removeprefix("\ufeff").strip()
        # Entra's templates begin with a line of their own.
        if text and not text.casefold().startswith("version:"):
            return text
    raise InvalidList(f"{name}: the file is empty; it needs a heading and one row for each person.")


def _column(heading: str) -> str:
    """`Member object ID or user principal name [memberObjectIdOrUpn] Required` is `memberobjectidorupn`."""
    inner = heading.partition("[")[2].partition("]")[0]
    known = inner if inner and inner.casefold() != "required" else heading.partition("[")[0]
    return "".join(each for each in fold(known) if each.isalnum())


def _rows(reader: Iterator[list[str]], columns: list[str], name: str) -> Iterator[Row]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidList(f"{name}, row {number}: this is not CSV ({error}). Export it again.") from error
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            raise InvalidList(
                f"{name}, row {number}: {len(cells)} cells under {len(columns)} headings. Put quotes around a "
                "cell that holds the separator."
            )
        yield _row({column: cell.strip() for column, cell in zip(columns, cells, strict=False)}, name, number)


def _row(cells: dict[str, str], name: str, number: int) -> Row:
    who, ident = _first(cells, _NAMES), _first(cells, _IDS)
    kind = _first(cells, _TYPES) or ""
    nested = kind.casefold().rpartition(".")[2] == "group" or (_first(cells, _GROUP_FLAGS) or "").casefold() == "true"
    shown = who or (cells.get("displayname") if nested else None) or ident
    if not shown:
        raise InvalidList(f"{name}, row {number}: nobody is named in it; fill in the name, or take the row out.")
    ids = frozenset(each for each in (ident, _first(cells, _NICKNAMES)) if each)
    person = ExpectedPerson(_provisioned(shown), ids, _is_enabled(cells))
    return Row(number, person, _first(cells, _GROUPS), nested)


def _provisioned(name: str) -> str:
    """A guest's name as Entra provisions it, without `#EXT#@tenant`."""
    head, mark, _ = name.partition("#EXT#@")
    return head if mark and head else name


def _first(cells: dict[str, str], columns: Iterable[str]) -> str | None:
    return next((cells[each] for each in columns if cells.get(each)), None)


def _is_enabled(cells: dict[str, str]) -> bool:
    enabled = (_first(cells, _ENABLED) or "true").casefold()
    status = (_first(cells, _STATUS) or "active").casefold()
    return enabled not in ("false", "no", "0") and status not in _OFF


def read_names(lines: Iterable[str], name: str) -> Iterator[ExpectedPerson]:
    """One name a line, as it is pasted: commas and semicolons part names, too, and what stands behind # is left out.

    `Ana Li <ana@acme.com>` is ana@acme.com. Raises InvalidList when there is nobody.
    """
    found = False
    for line in lines:
        text = line.removeprefix("\ufeff")
        bare = text if "#EXT#" in text else text.partition("#")[0]
        for part in bare.replace(";", ",").split(","):
            who = part.strip().strip('"').strip()
            if "<" in who and who.endswith(">"):
                who = who.rpartition("<")[2][:-1].strip()
            if who:
                found = True
                yield ExpectedPerson(_provisioned(who))
    if not found:
        raise InvalidList(f"{name}: nobody is named in it; write one userName a line.")
