"""Ids in source files: what names them, and that each is there once."""

import json

import pytest

from vestibule.entra.tenant import InvalidSource, read_csv, read_json


def test_the_portals_column_object_id_is_the_id():
    tenant = read_csv("userPrincipalName,objectId\na@x.com,0a21\n", "t.csv")
    assert (tenant.users[0].id, dict(tenant.users[0].attributes)) == ("0a21", {})


def test_a_manager_in_a_csv_is_named_by_id_or_by_sign_in_name():
    text = "userPrincipalName,id,manager\na@x.com,1,\nb@x.com,2,1\nc@x.com,3,A@x.com\n"
    assert [each.manager for each in read_csv(text, "t.csv").users] == [None, "1", "1"]


def test_an_id_that_is_in_a_csv_twice_is_refused_with_its_line():
    with pytest.raises(InvalidSource, match="line 3, column id: '1' is there twice"):
        read_csv("userPrincipalName,id\na@x.com,1\nb@x.com,1\n", "t.csv")


def test_a_group_with_the_id_of_a_user_is_refused_with_its_place():
    users, groups = [{"id": "1", "userPrincipalName": "a@x.com"}], [{"id": "1", "displayName": "g"}]
    with pytest.raises(InvalidSource) as caught:
        read_json(json.dumps({"users": users, "groups": groups}), "t.json")
    assert "groups[0].id" in caught.value.message


def test_json_nested_without_end_is_refused_in_words():
    with pytest.raises(InvalidSource, match="nested too deep"):
        read_json("[" * 200_000, "t.json")
