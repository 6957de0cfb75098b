"""Wait for the identity provider's own test at a connection, and say what its green is worth."""

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import parse_qsl

from vestibule.clock import Clock, rfc3339
from vestibule.explain import Explanation, Fix, explain
from vestibule.model import Exchange, JsonObject
from vestibule.probe.grants import of_token
from vestibule.probe.report import SIGNS, Report, untried
from vestibule.store import NotFound, Store

LOOK_AGAIN = 0.3
"""Seconds between two looks at the log."""
AFTER = 2.0
"""Seconds that are listened on after a user was looked up, as a look-up of a group may follow."""
SHOWN = 1_000
"""How many of the requests that came, the last ones, the report has."""
_GUID = re.compile(r'eq\s+"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', re.IGNORECASE)
Heard: TypeAlias = Callable[[JsonObject], None]


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait for the first request, and how long to listen on after the test was seen; seconds."""

    first: float
    after: float = AFTER


async def listen(
    store: Store, clock: Clock, url: str, calls: AsyncIterator[Exchange], wait: Wait, heard: Heard
) -> Report:
    """Follow the log until the identity provider's test was seen, or nothing more is waited for.

    `calls` are the exchanges that come from now on, as `vestibule.log.follow` has them; `heard` is told of each. The
    matrix is out of the grants of the token that was used.
    """
    rows: deque[JsonObject] = deque(maxlen=SHOWN)
    count, test = 0, None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait.first) as limit:
            async for each in calls:
                count += 1
                rows.append(told(each))
                heard(rows[-1])
                if test is None and is_test(each):
                    test = each
                    limit.reschedule(asyncio.get_running_loop().time() + wait.after)
    if test is None:
        return Report(url, "listen", True, untried(), trouble=_nothing_came(wait.first, count), seen=tuple(rows))
    return replace(await _judged(store, clock, url, test), seen=tuple(rows))


def is_test(exchange: Exchange) -> bool:
    """Whether a request is a connection test's, answered or refused: not the look-up of a person who has a name.

    Entra looks up a random GUID in whatever attribute it matches by; Okta asks for the first one or two users.
    """
    if exchange.method != "GET" or exchange.path.rstrip("/").lower() != "/users":
        return False
    query = dict(parse_qsl(exchange.query))
    sought = query.get("filter")
    if sought is None:
        return query.get("count") in ("1", "2") and query.get("startIndex", "1") == "1"
    return _GUID.search(sought) is not None and exchange.facts.get("total") in (0, None)


def told(exchange: Exchange) -> JsonObject:
    """A request as it is shown while listening."""
    explanation = explain(exchange)
    return {
        "at": rfc3339(exchange.at),
        "sign": SIGNS["yes" if exchange.status < 400 else "no"],
        "status": exchange.status,
        "method": exchange.method,
        "path": f"{exchange.path}?{exchange.query}" if exchange.query else exchange.path,
        "request_id": exchange.id,
        "token_id": exchange.token_id,
        "code": explanation.code,
        "sentence": explanation.sentence,
    }


async def _judged(store: Store, clock: Clock, url: str, test: Exchange) -> Report:
    try:
        token = await store.find_token(test.token_id or "")
    except NotFound:
        cells = untried()
        cells["User", "look_up"] = replace(cells["User", "look_up"], verdict="no", explanation=explain(test))
        return Report(url, "listen", True, cells, trouble=explain(test))
    report = of_token(url, token, clock.now(), "listen")
    cell = report.cells["User", "look_up"]
    if test.status < 400 or cell.verdict == "no":
        return report
    # The grants are in order, and still the test was refused: the server failed, or had too much to do.
    red = replace(cell, verdict="no", explanation=explain(test))
    return replace(report, cells={**report.cells, ("User", "look_up"): red})


def _nothing_came(seconds: float, others: int) -> Explanation:
    came = {0: "No request came", 1: "1 other request came"}.get(others, f"{others} other requests came")
    return Explanation(
        "no_test_seen",
        f"{came} within {seconds:g} seconds, and no connection test among them.",
        "Entra sends one look-up of a user as soon as Test Connection is pressed; it was not sent to this connection.",
        (
            Fix("Press Test Connection while this waits, and compare the tenant URL there, whole", "customer"),
            Fix("Wait longer", "operator", "vestibule test scim URL --listen --wait 600"),
        ),
    )
