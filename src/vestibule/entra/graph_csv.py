"""Read a tenant from the CSV that Entra's "Download users" makes, with an optional `groups` column."""

import csv
import io
import uuid

from vestibule.entra.graph import InvalidSource, Tenant, TenantGroup, TenantUser
from vestibule.entra.mapping import USER_MAPPING

_NAMESPACE = uuid.UUID("6f0a2b1e-51a5-4c8e-9e6b-2f3a1c0d7b11")
_TYPED = ("id", "userprincipalname", "accountenabled", "usertype", "manager", "groups", "deleteddatetime")

# Entra's bulk download writes its own names beside Graph's.
_GRAPH_NAMES = {
    **{name.casefold(): name for _, name in USER_MAPPING},
    "mailnickname": "mailNickname",
    "companyname": "companyName",
    "telephonenumber": "businessPhones",
    "businessphone": "businessPhones",
    "facsimiletelephonenumber": "faxNumber",
}
_SAME = {"objectid": "id"}


def read_csv(text: str, name: str) -> Tenant:
    """A tenant with one user a row. `groups` and `manager` name groups and a userPrincipalName or id.

    A missing `id` is made from the userPrincipalName, so it stays the same from file to file.
    """
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InvalidSource(f"{name}, line {reader.line_num}: this is not CSV ({error}). Export it again.") from error
    if not rows:
        raise InvalidSource(f"{name}: the file is empty; it needs a heading and one row for each user.")
    columns = [_column(cell) for cell in rows[0][1]]
    if "userprincipalname" not in columns:
        raise InvalidSource(
            f"{name}, line 1: there is no column userPrincipalName. "
            "Use the file that Entra makes under Users, Download users."
        )
    return _tenant([(line, _cells(name, line, columns, row)) for line, row in rows[1:]], name)


def _column(heading: str) -> str:
    """`Name [displayName] Required`, as in Entra's templates, is `displayName`."""
    inner = heading.partition("[")[2].partition("]")[0]
    name = (inner or heading).strip().casefold()
    return _SAME.get(name, name)


def _cells(name: str, line: int, columns: list[str], row: list[str]) -> dict[str, str]:
    if len(row) > len(columns):
        raise InvalidSource(
            f"{name}, line {line}: {len(row)} cells under {len(columns)} headings. Put quotes around a "
            "cell that holds the separator."
        )
    return {column: cell.strip() for column, cell in zip(columns, row, strict=False) if cell.strip()}


def _tenant(rows: list[tuple[int, dict[str, str]]], name: str) -> Tenant:
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for line, row in rows:
        if "userprincipalname" not in row:
            raise InvalidSource(f"{name}, line {line}, column userPrincipalName: is empty; every user needs one.")
        upn = row["userprincipalname"].casefold()
        if upn in ids:
            raise InvalidSource(
                f"{name}, line {line}, column userPrincipalName: {row['userprincipalname']!r} is there twice; "
                "take one of the two rows out."
            )
        ident = row.get("id") or str(uuid.uuid5(_NAMESPACE, upn))
        if ident in taken:
            raise InvalidSource(f"{name}, line {line}, column id: {ident!r} is there twice; take one row out.")
        taken.add(ident)
        ids[upn] = ident
    users = tuple(_user(name, line, row, ids, taken) for line, row in rows)
    members: dict[str, dict[str, None]] = {}
    for _, row in rows:
        for group in row.get("groups", "").split(";"):
            if group.strip():
                members.setdefault(group.strip(), {})[ids[row["userprincipalname"].casefold()]] = None
    groups = tuple(
        TenantGroup(str(uuid.uuid5(_NAMESPACE, "group " + title.casefold())), title, tuple(people))
        for title, people in members.items()
    )
    return Tenant(users, groups, None)


def _user(name: str, line: int, row: dict[str, str], ids: dict[str, str], known: set[str]) -> TenantUser:
    enabled = row.get("accountenabled", "true").casefold()
    if enabled not in ("true", "false"):
        raise InvalidSource(
            f"{name}, line {line}, column accountEnabled: must be True or False, not {row['accountenabled']!r}."
        )
    manager = row.get("manager")
    if manager is not None and manager.casefold() in ids:
        manager = ids[manager.casefold()]
    elif manager is not None and manager not in known:
        raise InvalidSource(
            f"{name}, line {line}, column manager: {manager!r} is no userPrincipalName or id of this file."
        )
    return TenantUser(
        ids[row["userprincipalname"].casefold()],
        row["userprincipalname"],
        enabled == "true",
        "deleteddatetime" in row,
        row.get("usertype") == "Guest",
        manager,
        {_GRAPH_NAMES.get(column, column): cell for column, cell in row.items() if column not in _TYPED},
    )
