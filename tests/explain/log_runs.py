"""What the provisioning engine writes into its own log, where an administrator copies it from: told as a pasted text.

The target is the small one of the rehearsal's tests, written apart from engine and server; here it does what none should.
"""

from collections.abc import Callable
from dataclasses import replace

import httpx2

from tests.explain.engine_runs import ACME, ANA, OFF
from tests.rehearsal.target import FakeTarget, run
from vestibule.entra.tenant import Tenant as Source
from vestibule.explain.outside import from_text
from vestibule.model import Exchange
from vestibule.rehearsal import Rehearsal


def pasted(text: str) -> Exchange:
    found = from_text(text)
    assert found is not None, text
    return found


def failure(rehearsal: Rehearsal) -> Exchange:
    """The first entry of the log that has an error, as the portal shows it."""
    failures = (each["provisioningStatusInfo"]["errorInformation"] for each in rehearsal.log)
    first = next(each for each in failures if each)
    return pasted(f"Error code: {first['errorCode']}\nError message: {first['reason']}\n")


def two_there() -> Exchange:
    target = FakeTarget()
    target.add_user("ana@example.com")
    target.add_user("ANA@example.com")
    return failure(run(ACME, target))


def two_here() -> Exchange:
    return failure(run(Source((ANA, replace(ANA, id="aad-ana-2"))), FakeTarget()))


def answering(answer: Callable[[httpx2.Request], httpx2.Response | None]) -> Exchange:
    """A target that passes the connection test, and then answers so."""
    target = FakeTarget()
    target.hook = lambda request: answer(request) if len(target.seen) > 1 else None
    return failure(run(ACME, target))


def late(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadTimeout("no answer", request=request)


def somebody(request: httpx2.Request) -> httpx2.Response | None:
    """A target that does not read the filter."""
    if request.method != "GET":
        return None
    return httpx2.Response(200, json={"totalResults": 1, "Resources": [{"id": "u1", "userName": "boss@example.com"}]})


def paused() -> Exchange:
    target = FakeTarget()
    target.scopes = {"users"}
    return pasted(f"Current cycle status: {run(ACME, target).cycles[0].status}\n")


RUNS: dict[str, Callable[[], Exchange]] = {
    "entra_duplicate_source.rehearsed": two_here,
    "entra_duplicate_target.rehearsed": two_there,
    "entra_no_answer.rehearsed": lambda: answering(late),
    "entra_not_scim.rehearsed": lambda: answering(lambda _: httpx2.Response(200, json={"people": []})),
    "entra_quarantine.rehearsed": paused,
    "entra_several.rehearsed": lambda: answering(somebody),
    "entra_skipped.rehearsed": lambda: failure(run(OFF, FakeTarget())),
}
"""File → the run whose log has it."""
