"""When a job is quarantined or paused (reference 2.1 and 2.6).

The story: failures go to escrow and are tried again. Too many of them, and the job is quarantined: it
runs less and less often, at last once a day, and is disabled after four weeks. During the *initial*
cycle it is different: the escrows are cleared, the cycle is completed, and the job is paused until
somebody restarts it. The portal then says "Initial sync paused".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from vestibule.entra.job import INTERVAL, Quarantine

EVALUATED_FROM = 5_000
_DAY = 24 * 3_600_000_000
DISABLED_AFTER = 28 * _DAY
REFUSED = "EncounteredQuarantineException"


@dataclass(frozen=True, slots=True)
class Failures:
    """What one cycle met. `base` leaves out references (members, managers)."""

    base: int
    succeeded: int
    references: int = 0

    @property
    def total(self) -> int:
        """All failures."""
        return self.base + self.references

    @property
    def proportion(self) -> float:
        """The share of object events that failed."""
        return self.base / max(1, self.base + self.succeeded)


class Threshold(NamedTuple):
    """One row: Graph's reason, its words, and when it is reached."""

    reason: str
    words: str
    reached: Callable[[Failures], bool]


def _base(failures: Failures) -> bool:
    return failures.base > 40_000


def _total(failures: Failures) -> bool:
    return failures.total > 60_000


def _proportion(failures: Failures) -> bool:
    return failures.proportion > 0.4


THRESHOLDS = (
    Threshold("EncounteredBaseEscrowThreshold", "more than 40,000 failures", _base),
    Threshold("EncounteredTotalEscrowThreshold", "more than 60,000 failures, references among them", _total),
    Threshold("EncounteredEscrowProportionThreshold", "more than 40 % of all changes failed", _proportion),
)


def judge(failures: Failures) -> Threshold | None:
    """The first threshold that is reached; none below 5,000 failures."""
    if failures.total < EVALUATED_FROM:
        return None
    return next((each for each in THRESHOLDS if each.reached(failures)), None)


def all_refused(attempted: int, forbidden: int) -> bool:
    """Whether every object of one type was refused with 401 or 403.

    Inferred, not documented: the job of the origin thread (reference 0a) paused with some 290 users in
    scope, far below 5,000 failures, when no group at all could be matched for want of a scope.
    """
    return attempted > 0 and forbidden == attempted


def quarantined(before: Quarantine | None, reason: str, code: str, message: str, now: int) -> Quarantine:
    """The quarantine after one more cycle in it; the wait doubles from 40 minutes to a day."""
    count = before.series_count + 1 if before else 1
    began = before.began if before and before.reason == reason else now
    wait = min(INTERVAL * 2 ** min(count - 1, 10), _DAY)
    return Quarantine(reason, code, message, began, before.series_began if before else now, count, now + wait)
