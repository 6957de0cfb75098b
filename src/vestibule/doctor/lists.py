"""Lists of who is expected that are read again and again, and are old. Pure."""

from collections.abc import Sequence
from typing import Final

from vestibule.clock import rfc3339, to_the_minute
from vestibule.doctor.finding import Finding, operator
from vestibule.store.standing import StandingGroup

_OLD: Final = 2 * 86_400_000_000
"""They are read daily, so one that is older than two days was left by a server that does not run."""


def findings(groups: Sequence[StandingGroup], now: int) -> list[Finding]:
    """A finding for each group whose list could not be read, or is not."""
    return [each for group in groups for each in _of(group, now)]


def _of(group: StandingGroup, now: int) -> list[Finding]:
    read_at = to_the_minute(group.read_at)
    about = f"who is expected in {group.group!r}"
    facts = {"group": group.group, "read_at": rfc3339(group.read_at)}
    command = f"vestibule rollcall {group.connection_id}"
    if group.fault is not None and group.failing_since is not None:
        facts |= {"failing_since": rfc3339(group.failing_since), "fault": group.fault.code}
        sentence = f"Microsoft Graph can no longer be asked {about}: {group.fault.sentence}"
        why = f"The roll is called by the list of {read_at}; who came or left there since is not known."
        return [Finding("expected_list_stale", sentence, why, (operator(group.fault.fix),), facts=facts)]
    if now - group.read_at > _OLD:
        why = "The server reads it daily while it runs; none has since."
        fix = operator("Let `vestibule serve` run over this database, and see its log", command)
        sentence = f"It was last read from Microsoft Graph {about} on {read_at}."
        return [Finding("expected_list_stale", sentence, why, (fix,), facts=facts)]
    return []
