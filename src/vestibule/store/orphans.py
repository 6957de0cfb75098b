"""Rows that refer to others that are not there: the database forbids them, unless it was damaged or edited by hand."""

from vestibule.store.db import Transaction
from vestibule.store.findings import Finding, Report
from vestibule.store.tables import TENANT, Reference, Table, tables


async def find_orphans(db: Transaction, report: Report) -> None:
    """Those of every table."""
    for table in tables():
        for reference in table.references:
            await _find(db, report, table, reference)


async def _find(db: Transaction, report: Report, table: Table, reference: Reference) -> None:
    pairs = zip(reference.columns, reference.theirs, strict=True)
    matched = " AND ".join(f"p.{theirs} = c.{ours}" for ours, theirs in pairs)
    orphans = f"FROM {table.name} c WHERE NOT EXISTS (SELECT 1 FROM {reference.table} p WHERE {matched})"
    count = (await db.row(f"SELECT count(*) {orphans}"))[0]
    if not count:
        return
    named = ", ".join(f"c.{each}" for each in table.key)
    told = f"a row of {table.name} names one of {reference.table} that is not there"
    listed = await db.rows(f"SELECT {named} {orphans} ORDER BY {named} LIMIT {report.limit}")
    for row in listed:
        values = dict(zip(table.key, row, strict=True))
        others = "/".join(str(value) for name, value in values.items() if name != TENANT)
        report.add(Finding("orphan", str(values.get(TENANT, "")), others, told))
    report.add_uncalled("orphan", count - len(listed))
