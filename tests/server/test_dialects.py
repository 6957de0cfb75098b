"""One connection per dialect: what each forgives and notes, what it refuses by name, and that nothing is half-written."""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.conftest import Tenant, Vestibule
from tests.server.wire import (
    CONTOSO,
    ENTERPRISE,
    GROUP,
    PATCH,
    USER,
    attribute,
    declare,
    entry,
    group,
    new_group,
    new_user,
    patch,
    refusal,
    user,
)

DIALECTS = ("tolerant", "strict", "entra", "okta")
FORGIVING = {"Entra": ("tolerant", "entra"), "Okta": ("tolerant", "okta"), "any": ("tolerant", "entra", "okta")}


@pytest.fixture(scope="module")
def connections(vestibule: Vestibule) -> Generator[dict[str, Tenant]]:
    """A connection of each dialect, with one extension schema."""
    with ExitStack() as stack:
        made: dict[str, Tenant] = {}
        for dialect in DIALECTS:
            connection = vestibule.connection()
            token, text = vestibule.token(connection.id)
            http = stack.enter_context(vestibule.client(connection.id, text))
            made[dialect] = Tenant(vestibule, connection.id, token, text, http)
            made[dialect].set(dialect=dialect)
            declare(made[dialect], attribute("floor", "integer"))
        yield made


@dataclass
class Case:
    """Ana with an address, Bob, and a group of both, in one connection."""

    tenant: Tenant
    name: str

    def __post_init__(self) -> None:
        emails = [{"type": "work", "value": "ana@x", "primary": True}]
        self.ana = new_user(self.tenant, f"ana-{self.name}", emails=emails, title="Lead")["id"]
        self.bob = new_user(self.tenant, f"bob-{self.name}")["id"]
        self.group = new_group(self.tenant, f"group-{self.name}", self.ana, self.bob)

    def ana_patched(self, *operations: dict[str, Any]) -> httpx2.Response:
        """A PATCH that is standard SCIM in its first operation."""
        return patch(self.tenant, f"/Users/{self.ana}", {"op": "add", "path": "nickName", "value": "N"}, *operations)

    def group_patched(self, *operations: dict[str, Any]) -> httpx2.Response:
        first = {"op": "replace", "path": "externalId", "value": f"ext-{self.name}"}
        return patch(self.tenant, f"/Groups/{self.group}", first, *operations)

    def posted(self, **body: Any) -> httpx2.Response:
        return self.tenant.http.post("/Users", json={"schemas": [USER], "userName": f"new-{self.name}"} | body)

    def filtered(self, text: str) -> httpx2.Response:
        return self.tenant.http.get("/Users", params={"filter": text})

    def state(self) -> Any:
        total = self.tenant.http.get("/Users").json()["totalResults"]
        return user(self.tenant, self.ana), user(self.tenant, self.bob), group(self.tenant, self.group), total


def replace(path: str | None, value: Any) -> dict[str, Any]:
    return {"op": "replace", "value": value} | ({"path": path} if path else {})


Act = Callable[[Case], httpx2.Response]
DEVIATIONS: dict[str, tuple[str, str, list[str], Act]] = {
    "op_case": (
        "Entra", "invalidSyntax", ["Replace"],
        lambda case: case.ana_patched({"op": "Replace", "path": "title", "value": "Boss"}),
    ),
    "schemas_missing": (
        "any", "invalidSyntax", [],
        lambda case: case.tenant.http.patch(f"/Users/{case.ana}", json={"Operations": [replace("title", "Boss")]}),
    ),
    "boolean_string": ("Entra", "invalidValue", ["active"], lambda case: case.ana_patched(replace("active", "False"))),
    "integer_string": (
        "any", "invalidValue", ["floor"], lambda case: case.ana_patched(replace(f"{CONTOSO}:floor", "3")),
    ),
    "read_only_in_value": (
        "any", "mutability", ["meta"], lambda case: case.ana_patched(replace(None, {"meta": {}, "title": "Boss"})),
    ),
    "remove_with_value": (
        "any", "invalidValue", ["members"],
        lambda case: case.group_patched({"op": "remove", "path": "members", "value": [{"value": case.bob}]}),
    ),
    "dotted_keys": (
        "Entra", "invalidPath", ["name.givenName"], lambda case: case.ana_patched(replace(None, {"name.givenName": "A"})),
    ),
    "value_path_created": (
        "Entra", "noTarget", ["emails"], lambda case: case.ana_patched(replace('emails[type eq "home"].value', "a@h")),
    ),
    "reference_as_string": (
        "Entra", "invalidValue", ["manager"], lambda case: case.ana_patched(replace(f"{ENTERPRISE}:manager", case.bob)),
    ),
    "list_for_single": (
        "Entra", "invalidValue", ["manager"],
        lambda case: case.ana_patched(replace(f"{ENTERPRISE}:manager", [{"value": case.bob}])),
    ),
    "single_for_list": ("any", "invalidValue", ["emails"], lambda case: case.posted(emails={"value": "n@x"})),
    "string_for_complex": (
        "any", "invalidValue", ["members no. 1"],
        lambda case: case.tenant.http.put(
            f"/Groups/{case.group}", json={"schemas": [GROUP], "displayName": f"g-{case.name}", "members": [case.ana]}
        ),
    ),
    "unknown_schema": ("any", "invalidSyntax", ["urn:x"], lambda case: case.posted(schemas=[USER, "urn:x"])),
    "unknown_attribute": ("any", "invalidSyntax", ["shoeSize"], lambda case: case.posted(shoeSize=43)),
    "bare_extension_attribute": (
        "Entra", "invalidPath", ["department"], lambda case: case.ana_patched(replace("department", "IT")),
    ),
    "id_in_value": (
        "Okta", "mutability", ["id"],
        lambda case: case.group_patched(replace(None, {"id": case.group, "displayName": f"renamed-{case.name}"})),
    ),
    "empty_clears": ("any", "invalidValue", ["title"], lambda case: case.ana_patched(replace("title", ""))),
    "second_primary": (
        "any", "invalidValue", [],
        lambda case: case.ana_patched(
            replace("emails", [{"value": "a@1", "primary": True}, {"value": "a@2", "primary": True}])
        ),
    ),
    "unescaped_text": (
        "Entra", "invalidFilter", ['displayName eq "The "A" team"'],
        lambda case: case.filtered('displayName eq "The "A" team"'),
    ),
    "unquoted_literal": ("Entra", "invalidFilter", ["O"], lambda case: case.filtered("userName sw O")),
}  # fmt: skip


@pytest.mark.parametrize("quirk", DEVIATIONS)
def test_a_dialect_forgives_and_notes_or_refuses_and_changes_nothing(
    connections: dict[str, Tenant], quirk: str
) -> None:
    sender, scim_type, shown, act = DEVIATIONS[quirk]
    for dialect, tenant in connections.items():
        case = Case(tenant, quirk)
        before = case.state()
        answer = act(case)
        facts = entry(tenant, answer).facts
        if dialect in FORGIVING[sender]:
            assert answer.status_code < 300, (dialect, answer.text)
            assert facts["tolerated"] == [quirk]
            assert facts["tolerated_in"] == ({quirk: shown} if shown else {})
            assert (case.state() == before) is (scim_type == "invalidFilter")
            continue
        detail = refusal(answer, 400, scim_type)
        assert f"the connection's dialect `{dialect}` does not allow it" in detail
        assert "The dialect `tolerant` does" in detail
        assert all(each.split(" no.")[0] in detail for each in shown)
        if quirk != "unquoted_literal":  # see the test of its own
            assert (facts["quirk"], facts["dialect"]) == (quirk, dialect)
        assert "tolerated" not in facts
        assert case.state() == before


LEFT_OPEN: dict[str, tuple[list[str], Act]] = {
    "remove_without_match": (
        ["emails"], lambda case: case.ana_patched({"op": "remove", "path": 'emails[type eq "home"]'}),
    ),
    "password_dropped": (["password"], lambda case: case.posted(password="x-secret")),
}  # fmt: skip


@pytest.mark.parametrize("quirk", LEFT_OPEN)
def test_what_the_rfc_leaves_open_is_done_in_every_dialect(connections: dict[str, Tenant], quirk: str) -> None:
    shown, act = LEFT_OPEN[quirk]
    for tenant in connections.values():
        case = Case(tenant, quirk)
        answer = act(case)
        assert answer.status_code < 300, answer.text
        kept = entry(tenant, answer)
        assert (kept.facts["tolerated"], kept.facts["tolerated_in"]) == ([quirk], {quirk: shown})
        assert "x-secret" not in (kept.request_body or "") + user(tenant, answer.json()["id"]).__repr__()


STANDARD: list[Act] = [
    lambda case: case.posted(
        schemas=[USER, ENTERPRISE], active=False, **{ENTERPRISE: {"manager": {"value": case.ana}}}
    ),
    lambda case: case.ana_patched(replace("active", False), {"op": "remove", "path": "title"}),
    lambda case: case.ana_patched(replace(None, {"name": {"givenName": "A"}, ENTERPRISE: {"department": "IT"}})),
    lambda case: case.ana_patched(replace('emails[type eq "work"].value', "n@x"), replace(f"{USER}:title", "Boss")),
    lambda case: case.ana_patched(replace(f"{CONTOSO}:floor", 3), {"op": "remove", "path": "emails"}),
    lambda case: case.ana_patched({"op": "add", "path": "EMAILS", "value": [{"VALUE": "n@x"}]}),
    lambda case: case.group_patched({"op": "remove", "path": f'members[value eq "{case.bob}"]'}),
    lambda case: case.group_patched(replace("members", [])),
    lambda case: case.filtered('emails[type eq "work"].value eq "ana@x" and active eq true'),
    lambda case: case.filtered('displayName eq "The \\"A\\" team"'),
    lambda case: case.tenant.http.put(f"/Users/{case.ana}", json={"schemas": [USER], "userName": f"ana-{case.name}"}),
]


@pytest.mark.parametrize("number", range(len(STANDARD)))
def test_standard_scim_is_understood_in_every_dialect_and_nothing_is_noted(
    connections: dict[str, Tenant], number: int
) -> None:
    for tenant in connections.values():
        answer = STANDARD[number](Case(tenant, f"standard-{number}"))
        assert answer.status_code < 300, answer.text
        assert "tolerated" not in entry(tenant, answer).facts


def test_the_log_names_every_unknown_attribute_within_bounds(connections: dict[str, Tenant]) -> None:
    tenant = connections["tolerant"]
    unknown = {f"shoe{number}": number for number in range(30)}
    body = {"x" * 200: 1, "name": {"shoe": 1}, CONTOSO: {"shoe": 1}, "emails": [{"value": "a", "shoe": 1}], **unknown}
    answer = Case(tenant, "many").posted(**body)
    assert answer.status_code == 201
    assert "shoe" not in answer.text
    (shown,) = entry(tenant, answer).facts["tolerated_in"].values()
    assert shown[:4] == ["x" * 80, "name.shoe", f"{CONTOSO}.shoe", "emails.shoe"]
    assert (len(shown), shown[4]) == (20, "shoe0")


def test_several_quirks_of_one_request_are_noted_in_their_order(connections: dict[str, Tenant]) -> None:
    case = Case(connections["entra"], "several")
    answer = case.ana_patched(
        {"op": "Replace", "path": "active", "value": "False"}, {"op": "Add", "path": "manager", "value": case.bob}
    )
    assert answer.status_code == 200
    assert entry(case.tenant, answer).facts["tolerated_in"] == {
        "op_case": ["Replace", "Add"],
        "bare_extension_attribute": ["manager"],
        "boolean_string": ["active"],
        "reference_as_string": ["manager"],
    }
    assert user(case.tenant, case.ana)["active"] is False


def test_an_operation_of_a_bulk_request_is_refused_alone(connections: dict[str, Tenant]) -> None:
    case = Case(connections["strict"], "bulk")
    data = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "title", "value": "Boss"}]}
    good = {"schemas": [PATCH], "Operations": [replace("title", "Chief")]}
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "PATCH", "path": f"/Users/{case.ana}", "data": data},
            {"method": "PATCH", "path": f"/Users/{case.bob}", "data": good},
        ],
    }
    answer = case.tenant.http.post("/Bulk", json=body)
    assert [each["status"] for each in answer.json()["Operations"]] == ["400", "200"]
    assert "dialect `strict`" in answer.json()["Operations"][0]["response"]["detail"]
    assert (user(case.tenant, case.ana)["title"], user(case.tenant, case.bob)["title"]) == ("Lead", "Chief")


def test_a_changed_dialect_is_in_force_at_once(tenant: Tenant) -> None:
    case = Case(tenant, "now")
    operation = {"op": "Replace", "path": "title", "value": "Boss"}
    for dialect, status in (("strict", 400), ("entra", 200), ("okta", 400), ("tolerant", 200), (None, 200)):
        tenant.set(dialect=dialect)
        assert case.ana_patched(operation).status_code == status


@pytest.mark.parametrize(
    "act",
    [
        lambda case: case.filtered("userName sw O"),
        lambda case: case.filtered('emails[primary eq "True"].value eq "x"'),
        lambda case: case.ana_patched(replace('emails[primary eq "True"].value', "x")),
    ],
    ids=["unquoted_literal", "boolean_string", "path"],
)
def test_a_refused_filter_or_path_keeps_its_quirk_in_the_log(connections: dict[str, Tenant], act: Act) -> None:
    tenant = connections["strict"]
    answer = act(Case(tenant, f"facts-{id(act)}"))
    assert answer.status_code == 400
    assert entry(tenant, answer).facts["dialect"] == "strict"


def test_a_key_that_the_dialect_does_not_allow_is_not_ignored(connections: dict[str, Tenant]) -> None:
    case = Case(connections["okta"], "key")
    answer = case.ana_patched(replace(None, {'emails[primary eq "True"].value': "n@x"}))
    assert refusal(answer, 400, "invalidPath")
    assert "nickName" not in user(case.tenant, case.ana)


def test_a_refusal_says_which_operation(connections: dict[str, Tenant]) -> None:
    answer = Case(connections["strict"], "which").ana_patched({"op": "Replace", "path": "title", "value": "x"})
    assert refusal(answer, 400, "invalidSyntax").startswith("Operation 2:")


@pytest.mark.parametrize("endpoint", ["Users", "Groups"])
def test_the_strict_dialect_needs_schemas(connections: dict[str, Tenant], endpoint: str) -> None:
    name = "userName" if endpoint == "Users" else "displayName"
    answer = connections["strict"].http.post(f"/{endpoint}", json={name: "without schemas"})
    assert answer.status_code == 400
