"""The provisioning job: its settings, its condition, and Graph's shape of it (synchronizationJob)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from vestibule.entra.wire import Mode

INTERVAL = 40 * 60 * 1_000_000
"""Forty minutes in microseconds, fixed, not configurable (reference 2.3)."""

JobCode = Literal["NotRun", "Active", "Paused", "Quarantine"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the job exports. `base` is only for the texts of the log."""

    base: str
    mode: Mode = "default"
    batch: int = 100
    external_id_source: str = "mailNickname"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Graph's synchronizationQuarantine; times in microseconds."""

    reason: str
    code: str
    message: str
    began: int
    series_began: int
    series_count: int
    next_attempt: int


@dataclass(frozen=True, slots=True)
class Execution:
    """Graph's synchronizationTaskExecution, as far as an admin reads it."""

    began: int
    ended: int
    state: Literal["Succeeded", "Failed", "EntryLevelErrors"]
    exported: int
    escrowed: int
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """The job between two cycles. `watermark` is False until an initial cycle has completed."""

    id: str
    tenant_id: str
    code: JobCode = "NotRun"
    watermark: bool = False
    cycles: int = 0
    next_due: int = 0
    escrows_pruned: bool = False
    complete_failures: int = 0
    quarantine: Quarantine | None = None
    first_steady: int | None = None
    last_steady: int | None = None
    last: Execution | None = None
    last_success: Execution | None = None
    last_exports: Execution | None = None
    synchronized: Mapping[str, int] = field(default_factory=dict[str, int])

    def restarted(self) -> "Job":
        """After the portal's Restart: QuarantineState, Watermark and Escrows reset, links kept (2.8)."""
        return replace(
            self, code="Active", watermark=False, escrows_pruned=False, quarantine=None, complete_failures=0, next_due=0
        )


def instant(when: int) -> str:
    """Microseconds since the epoch as Graph writes them, `2019-06-24T20:53:08Z`."""
    return f"{datetime.fromtimestamp(when // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def job_json(job: Job) -> dict[str, Any]:
    """The job in Graph's shape."""
    return {
        "id": job.id,
        "templateId": "scim",
        "schedule": {
            "expiration": None,
            "interval": "PT40M",
            "state": "Disabled" if job.code == "Paused" else "Active",
        },
        "status": {
            "code": job.code,
            "countSuccessiveCompleteFailures": job.complete_failures,
            "escrowsPruned": job.escrows_pruned,
            "steadyStateFirstAchievedTime": _when(job.first_steady),
            "steadyStateLastAchievedTime": _when(job.last_steady),
            "troubleshootingUrl": None,
            "lastExecution": _execution(job.last),
            "lastSuccessfulExecution": _execution(job.last_success),
            "lastSuccessfulExecutionWithExports": _execution(job.last_exports),
            "progress": _progress(job),
            "quarantine": _quarantine(job.quarantine),
            "synchronizedEntryCountByType": [
                {"key": key, "value": value} for key, value in sorted(job.synchronized.items())
            ],
        },
        "synchronizationJobSettings": [],
    }


def _when(when: int | None) -> str | None:
    return None if when is None else instant(when)


def _execution(execution: Execution | None) -> dict[str, Any] | None:
    if execution is None:
        return None
    return {
        "countEntitled": execution.exported + execution.escrowed,
        "countEscrowed": execution.escrowed,
        "countExported": execution.exported,
        "error": _error(execution.error_code, execution.error_message or ""),
        "state": execution.state,
        "timeBegan": instant(execution.began),
        "timeEnded": instant(execution.ended),
    }


def _progress(job: Job) -> list[dict[str, Any]]:
    if job.last is None:
        return []
    done = job.last.exported
    return [
        {
            "completedUnits": done,
            "progressObservationDateTime": instant(job.last.ended),
            "totalUnits": done + job.last.escrowed,
            "units": "Export",
        }
    ]


def _quarantine(quarantine: Quarantine | None) -> dict[str, Any] | None:
    if quarantine is None:
        return None
    return {
        "currentBegan": instant(quarantine.began),
        "nextAttempt": instant(quarantine.next_attempt),
        "reason": quarantine.reason,
        "seriesBegan": instant(quarantine.series_began),
        "seriesCount": quarantine.series_count,
        "error": _error(quarantine.code, quarantine.message),
    }


def _error(code: str | None, message: str) -> dict[str, Any] | None:
    return None if code is None else {"code": code, "message": message, "tenantActionable": True}
