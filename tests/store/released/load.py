"""Databases as released versions left them."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.postgres import tell
from vestibule.store import schema
from vestibule.store.urls import path_of

FOLDER = Path(__file__).parent
RELEASED = sorted(int(file.stem) for file in FOLDER.glob("[0-9]*.sql"))
"""The schema versions that there are dumps of."""


def load_released(url: str, version: int) -> None:
    """Make a database out of the dump of a version."""
    script = (FOLDER / f"{version:04}.sql").read_text()
    path = path_of(url)
    if path is not None:
        with closing(sqlite3.connect(path)) as db:
            db.executescript(script)
        return
    made, _, rows = script.partition("\nINSERT INTO ")
    tell(url, schema.on_postgres(made))
    tell(url, "INSERT INTO " + re.sub(r"\bX'([0-9A-F]*)'", r"'\\x\1'", rows))
