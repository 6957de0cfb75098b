"""The roll call tells who was named as a member and is no user here (yet)."""

from tests.conftest import Tenant
from tests.server.test_scim import create_group, create_user, members, patch
from vestibule.rollcall import Expectation, ExpectedPerson, GroupRoll, call_roll


def roll(tenant: Tenant, *people: ExpectedPerson, count: int = 0) -> GroupRoll:
    expected = Expectation("g", count or len(people), people or None)
    (called,) = tenant.vestibule.admin(lambda store: call_roll(store, tenant.connection_id, [expected]))
    return called


def test_somebody_named_too_early_is_called_parked_until_he_comes(tenant: Tenant) -> None:
    ana, group = create_user(tenant, "ana")["id"], create_group(tenant, "g")["id"]
    named = [{"value": ana}, {"value": "ben@example.com"}]
    assert patch(tenant, f"/Groups/{group}", {"op": "add", "path": "members", "value": named}).status_code == 204
    ben = ExpectedPerson("Ben@example.com")
    called = roll(tenant, ExpectedPerson("ana"), ben, ExpectedPerson("cleo"))
    assert [(each.who, each.reason) for each in called.missing] == [
        ("Ben@example.com", "parked"),
        ("cleo", "never_provisioned"),
    ]
    assert [each.ref for each in called.pending] == ["ben@example.com"]
    came = create_user(tenant, "BEN@example.com")["id"]
    assert members(tenant, group) == {ana, came}
    assert roll(tenant, ExpectedPerson("ana"), ben).balanced


def test_the_former_id_of_a_deleted_user_is_called_by_name(tenant: Tenant) -> None:
    ana, group = create_user(tenant, "Ana@example.com")["id"], create_group(tenant, "g")["id"]
    assert tenant.http.delete(f"/Users/{ana}").status_code == 204
    patch(tenant, f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": ana}]})
    assert [(each.who, each.reason) for each in roll(tenant, ExpectedPerson("ana@example.com")).missing] == [
        ("ana@example.com", "parked")
    ]
    counted = roll(tenant, count=3)
    assert [(each.who, each.reason, each.count) for each in counted.missing] == [
        ("ana@example.com", "parked", 1),
        ("2 people (not named)", "unnamed", 2),
    ]
    assert counted.as_json()["pending"][0]["former"] == "ana@example.com"
