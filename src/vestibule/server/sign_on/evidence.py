"""What a sign-in brought, kept for a while: the claims last seen, hidden in part, and the results of tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from vestibule import ids
from vestibule.clock import rfc3339
from vestibule.explain import explain
from vestibule.model import JsonObject, LoginEvidence
from vestibule.portal.sign_in_pages import test_page
from vestibule.server.sign_on.desk import Desk
from vestibule.server.sign_on.visit import Visit, exchange_of
from vestibule.signin.outcome import Arrival
from vestibule.signin.preview import profile_json

DAY = 86_400_000_000
CLAIMS_KEPT = 7 * DAY
TESTS_KEPT = 7 * DAY
CLAIMS_ID = "claims"


async def keep_claims(desk: Desk, arrival: Arrival) -> None:
    """Remember what the last sign-in sent: every name, and as much of the values as tells their shape."""
    received = arrival.received
    document = {
        "at": rfc3339(arrival.now),
        "issuer": received.issuer,
        "subject": hidden(received.subject),
        "subject_format": received.subject_format,
        "claims": {name: [hidden(value) for value in values[:20]] for name, values in received.values.items()},
    }
    await _keep(desk, arrival.connection.id, CLAIMS_ID, "claims", document, arrival.now, CLAIMS_KEPT)


def hidden(value: str) -> str:
    """A value of which only the shape is left: its first letter, its length, and the domain of an address."""
    local, at, domain = value.rpartition("@")
    if at and local:
        return f"{local[0]}…@{domain}"
    return value if len(value) <= 2 else f"{value[0]}… ({len(value)} characters)"


async def _keep(
    desk: Desk, connection_id: str, evidence_id: str, kind: Any, document: JsonObject, now: int, lasts: int
) -> None:
    seal = await desk.seal()
    text = seal.seal(orjson.dumps(document).decode(), context(connection_id, evidence_id))
    await desk.store.keep_evidence(LoginEvidence(connection_id, evidence_id, kind, now, now + lasts, text))


def context(connection_id: str, evidence_id: str) -> str:
    """What evidence is sealed for."""
    return f"{connection_id} login_evidence {evidence_id}"


async def tell_test(
    desk: Desk, visit: Visit, arrival: Arrival | None, checks: Sequence[Mapping[str, Any]], outcome: JsonObject
) -> Response:
    """Keep the result of a test sign-in and show it; nobody is signed in."""
    visit.facts |= {"test": True, "outcome": outcome.get("outcome")}
    if outcome.get("outcome") == "refused":
        visit.error = str(outcome["code"])
        visit.facts |= dict(outcome.get("facts", {}))
    explanation = explain(exchange_of(visit, "", "", 400 if visit.error else 200, 0))
    received = None if arrival is None else arrival.received
    document: JsonObject = {
        "id": ids.new_id("tst", visit.at),
        "request_id": visit.id,
        "at": rfc3339(visit.at),
        "checks": [dict(each) for each in checks],
        "claims": None if received is None else {name: list(values) for name, values in received.values.items()},
        "subject": None if received is None else received.subject,
        "issuer": None if received is None else received.issuer,
        "mapping": [] if arrival is None else _mapping(arrival),
        "notes": visit.facts.get("notes", []),
        "outcome": outcome,
        "explanation": explanation.as_json(),
    }
    visit.facts["test_id"] = document["id"]
    await _keep(desk, visit.connection_id, document["id"], "test", document, visit.at, TESTS_KEPT)
    return test_page(document)


def _mapping(arrival: Arrival) -> list[JsonObject]:
    """Each attribute with where it is looked for, under which name it came, and whether that is good enough."""
    missing, profile = {each.wanted for each in arrival.mapped.missing}, arrival.mapped.profile
    taken = None if profile is None else profile_json(profile)
    shown: list[JsonObject] = []
    for attribute, rule in arrival.sign_on.mapping:
        found = [name for name in rule.sources if arrival.received.find(name)]
        unusable = attribute in missing or (found and taken is not None and attribute not in taken)
        passed = False if unusable else True if found else None
        shown.append({"attribute": attribute, "sources": list(rule.sources), "found": found[:1], "passed": passed})
    return shown
