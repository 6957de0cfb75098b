"""Where there are no nodes, nothing is spread, and the way to some is told. On a real cluster: `test_citus`."""

import asyncio
from pathlib import Path

import pytest

from tests.store.contents import filled_database, rows_of
from vestibule.store import Declined
from vestibule.store.distribute import distribute


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ("sqlite", "SQLite is one file.*backup.*restore"),
        ("postgresql", "is one PostgreSQL, not a coordinator of Citus"),
    ],
)
def test_a_database_on_one_machine_is_left_as_it_is(tmp_path: Path, engine: str, told: str) -> None:
    url = filled_database(tmp_path, engine)
    before = rows_of(url)
    with pytest.raises(Declined, match=told):
        asyncio.run(distribute(url))
    assert rows_of(url) == before
