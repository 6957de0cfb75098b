"""What can be derived is set right: in a write that looks again first, with an audit entry for each row."""

from dataclasses import dataclass
from typing import Any

from vestibule import ids
from vestibule.model import Audit, JsonObject
from vestibule.scim.folding import fold
from vestibule.store.consistency import (
    GROUP_ROW,
    USER_ROW,
    Unreadable,
    document_of,
    emails_differ,
    group_differs,
    user_differs,
)
from vestibule.store.db import Transaction
from vestibule.store.engine import Engine
from vestibule.store.sql.canaries import uncanny
from vestibule.store.sql.log import insert_audit
from vestibule.store.sql.users import INSERT_EMAIL

_UNIQUE = {"users": ("user_name_ci", "external_id"), "groups": ("display_name_ci",)}


@dataclass(frozen=True, slots=True)
class Repairer:
    """Mends rows of one database; `at` is the time and `actor` the name that the audit gets."""

    engine: Engine
    at: int
    actor: str = "cli"

    async def user(self, connection_id: str, user_id: str) -> bool:
        """Set a user's columns and addresses right; whether nothing is left to be done."""
        return await self.engine.write(connection_id, lambda db: self._user(db, connection_id, user_id))

    async def group(self, connection_id: str, group_id: str) -> bool:
        """Set a group's name and count right; whether nothing is left to be done."""
        return await self.engine.write(connection_id, lambda db: self._group(db, connection_id, group_id))

    async def counters(self, connection_id: str) -> bool:
        """Count a connection's users and groups anew."""
        return await self.engine.write(connection_id, lambda db: self._counters(db, connection_id))

    async def pending(self, connection_id: str, table: str, ref: str) -> bool:
        """Fold a name that is waited for anew."""
        return await self.engine.write(connection_id, lambda db: self._pending(db, connection_id, table, ref))

    async def _user(self, db: Transaction, connection_id: str, user_id: str) -> bool:
        key = (connection_id, user_id)
        row = await db.row(f"SELECT {USER_ROW} FROM users WHERE connection_id = $1 AND id = $2", *key)
        if row is None:
            return True
        try:
            document = document_of(row)
            differs = user_differs(row, document)
        except Unreadable:
            return False
        rows = await db.rows(
            "SELECT value_ci, type_ci FROM user_emails WHERE connection_id = $1 AND user_id = $2", *key
        )
        emails = emails_differ({(each[0], each[1]) for each in rows}, document)
        free = await self._free(db, "users", key, differs)
        await self._set(db, "users", key, free)
        if emails is not None:
            await db.run("DELETE FROM user_emails WHERE connection_id = $1 AND user_id = $2", *key)
            await db.many(INSERT_EMAIL, [(*key, value, kind) for value, kind in sorted(emails)])
        was = {name: row[name] for name in free} | ({} if emails is None else {"emails": len(rows)})
        await self._note(db, key, was)
        return free.keys() == differs.keys()

    async def _group(self, db: Transaction, connection_id: str, group_id: str) -> bool:
        key = (connection_id, group_id)
        row = await db.row(f"SELECT {GROUP_ROW} FROM groups WHERE connection_id = $1 AND id = $2", *key)
        if row is None:
            return True
        counted = await db.row("SELECT count(*) FROM members WHERE connection_id = $1 AND group_id = $2", *key)
        differs = group_differs(row, counted[0])
        free = await self._free(db, "groups", key, differs)
        await self._set(db, "groups", key, free)
        await self._note(db, key, {name: row[name] for name in free})
        return free.keys() == differs.keys()

    async def _counters(self, db: Transaction, connection_id: str) -> bool:
        row = await db.row(
            "SELECT user_count, active_count, group_count FROM counters WHERE connection_id = $1", connection_id
        )
        if row is None:
            await db.run("INSERT INTO counters (connection_id) VALUES ($1)", connection_id)
        people = uncanny("users")
        await db.run(
            f"UPDATE counters SET user_count = (SELECT count(*) FROM users WHERE connection_id = $1 AND {people}), "
            f"active_count = (SELECT count(*) FROM users WHERE connection_id = $1 AND active = 1 AND {people}), "
            f"group_count = (SELECT count(*) FROM groups WHERE connection_id = $1 AND {uncanny('groups')}) "
            "WHERE connection_id = $1",
            connection_id,
        )
        was: JsonObject = dict(zip(("users", "active", "groups"), row or (None, None, None), strict=True))
        await self._note(db, (connection_id, connection_id), was)
        return True

    async def _pending(self, db: Transaction, connection_id: str, table: str, ref: str) -> bool:
        changed = await db.run(
            f"UPDATE {table} SET ref_ci = $1 WHERE connection_id = $2 AND ref = $3 AND ref_ci <> $1",
            fold(ref), connection_id, ref,
        )  # fmt: skip
        await self._note(db, (connection_id, ref), {"table": table, "rows": changed} if changed else {})
        return True

    async def _free(self, db: Transaction, table: str, key: tuple[str, str], differs: dict[str, Any]) -> dict[str, Any]:
        """What can be set: a unique value only when nobody else has it, which is for people to settle."""
        taken: set[str] = set()
        for column in _UNIQUE[table]:
            if differs.get(column) is not None and await db.row(
                f"SELECT 1 FROM {table} WHERE connection_id = $1 AND {column} = $2 AND id <> $3",
                key[0], differs[column], key[1],
            ):  # fmt: skip
                taken.add(column)
        return {name: value for name, value in differs.items() if name not in taken}

    async def _set(self, db: Transaction, table: str, key: tuple[str, str], values: dict[str, Any]) -> None:
        if not values:
            return
        listed = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 3))
        await db.run(f"UPDATE {table} SET {listed} WHERE connection_id = $1 AND id = $2", *key, *values.values())

    async def _note(self, db: Transaction, key: tuple[str, str], was: JsonObject) -> None:
        if was:
            audit_id = ids.new_id("aud", self.at)
            await insert_audit(
                db, Audit(audit_id, key[0], self.at, self.actor, "verify.repaired", key[1], {"was": was})
            )
