"""What can be said of a refusal only at the end, when it is known what else the server did and did not do."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from vestibule.entra.wire import Kind, Mode
from vestibule.explain import Explanation
from vestibule.probe import findings
from vestibule.probe.report import METHODS, Cell, Verb

Key: TypeAlias = tuple[Kind, Verb]


def settle(cells: dict[Key, Cell], mode: Mode, *, members_shown: bool) -> None:
    """Put right what one answer alone made look worse than it is, and say which of Entra's two ways may go."""
    for key, cell in tuple(cells.items()):
        told = cell.explanation
        if told is None:
            continue
        if told.code == "not_kept" and key == ("Group", "add_member") and not members_shown:
            cells[key] = replace(cell, verdict="unclear", explanation=findings.members_not_shown())
            continue
        if told.code in ("patch_not_served", "delete_not_served") and _is_served(cells, cell):
            told = _refused(cell)
        if told.code in ("refused", "not_kept") and METHODS[cell.verb] == "PATCH" and mode == "default":
            told = replace(told, fixes=(*told.fixes, findings.OTHER_WAY))
        cells[key] = replace(cell, explanation=told)


def _is_served(cells: Mapping[Key, Cell], cell: Cell) -> bool:
    """Whether the method is there after all: another request by it was understood, or the resource is what is not."""
    alike = [
        each
        for each in cells.values()
        if each.kind == cell.kind and METHODS[each.verb] == METHODS[cell.verb] and each.evidence
    ]
    if any(each.evidence[0].status not in (0, 404, 405, 501) for each in alike):
        return True
    return cell.evidence[0].status == 404 and cells[cell.kind, "read"].verdict != "yes"


def _refused(cell: Cell) -> Explanation:
    first = cell.evidence[0]
    return findings.refused(cell.kind, cell.verb, first.status, first.detail)
