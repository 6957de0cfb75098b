"""An extension schema of one connection's own: announced, written in every form, checked, withdrawn."""

from typing import Any

import pytest

from tests.conftest import Tenant
from tests.server.wire import (
    CONTOSO,
    ENTERPRISE,
    USER,
    attribute,
    declare,
    entry,
    everybody,
    found,
    new_user,
    patch,
    refusal,
    switch_off,
    user,
    withdraw,
)
from vestibule.scim.errors import InvalidValue

FABRIKAM = CONTOSO.replace("Contoso", "Fabrikam")
BADGES = attribute(
    "badges", "complex", multiValued=True,
    subAttributes=[attribute("kind"), attribute("code", caseExact=True), attribute("valid", "boolean")],
)  # fmt: skip
CAR = attribute("car", "complex", subAttributes=[attribute("plate"), attribute("doors", "integer")])
CONTOSOS = (
    attribute("badge"),
    attribute("floor", "integer"),
    attribute("rate", "decimal"),
    attribute("remote", "boolean"),
    attribute("hired", "dateTime"),
    attribute("page", "reference"),
    attribute("tags", multiValued=True),
    BADGES,
    CAR,
)
ALL: dict[str, Any] = {
    "badge": "b-1",
    "floor": 3,
    "rate": 0.5,
    "remote": False,
    "hired": "2026-01-01T00:00:00Z",
    "page": "https://contoso.example/ana",
    "tags": ["blue", "early"],
    "badges": [{"kind": "door", "code": "D1", "valid": True}, {"kind": "gate", "code": "G1"}],
    "car": {"plate": "ZH 1", "doors": 5},
}


@pytest.fixture
def contoso(tenant: Tenant) -> Tenant:
    declare(tenant, *CONTOSOS)
    return tenant


@pytest.fixture
def ana(contoso: Tenant) -> str:
    """The path of a user who has all of it."""
    return f"/Users/{new_user(contoso, 'ana', **{CONTOSO: ALL})['id']}"


def kept(tenant: Tenant, path: str) -> dict[str, Any]:
    """What a GET shows of the extension; the `schemas` must name it exactly when there is any."""
    shown = tenant.http.get(path).json()
    assert (CONTOSO in shown) == (CONTOSO in shown["schemas"]), shown
    return shown.get(CONTOSO, {})


def test_discovery_announces_it_to_this_connection_only(contoso: Tenant) -> None:
    listed = {each["id"]: each for each in contoso.http.get("/Schemas").json()["Resources"]}
    assert contoso.http.get("/Schemas").json()["totalResults"] == len(listed) == 4
    shown = listed[CONTOSO]
    assert contoso.http.get(f"/Schemas/{CONTOSO.upper()}").json() == shown
    assert [each["name"] for each in shown["attributes"]] == list(ALL)
    assert shown["meta"]["location"].endswith(f"/Schemas/{CONTOSO}")
    kinds = {each["id"]: each["schemaExtensions"] for each in contoso.http.get("/ResourceTypes").json()["Resources"]}
    assert kinds["User"] == [{"schema": ENTERPRISE, "required": False}, {"schema": CONTOSO, "required": False}]
    assert kinds["Group"] == []
    other = contoso.vestibule.connection()
    with contoso.vestibule.client(other.id, contoso.vestibule.token(other.id)[1]) as http:
        assert http.get(f"/Schemas/{CONTOSO}").status_code == 404
        assert CONTOSO not in http.get("/ResourceTypes").text + http.get("/Schemas").text


def test_a_post_keeps_it_all_and_shows_it_the_same(contoso: Tenant) -> None:
    made = new_user(contoso, "ana", schemas=[USER, CONTOSO], **{CONTOSO: ALL, ENTERPRISE: {"department": "R&D"}})
    assert (made[CONTOSO], made[ENTERPRISE]) == (ALL, {"department": "R&D"})
    assert made["schemas"] == [USER, ENTERPRISE, CONTOSO]
    assert user(contoso, made["id"]) == made


@pytest.mark.parametrize(
    "body",
    [
        {CONTOSO.upper(): {"BADGE": "b-2"}},
        {f"{CONTOSO}:badge": "b-2"},
        {"badge": "b-2"},
        {"Badge": "b-2", CONTOSO: {"badge": "b-2"}},
    ],
)
def test_a_post_may_name_it_in_any_spelling(contoso: Tenant, body: dict[str, Any]) -> None:
    made = new_user(contoso, "ana", **body)
    assert kept(contoso, f"/Users/{made['id']}") == {"badge": "b-2"}


def test_a_put_replaces_it_as_a_whole(contoso: Tenant, ana: str) -> None:
    answer = contoso.http.put(ana, json={"userName": "ana", CONTOSO: {"badge": "b-2"}})
    assert answer.status_code == 200, answer.text
    assert answer.json()[CONTOSO] == kept(contoso, ana) == {"badge": "b-2"}
    assert contoso.http.put(ana, json={"userName": "ana"}).status_code == 200
    assert kept(contoso, ana) == {}


def write(path: str | None, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "value": value} | ({"path": path} if path else {})


FLOOR_4 = [
    write(f"{CONTOSO}:floor", 4),
    write(f"{CONTOSO}:floor", 4, "add"),
    write(f"{CONTOSO.upper()}:FLOOR", 4),
    write(f"{CONTOSO}:floor", "4"),
    write("floor", 4),
    write(CONTOSO, {"floor": 4}),
    write(CONTOSO, {"FLOOR": 4}, "add"),
    write(None, {CONTOSO: {"floor": 4}}),
    write(None, {CONTOSO.lower(): {"floor": 4}}, "add"),
    write(None, {f"{CONTOSO}:floor": 4}),
    write(None, {"floor": 4}),
]


@pytest.mark.parametrize("operation", FLOOR_4)
def test_a_patch_writes_one_attribute_in_every_form(contoso: Tenant, ana: str, operation: dict[str, Any]) -> None:
    answer = patch(contoso, ana, operation)
    assert answer.status_code == 200, answer.text
    assert answer.json()[CONTOSO] == kept(contoso, ana) == ALL | {"floor": 4}


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (write(f"{CONTOSO}:car.doors", 3), {"car": {"plate": "ZH 1", "doors": 3}}),
        (write(f"{CONTOSO}:car", {"doors": 3}), {"car": {"plate": "ZH 1", "doors": 3}}),
        (write(f"{CONTOSO}:tags", ["early", "late"], "add"), {"tags": ["blue", "early", "late"]}),
        (write(f"{CONTOSO}:tags", ["late"]), {"tags": ["late"]}),
        (
            write(f'{CONTOSO}:badges[kind eq "door"].code', "D2"),
            {"badges": [{"kind": "door", "code": "D2", "valid": True}, {"kind": "gate", "code": "G1"}]},
        ),
        (
            write(f'{CONTOSO}:badges[code eq "G1"]', {"valid": False}, "add"),
            {"badges": [ALL["badges"][0], {"kind": "gate", "code": "G1", "valid": False}]},
        ),
        (
            write(f'{CONTOSO}:badges[code eq "G1"]', {"code": "G2"}),
            {"badges": [ALL["badges"][0], {"code": "G2"}]},
        ),
        (
            write(f'{CONTOSO}:badges[kind eq "lift"].code', "L1", "add"),
            {"badges": [*ALL["badges"], {"kind": "lift", "code": "L1"}]},
        ),
        (write(f"{CONTOSO}:badges", [{"code": "X"}], "add"), {"badges": [*ALL["badges"], {"code": "X"}]}),
        ({"op": "remove", "path": f'{CONTOSO}:badges[kind eq "door"]'}, {"badges": ALL["badges"][1:]}),
    ],
)
def test_a_patch_reaches_into_it(contoso: Tenant, ana: str, operation: dict[str, Any], changed: dict[str, Any]) -> None:
    assert patch(contoso, ana, operation).status_code == 200
    assert kept(contoso, ana) == ALL | changed


@pytest.mark.parametrize(
    ("operation", "gone"),
    [
        ({"op": "remove", "path": f"{CONTOSO}:badge"}, {"badge"}),
        (write(f"{CONTOSO}:badge", ""), {"badge"}),
        (write(None, {CONTOSO: {"badge": None, "tags": []}}), {"badge", "tags"}),
        ({"op": "remove", "path": f"{CONTOSO}:tags"}, {"tags"}),
        ({"op": "remove", "path": CONTOSO}, set(ALL)),
        (write(CONTOSO, None), set(ALL)),
        (write(None, {CONTOSO: ""}), set(ALL)),
    ],
)
def test_a_patch_takes_away_one_or_all_of_it(
    contoso: Tenant, ana: str, operation: dict[str, Any], gone: set[str]
) -> None:
    assert patch(contoso, ana, operation).status_code == 200
    assert kept(contoso, ana) == {name: value for name, value in ALL.items() if name not in gone}


def test_the_same_again_changes_no_version(contoso: Tenant, ana: str) -> None:
    before = contoso.http.get(ana).json()
    for operation in (write(f"{CONTOSO}:floor", 3), write(None, {CONTOSO: ALL}), write(CONTOSO, {})):
        assert patch(contoso, ana, operation).json() == before
    assert contoso.http.get(ana).json() == before


WRONG: list[tuple[str, Any]] = [
    ("badge", 7), ("badge", True), ("badge", {"value": "b"}), ("badge", ["a", "b"]), ("floor", "third"), ("floor", 3.5),
    ("floor", True), ("rate", "much"), ("rate", True), ("remote", "perhaps"), ("remote", 1), ("hired", "yesterday"),
    ("hired", "2026-01-01"), ("page", 7), ("tags", [7]), ("tags", {"value": "a"}), ("badges", [{"valid": "x"}]),
    ("badges", [7]), ("car", "ZH 1"), ("car", {"doors": "five"}), ("badge", "x" * 70_000), ("badge", "a\0b"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_of_the_wrong_type_is_refused_by_name_and_nothing_is_kept(
    contoso: Tenant, ana: str, name: str, value: Any
) -> None:
    for answer in (
        contoso.http.post("/Users", json={"userName": "bob", CONTOSO: {name: value}}),
        contoso.http.put(ana, json={"userName": "ana", CONTOSO: {name: value}}),
        patch(contoso, ana, write("title", "Lead"), write(f"{CONTOSO}:{name}", value)),
        patch(contoso, ana, write(None, {"title": "Lead", CONTOSO: {name: value}})),
    ):
        assert name in refusal(answer, 400, "invalidValue")
    assert everybody(contoso) == ["ana"]
    assert kept(contoso, ana) == ALL
    assert "title" not in contoso.http.get(ana).json()


def test_another_connection_ignores_it_and_notes_it(contoso: Tenant) -> None:
    other = contoso.vestibule.connection()
    token, text = contoso.vestibule.token(other.id)
    with contoso.vestibule.client(other.id, text) as http:
        elsewhere = Tenant(contoso.vestibule, other.id, token, text, http)
        posted = http.post("/Users", json={"schemas": [USER, CONTOSO], "userName": "ana", CONTOSO: {"floor": 3}})
        assert posted.status_code == 201, posted.text
        path = f"/Users/{posted.json()['id']}"
        patched = patch(elsewhere, path, write(f"{CONTOSO}:floor", 3), write("title", "Lead"))
        pathless = patch(elsewhere, path, write(None, {CONTOSO: {"floor": 3}, "nickName": "A"}))
        for answer, shown in ((posted, CONTOSO), (patched, f"{CONTOSO}:floor"), (pathless, CONTOSO)):
            assert entry(elsewhere, answer).facts["tolerated_in"] == {"unknown_schema": [shown]}
        assert "Contoso" not in http.get(path).text
        assert (http.get(path).json()["title"], http.get(path).json()["nickName"]) == ("Lead", "A")
        assert http.get("/Users", params={"filter": f"{CONTOSO}:floor eq 3"}).status_code == 400
    new_user(contoso, "bob", **{CONTOSO: {"floor": 3}})
    assert found(contoso, f"{CONTOSO}:floor eq 3") == ["bob"]


def test_two_schemas_that_share_a_name_are_told_apart_by_their_urn(contoso: Tenant, ana: str) -> None:
    declare(contoso, attribute("badge"), attribute("team"), urn=FABRIKAM)
    assert patch(contoso, ana, write(f"{FABRIKAM}:badge", "f-1"), write("team", "red")).status_code == 200
    shown = contoso.http.get(ana).json()
    assert (shown[CONTOSO], shown[FABRIKAM]) == (ALL, {"badge": "f-1", "team": "red"})
    bare = patch(contoso, ana, write("badge", "z"))
    assert "badge" in refusal(bare, 400, "invalidPath")
    assert contoso.http.get(ana).json()[CONTOSO]["badge"] == "b-1"


def test_a_schema_is_replaced_by_one_of_the_same_urn_and_a_faulty_one_changes_nothing(contoso: Tenant) -> None:
    with pytest.raises(InvalidValue):
        declare(contoso, attribute("badge", "text"))
    assert len(contoso.http.get(f"/Schemas/{CONTOSO}").json()["attributes"]) == len(CONTOSOS)
    declare(contoso, attribute("badge"), attribute("desk"), urn=CONTOSO.replace("Contoso", "CONTOSO"))
    listed = contoso.http.get("/Schemas").json()["Resources"]
    assert [each["id"] for each in listed if "ontoso" in each["id"].lower()] == [CONTOSO.replace("Contoso", "CONTOSO")]
    assert [each["name"] for each in contoso.http.get(f"/Schemas/{CONTOSO}").json()["attributes"]] == ["badge", "desk"]


def test_a_withdrawn_schema_is_announced_and_read_no_longer(contoso: Tenant, ana: str) -> None:
    withdraw(contoso, CONTOSO.upper())
    assert contoso.http.get(f"/Schemas/{CONTOSO}").status_code == 404
    assert "Contoso" not in contoso.http.get("/ResourceTypes").text
    assert contoso.http.get("/Users", params={"filter": f'{CONTOSO}:badge eq "b-1"'}).status_code == 400
    answer = patch(contoso, ana, write(f"{CONTOSO}:badge", "b-9"), write("title", "Lead"))
    assert (answer.status_code, answer.json()["title"]) == (200, "Lead")
    assert entry(contoso, answer).facts["tolerated"] == ["unknown_schema"]
    declare(contoso, *CONTOSOS)
    assert contoso.http.get(ana).json()[CONTOSO] == ALL
    assert found(contoso, f'{CONTOSO}:badge eq "b-1"') == ["ana"]


def test_a_schema_that_comes_back_is_named_by_the_users_who_have_of_it(contoso: Tenant, ana: str) -> None:
    withdraw(contoso)
    assert patch(contoso, ana, write("title", "Lead")).status_code == 200
    declare(contoso, *CONTOSOS)
    assert kept(contoso, ana) == ALL


@pytest.mark.parametrize("query", ["", "?excludedAttributes=title", f"?attributes=userName,{CONTOSO}:badge"])
def test_what_users_have_of_a_withdrawn_schema_is_not_shown(contoso: Tenant, ana: str, query: str) -> None:
    withdraw(contoso)
    assert "Contoso" not in contoso.http.get(ana + query).text
    assert "Contoso" not in contoso.http.get(f"/Users{query}").text


def test_what_users_have_of_a_withdrawn_schema_outlives_a_put(contoso: Tenant, ana: str) -> None:
    withdraw(contoso)
    assert contoso.http.put(ana, json={"userName": "ana", "title": "Lead"}).status_code == 200
    declare(contoso, *CONTOSOS)
    assert kept(contoso, ana) == ALL


def test_a_schema_that_newly_requires_an_attribute_keeps_nobody_from_being_deactivated(tenant: Tenant) -> None:
    declare(tenant, attribute("badge"))
    ana = new_user(tenant, "ana", **{CONTOSO: {"badge": "b"}})["id"]
    declare(tenant, attribute("badge"), attribute("desk", required=True))
    assert switch_off(tenant, ana).status_code == 200
    assert user(tenant, ana)["active"] is False


def test_an_attribute_that_becomes_multi_valued_keeps_its_value_whole(tenant: Tenant) -> None:
    declare(tenant, attribute("note"))
    ana = new_user(tenant, "ana", **{CONTOSO: {"note": "abc"}})["id"]
    try:
        declare(tenant, attribute("note", multiValued=True))
    except InvalidValue:
        return  # a change that does not fit what is kept may be refused, too
    patch(tenant, f"/Users/{ana}", write(f"{CONTOSO}:note", ["x"], "add"))
    assert "abc" in user(tenant, ana)[CONTOSO]["note"]
