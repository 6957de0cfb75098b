"""`vestibule cycles`: what the identity provider seems to think, told from its requests."""

import sys

import click
from rich.table import Table

from vestibule import connections
from vestibule.cli.printable import printable
from vestibule.cli.rollcall import a_console
from vestibule.cli.session import FINDING, Session, command
from vestibule.clock import rfc3339
from vestibule.cycles import Overview, Run, State, overview
from vestibule.explain import explain
from vestibule.explain.entry import Explanation
from vestibule.hindsight import with_hindsight
from vestibule.store import NotFound, Store

_NO_FINDINGS = frozenset[State]({"running", "good", "quiet"})


@click.command()
@click.argument("connection_id")
@click.option("--limit", type=click.IntRange(1, 30), default=10, show_default=True, help="How many cycles are shown.")
@command
def cycles(session: Session, connection_id: str, limit: int) -> None:
    """The cycles of CONNECTION_ID's identity provider, what state it seems to be in, and which button to press there.

    All is inferred from the requests that came. Leaves with 1 when somebody has to do something.
    """

    async def work(store: Store) -> tuple[Overview, Explanation | None]:
        await connections.the_connection(store, connection_id)
        seen = await overview(store, connection_id, session.clock.now())
        return seen, await _newest(store, seen)

    seen, newest = session.run(work)
    if session.as_json:
        shown = seen.as_json(limit)
        shown["explanation"] = newest.as_json() if newest else None
        session.emit(shown, "")
    else:
        _show(seen, newest, limit)
    if seen.verdict.state not in _NO_FINDINGS:
        sys.exit(FINDING)


async def _newest(store: Store, seen: Overview) -> Explanation | None:
    """Why the newest of what waits was refused."""
    try:
        request = await store.exchange(seen.telling) if seen.telling else None
        return explain(await with_hindsight(store, request)) if request else None
    except NotFound:
        return None


def _show(seen: Overview, newest: Explanation | None, limit: int) -> None:
    console, told, verdict = a_console(), seen.told, seen.verdict

    def say(text: str, style: str = "") -> None:
        console.print(printable(text), style=style, markup=False, soft_wrap=True)

    say(told.sentence, "bold")
    say(told.why)
    for cause in told.causes:
        say(f"  - {cause}")
    if newest is not None and not verdict.mended:
        console.print()
        say(f"Why: {newest.sentence}")
        for fix in newest.fixes:
            say(f"  {fix.as_sentence()}")
    if told.press:
        console.print()
        say(f"Press there: {told.press}", "bold")
    console.print()
    for line in _times(seen):
        say(line)
    if seen.cycles:
        console.print()
        console.print(_table(seen.cycles[::-1][:limit]))


def _times(seen: Overview) -> list[str]:
    verdict, lines = seen.verdict, list[str]()
    if seen.history.last_contact is not None:
        lines.append(f"Last request   {rfc3339(seen.history.last_contact)}")
    if verdict.expected_next is not None and verdict.interval is not None:
        minutes = round(verdict.interval / 60_000_000)
        source = "learnt from the last ones" if verdict.learnt else "as Entra ID does"
        overdue = ", overdue" if verdict.overdue else ""
        lines.append(f"Next cycle     {rfc3339(verdict.expected_next)} (every {minutes} minutes, {source}{overdue})")
    return lines


def _table(runs: tuple[Run, ...]) -> Table:
    table = Table(
        "Cycle", "Started", "Ended", "Kind", "Users", "Groups", "Members", "Refused", box=None, pad_edge=False
    )
    for run in runs:
        table.add_row(
            str(run.number),
            rfc3339(run.began)[:19],
            rfc3339(run.ended)[11:19],
            run.kind or "",
            f"{run.users.found + run.users.missed} looked up, {run.users.written} written",
            f"{run.groups.found + run.groups.missed} looked up, {run.groups.written} written",
            f"+{run.memberships.joined} −{run.memberships.left}",
            str(run.refused or run.requests - run.answered),
        )
    return table
