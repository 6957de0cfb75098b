"""The tables as they are told by the migrations themselves."""

from vestibule.store import schema
from vestibule.store.tables import TENANT, Reference, table, tables


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
    assert [each.name for each in tables() if each.shared] == ["enterprises", "connections", "keys"]
    assert all(each.key[0] == TENANT for each in tables() if not each.shared)


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
