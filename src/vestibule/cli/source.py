"""Read a source directory or a list of expected people from a file, by its ending."""

import csv
import io
from pathlib import Path

from vestibule.cli.session import fail
from vestibule.entra.tenant import InvalidSource, Tenant, expected_members, read_csv, read_json
from vestibule.rollcall import Expectation, ExpectedPerson

_PERSON = ("username", "userprincipalname", "user name", "user principal name", "mail", "email")
_GROUP = ("group", "groupname", "group name", "groupdisplayname")


def read_source(path: Path) -> Tenant:
    """The tenant in a JSON file in Microsoft Graph's shapes or a CSV export. Leaves with 2 when it is malformed."""
    text = _text(path)
    try:
        return (read_json if path.suffix.lower() == ".json" else read_csv)(text, path.name)
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
    """Expectations of a file: a list with a group and a person per row, or a whole source directory."""
    if path.suffix.lower() == ".json":
        return expectations_of(read_source(path))
    text = _text(path)
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    headings = {heading.strip().casefold(): heading for heading in rows.fieldnames or ()}
    group = next((headings[each] for each in _GROUP if each in headings), None)
    person = next((headings[each] for each in _PERSON if each in headings), None)
    if group is None or person is None:
        return expectations_of(read_source(path))
    people: dict[str, dict[str, None]] = {}
    for row in rows:
        name, who = (row[group] or "").strip(), (row[person] or "").strip()
        if not name or not who:
            fail(f"{path.name}, line {rows.line_num}: a row needs a {group} and a {person}.")
        people.setdefault(name, {})[who] = None
    return [
        Expectation(name, len(listed), tuple(ExpectedPerson(each) for each in listed))
        for name, listed in people.items()
    ]


def read_number(text: str) -> Expectation:
    """`NAME=N` as an expectation of N people. Leaves with 2 when it is not so written."""
    name, _, number = text.rpartition("=")
    if not name or not number.isdecimal():
        fail(f"--group {text!r}: write NAME=NUMBER, for example grp_all@example.com=269.")
    return Expectation(name, int(number))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        fail(f"{path.name} is not UTF-8 text (byte {error.start}): export it as UTF-8.")
