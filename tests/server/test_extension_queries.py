"""Filters and sorts on an extension schema of the connection's own."""

from typing import Any

import pytest

from tests.conftest import Tenant
from tests.server.wire import CONTOSO, attribute, declare, found, new_user, refusal

BADGES = attribute(
    "badges", "complex", multiValued=True,
    subAttributes=[attribute("kind"), attribute("code", caseExact=True), attribute("valid", "boolean")],
)  # fmt: skip
ANA: dict[str, Any] = {
    "team": "Ärger",
    "code": "Ab",
    "floor": 3,
    "rate": 0.5,
    "remote": True,
    "tags": ["Blue", "early"],
    "badges": [{"kind": "door", "code": "D1", "valid": False}, {"kind": "gate", "code": "G1", "valid": True}],
    "car": {"plate": "ZH 1"},
}
BOB: dict[str, Any] = {
    "team": "blue",
    "code": "AB",
    "floor": 12,
    "rate": 2,
    "remote": False,
    "tags": ["late"],
    "badges": [{"kind": "door", "code": "G1", "valid": True}],
    "car": {"plate": "BE 2"},
}


@pytest.fixture
def three(tenant: Tenant) -> Tenant:
    """ana and bob have the extension, cid has not."""
    declare(
        tenant,
        attribute("team"),
        attribute("code", caseExact=True),
        attribute("floor", "integer"),
        attribute("rate", "decimal"),
        attribute("remote", "boolean"),
        attribute("tags", multiValued=True),
        BADGES,
        attribute("car", "complex", subAttributes=[attribute("plate")]),
        attribute("secret", returned="request"),
    )
    new_user(tenant, "ana", **{CONTOSO: ANA | {"secret": "s"}})
    new_user(tenant, "bob", **{CONTOSO: BOB})
    new_user(tenant, "cid")
    return tenant


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (':team eq "ÄRGER"', ["ana"]),
        (':team co "rg"', ["ana"]),
        (':code eq "Ab"', ["ana"]),
        (':code eq "ab"', []),
        (':code sw "A"', ["ana", "bob"]),
        (':code co "b"', ["ana"]),
        (":floor gt 3", ["bob"]),
        (":floor ge 3", ["ana", "bob"]),
        (":floor lt 12", ["ana"]),
        (":floor ne 3", ["bob", "cid"]),
        (":floor eq null", ["cid"]),
        (":rate gt 0.25", ["ana", "bob"]),
        (":rate eq 2.0", ["bob"]),
        (":remote eq true", ["ana"]),
        (":remote eq false", ["bob"]),
        (':remote eq "True"', ["ana"]),
        (":remote pr", ["ana", "bob"]),
        (':tags eq "blue"', ["ana"]),
        (':tags sw "LA"', ["bob"]),
        (':badges[kind eq "door" and valid eq true]', ["bob"]),
        (':badges[kind eq "DOOR"].code eq "D1"', ["ana"]),
        (':badges[kind eq "door"].code eq "d1"', []),
        (':badges.code eq "G1"', ["ana", "bob"]),
        (":badges pr", ["ana", "bob"]),
        (':car.plate sw "zh"', ["ana"]),
        (':secret eq "s"', ["ana"]),
    ],
)
def test_a_filter_finds_by_it(three: Tenant, condition: str, names: list[str]) -> None:
    text = f"{CONTOSO}{condition}"
    assert found(three, text) == found(three, text.replace("Contoso", "CONTOSO")) == names
    assert found(three, f"not ({text})") == [name for name in ("ana", "bob", "cid") if name not in names]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (':floor eq "3"', "number"),
        (":floor eq true", "number"),
        (':floor co "3"', "number"),
        (":remote gt true", "compared"),
        (":car eq 3", "sub-attributes"),
        (':car[plate eq "ZH 1"]', "list of complex"),
        (':badges[tea eq "x"]', "no sub-attribute"),
        (':badges eq "D1"', "sub-attributes"),
        (":nick pr", "no attribute"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused(three: Tenant, condition: str, told: str) -> None:
    answer = three.http.get("/Users", params={"filter": f"{CONTOSO}{condition}"})
    assert told in refusal(answer, 400, "invalidFilter")


@pytest.mark.parametrize("bare", ['team eq "blue"', "floor eq 12", 'badges[kind eq "door" and valid eq true]'])
def test_a_bare_name_is_taken_for_the_extensions(three: Tenant, bare: str) -> None:
    assert found(three, bare) == ["bob"]


def sorted_by(tenant: Tenant, sort_by: str, order: str = "ascending") -> list[str]:
    answer = tenant.http.get("/Users", params={"sortBy": sort_by, "sortOrder": order})
    assert answer.status_code == 200, answer.text
    return [each["userName"] for each in answer.json()["Resources"]]


@pytest.mark.parametrize(
    ("sort_by", "names"),
    [
        ("floor", ["ana", "bob", "cid"]),
        ("rate", ["ana", "bob", "cid"]),
        ("remote", ["bob", "ana", "cid"]),
        ("team", ["bob", "ana", "cid"]),
        ("code", ["bob", "ana", "cid"]),
        ("car.plate", ["bob", "ana", "cid"]),
        ("tags", ["ana", "bob", "cid"]),
        ("badges.code", ["ana", "bob", "cid"]),
    ],
)
def test_a_list_is_sorted_by_it_and_who_has_none_comes_last(three: Tenant, sort_by: str, names: list[str]) -> None:
    assert sorted_by(three, f"{CONTOSO}:{sort_by}") == names
    assert sorted_by(three, sort_by.upper()) == names
    assert sorted_by(three, f"{CONTOSO}:{sort_by}", "descending") == names[::-1]


def test_pages_by_cursor_walk_a_list_that_is_sorted_by_it(three: Tenant) -> None:
    names: list[str] = []
    query = {"sortBy": f"{CONTOSO}:floor", "sortOrder": "descending", "count": "1", "cursor": ""}
    for _ in range(3):
        page = three.http.get("/Users", params=query).json()
        names += [each["userName"] for each in page["Resources"]]
        query["cursor"] = page.get("nextCursor", "")
    assert (names, query["cursor"]) == (["cid", "bob", "ana"], "")


def test_a_sort_by_what_is_no_value_is_refused(three: Tenant) -> None:
    for sort_by in (f"{CONTOSO}:car", f"{CONTOSO}:badges", f"{CONTOSO}:tea", f"{CONTOSO}:badges.tea"):
        assert "sortBy" in refusal(three.http.get("/Users", params={"sortBy": sort_by}), 400, "invalidValue")


def test_another_connection_knows_no_such_attribute(three: Tenant) -> None:
    other = three.vestibule.connection()
    with three.vestibule.client(other.id, three.vestibule.token(other.id)[1]) as http:
        assert refusal(http.get("/Users", params={"filter": "floor eq 3"}), 400, "invalidFilter")
        assert refusal(http.get("/Users", params={"sortBy": f"{CONTOSO}:floor"}), 400, "invalidValue")


@pytest.fixture
def hired(tenant: Tenant) -> Tenant:
    """ana came half an hour before midnight UTC, bob at midnight; their clocks were set for different places."""
    declare(tenant, attribute("hired", "dateTime"))
    new_user(tenant, "ana", **{CONTOSO: {"hired": "2026-01-01T00:30:00+01:00"}})
    new_user(tenant, "bob", **{CONTOSO: {"hired": "2026-01-01T00:00:00Z"}})
    return tenant


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ('lt "2026-01-01T00:00:00Z"', ["ana"]),
        ('eq "2025-12-31T23:30:00Z"', ["ana"]),
        ('eq "2026-01-01T00:00:00.000Z"', ["bob"]),
        ('ge "2026-01-01T01:00:00+01:00"', ["bob"]),
    ],
)
def test_times_are_compared_as_times(hired: Tenant, condition: str, names: list[str]) -> None:
    assert found(hired, f"{CONTOSO}:hired {condition}") == names


def test_times_are_sorted_as_times(hired: Tenant) -> None:
    assert sorted_by(hired, f"{CONTOSO}:hired") == ["ana", "bob"]


def test_a_number_that_nobody_can_have_finds_nobody_or_is_refused(three: Tenant) -> None:
    answer = three.http.get("/Users", params={"filter": f"{CONTOSO}:floor eq {2**63}"})
    assert answer.status_code in (200, 400), answer.text
    assert answer.json().get("totalResults", 0) == 0


def test_one_address_with_many_conditions_is_found(three: Tenant) -> None:
    text = " and ".join([f"{CONTOSO}:floor ge 3", f'{CONTOSO}:badges[code eq "G1"]', f"not ({CONTOSO}:remote eq true)"])
    assert found(three, text) == ["bob"]
    assert found(three, f'{CONTOSO}:team eq "blue" or {CONTOSO}:team eq "ärger"', sortBy="userName") == ["ana", "bob"]
