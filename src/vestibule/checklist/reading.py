"""What is the case with a connection, read for its checklist: a bounded number of reads, by keys and counters."""

from dataclasses import dataclass, replace
from typing import Final

from vestibule import cycles
from vestibule.cycles import Overview
from vestibule.identity_providers import Loaded, load
from vestibule.model import Connection, Domain, Enterprise, Exchange, Token
from vestibule.store import ExchangeQuery, NotFound, Store
from vestibule.store.roll_calls import KeptExpectation, RollRecord

SIGN_INS: Final = 100
"""So many of the newest sign-ins in the log are looked at."""
_GROUPS: Final = 100
_PIECES: Final = 10
"""So many pieces of the log (500 requests each) are read on in at the most; the server reads on by itself, too."""
SHOWN: Final = 10
"""So many groups of the roll call, and domains, are told one by one."""


@dataclass(frozen=True, slots=True)
class SignIns:
    """What the newest sign-ins in the log tell. Instants in microseconds; None where there was none."""

    tested_at: int | None = None
    test_passed: bool = False
    test_error: str | None = None
    last_at: int | None = None
    exact: bool = True
    """Whether nobody can have come in after `last_at`: what is known of that is older than what the log has."""
    refused: int = 0
    """How many real ones were refused since the last that went through."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the steps are made of."""

    connection: Connection
    enterprise: Enterprise
    sign_on: Loaded | None
    sign_ins: SignIns
    tokens: tuple[Token, ...]
    overview: Overview
    users: int
    user_written: bool
    """Whether the identity provider has made a user, or found one that is here."""
    groups: int
    group_written: bool
    """Whether it has made or written to a group, as far as is seen."""
    expectations: tuple[KeptExpectation, ...]
    rolls: tuple[RollRecord, ...]
    """The newest figures of the first groups that do not balance."""
    domains: tuple[Domain, ...]


async def read(store: Store, connection_id: str, now: int) -> Situation:
    """Look at a connection. Raises NotFound."""
    seen = await cycles.overview(store, connection_id, now, pieces=_PIECES)
    connection = seen.connection
    groups = await store.groups(connection_id, count=_GROUPS)
    written = any(each.origin == "scim" or each.adopted_at is not None for each in groups.items)
    expectations = tuple(await store.expectations(connection_id))
    return Situation(
        connection=connection,
        enterprise=await store.enterprise(connection.enterprise_id),
        sign_on=await _sign_on(store, connection_id),
        sign_ins=await _sign_ins(store, connection_id),
        tokens=tuple(await store.tokens(connection_id, of_people=False)),
        overview=seen,
        users=(await store.users(connection_id, count=1)).total,
        user_written=seen.history.known > 0 or any(each.users.touched + each.users.created for each in seen.cycles),
        groups=groups.total,
        group_written=written or any(each.groups.created or each.groups.updated for each in seen.cycles),
        expectations=expectations,
        rolls=await _rolls(store, expectations),
        domains=tuple(await store.domains(connection.enterprise_id)),
    )


async def _sign_on(store: Store, connection_id: str) -> Loaded | None:
    try:
        return await load(store, connection_id)
    except NotFound:
        return None


async def _sign_ins(store: Store, connection_id: str) -> SignIns:
    found = await store.exchanges(connection_id, ExchangeQuery(limit=SIGN_INS, sign_ins=True))
    test = next((each for each in found if _is_tested(each)), None)
    refused = 0
    last, exact = None, True
    for each in found:
        if each.facts.get("test") or each.path.endswith("/slo"):
            continue
        if each.facts.get("session") and each.error is None:
            last = each.at
            break
        refused += each.error is not None
    if last is None:
        # The log is kept for a while only; who has signed in is known for longer.
        newest = await store.identities(connection_id, limit=1)
        last, exact = newest[0].last_login_at if newest else None, False
    seen = SignIns(last_at=last, exact=exact, refused=refused)
    return seen if test is None else replace(seen, tested_at=test.at, test_passed=not test.error, test_error=test.error)


def _is_tested(exchange: Exchange) -> bool:
    """Whether it is a test sign-in that came to an end, good or bad; its beginning is recorded, too.

    One that was not let begin, as there were too many, tells nothing.
    """
    ended = "test_id" in exchange.facts or exchange.error not in (None, "rate_limited")
    return bool(exchange.facts.get("test")) and ended


async def _rolls(store: Store, expectations: tuple[KeptExpectation, ...]) -> tuple[RollRecord, ...]:
    drifting = [each for each in expectations if each.balanced is False][:SHOWN]
    found = [await store.rolls(each.connection_id, each.group, 1) for each in drifting]
    return tuple([each for newest in found for each in newest])
