"""Where a test has a database of either engine: SQLite, PostgreSQL, or a Citus cluster where there is one."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.postgres import CITUS, fresh_url, tell
from vestibule.store.urls import path_of

ENGINES = ("sqlite", "postgresql")


def url_in(folder: Path, engine: str) -> str:
    """The URL of a database in a folder that need not exist; the same for the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if engine == "sqlite":
        return f"sqlite:///{folder}/vestibule.db"
    return fresh_url(folder, os.environ[CITUS] if engine == "citus" else None)


def edit(url: str, *statements: str) -> None:
    """Change a database by hand, past all rules of the store's."""
    path = path_of(url)
    if path is None:
        tell(url, "; ".join(statements))
        return
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)
