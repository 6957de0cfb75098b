"""The result of a connection test on a terminal, within 80 columns."""

import textwrap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vestibule.cli.printable import printable
from vestibule.counting import counted
from vestibule.entra.wire import Kind
from vestibule.explain import Explanation
from vestibule.probe.report import METHODS, SIGNS, VERBS, Cell, Report, Verb, summary

_COLOURS = {"yes": "green", "no": "red", "unclear": "yellow", "not_tried": "dim"}
_WIDTH = 80
_PATH = 60
"""How much of a path is shown; `--json` has it whole."""
_BY_SCOPE = ("scope_missing", "not_proven")
"""What differs from cell to cell only in the scope."""


def show(report: Report) -> None:
    """The summary, the matrix, then what is wrong with its evidence and what to do."""
    console = Console(highlight=False, emoji=False)
    console.width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    _say(console, summary(report))
    if report.trouble is None or report.mode != "listen":
        console.print()
        console.print(_table(report))
    _listened(console, report)
    if report.trouble is not None:
        console.print()
        _say(console, _evidence(report.cells["User", "look_up"]))
        _why(console, report.trouble)
    _problems(console, report)
    if report.trouble is None:
        _notes(console, report)
    if report.swept:
        _say(console, f"\nNote: {counted(report.swept, 'leftover')} of earlier tests taken away.")
    for left in report.leftovers:
        where = left.id or "its id is not known"
        _say(console, f"\nLeft behind: {left.kind} {where}, named {left.mark}.")
        _say(console, f"  {left.why} Delete it by hand.")


def _table(report: Report) -> Table:
    table = Table("", "Users", "Groups", box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for verb in METHODS:
        table.add_row(verb.replace("_", " "), *(_cell(report, kind, verb) for kind in VERBS))
    return table


def _cell(report: Report, kind: Kind, verb: Verb) -> Text:
    cell = report.cells.get((kind, verb))
    if cell is None:
        return Text("")
    status = cell.evidence[0].status if cell.evidence else None
    held = {True: "", False: " lacked", None: ""}[cell.held] if cell.verdict != "yes" else ""
    told = f"{SIGNS[cell.verdict]} {cell.scope}{held}"
    if status is not None:
        told += f" ({status or 'lost'})"
    return Text(told, style=_COLOURS[cell.verdict])


def _listened(console: Console, report: Report) -> None:
    """What the green of the identity provider's own test is worth."""
    if report.mode != "listen" or report.trouble is not None:
        return
    worth = (
        "Its green proves the URL, the token and get:users, and nothing about groups."
        if report.entra_test == "green"
        else "It was refused, and is red there."
    )
    _say(
        console,
        f"\nThe identity provider's test was seen: it looked up a user. {worth} The rest above is what the grants of "
        "this token say.",
    )


def _problems(console: Console, report: Report) -> None:
    """Each reason once, with all the cells that it holds for."""
    alike: dict[object, list[Cell]] = {}
    for cell in report.cells.values():
        told = cell.explanation
        if told is not None and told != report.trouble:
            alike.setdefault((cell.kind, cell.verdict, told.code, _reason(told)), []).append(cell)
    for cells in alike.values():
        first = cells[0]
        if first.explanation is None:
            continue
        console.print()
        if first.explanation.code in _BY_SCOPE:
            others = ", ".join(dict.fromkeys(each.scope for each in cells if each.scope != first.scope))
            _say(console, _sentence(first) + (f" The same goes for {others}." if others else ""))
            _say(console, _evidence(first))
        else:
            for each in cells:
                _say(console, _sentence(each))
                _say(console, _evidence(each))
        _why(console, first.explanation)


def _reason(told: Explanation) -> object:
    """What makes two explanations one: the same way out; of the rest also the same reason."""
    return told.fixes if told.code in _BY_SCOPE else (told.why, told.fixes)


def _sentence(cell: Cell) -> str:
    return f"{SIGNS[cell.verdict]} {cell.explanation.sentence if cell.explanation else ''}"


def _why(console: Console, explanation: Explanation) -> None:
    _say(console, f"  Why: {explanation.why}")
    for fix in explanation.fixes:
        _say(console, f"  To do ({fix.who}): {fix.label}")
        if fix.command:
            _command(console, fix.command)


def _evidence(cell: Cell) -> str:
    if not cell.evidence:
        return ""
    found = cell.evidence[-1]
    scim_type = f" {found.scim_type}" if found.scim_type else ""
    path = found.path if len(found.path) <= _PATH else f"{found.path[: _PATH - 1]}…"
    told = f"  {found.method} {path}: {found.status or 'no answer'}{scim_type}, {found.ms} ms"
    return told + (f", {found.request_id}" if found.request_id else "")


def _notes(console: Console, report: Report) -> None:
    notes = [note for cell in report.cells.values() for note in cell.notes]
    notes += [note for each in report.discovery for note in each.notes]
    for sentence in dict.fromkeys(each.sentence for each in notes):
        _say(console, f"\nNote: {sentence}")


def _say(console: Console, text: str) -> None:
    """Wrapped with the indent that the text begins with; a long path stays whole."""
    if not text:
        return
    blank, text = ("\n", text[1:]) if text.startswith("\n") else ("", text)
    text = printable(text)
    indent = " " * (len(text) - len(text.lstrip())) or ("  " if text[:1] in SIGNS.values() else "")
    wrapped = textwrap.fill(
        text, console.width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    console.print(blank + wrapped, markup=False, soft_wrap=True)


def _command(console: Console, command: str) -> None:
    """A command that can be copied though it is long."""
    lines = textwrap.wrap(
        printable(command), console.width - 6, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    console.print("    " + " \\\n    ".join(lines), markup=False, soft_wrap=True)
