"""The tables as they are told by the migrations themselves."""

import pytest

from vestibule.store import schema
from vestibule.store.tables import TENANT, Reference, table, tables

BADGES = """CREATE TABLE badges (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  user_id TEXT NOT NULL,
  PRIMARY KEY (connection_id, user_id),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
) WITHOUT ROWID"""


def test_every_table_of_the_schema_is_told_and_none_twice() -> None:
    made = [
        statement.split()[2]
        for step in schema.steps()
        for statement in step.statements
        if statement.startswith("CREATE TABLE")
    ]
    assert [each.name for each in tables()] == made


def test_what_is_referred_to_comes_first() -> None:
    """So that rows can be put in, table after table."""
    before: set[str] = set()
    for each in tables():
        assert {reference.table for reference in each.references} <= before, each.name
        before.add(each.name)


def test_a_key_begins_with_the_connection_or_the_table_is_shared() -> None:
    assert [each.name for each in tables() if each.shared] == ["enterprises", "connections", "keys", "domains"]
    assert all(each.key[0] == TENANT for each in tables() if not each.shared)
    assert table("domains").key[0] == "enterprise_id"


def test_a_table_is_told_with_its_columns_and_references() -> None:
    members = table("members")
    assert members.key == ("connection_id", "group_id", "user_id")
    assert {each.name: (each.type, each.nullable) for each in members.columns if each.name in ("ref", "added_at")} == {
        "ref": ("TEXT", True), "added_at": ("INTEGER", False),
    }  # fmt: skip
    user = Reference(("connection_id", "user_id"), "users", ("connection_id", "id"))
    assert user in members.references


def test_an_earlier_version_has_the_tables_that_it_had() -> None:
    first = schema.steps()[0].version
    assert [each.name for each in tables(first)] == [each.name for each in tables()][: len(tables(first))]
    assert tables(schema.latest()) == tables()


@pytest.mark.parametrize(
    "statement", ["CREATE INDEX x ON users (connection_id)", "ALTER TABLE users ADD COLUMN x TEXT"]
)
def test_only_a_new_table_comes_apart(statement: str) -> None:
    assert schema.apart(statement) is None


def test_a_new_table_comes_apart_from_what_it_refers_to() -> None:
    """All that is left out is said, and the rest is a statement by itself."""
    made = schema.apart(BADGES)
    assert made is not None
    name, bare, keys = made
    assert (name, keys) == ("badges", ("FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)",))
    assert "FOREIGN KEY" not in bare
    assert bare.replace("\n)", f",\n  {keys[0]}\n)") == BADGES
