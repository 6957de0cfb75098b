"""The provisioning log in Graph's `provisioningObjectSummary` shape, in Entra's words (reference 2.10)."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from vestibule.entra.answers import WORDS, Trouble
from vestibule.entra.job import Job, instant
from vestibule.entra.wire import Edit, Kind

SYSTEM = "customappsso"
"""How Entra's log names the target of a non-gallery SCIM job."""

SOURCE = "Azure Active Directory"
_NAMESPACE = uuid.UUID("0f5c2c39-3a0e-4f0c-8f6d-6f1c5d1f7f10")

Action = Literal["create", "update", "delete", "disable", "other"]
Status = Literal["success", "failure", "skipped", "warning"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an entry."""

    name: str
    type: Literal["import", "scoping", "matching", "processing", "referenceResolution", "export"]
    status: Status
    description: str
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one object."""

    kind: Kind
    source_id: str
    name: str
    target_id: str | None
    action: Action
    status: Status
    steps: tuple[Step, ...]
    modified: tuple[tuple[str, str | None, str | None], ...] = ()
    code: str | None = None
    reason: str | None = None


def received(kind: Kind, name: str, change: str) -> Step:
    """The import step; `change` is Add, Update or Delete."""
    text = f"Received {kind} '{name}' change of type ({change}) from {SOURCE}"
    return Step(f"EntryImport{change}", "import", "success", text)


def matching(kind: Kind, name: str, target_id: str | None) -> Step:
    """The matching step when the target could be asked."""
    if target_id is None:
        text = (
            f"{kind} '{name}' will be created in {SYSTEM} ({kind} is active and assigned in {SOURCE}, "
            f"but no matching {kind} was found in {SYSTEM})"
        )
        return Step("EntrySynchronizationAdd", "matching", "success", text)
    text = (
        f"{kind} '{name}' will be updated in {SYSTEM} ({kind} is active and assigned in {SOURCE}, "
        f"and the matching {kind} '{target_id}' was found in {SYSTEM})"
    )
    return Step("EntrySynchronizationUpdate", "matching", "success", text)


_PAST = {"create": "created", "update": "updated", "delete": "deleted", "disable": "disabled", "other": "read"}
_EXPORT = {"create": "Add", "update": "Update", "delete": "Delete", "disable": "Update", "other": "Update"}


def export(kind: Kind, name: str, action: Action, status: Status) -> Step:
    """The export step."""
    done = f"{kind} '{name}' was {_PAST[action]} in {SYSTEM}"
    text = done if status == "success" else f"Failed to {action} {kind} '{name}' in {SYSTEM}"
    return Step(f"EntryExport{_EXPORT[action]}", "export", status, text, (("ReportableIdentifier", name),))


def unmatched_reason(kind: Kind, name: str, trouble: Trouble, base: str) -> str:
    """The reason as the admin of the origin thread saw it (reference 0a)."""
    return (
        f"Failed to match an entry in the source and target systems {kind} '{name}'\n"
        f"Resource:\n{base}{trouble.request.target}\n"
        f"Response Status Code: {trouble.status}\n"
        f"Response Content:\n{_pretty(trouble.text)}"
    )


def failed_reason(kind: Kind, name: str, action: Action, trouble: Trouble) -> str:
    """The reason of a failed export, with the target's own answer (reference 2.10, scimmy#86)."""
    if trouble.transport:
        return f"Failed to {action} {kind} '{name}' in {SYSTEM}\n{trouble.code}: {trouble.text}"
    return (
        f"Failed to {action} {kind} '{name}' in {SYSTEM}\n"
        f"StatusCode: {WORDS.get(trouble.status, str(trouble.status))} Message: Processing of the HTTP request "
        "resulted in an exception. Please see the HTTP response returned by the 'Response' property of this "
        f"exception for details. Web Response: {trouble.text}"
    )


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def edited(edits: Iterable[Edit]) -> tuple[tuple[str, str | None, str | None], ...]:
    """Edits as modified properties: name, old value, new value."""
    return tuple((each.path, None if each.before is None else str(each.before), str(each.value)) for each in edits)


def entry(event: Event, job: Job, cycle: int, number: int, at: int, took_ms: int) -> dict[str, Any]:
    """One entry of the log. Its ids are made from the job, the cycle and the number, so they never vary."""
    cycle_id = str(uuid.uuid5(_NAMESPACE, f"{job.id}/{cycle}"))
    change_id = str(uuid.uuid5(_NAMESPACE, f"{job.id}/{cycle}/{event.source_id}/{number}"))
    principal = str(uuid.uuid5(_NAMESPACE, job.id))
    return {
        "id": str(uuid.uuid5(_NAMESPACE, change_id)),
        "activityDateTime": instant(at),
        "tenantId": job.tenant_id,
        "jobId": job.id,
        "cycleId": cycle_id,
        "changeId": change_id,
        "provisioningAction": event.action,
        "durationInMilliseconds": took_ms,
        "provisioningStatusInfo": {"status": event.status, "errorInformation": _error(event)},
        "provisioningSteps": [_step(each) for each in event.steps],
        "modifiedProperties": [
            {"displayName": name, "oldValue": old, "newValue": new} for name, old, new in event.modified
        ],
        "sourceSystem": {"id": job.tenant_id, "displayName": SOURCE, "details": {}},
        "targetSystem": {
            "id": principal,
            "displayName": SYSTEM,
            "details": {
                "ApplicationId": principal,
                "ServicePrincipalId": principal,
                "ServicePrincipalDisplayName": SYSTEM,
            },
        },
        "servicePrincipal": {"id": principal, "displayName": SYSTEM},
        "initiatedBy": {"id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system"},
        "sourceIdentity": _identity(event.source_id, event.name, event.kind),
        "targetIdentity": _identity(event.target_id or "", event.name if event.target_id else "", event.kind),
    }


def _error(event: Event) -> dict[str, Any] | None:
    if event.code is None:
        return None
    return {
        "errorCode": event.code,
        "reason": event.reason,
        "additionalDetails": None,
        "errorCategory": "nonServiceFailure",
        "recommendedAction": None,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "provisioningStepType": step.type,
        "status": step.status,
        "description": step.description,
        "details": dict(step.details),
    }


def _identity(ident: str, name: str, kind: Kind) -> dict[str, Any]:
    return {"id": ident, "displayName": name, "identityType": kind, "details": {}}
