"""`vestibule rollcall expect`: say who is expected in a group, once; the server keeps it."""

import sys
from collections.abc import AsyncIterable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import click

from vestibule import connections
from vestibule.cli.expect_graph import Graph, check_graph, from_graph
from vestibule.cli.printable import printable
from vestibule.cli.roll_table import source_of
from vestibule.cli.session import Session, command, fail
from vestibule.cli.source import read_expectations, read_people
from vestibule.clock import to_the_minute
from vestibule.connections import Refused
from vestibule.rollcall import MOST, ExpectedPerson, keeping
from vestibule.rollcall.keeping import Taken, in_pages
from vestibule.rollcall.lists import InvalidList, Row, read_csv_list, read_names
from vestibule.rollcall.report import expectation_json
from vestibule.scim.folding import fold
from vestibule.store import Store
from vestibule.store.roll_calls import KeptExpectation

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@dataclass(frozen=True, slots=True)
class Asked:
    """One command: one of the sources, and the group that it is about."""

    connection_id: str
    group: str | None
    csv: Path | None = None
    names: Path | None = None
    count: int | None = None
    source: Path | None = None
    claims: bool = False
    graph: Graph | None = None
    directory: Path | None = None


@click.command()
@click.argument("connection_id")
@click.option("--group", metavar="NAME", help="The group as the product has it.")
@click.option("--csv", "csv_file", type=_FILE, help="A member export of Entra, Okta or Google, or any CSV; - is input.")
@click.option("--list", "names", type=_FILE, help="Names one below the other; - is standard input.")
@click.option("--count", type=click.IntRange(0, MOST), metavar="N", help="Only the number.")
@click.option("--source", type=_FILE, help="A whole source directory as for `rehearse` (JSON, CSV): all its groups.")
@click.option("--claims", is_flag=True, help="Whoever signs in with the group from now on; a hint.")
@click.option("--graph", "tenant", metavar="TENANT", help="Read it from Microsoft Graph: the tenant's id or domain.")
@click.option("--client-id", metavar="ID", help="With --graph: the application.")
@click.option("--client-secret-file", type=_FILE, help="With --graph: a file with its secret; - is standard input.")
@click.option("--graph-group", metavar="ID", help="With --graph: the Object ID, if its name there is another.")
@click.option("--graph-url", metavar="URL", help="With --graph: another cloud's Graph, e.g. of China.")
@click.option("--login-url", metavar="URL", help="With --graph: another cloud's login.")
@click.option("--keep", is_flag=True, help="With --graph: keep the secret, sealed, and read the group again and again.")
@click.option("--directory", type=_FILE, help="With --csv or --list: the people whom the identity provider knows.")
@command
def expect(
    session: Session,
    connection_id: str,
    group: str | None,
    csv_file: Path | None,
    names: Path | None,
    count: int | None,
    source: Path | None,
    claims: bool,
    tenant: str | None,
    client_id: str | None,
    client_secret_file: Path | None,
    graph_group: str | None,
    graph_url: str | None,
    login_url: str | None,
    keep: bool,
    directory: Path | None,
) -> None:
    """Keep who is expected in a group of CONNECTION_ID, in place of what was kept of it before."""
    graph = None
    if tenant is not None:
        secret = None if client_secret_file is None else _read(client_secret_file)
        graph = Graph(tenant, client_id, secret, graph_group or group or "", graph_url, login_url, keep)
        check_graph(session, graph)
    asked = Asked(connection_id, group, csv_file, names, count, source, claims, graph, directory)
    _check(asked, keep=keep)
    kept = session.run(lambda store: _keep(session, store, asked))
    session.emit({"expectations": [expectation_json(each) for each in kept]}, "\n".join(map(_told, kept)))


def _check(asked: Asked, *, keep: bool) -> None:
    given = (asked.csv, asked.names, asked.count, asked.source, asked.graph, asked.claims or None)
    if sum(each is not None for each in given) != 1:
        fail("Give one of --csv, --list, --count, --source, --claims and --graph.")
    if asked.source is not None and asked.group is not None:
        fail("A source directory names its groups itself: leave --group out.")
    if asked.group is None and asked.source is None and asked.csv is None:
        fail("Name the group: --group NAME.")
    if asked.group is not None and not asked.group.strip():
        fail("--group is blank: name the group as the product has it.")
    if asked.directory is not None and asked.csv is None and asked.names is None:
        fail("--directory goes with --csv or --list.")
    if keep and asked.graph is None:
        fail("--keep goes with --graph.")


async def _keep(session: Session, store: Store, asked: Asked) -> list[KeptExpectation]:
    await connections.the_connection(store, asked.connection_id)
    clock, key = session.clock, asked.connection_id
    whole = asked.source or (asked.csv if asked.group is None else None)
    if whole is not None:
        taken = Taken("csv" if asked.source is None else "source", detail={"file": whole.name})
        return await keeping.expect_all(store, clock, key, read_expectations(whole), taken, actor="cli")
    group = asked.group or ""
    if asked.count is not None:
        return [await keeping.expect_number(store, clock, key, group, asked.count)]
    if asked.graph is not None:
        return [await from_graph(session, store, (key, asked.group), asked.graph)]
    if asked.claims:
        return [await keeping.expect_people(store, clock, key, group, in_pages(()), Taken("claims"))]
    return [await _from_file(session, store, asked, group)]


async def _from_file(session: Session, store: Store, asked: Asked, group: str) -> KeptExpectation:
    known = None if asked.directory is None else read_people(asked.directory)
    file = asked.csv or asked.names or Path("-")
    nested: list[str] = []
    try:
        with _open(file) as lines:
            if asked.csv is not None:
                listed = read_csv_list(lines, file.name)
                people, sender = _of_group(listed.rows, group, nested), listed.sender
            else:
                people, sender = read_names(lines, file.name), "list"
            pages = _held_against(in_pages(people), known)
            taken = Taken("csv" if asked.csv else "list", detail={"file": file.name, "sender": sender})
            kept = await keeping.expect_people(
                store, session.clock, asked.connection_id, group, pages, taken, nested=nested
            )
    except (InvalidList, UnicodeDecodeError) as error:
        told = str(error) if isinstance(error, InvalidList) else f"{file.name} is not UTF-8 text: export it as UTF-8."
        raise Refused(told) from error
    return kept


def _of_group(rows: Iterator[Row], group: str, nested: list[str]) -> Iterator[ExpectedPerson]:
    """The people of one group, of a file that may have several; the groups within it are told apart."""
    found, others = False, set[str]()
    for row in rows:
        if row.group is not None and fold(row.group) != fold(group):
            others.add(row.group)
            continue
        found = True
        if row.nested:
            nested.append(row.person.user_name)
        else:
            yield row.person
    if not found and others:
        raise InvalidList(f"The file has nobody of {group!r}; its groups are {', '.join(sorted(others)[:10])}.")


async def _held_against(
    pages: AsyncIterable[Sequence[ExpectedPerson]], known: frozenset[str] | None
) -> AsyncIterable[Sequence[ExpectedPerson]]:
    """People, marked where the identity provider's own file does not have them."""
    async for page in pages:
        if known is None:
            yield page
        else:
            yield [replace(each, known=_is_known(each, known)) for each in page]


def _is_known(person: ExpectedPerson, known: frozenset[str]) -> bool:
    return not known.isdisjoint(fold(name) for name in (person.user_name, *person.external_ids))


def _read(path: Path) -> str:
    try:
        text = (sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")).strip()
    except UnicodeDecodeError:
        text = ""
    if not text.isprintable() or not text:
        fail(f"{path} is empty or no text; it should hold the client secret's Value.")
    return text


@contextmanager
def _open(path: Path) -> Generator[TextIO]:
    if str(path) == "-":
        yield sys.stdin
        return
    with path.open(encoding="utf-8", newline="") as lines:
        yield lines


def _told(kept: KeptExpectation) -> str:
    told = f"{kept.group}: {kept.count} expected, from {source_of(kept)}"
    nested = f"; groups within it: {', '.join(kept.nested)}" if kept.nested else ""
    hint = "; a hint, which grows with each sign-in" if kept.hint else ""
    return printable(f"{told}, kept {to_the_minute(kept.taken_at)}{nested}{hint}")
