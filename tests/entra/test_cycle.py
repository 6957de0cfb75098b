"""Thresholds, escrows, the shapes of log and job, and the generator itself."""

import json

import pytest

from vestibule.entra import cycle, log
from vestibule.entra.answers import Response
from vestibule.entra.engine import Logged
from vestibule.entra.graph import Tenant, TenantGroup
from vestibule.entra.job import INTERVAL, Job, Settings, job_json
from vestibule.entra.memory import Memory, escrowed
from vestibule.entra.quarantine import Failures, all_refused, judge, quarantined
from vestibule.entra.wire import Request

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("failures", "reason"),
    [
        (Failures(4_000, 0), None),
        (Failures(30_000, 5_000), "EncounteredEscrowProportionThreshold"),
        (Failures(45_000, 500_000), "EncounteredBaseEscrowThreshold"),
        (Failures(20_000, 80_000), None),
        (Failures(40_000, 100_000, 21_000), "EncounteredTotalEscrowThreshold"),
        (Failures(0, 100_000, 50_000), None),
    ],
)
def test_microsofts_examples_of_quarantine(failures, reason):
    reached = judge(failures)
    assert (reached.reason if reached else None) == reason


def test_every_object_of_a_type_refused_is_enough():
    assert all_refused(2, 2)
    assert not all_refused(2, 1)
    assert not all_refused(0, 0)


def test_quarantine_waits_longer_each_time_up_to_a_day():
    entry, waits = None, []
    for _ in range(8):
        entry = quarantined(entry, "R", "c", "m", 0)
        waits.append(entry.next_attempt // INTERVAL)
    assert waits == [1, 2, 4, 8, 16, 32, 36, 36]
    assert (entry.series_count, entry.series_began) == (8, 0)


def test_escrows_back_off_unless_the_code_is_retried_every_cycle():
    escrow, due = None, []
    for _ in range(6):
        escrow = escrowed(escrow, "EntryConflict", "r", 5)
        due.append((escrow.next_attempt - 5) // HOUR)
    assert due == [0, 6, 12, 24, 48, 72]
    assert escrowed(escrow, "Timeout", "r", 99 * HOUR).next_attempt == 99 * HOUR


def test_an_escrow_remembers_the_beginning_of_a_long_answer():
    escrow = escrowed(None, "InternalServerError", "<html>" * 10_000, 5)
    assert (escrow.reason[:12], len(escrow.reason)) == ("<html><html>", 1_003)
    assert escrowed(None, "InternalServerError", "x" * 1_000, 5).reason == "x" * 1_000


def refused_group():
    """The requests, the entries of the log, the report and the memory."""
    memory = Memory(Job("scim.t.j", "t"))
    tenant = Tenant((), (TenantGroup("gid", "grp_all@xxxxxx.com"),))
    steps = cycle.run(tenant, memory, Settings("https://h/scim"), 1_790_000_000_000_000, "guid")
    answer, sent, entries = None, [], []
    while True:
        try:
            item = steps.send(answer)
        except StopIteration as end:
            return sent, entries, end.value, memory
        answer = None
        if isinstance(item, Logged):
            entries.append(item.entry)
        if isinstance(item, Request):
            sent.append(item.target)
            probe = len(sent) == 1
            text = '{"totalResults":0,"Resources":[]}' if probe else '{"detail":"Insufficient scope","status":"403"}'
            answer = Response(200 if probe else 403, text, at=1_790_000_000_000_000, took_ms=7)


def test_the_log_tells_a_refused_group_as_the_origin_saw_it():
    sent, (entry,), report, memory = refused_group()
    assert sent[0] == '/Users?filter=userName+eq+"guid"'
    assert set(entry) == {
        "id", "activityDateTime", "tenantId", "jobId", "cycleId", "changeId", "provisioningAction",
        "durationInMilliseconds", "provisioningStatusInfo", "provisioningSteps", "modifiedProperties", "sourceSystem",
        "targetSystem", "servicePrincipal", "initiatedBy", "sourceIdentity", "targetIdentity",
    }  # fmt: skip
    assert entry["provisioningStatusInfo"] == {
        "status": "failure",
        "errorInformation": {
            "errorCode": "EntrySynchronizationError",
            "reason": (
                "Failed to match an entry in the source and target systems Group 'grp_all@xxxxxx.com'\n"
                "Resource:\n"
                'https://h/scim/Groups?excludedAttributes=members&filter=displayName+eq+"grp_all%40xxxxxx.com"\n'
                "Response Status Code: 403\n"
                'Response Content:\n{\n "detail": "Insufficient scope",\n "status": "403"\n}'
            ),
            "additionalDetails": None,
            "errorCategory": "nonServiceFailure",
            "recommendedAction": None,
        },
    }
    assert entry["provisioningSteps"][0] == {
        "name": "EntryImportAdd",
        "provisioningStepType": "import",
        "status": "success",
        "description": "Received Group 'grp_all@xxxxxx.com' change of type (Add) from Azure Active Directory",
        "details": {},
    }
    assert entry["initiatedBy"]["displayName"] == "Azure AD Provisioning Service"
    assert entry["sourceIdentity"] == {
        "id": "gid", "displayName": "grp_all@xxxxxx.com", "identityType": "Group", "details": {},
    }  # fmt: skip
    assert report.status == "Initial sync paused"
    assert memory.escrows() == 0


def test_the_job_has_graphs_shape():
    document = job_json(refused_group()[3].job)
    assert json.dumps(document)
    assert document["schedule"] == {"expiration": None, "interval": "PT40M", "state": "Disabled"}
    assert (document["status"]["code"], document["status"]["escrowsPruned"]) == ("Paused", True)
    assert job_json(Job("j", "t"))["status"]["code"] == "NotRun"


def test_words_of_the_export_step():
    step = log.export("Group", "G", "create", "failure")
    assert step.name == "EntryExportAdd"
    assert step.description == "Failed to create Group 'G' in customappsso"
    assert step.details == (("ReportableIdentifier", "G"),)
