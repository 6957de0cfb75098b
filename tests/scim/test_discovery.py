"""ServiceProviderConfig, ResourceTypes and Schemas, and the schemas behind them."""

from collections.abc import Iterator
from typing import Any

import pytest

from vestibule.scim import discovery
from vestibule.scim.group_schema import CORE_GROUP, GROUP
from vestibule.scim.schema import ResourceType, find
from vestibule.scim.user_schema import CORE_USER, ENTERPRISE_USER, USER

KINDS = (USER, GROUP)
BASE = "https://h/scim/v2/connections/con_1"


def attributes(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in listed:
        yield each
        yield from attributes(each.get("subAttributes", []))


def by_path(urn: str) -> dict[str, dict[str, Any]]:
    schema = next(each for each in discovery.schemas(KINDS, BASE) if each["id"] == urn)
    return {each["name"]: each for each in schema["attributes"]}


def test_the_config_says_what_the_server_can_do() -> None:
    config = discovery.service_provider_config(BASE, 1_000_000)
    supported = {name for name, value in config.items() if isinstance(value, dict) and value.get("supported")}
    assert supported == {"patch", "filter", "etag", "bulk", "sort"}
    assert config["bulk"]["maxOperations"] == 1_000
    assert config["pagination"] == {
        "cursor": True, "index": True, "defaultPaginationMethod": "index", "defaultPageSize": 100, "maxPageSize": 200,
        "cursorTimeout": 3_600,
    }  # fmt: skip
    assert config["filter"]["maxResults"] == 200
    scheme = config["authenticationSchemes"][0]
    assert scheme["type"] == "oauthbearertoken"
    assert scheme["name"]
    assert scheme["description"]


def test_every_document_knows_its_own_address() -> None:
    for each in discovery.schemas(KINDS, BASE):
        assert each["meta"]["location"] == f"{BASE}/Schemas/{each['id']}"
    for each in discovery.resource_types(KINDS, BASE):
        assert each["meta"]["location"] == f"{BASE}/ResourceTypes/{each['id']}"
    assert discovery.service_provider_config(BASE, 1)["meta"]["location"] == f"{BASE}/ServiceProviderConfig"


def test_resource_types_name_schemas_that_are_listed() -> None:
    listed = {each["id"] for each in discovery.schemas(KINDS, BASE)}
    assert listed == {CORE_USER, CORE_GROUP, ENTERPRISE_USER}
    for kind in discovery.resource_types(KINDS, BASE):
        assert {kind["schema"], *(each["schema"] for each in kind["schemaExtensions"])} <= listed


def test_every_attribute_has_all_characteristics_and_no_null() -> None:
    due = {
        "name",
        "type",
        "multiValued",
        "description",
        "required",
        "caseExact",
        "mutability",
        "returned",
        "uniqueness",
    }
    for schema in discovery.schemas(KINDS, BASE):
        for each in attributes(schema["attributes"]):
            assert due <= each.keys(), each["name"]
            assert None not in each.values(), each["name"]
            assert ("subAttributes" in each) == (each["type"] == "complex"), each["name"]


@pytest.mark.parametrize("name", ["emails", "phoneNumbers", "addresses"])
def test_entra_finds_the_types_that_it_maps_to(name: str) -> None:
    """Microsoft's gallery validation flattens multi-valued attributes by their canonical types (section 5.7)."""
    subs = {each["name"]: each for each in by_path(CORE_USER)[name]["subAttributes"]}
    assert {"work", "other"} <= set(subs["type"]["canonicalValues"])


def test_the_characteristics_that_matter_are_those_of_the_rfc() -> None:
    user, group = by_path(CORE_USER), by_path(CORE_GROUP)
    assert (user["userName"]["required"], user["userName"]["uniqueness"]) == (True, "server")
    assert user["userName"]["caseExact"] is False
    assert (user["password"]["mutability"], user["password"]["returned"]) == ("writeOnly", "never")
    assert user["groups"]["mutability"] == "readOnly"
    assert (group["displayName"]["required"], group["displayName"]["uniqueness"]) == (True, "server")


@pytest.mark.parametrize(
    ("kind", "uri", "name", "home", "found"),
    [
        (USER, None, "USERNAME", None, "userName"),
        (USER, CORE_USER.upper(), "username", None, "userName"),
        (USER, None, "manager", ENTERPRISE_USER, "manager"),
        (USER, ENTERPRISE_USER.upper(), "Department", ENTERPRISE_USER, "department"),
        (USER, None, "EXTERNALID", None, "externalId"),
        (GROUP, None, "members", None, "members"),
    ],
)
def test_a_name_is_found_in_any_case_where_it_lives(
    kind: ResourceType, uri: str | None, name: str, home: str | None, found: str
) -> None:
    hit = find(kind, uri, name)
    assert hit is not None
    assert (hit[0], hit[1].name) == (home, found)


@pytest.mark.parametrize(
    ("kind", "uri", "name"),
    [
        (USER, None, "tea"),
        (USER, CORE_USER, "manager"),
        (USER, "urn:x", "userName"),
        (GROUP, None, "userName"),
        (USER, None, ""),
    ],
)
def test_a_name_that_lives_nowhere_is_not_found(kind: ResourceType, uri: str | None, name: str) -> None:
    assert find(kind, uri, name) is None
