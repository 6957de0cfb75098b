"""Read a source directory or a list of expected people from a file, by its ending."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from vestibule.cli.session import fail
from vestibule.entra.tenant import InvalidSource, Tenant, expected_members, read_csv, read_json
from vestibule.rollcall import MOST, Expectation, ExpectedPerson
from vestibule.rollcall.lists import InvalidList, Listed, Row, read_csv_list
from vestibule.scim.folding import fold


def read_source(path: Path) -> Tenant:
    """The tenant in a JSON file in Microsoft Graph's shapes or a CSV export. Leaves with 2 when it is malformed."""
    try:
        return (read_json if path.suffix.lower() == ".json" else read_csv)(_text(path), path.name)
    except InvalidSource as error:
        fail(str(error))


def expectations_of(tenant: Tenant) -> list[Expectation]:
    """Who the source says should be in each group in scope."""
    return [
        Expectation(
            group.name,
            len(group.people),
            tuple(
                ExpectedPerson(each.user_name, frozenset(filter(None, [each.external_id])), each.enabled, each.in_scope)
                for each in group.people
            ),
            tuple(group.nested),
        )
        for group in expected_members(tenant)
    ]


def read_expectations(path: Path) -> list[Expectation]:
    """Expectations of a file: a list with a group and a person per row, or a whole source directory; at least one."""
    listed = None if path.suffix.lower() == ".json" else _listed(path)
    if listed is None or not listed.names_groups:
        found = [] if listed is not None and listed.sender != "entra" else expectations_of(read_source(path))
        return found or no_groups(path)
    people: dict[str, dict[str, ExpectedPerson]] = {}
    nested: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for row in _rows(listed):
        if row.group is None:
            fail(f"{path.name}, line {row.number}: a row needs a group and a userName.")
        name = names.setdefault(fold(row.group), row.group)
        people.setdefault(name, {})
        if row.nested:
            nested.setdefault(name, []).append(row.person.user_name)
        else:
            people[name].setdefault(fold(row.person.user_name), row.person)
    return [
        Expectation(name, len(found), tuple(found.values()), tuple(nested.get(name, ())))
        for name, found in people.items()
    ]


def no_groups(path: Path) -> NoReturn:
    """Leave with 2, as a file does not say of which group its people are."""
    fail(f"{path.name} says of no group who is in it: name the group of a member export with --group NAME.")


def read_members(path: Path, group: str) -> Expectation | None:
    """The people of one group in a list that names no groups, such as a member export; None for any other file."""
    listed = None if path.suffix.lower() == ".json" else _listed(path)
    if listed is None or listed.names_groups:
        return None
    rows = list(_rows(listed))
    people = {fold(row.person.user_name): row.person for row in rows if not row.nested}
    return Expectation(
        group, len(people), tuple(people.values()), tuple(row.person.user_name for row in rows if row.nested)
    )


def read_people(path: Path) -> frozenset[str]:
    """All names, folded, and ids of the people whom a source directory or an export knows."""
    listed = None if path.suffix.lower() == ".json" else _listed(path)
    if listed is not None:
        people = [row.person for row in _rows(listed)]
        return frozenset(fold(name) for each in people for name in (each.user_name, *each.external_ids))
    tenant = read_source(path)
    return frozenset(fold(name) for each in tenant.users for name in (each.user_name, each.id))


def _listed(path: Path) -> Listed | None:
    """A CSV in which a column tells who it is."""
    try:
        return read_csv_list(io.StringIO(_text(path), newline=""), path.name)
    except InvalidList:
        return None


def _rows(listed: Listed) -> Iterator[Row]:
    try:
        yield from listed.rows
    except InvalidList as error:
        fail(str(error))


def read_number(text: str) -> Expectation:
    """`NAME=N` as an expectation of N people. Leaves with 2 when it is not so written."""
    name, _, number = text.rpartition("=")
    if not name or not number.isdecimal():
        fail(f"--group {text!r}: write NAME=NUMBER, for example grp_all@example.com=269.")
    if len(number) > len(str(MOST)) or int(number) > MOST:
        fail(f"--group {name!r}: {number[:20]} is more than {MOST}, which is the most.")
    return Expectation(name, int(number))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        fail(f"{path.name} is not UTF-8 text (byte {error.start}): export it as UTF-8.")
