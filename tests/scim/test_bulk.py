"""Bulk requests read and ordered (RFC 7644 section 3.7), without a server."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scim.strategies import json_objects, operations
from vestibule.scim.bulk import KINDS, REQUEST_SCHEMA, BulkOperation, in_order, read_bulk
from vestibule.scim.bulk_references import with_ids
from vestibule.scim.errors import Conflict, InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from vestibule.scim.schema import ENTERPRISE_USER

Needs = dict[int, set[int]]


def message(*operations: Any, **rest: Any) -> dict[str, Any]:
    return {"schemas": [REQUEST_SCHEMA], "Operations": list(operations), **rest}


def group(bulk_id: str, *needs: str) -> dict[str, Any]:
    """A POST of a group whose members are other operations' resources."""
    members = [{"value": f"bulkId:{each}"} for each in needs]
    return {
        "method": "POST",
        "path": "/Groups",
        "bulkId": bulk_id,
        "data": {"displayName": bulk_id, "members": members},
    }


def read(*operations: Any) -> tuple[BulkOperation, ...]:
    return read_bulk(message(*operations), 1_000).operations


PUT = {"method": "PUT", "path": "/Users/u1", "data": {"userName": "ana"}}
DELETE = {"method": "DELETE", "path": "/Users/u1"}


def test_a_request_is_read_as_it_was_sent() -> None:
    request = read_bulk(message(group("g", "u"), PUT | {"version": 'W/"3"'}, DELETE, failOnErrors=2), 3)
    made, put, gone = request.operations
    assert request.fail_on_errors == 2
    assert (made.number, made.method, made.path, made.bulk_id, made.needs) == (1, "POST", "/Groups", "g", {"u"})
    assert made.data == group("g", "u")["data"]
    assert (put.number, put.method, put.version, put.data, put.needs) == (2, "PUT", 'W/"3"', {"userName": "ana"}, set())
    assert (gone.number, gone.method, gone.path, gone.data) == (3, "DELETE", "/Users/u1", None)


def test_names_are_read_caseless_and_a_path_with_or_without_its_slash() -> None:
    body = {
        "SCHEMAS": [REQUEST_SCHEMA.upper()],
        "operations": [{"METHOD": "patch", "Path": "Users/u1", "DATA": {}, "BulkID": "b"}],
        "FAILONERRORS": 1,
    }
    request = read_bulk(body, 1)
    assert request.fail_on_errors == 1
    assert [(each.method, each.path, each.bulk_id) for each in request.operations] == [("PATCH", "/Users/u1", "b")]


@pytest.mark.parametrize(
    ("body", "error", "told"),
    [
        (None, InvalidSyntax, "object"),
        ([], InvalidSyntax, "object"),
        ({"Operations": [DELETE]}, InvalidSyntax, REQUEST_SCHEMA),
        ({"schemas": REQUEST_SCHEMA, "Operations": [DELETE]}, InvalidSyntax, REQUEST_SCHEMA),
        ({"schemas": ["urn:other"], "Operations": [DELETE]}, InvalidSyntax, "schemas"),
        ({"schemas": [REQUEST_SCHEMA]}, InvalidSyntax, "Operations"),
        (message(), InvalidSyntax, "Operations"),
        ({"schemas": [REQUEST_SCHEMA], "Operations": {"0": DELETE}}, InvalidSyntax, "Operations"),
        (message(DELETE, "DELETE"), InvalidSyntax, "2"),
        (message({"path": "/Users/u1"}), InvalidSyntax, "method"),
        (message(DELETE | {"method": "GET"}), InvalidSyntax, "method"),
        (message(DELETE | {"method": 7}), InvalidSyntax, "method"),
        (message({"method": "DELETE"}), InvalidSyntax, "path"),
        (message(DELETE | {"path": " / "}), InvalidSyntax, "path"),
        (message(DELETE | {"path": ["Users"]}), InvalidSyntax, "path"),
        (message(DELETE, {"method": "POST", "path": "/Users", "data": {}}), InvalidSyntax, "bulkId"),
        (message({"method": "POST", "path": "/Users", "data": {}, "bulkId": ""}), InvalidSyntax, "bulkId"),
        (message({"method": "POST", "path": "/Users", "data": {}, "bulkId": 1}), InvalidSyntax, "bulkId"),
        (message({"method": "POST", "path": "/Users", "bulkId": "a"}), InvalidSyntax, "data"),
        (message({"method": "PUT", "path": "/Users/u1"}), InvalidSyntax, "data"),
        (message({"method": "PATCH", "path": "/Users/u1", "data": []}), InvalidSyntax, "data"),
        (message(group("a"), group("b"), group("a")), InvalidValue, "'a'"),
        (message(DELETE, failOnErrors=0), InvalidValue, "failOnErrors"),
        (message(DELETE, failOnErrors=-1), InvalidValue, "failOnErrors"),
        (message(DELETE, failOnErrors=True), InvalidValue, "failOnErrors"),
        (message(DELETE, failOnErrors="1"), InvalidValue, "failOnErrors"),
        (message(DELETE, failOnErrors=1.5), InvalidValue, "failOnErrors"),
        (message(*[DELETE] * 6), PayloadTooLarge, "5"),
    ],
)  # fmt: skip
def test_what_is_no_bulk_request_is_refused_by_name(body: Any, error: type[ScimError], told: str) -> None:
    with pytest.raises(error) as refusal:
        read_bulk(body, 5)
    assert told in refusal.value.detail


def test_as_many_operations_as_announced_are_taken_and_all_errors_are_accepted_unless_limited() -> None:
    request = read_bulk(message(*[DELETE] * 5), 5)
    assert (len(request.operations), request.fail_on_errors) == (5, None)


@pytest.mark.parametrize("version", [3, ["W/1"], True])
def test_a_version_that_is_no_text_is_refused(version: Any) -> None:
    with pytest.raises(ScimError):
        read_bulk(message(PUT | {"version": version}), 5)


def test_data_nested_without_end_is_refused() -> None:
    deep: Any = {}
    for _ in range(500):
        deep = {"a": [deep]}
    with pytest.raises(InvalidValue):
        read_bulk(message(PUT | {"data": deep}), 5)


# The order


def sent(needs: Needs, order: list[int]) -> tuple[BulkOperation, ...]:
    return read(*(group(f"n{each}", *(f"n{other}" for other in needs[each])) for each in order))


@st.composite
def dags(draw: st.DrawFn) -> tuple[Needs, list[int]]:
    size = draw(st.integers(1, 8))
    needs = {each: draw(st.sets(st.integers(0, each - 1))) if each else set[int]() for each in range(size)}
    return needs, draw(st.permutations(range(size)))


@st.composite
def graphs(draw: st.DrawFn) -> Needs:
    size = draw(st.integers(1, 6))
    return {each: draw(st.sets(st.integers(0, size - 1), max_size=3)) for each in range(size)}


@given(dags())
def test_each_operation_comes_after_those_it_refers_to_whatever_the_order_of_sending(
    made: tuple[Needs, list[int]],
) -> None:
    operations = sent(*made)
    ordered, refused = in_order(operations)
    assert refused == {}
    assert sorted(each.number for each in ordered) == [each.number for each in operations]
    known: set[str] = set()
    for each in ordered:
        assert each.needs <= known
        known.add(each.bulk_id or "")


@given(dags())
def test_an_order_that_will_do_is_kept(made: tuple[Needs, list[int]]) -> None:
    operations = sent(made[0], sorted(made[0]))
    assert in_order(operations)[0] == list(operations)


def doomed(needs: Needs) -> set[int]:
    """Those that cannot be made: what is left after every one that can be has been."""
    done: set[int] = set()
    while more := {each for each in needs if each not in done and needs[each] <= done}:
        done |= more
    return needs.keys() - done


@given(graphs())
def test_only_those_in_or_behind_a_circle_are_refused_and_it_is_told_by_name(needs: Needs) -> None:
    operations = sent(needs, sorted(needs))
    ordered, refused = in_order(operations)
    bad = doomed(needs)
    assert {int((each.bulk_id or "")[1:]) for each in ordered} == needs.keys() - bad
    assert {number - 1 for number in refused} == bad
    for refusal in refused.values():
        assert isinstance(refusal, Conflict)
        cycle = [int(each[1:]) for each in refusal.facts["cycle"]]
        assert cycle[0] == cycle[-1]
        assert all(after in needs[before] for before, after in pairwise(cycle))
        assert len(cycle) - 1 == len(set(cycle))
        assert all(name in refusal.detail for name in refusal.facts["cycle"])


def test_one_that_refers_to_itself_waits_for_itself() -> None:
    ordered, refused = in_order(read(group("me", "me"), DELETE))
    assert [each.number for each in ordered] == [2]
    assert isinstance(refused[1], Conflict)
    assert refused[1].facts["cycle"] == ["me", "me"]


def test_an_unknown_bulk_id_is_refused_by_name_and_its_dependants_are_left_to_fail() -> None:
    ordered, refused = in_order(read(group("a", "ghost"), group("b", "a"), group("c")))
    assert isinstance(refused[1], InvalidValue)
    assert "ghost" in refused[1].detail
    assert [each.bulk_id for each in ordered] == ["b", "c"]
    assert list(refused) == [1]


def test_only_a_post_makes_what_a_bulk_id_stands_for() -> None:
    _, refused = in_order(read(PUT | {"bulkId": "u"}, group("g", "u")))
    assert list(refused) == [2]


@pytest.mark.parametrize(
    ("path", "value"),
    [("/Groups/bulkId:a", "x"), ("/Groups/g1", 'members[value eq "bulkId:a"]'), ("Groups/bulkId:a", "displayName")],
)
def test_references_in_the_path_and_deep_in_the_data_are_waited_for(path: str, value: str) -> None:
    patch = {"method": "PATCH", "path": path, "data": {"Operations": [{"op": "remove", "path": value}]}}
    ordered, refused = in_order(read(patch, group("a"), group("b")))
    assert refused == {}
    assert [each.number for each in ordered] == [2, 1, 3]


# The ids


def filled(data: Any, ids: dict[str, str], path: str = "/Groups", method: str = "POST") -> Any:
    return with_ids(method, path, data, ids, KINDS)[1]


def test_ids_stand_in_for_bulk_ids_in_paths_values_and_value_paths() -> None:
    made = {"a": "usr_1", "ab": "usr_2", "x-1.y": "grp_3"}
    assert with_ids("DELETE", "/Groups/bulkId:x-1.y", None, made, KINDS) == ("/Groups/grp_3", None)
    members = [
        {"value": "bulkId:a", "type": "bulkId:a"},
        {"$ref": "../Users/bulkId:ab", "value": "bulkId:ab"},
        "bulkId:a",
    ]
    data = {"displayName": "bulkId:a", "Members": members, "bulkId:a": None, "active": True, "weight": 1.5}
    assert filled(data, made) == data | {
        "Members": [
            {"value": "usr_1", "type": "bulkId:a"}, {"$ref": "../Users/usr_2", "value": "usr_2"}, "usr_1",
        ],
    }  # fmt: skip
    manager = {ENTERPRISE_USER: {"manager": {"value": "bulkId:a"}, "department": "bulkId:a"}, "title": "bulkId:a"}
    assert filled(manager, made, "/Users") == manager | {
        ENTERPRISE_USER: {"manager": {"value": "usr_1"}, "department": "bulkId:a"}
    }


PATCHES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "/Groups/g",
        {"op": "remove", "path": 'members[value eq "bulkId:a" or value eq "bulkId:b"]'},
        {"path": 'members[value eq "usr_a" or value eq "usr_b"]'},
    ),
    ("/Groups/g", {"op": "add", "path": "members", "value": [{"value": "bulkId:a"}]}, {"value": [{"value": "usr_a"}]}),
    ("/Groups/g", {"op": "add", "path": "Members", "value": "bulkId:a"}, {"value": "usr_a"}),
    ("/Groups/g", {"op": "add", "value": {"members": ["bulkId:a"]}}, {"value": {"members": ["usr_a"]}}),
    ("/Users/u", {"op": "add", "path": "manager", "value": "bulkId:a"}, {"value": "usr_a"}),
    ("/Users/u", {"op": "add", "path": f"{ENTERPRISE_USER}:manager.value", "value": "bulkId:a"}, {"value": "usr_a"}),
    (
        "/Users/u",
        {"op": "add", "path": ENTERPRISE_USER, "value": {"manager": "bulkId:a"}},
        {"value": {"manager": "usr_a"}},
    ),
    ("/Users/u", {"op": "add", "value": {f"{ENTERPRISE_USER}:manager": "bulkId:a"}},
     {"value": {f"{ENTERPRISE_USER}:manager": "usr_a"}}),
    ("/Users/u", {"op": "add", "path": 'emails[value eq "bulkId:a"].value', "value": "bulkId:a"}, {}),
    ("/Users/u", {"op": "replace", "path": "displayName", "value": "bulkId:a"}, {}),
    ("/Users/u", {"op": "replace", "path": "profileUrl", "value": "bulkId:a"}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "operation", "changed"), PATCHES)
def test_a_patch_refers_where_the_schema_has_a_reference(
    path: str, operation: dict[str, Any], changed: dict[str, Any]
) -> None:
    data = {"Operations": [operation]}
    expected = {"Operations": [operation | changed]}
    assert filled(data, {"a": "usr_a", "b": "usr_b"}, path, "PATCH") == expected
    (sent_one,) = read({"method": "PATCH", "path": path, "data": data})
    assert bool(sent_one.needs) is bool(changed)


def test_an_id_is_put_in_letter_by_letter() -> None:
    said = {"members": ["bulkId:a"]}
    assert filled(said, {"a": r"\1\g<0>bulkId:a"}) == {"members": [r"\1\g<0>bulkId:a"]}


def test_a_bulk_id_whose_resource_was_not_made_has_no_id() -> None:
    with pytest.raises(KeyError) as unmade:
        filled({"members": [{"value": "bulkId:gone"}]}, {"other": "usr_1"})
    assert unmade.value.args == ("gone",)


@given(
    st.sampled_from(["/Users", "/Groups/x", "/x"]),
    st.sampled_from(["POST", "PATCH"]),
    json_objects | st.lists(operations, max_size=3).map(lambda each: {"Operations": each}),
)
def test_data_without_references_stays_as_it_is(path: str, method: str, data: Any) -> None:
    assert with_ids(method, path, data, {}, KINDS) == (path, data)


def test_a_text_that_only_mentions_a_bulk_id_is_no_reference() -> None:
    _, refused = in_order(
        read(PUT | {"data": {"userName": "ana", "displayName": "bulkId:foo", "title": "of bulkId:42"}})
    )
    assert refused == {}


@pytest.mark.parametrize("bulk_id", ["new user", "users/1", "user[1]", 'say "a"'])
def test_any_bulk_id_can_be_referred_to(bulk_id: str) -> None:
    _, refused = in_order(read(group(bulk_id), group("g", bulk_id)))
    assert refused == {}
    assert filled({"members": [f"bulkId:{bulk_id}"]}, {bulk_id: "usr_1"}) == {"members": ["usr_1"]}
