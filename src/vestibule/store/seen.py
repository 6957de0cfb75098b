"""Who had a value before: for any number of values, on disk where they are many, compared as the code compares them."""

import sqlite3
from collections.abc import Iterable


class Seen:
    """The values of one connection's resources; gone with `close`."""

    def __init__(self) -> None:
        # A private database, which SQLite keeps in memory as long as it is small and removes by itself.
        self._db = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16000"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute("CREATE TABLE seen (what, value, id, PRIMARY KEY (what, value)) WITHOUT ROWID")

    def close(self) -> None:
        """Forget all."""
        self._db.close()

    def again(self, values: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str, str]]:
        """Of (what, value, id) those whose value another one had before, each with that one's id."""
        listed = list(values)
        self._db.execute("BEGIN")
        before = self._db.total_changes
        self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", listed)
        kept = self._db.total_changes - before
        self._db.execute("COMMIT")
        if kept == len(listed):
            return []
        found: list[tuple[str, str, str, str]] = []
        for what, value, resource_id in listed:
            sql = "SELECT id FROM seen WHERE what = ? AND value = ? AND id <> ?"
            holder = self._db.execute(sql, (what, value, resource_id)).fetchone()
            if holder is not None:
                found.append((what, value, resource_id, holder[0]))
        return found
