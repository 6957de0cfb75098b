"""Source files are read whole, or refused with the place that is wrong."""

import json

import pytest

from vestibule.entra.company import ALL, SRE, already_in_product, company
from vestibule.entra.mapping import user_values
from vestibule.entra.tenant import InvalidSource, TenantUser, expected_members, read_csv, read_json, write_json

ANNA = {"id": "1", "userPrincipalName": "anna_p.com#EXT#@x.com", "displayName": "Anna", "userType": "Guest"}
BEN = {"id": "2", "userPrincipalName": "ben@x.com", "accountEnabled": False, "manager": {"id": "1"}}


def document(**more):
    group = {
        "id": "9",
        "displayName": "g",
        "members": [{"id": "1"}, "2", {"id": "8", "@odata.type": "#microsoft.graph.group"}],
    }
    nested = {"id": "8", "displayName": "inner", "members": []}
    return json.dumps({"users": [ANNA, BEN], "groups": [group, nested]} | more)


def test_graphs_shapes_are_read_bare_and_wrapped():
    tenant = read_json(document(assignments={"value": [{"principalId": "9"}]}), "t.json")
    assert tenant.users[1].manager == "1"
    assert (tenant.groups[0].members, tenant.groups[0].nested) == (("1", "2"), ("8",))
    assert tenant.users_in_scope() == {"1", "2"}
    assert read_json(document(users={"value": [ANNA, BEN]}), "t.json").assigned is None
    assert read_json(write_json(tenant), "again") == tenant


def test_the_roll_call_expects_people_under_the_name_that_is_provisioned():
    group = expected_members(read_json(document(assignments=["9"]), "t.json"))[0]
    assert (group.name, group.nested) == ("g", ("inner",))
    assert [(p.user_name, p.enabled, p.in_scope) for p in group.people] == [
        ("anna_p.com", True, True),
        ("ben@x.com", False, True),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"users": [,]}', "t.json, line 1, column 12"),
        ("[]", "one JSON object"),
        ("{}", "at users: must be a list"),
        (document(users=[ANNA, {"id": "2"}]), "at users[1].userPrincipalName: is needed"),
        (document(users=[ANNA, ANNA]), "at users[1].id: '1' is there twice"),
        (document(users=[ANNA]), "at groups[0].members[1]: names '2'"),
        (document(assignments=[{}]), "at assignments[0].principalId"),
        (document(users=[ANNA, BEN | {"accountEnabled": "no"}]), "at users[1].accountEnabled: must be true or false"),
    ],
)
def test_a_fault_in_json_is_said_with_its_place(text, said):
    with pytest.raises(InvalidSource) as caught:
        read_json(text, "t.json")
    assert said in caught.value.message


def test_entras_csv_is_read():
    text = (
        "\ufeffuserPrincipalName,displayName,id,accountEnabled,telephoneNumber,userType,manager,groups\n"
        "a@x.com,Anna,1,True,+41,Member,,team; all\n"
        "b@x.com,Ben,2,False,,Guest,A@x.com,all\n"
    )
    tenant = read_csv(text, "t.csv")
    assert tenant.users[0].attributes == {"displayName": "Anna", "businessPhones": "+41"}
    assert (tenant.users[1].enabled, tenant.users[1].manager, tenant.users[1].guest) == (False, "1", True)
    assert {g.display_name: g.members for g in tenant.groups} == {"team": ("1",), "all": ("1", "2")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("name\nx\n", "line 1: there is no column userPrincipalName"),
        ("userPrincipalName,id\n,1\n", "line 2, column userPrincipalName: is empty"),
        ("userPrincipalName\na@x\nA@x\n", "line 3, column userPrincipalName: 'A@x' is there twice"),
        ("userPrincipalName,accountEnabled\na,maybe\n", "line 2, column accountEnabled"),
        ("userPrincipalName,manager\na,b\n", "line 2, column manager: 'b'"),
        ("userPrincipalName\na,b\n", "line 2: 2 cells under 1 headings"),
        ('userPrincipalName\n"a\n', "this is not CSV"),
    ],
)
def test_a_fault_in_csv_is_said_with_its_line(text, said):
    with pytest.raises(InvalidSource) as caught:
        read_csv(text, "t.csv")
    assert said in caught.value.message


def test_the_company_has_the_numbers_of_the_story():
    tenant = company()
    groups = {each.name: each for each in expected_members(tenant)}
    assert len(tenant.users) == len(tenant.users_in_scope()) == 290
    assert sum(p.enabled and p.in_scope for p in groups[ALL].people) == len(groups[ALL].people) == 269
    assert len(groups[SRE].people) == 12
    known = already_in_product(tenant)
    assert len(set(known)) == 21
    assert set(known) <= {p.user_name for p in groups[ALL].people}
    assert len({each.user_name.casefold() for each in tenant.users}) == 290
    assert any("#EXT#" in each.user_principal_name for each in tenant.users)
    assert any("'" in each.user_name for each in tenant.users)
    assert any("ü" in each.attributes["displayName"] for each in tenant.users)
    assert any("mail" not in each.attributes for each in tenant.users)
    assert company() == tenant
    assert company(seed=1) != tenant
    assert len(company(people=1000).users) == 1000


def test_the_default_mapping_never_provisions_nulls():
    user = TenantUser("oid", "a_x.com#EXT#@t", attributes={"givenName": "A", "surname": "B", "mailNickname": "ab"})
    assert user_values(user, in_scope=True) == {
        "userName": "a_x.com", "active": True, "name.givenName": "A", "name.familyName": "B",
        "name.formatted": "A B", "externalId": "ab",
    }  # fmt: skip
    assert user_values(user, in_scope=False, external_id_source="objectId")["externalId"] == "oid"
    assert user_values(TenantUser("oid", "u"), in_scope=False) == {
        "userName": "u",
        "active": False,
        "externalId": "oid",
    }
