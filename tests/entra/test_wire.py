"""Requests are to the letter those of the reference, in both modes."""

import pytest

from vestibule.entra import answers, wire
from vestibule.entra.answers import Done, Found, Listed, Response, Trouble
from vestibule.entra.mapping import ENTERPRISE
from vestibule.entra.wire import Edit

CORE = "urn:ietf:params:scim:schemas:core:2.0:"


def operations(request):
    assert request.method == "PATCH"
    assert request.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return request.body["Operations"]


def test_a_group_is_searched_with_members_left_out_and_the_quotes_kept():
    assert wire.match("Group", "displayName", "grp_all@x.com").target == (
        '/Groups?excludedAttributes=members&filter=displayName+eq+"grp_all%40x.com"'
    )


def test_a_user_is_searched_by_name():
    assert wire.match("User", "userName", "o'br\"ü@x").target == ('/Users?filter=userName+eq+"o%27br%5C"%C3%BC%40x"')


def test_the_manager_is_checked_by_two_attributes():
    assert wire.check_manager("1", "2").target == '/Users?filter=id+eq+"1"+and+manager+eq+"2"&attributes=id'


def test_a_user_is_created_as_in_microsofts_sample():
    values = {
        "externalId": "0a21",
        "userName": "x@testuser.com",
        "active": True,
        'emails[type eq "work"].value': "x@testuser.com",
        "name.formatted": "given family",
        "name.familyName": "family",
        "name.givenName": "given",
    }
    request = wire.create("User", values)
    assert (request.method, request.target) == ("POST", "/Users")
    assert request.body == {
        "schemas": [CORE + "User", ENTERPRISE],
        "externalId": "0a21",
        "userName": "x@testuser.com",
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": "x@testuser.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "given family", "familyName": "family", "givenName": "given"},
        "roles": [],
    }


def test_a_group_is_created_without_members():
    assert wire.create("Group", {"externalId": "8aa1", "displayName": "g"}).body == {
        "schemas": [CORE + "Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1",
        "displayName": "g",
        "meta": {"resourceType": "Group"},
    }


EDITS = (
    Edit("displayName", "Bjfe", had=True),
    Edit('emails[type eq "work"].value', "a@b", had=True),
    Edit("name.givenName", "Kkom", had=True),
    Edit(f"{ENTERPRISE}:employeeNumber", "Aklq", had=True),
)


def test_the_default_mode_sends_one_operation_for_each_attribute():
    assert operations(wire.update("User", "1", (*EDITS, Edit("nickName", "Babs", had=False)), "default")) == [
        {"op": "Replace", "path": "displayName", "value": "Bjfe"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "a@b"},
        {"op": "Replace", "path": "name.givenName", "value": "Kkom"},
        {"op": "Replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "Aklq"},
        {"op": "Add", "path": "nickName", "value": "Babs"},
    ]


def test_the_compliant_mode_folds_single_values_into_one_operation_without_path():
    assert operations(wire.update("User", "1", EDITS, "compliant")) == [
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "a@b"},
        {
            "op": "replace",
            "value": {"displayName": "Bjfe", "name.givenName": "Kkom", f"{ENTERPRISE}:employeeNumber": "Aklq"},
        },
    ]


@pytest.mark.parametrize(
    ("mode", "sent"),
    [
        ("default", {"op": "Replace", "path": "active", "value": "False"}),
        ("compliant", {"op": "replace", "path": "active", "value": False}),
    ],
)
def test_disabling(mode, sent):
    assert operations(wire.update("User", "1", [Edit("active", False, had=True)], mode)) == [sent]


def test_members_come_and_go_in_the_words_of_the_mode():
    value = [{"$ref": None, "value": "7"}]
    assert operations(wire.add_members("1", ["7"], "default")) == [{"op": "Add", "path": "members", "value": value}]
    assert operations(wire.add_members("1", ["7"], "compliant"))[0]["op"] == "add"
    gone = operations(wire.remove_members("1", ["7"], "default"))
    assert gone == [{"op": "Remove", "path": "members", "value": value}]
    gone = operations(wire.remove_members("1", ["7"], "compliant"))
    assert gone == [{"op": "remove", "path": 'members[value eq "7"]'}]


def test_a_manager_is_a_bare_id():
    path = f"{ENTERPRISE}:manager"
    assert operations(wire.set_manager("1", "271", "default", had=False)) == [
        {"op": "Add", "path": path, "value": "271"}
    ]
    assert operations(wire.remove_manager("1", "default")) == [{"op": "Remove", "path": path}]


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("https://h/scim/v2", "default"),
        ("https://h/scim/v2/?AzureAdScimPatch2017", "default"),
        ("https://h/scim/v2?aadOptscim062020", "compliant"),
    ],
)
def test_a_flag_in_the_url_selects_the_mode_and_stays_off_the_path(url, mode):
    assert wire.endpoint(url) == ("https://h/scim/v2", mode)


def read(request, status, text=""):
    return answers.read(request, Response(status, text))


def test_answers_are_read_into_types():
    search = wire.match("User", "userName", "a")
    assert read(search, 200, '{"totalResults":0,"Resources":[]}') == Listed(())
    assert read(search, 200, '{"Resources":[{"id":"1","userName":"A"}]}') == Listed(({"id": "1", "userName": "A"},))
    assert read(wire.create("User", {"userName": "a"}), 201, '{"id":"1"}') == Found("1", {"id": "1"})
    assert read(wire.delete("User", "1"), 204) == Done()


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "Unauthorized"), (403, "InsufficientRights"), (409, "EntryConflict"), (429, "TooManyRequests"),
     (501, "NotImplemented"), (503, "InternalServerError"), (404, "InvalidAnchor")],
)  # fmt: skip
def test_refusals_carry_entras_code(status, code):
    answer = read(wire.delete("User", "1"), status)
    assert isinstance(answer, Trouble)
    assert answer.code == code


@pytest.mark.parametrize("text", ["<html>", "[]", '{"resources":[]}', '{"Resources":[{}]}', '{"Resources":{}}', ""])
def test_what_is_no_list_answer_is_service_incompatible(text):
    answer = read(wire.match("User", "userName", "a"), 200, text)
    assert isinstance(answer, Trouble)
    assert answer.code == answers.INCOMPATIBLE


def test_a_201_without_an_id_is_service_incompatible():
    answer = read(wire.create("User", {"userName": "a"}), 201, "")
    assert isinstance(answer, Trouble)
    assert answer.code == answers.INCOMPATIBLE
