"""An explanation as a terminal shows it."""

from vestibule.cli.printable import printable
from vestibule.explain import Evidence, Explanation

_WIDE = 12


def as_text(explanation: Explanation) -> str:
    """Paragraphs: what happened, why, what was due and what came, and what to do."""
    lines = [explanation.sentence, "", f"Why: {explanation.why}"]
    for each in explanation.evidence:
        lines += ["", *_shown(each)]
    for fix in explanation.fixes:
        lines += ["", f"To do ({fix.who}): {fix.label}", *([f"  {fix.command}"] if fix.command else [])]
    for note in explanation.notes:
        lines += ["", f"Also: {note.sentence} {note.why}"]
        lines += [f"  To do ({fix.who}): {fix.label}" for fix in note.fixes]
    return "\n".join(map(printable, lines))


def _shown(evidence: Evidence) -> list[str]:
    lines = [f"Evidence: {evidence.label}"]
    if evidence.expected is not None:
        lines.append(f"  {'expected':<{_WIDE}}{evidence.expected}")
    lines.append(f"  {'received':<{_WIDE}}{evidence.received or '(nothing)'}")
    if place := evidence.differs_at:
        lines.append(f"  {'':<{_WIDE}}{' ' * place}^ differs from here")
    return lines
