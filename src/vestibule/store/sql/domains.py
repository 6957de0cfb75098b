"""The mail domains of enterprises: a shared table, in which a name has at most one holder."""

from collections.abc import Callable, Collection
from dataclasses import replace

import orjson

from vestibule.model import HELD, Audit, Domain, DomainChange
from vestibule.store.answers import NotFound, Taken
from vestibule.store.db import Db, Row
from vestibule.store.sql import enterprises
from vestibule.store.sql.log import insert_audit

_DOMAIN = (
    "enterprise_id, id, domain, subdomains, state, token, created_at, verified_at, checked_at, failing_since, note"
)
_NAMED = "domain IN (SELECT value FROM EACH($1))"


async def insert(db: Db, domain: Domain, entry: Audit) -> None:
    """Keep a new claim and the audit entry."""
    await enterprises.one(db, domain.enterprise_id)
    made = await db.run(
        f"INSERT INTO domains ({_DOMAIN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
        "ON CONFLICT (enterprise_id, domain) DO NOTHING",
        domain.enterprise_id, domain.id, domain.domain, int(domain.subdomains), domain.state, domain.token,
        domain.created_at, domain.verified_at, domain.checked_at, domain.failing_since, domain.note,
    )  # fmt: skip
    if not made:
        mine = [each for each in await named(db, [domain.domain]) if each.enterprise_id == domain.enterprise_id]
        raise Taken("domain", domain.domain, mine[0].id)
    await insert_audit(db, entry)


async def one(db: Db, domain_id: str) -> Domain:
    """One claim by its id alone. Raises NotFound."""
    row = await db.row(f"SELECT {_DOMAIN} FROM domains WHERE id = $1", domain_id)
    if row is None:
        raise NotFound("domain", domain_id)
    return _domain_of(row)


async def of(db: Db, enterprise_id: str | None) -> list[Domain]:
    """The claims of an enterprise, or all, in the order of making."""
    rows = await db.rows(
        f"SELECT {_DOMAIN} FROM domains WHERE CAST($1 AS TEXT) IS NULL OR enterprise_id = $1 ORDER BY id",
        enterprise_id,
    )
    return [_domain_of(row) for row in rows]


async def named(db: Db, names: Collection[str]) -> list[Domain]:
    """All claims to these domains in the order of making."""
    rows = await db.rows(f"SELECT {_DOMAIN} FROM domains WHERE {_NAMED} ORDER BY id", _texts(names))
    return [_domain_of(row) for row in rows]


async def change(
    db: Db, enterprise_id: str, domain_id: str, wanted: Callable[[Domain, Domain | None], DomainChange]
) -> Domain:
    """Apply a pure change to a claim, given the rival that holds the domain."""
    names = _with_parents((await one(db, domain_id)).domain)
    # Whoever changes a claim to one of these names in another process waits here, and then reads what was written.
    await db.run(f"UPDATE domains SET checked_at = checked_at WHERE {_NAMED}", _texts(names))
    claims = await named(db, names)
    present = next((each for each in claims if (each.enterprise_id, each.id) == (enterprise_id, domain_id)), None)
    if present is None:
        raise NotFound("domain", domain_id)
    changed = wanted(present, _rival(present, claims))
    if changed.other is not None:
        await _update(db, changed.other)
    others = [each for each in await named(db, [present.domain]) if _holds(each) and each.id != domain_id]
    if others and _holds(changed.domain):
        raise Taken("domain", present.domain, others[0].id)
    await _update(db, changed.domain)
    for entry in changed.audit:
        await insert_audit(db, entry)
    return changed.domain


async def delete(db: Db, enterprise_id: str, domain_id: str, entry: Audit) -> None:
    """Forget a claim and keep the audit entry."""
    if not await db.run("DELETE FROM domains WHERE enterprise_id = $1 AND id = $2", enterprise_id, domain_id):
        raise NotFound("domain", domain_id)
    await insert_audit(db, entry)


def _with_parents(domain: str) -> list[str]:
    """A domain and those above it that have at least two labels, the nearest first."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


async def holder(db: Db, domain: str) -> Domain | None:
    """The claim that holds a domain: its own, or the nearest one above that holds its subdomains, too."""
    return _nearest(domain, await named(db, _with_parents(domain)))


def _rival(mine: Domain, claims: Collection[Domain]) -> Domain | None:
    """The other enterprise's claim that holds a domain."""
    return _nearest(mine.domain, [each for each in claims if each.enterprise_id != mine.enterprise_id])


def _nearest(domain: str, claims: Collection[Domain]) -> Domain | None:
    held = [each for each in claims if _holds(each) and (each.domain == domain or each.subdomains)]
    return max(held, key=lambda each: len(each.domain), default=None)


def _holds(domain: Domain) -> bool:
    return domain.state in HELD


async def _update(db: Db, domain: Domain) -> None:
    await db.run(
        "UPDATE domains SET subdomains = $3, state = $4, token = $5, verified_at = $6, checked_at = $7, "
        "failing_since = $8, note = $9, created_at = $10 WHERE enterprise_id = $1 AND id = $2",
        domain.enterprise_id, domain.id, int(domain.subdomains), domain.state, domain.token, domain.verified_at,
        domain.checked_at, domain.failing_since, domain.note, domain.created_at,
    )  # fmt: skip


def _domain_of(row: Row) -> Domain:
    kept = Domain(**dict(row))
    return replace(kept, subdomains=bool(kept.subdomains))


def _texts(names: Collection[str]) -> str:
    return orjson.dumps(list(names)).decode()
