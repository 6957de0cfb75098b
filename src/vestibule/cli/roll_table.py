"""A roll call and its trend as tables for people."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vestibule.cli.printable import printable
from vestibule.clock import to_the_minute
from vestibule.cycles import Run
from vestibule.model import Pending
from vestibule.rollcall import Extra, GroupRoll, Missing
from vestibule.rollcall.reasons import DOUBLE
from vestibule.store.roll_calls import KeptExpectation, RollRecord


def a_console() -> Console:
    """Standard output; without a terminal it is wide enough that no name is cut."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=200)


def show(rolls: Sequence[GroupRoll], console: Console, *, show_all: bool = False, names: int = 10) -> None:
    """The rolls as a table, and below it the missing and the extra ones by reason."""
    table = Table("Group", "Expected", "Present", "Missing", "Extra", "", box=None, header_style="bold", pad_edge=False)
    for column in table.columns[1:5]:
        column.justify = "right"
    for roll in rolls:
        figures = (roll.expected, roll.present, roll.missing_count, roll.extra_count)
        table.add_row(Text(printable(roll.name)), *map(str, figures), _verdict(roll))
    console.print(table)
    for roll in rolls:
        limit = None if show_all else names
        _source(console, roll)
        _missing(console, roll, limit)
        _extra(console, roll, limit)
        _inactive(console, roll, limit)
        _waited_for(console, roll, limit)


def _verdict(roll: GroupRoll) -> str:
    verdict = "balanced" if roll.balanced else "not balanced"
    if roll.inactive_count:
        verdict += f", {roll.inactive_count} of those present deactivated here"
    return f"{verdict} (a hint: only who has signed in)" if roll.kept is not None and roll.kept.hint else verdict


def _source(console: Console, roll: GroupRoll) -> None:
    """Where the list of a group is from, how old it is, and why it is not newer."""
    if roll.kept is None:
        return
    console.print()
    kept, reading = roll.kept, roll.reading
    if reading is None:
        _line(console, f"{roll.name}: expected by {source_of(kept)}, kept {to_the_minute(kept.taken_at)}")
        return
    whole = f"read {to_the_minute(reading.read_at)}, and again by {to_the_minute(reading.due_at)}"
    _line(console, f"{roll.name}: expected by {source_of(kept)}, {whole}")
    if reading.fault is not None and reading.failing_since is not None:
        since, fault = to_the_minute(reading.failing_since), reading.fault
        _line(console, f"  Not read since {since}, so this list may be old: {fault.sentence} {fault.fix}")


def source_of(kept: KeptExpectation) -> str:
    """Where an expectation comes from, in a few words."""
    where = str(kept.detail.get("file") or kept.detail.get("graph_group") or "")
    return f"{kept.source} {where}".rstrip()


def _missing(console: Console, roll: GroupRoll, limit: int | None) -> None:
    by_detail: dict[tuple[str, str], list[Missing]] = {}
    for each in roll.missing:
        # A detail that tells of one person alone is told beside the name.
        own = bool(each.evidence) and each.reason in ("other_identity", "removed", "nested_group")
        by_detail.setdefault((each.reason, "" if own else each.detail), []).append(each)
    named = Counter[str]()
    for (reason, detail), listed in sorted(by_detail.items(), key=lambda each: -_count(each[1])):
        named[reason] += _count(listed)
        _title(console, roll.name, _count(listed), "missing", detail or reason.replace("_", " "))
        for each in listed[:limit]:
            told = f"  {each.who}" if detail else f"  {each.who}  {each.detail}"
            request = f"  ({each.request_id})" if each.request_id and not detail else ""
            _line(console, told + request)
        _more(console, len(listed), limit)
    for reason, count in roll.reasons.items():
        if count > named[reason]:
            _line(console, f"  … and {count - named[reason]} more of the reason {reason} (--all names them)")


def _count(listed: Iterable[Missing]) -> int:
    return sum(each.count for each in listed)


def _extra(console: Console, roll: GroupRoll, limit: int | None) -> None:
    by_reason: dict[tuple[str, str], list[Extra]] = {}
    for each in roll.extra:
        told = DOUBLE if each.origin == "double" else each.reason
        by_reason.setdefault((each.origin, told), []).append(each)
    for (origin, reason), listed in by_reason.items():
        _title(console, roll.name, roll.extras[origin], "extra", reason)
        for each in listed[:limit]:
            _line(console, f"  {each.who}  {each.reason}" if origin == "double" else f"  {each.who}")
        _more(console, roll.extras[origin] if len(listed) > 1 else len(listed), limit)


def _inactive(console: Console, roll: GroupRoll, limit: int | None) -> None:
    if roll.inactive_count:
        told = "but the account is deactivated here, and the list does not say so"
        _title(console, roll.name, roll.inactive_count, "present", told)
        for each in roll.inactive[:limit]:
            _line(console, f"  {each.who}")
        _more(console, roll.inactive_count, limit)


def _waited_for(console: Console, roll: GroupRoll, limit: int | None) -> None:
    people = [each for each in roll.pending if not each.nested]
    groups = [each for each in roll.pending if each.nested]
    if people:
        _title(console, roll.name, roll.pending_count, "waited for", "named as members, no users here (yet)")
        for each in people[:limit]:
            _line(console, f"  {_shown(each)}")
        _more(console, roll.pending_count, limit)
    if groups:
        told = "groups within the group; their people must be assigned themselves"
        _title(console, roll.name, len(groups), "waited for", told)
        for each in groups[:limit]:
            _line(console, f"  {each.ref}")
        _more(console, len(groups), limit)


def _shown(pending: Pending) -> str:
    return f"{pending.ref} (the former id of {pending.former})" if pending.former else pending.ref


def _title(console: Console, group: str, count: int, kind: str, reason: str) -> None:
    console.print()
    _line(console, f"{group}: {count} {kind}, {reason}")


def _more(console: Console, count: int, limit: int | None) -> None:
    if limit is not None and count > limit:
        _line(console, f"  … and {count - limit} more (--all lists them)")


def _line(console: Console, text: str) -> None:
    console.print(printable(text), highlight=False, markup=False, soft_wrap=True)


def history_lines(rolls: Sequence[tuple[RollRecord, Run | None]]) -> Iterator[str]:
    """The trend, a line each, with a heading."""
    if not rolls:
        return
    names = [printable(each.group) for each, _ in rolls]
    width = max(5, *map(len, names))
    figures = f"{'Expected':>8}  {'Present':>8}  {'Missing':>8}  {'Extra':>8}"
    yield f"{'When':<20}  {'Cycle':>5}  {'Group':<{width}}  {figures}"
    for name, (each, cycle) in zip(names, rolls, strict=True):
        reasons = ", ".join(f"{count} {reason}" for reason, count in each.reasons.items())
        told = ", ".join(filter(None, ["balanced" if each.balanced else "", reasons]))
        figures = f"{each.expected:>8}  {each.present:>8}  {each.missing:>8}  {each.extra:>8}"
        number = "" if cycle is None else cycle.number
        yield f"{to_the_minute(each.at):<20}  {number:>5}  {name:<{width}}  {figures}  {told}"
