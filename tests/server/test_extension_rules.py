"""What an extension schema says of its attributes is kept to: required, immutable, returned."""

from typing import Any

import pytest

from tests.conftest import Tenant
from tests.server.wire import (
    CONTOSO,
    attribute,
    declare,
    everybody,
    new_user,
    patch,
    refusal,
    switch_off,
)
from vestibule.scim.errors import InvalidValue


def write(path: str | None, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "value": value} | ({"path": path} if path else {})


def ana(tenant: Tenant, **values: Any) -> str:
    """The path of a new user with these values of the extension."""
    return f"/Users/{new_user(tenant, 'ana', **({CONTOSO: values} if values else {}))['id']}"


def kept(tenant: Tenant, path: str) -> dict[str, Any]:
    return tenant.http.get(path).json().get(CONTOSO, {})


# Required


@pytest.fixture
def required(tenant: Tenant) -> Tenant:
    declare(tenant, attribute("badge", required=True), attribute("floor", "integer"))
    return tenant


def test_what_is_required_is_due_once_anything_of_the_schema_comes(required: Tenant) -> None:
    path = ana(required)
    for answer in (
        required.http.post("/Users", json={"userName": "bob", CONTOSO: {"floor": 3}}),
        required.http.post("/Users", json={"userName": "bob", f"{CONTOSO}:floor": 3}),
        required.http.put(path, json={"userName": "ana", CONTOSO: {"floor": 3}}),
        patch(required, path, write(f"{CONTOSO}:floor", 3)),
        patch(required, path, write(None, {CONTOSO: {"floor": 3, "badge": ""}})),
    ):
        assert "badge" in refusal(answer, 400, "invalidValue")
    assert (everybody(required), kept(required, path)) == (["ana"], {})
    assert patch(required, path, write(f"{CONTOSO}:floor", 3), write(f"{CONTOSO}:badge", "b")).status_code == 200
    assert kept(required, path) == {"floor": 3, "badge": "b"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": f"{CONTOSO}:badge"},
        write(f"{CONTOSO}:badge", None),
        write(f"{CONTOSO}:badge", ""),
        write(None, {CONTOSO: {"badge": None}}),
    ],
)
def test_what_is_required_cannot_be_taken_away_alone(required: Tenant, operation: dict[str, Any]) -> None:
    path = ana(required, badge="b", floor=3)
    scim_type = "mutability" if operation["op"] == "remove" else "invalidValue"
    assert "badge" in refusal(patch(required, path, operation), 400, scim_type)
    assert kept(required, path) == {"badge": "b", "floor": 3}


def test_a_schema_goes_as_a_whole_whatever_it_requires(required: Tenant) -> None:
    path = ana(required, badge="b", floor=3)
    assert patch(required, path, {"op": "remove", "path": CONTOSO}).status_code == 200
    assert kept(required, path) == {}


@pytest.fixture
def car(tenant: Tenant) -> Tenant:
    """A complex attribute, and a list of such, that need one of their sub-attributes."""
    subs = [attribute("plate", required=True), attribute("color")]
    declare(
        tenant,
        attribute("car", "complex", subAttributes=subs),
        attribute("bikes", "complex", multiValued=True, subAttributes=subs),
    )
    return tenant


def test_a_required_sub_attribute_is_due_in_every_value(car: Tenant) -> None:
    path = ana(car, car={"plate": "ZH 1", "color": "red"})
    for answer in (
        car.http.post("/Users", json={"userName": "bob", CONTOSO: {"car": {"color": "red"}}}),
        car.http.post("/Users", json={"userName": "bob", CONTOSO: {"bikes": [{"plate": "1"}, {"color": "red"}]}}),
        car.http.put(path, json={"userName": "ana", CONTOSO: {"car": {"color": "red"}}}),
        patch(car, path, write(f"{CONTOSO}:bikes", [{"color": "red"}], "add")),
    ):
        assert "plate" in refusal(answer, 400, "invalidValue")
    assert (everybody(car), kept(car, path)) == (["ana"], {"car": {"plate": "ZH 1", "color": "red"}})


@pytest.mark.parametrize("path", ["car.plate", "bikes.plate", 'bikes[color eq "red"].plate'])
def test_a_required_sub_attribute_cannot_be_removed(car: Tenant, path: str) -> None:
    whole = {"car": {"plate": "ZH 1", "color": "red"}, "bikes": [{"plate": "1", "color": "red"}]}
    of_ana = ana(car, **whole)
    assert "plate" in refusal(patch(car, of_ana, {"op": "remove", "path": f"{CONTOSO}:{path}"}), 400, "mutability")
    assert kept(car, of_ana) == whole


@pytest.mark.parametrize(
    "operation",
    [
        write(f"{CONTOSO}:car.color", "blue"),
        write(f"{CONTOSO}:car", {"color": "blue"}, "add"),
        write(f'{CONTOSO}:bikes[plate eq "1"]', {"color": "blue"}, "add"),
    ],
)
def test_one_sub_attribute_is_written_beside_a_required_one(car: Tenant, operation: dict[str, Any]) -> None:
    path = ana(car, car={"plate": "ZH 1", "color": "red"}, bikes=[{"plate": "1", "color": "red"}])
    answer = patch(car, path, operation)
    assert answer.status_code == 200, answer.text
    whole = kept(car, path)
    assert {whole["car"]["color"], whole["bikes"][0]["color"]} == {"red", "blue"}
    assert (whole["car"]["plate"], whole["bikes"][0]["plate"]) == ("ZH 1", "1")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": f'{CONTOSO}:bikes[plate eq "1"].plate'},
        write(f'{CONTOSO}:bikes[color eq "blue"].color', "blue", "add"),
    ],
)
def test_no_element_is_left_without_what_it_needs(car: Tenant, operation: dict[str, Any]) -> None:
    path = ana(car, bikes=[{"plate": "1", "color": "red"}])
    patch(car, path, operation)
    assert all("plate" in each for each in kept(car, path).get("bikes", []))


def test_an_element_that_says_nothing_is_dropped_as_in_the_core(tenant: Tenant) -> None:
    subs = [attribute("value"), attribute("type"), attribute("primary", "boolean")]
    declare(tenant, attribute("badges", "complex", multiValued=True, subAttributes=subs))
    path = ana(tenant)
    answer = patch(tenant, path, write(f'{CONTOSO}:badges[type eq "door"].primary', True, "add"))
    assert answer.status_code == 200
    assert kept(tenant, path) == {}


# Immutable (RFC 7644 sections 3.5.1 and 3.5.2)


@pytest.fixture
def immutable(tenant: Tenant) -> Tenant:
    declare(
        tenant,
        attribute("number", "integer", mutability="immutable"),
        attribute("codes", mutability="immutable", multiValued=True),
        attribute("badge"),
    )
    return tenant


HELD = {"number": 7, "codes": ["a", "b"], "badge": "x"}


@pytest.mark.parametrize("changed", [{"number": 8}, {"codes": ["a"]}, {"codes": ["a", "b", "c"]}])
def test_what_is_immutable_cannot_be_changed(immutable: Tenant, changed: dict[str, Any]) -> None:
    path = ana(immutable, **HELD)
    ((name, value),) = changed.items()
    for answer in (
        immutable.http.put(path, json={"userName": "ana", "title": "Lead", CONTOSO: HELD | changed}),
        patch(immutable, path, write("title", "Lead"), write(f"{CONTOSO}:{name}", value)),
        patch(immutable, path, write("title", "Lead"), write(None, {CONTOSO: changed})),
        patch(immutable, path, write("title", "Lead"), write(CONTOSO, changed)),
    ):
        assert name in refusal(answer, 400, "mutability")
    assert kept(immutable, path) == HELD
    assert "title" not in immutable.http.get(path).json()


def test_what_is_immutable_may_be_given_once(immutable: Tenant) -> None:
    path = ana(immutable)
    assert patch(immutable, path, write(f"{CONTOSO}:number", 7, "add")).status_code == 200
    assert immutable.http.put(path, json={"userName": "ana", CONTOSO: HELD}).status_code == 200
    assert kept(immutable, path) == HELD
    assert refusal(patch(immutable, path, write(f"{CONTOSO}:codes", ["c"], "add")), 400, "mutability")
    assert kept(immutable, path) == HELD


def test_what_is_immutable_may_be_said_again_or_left_out(immutable: Tenant) -> None:
    path = ana(immutable, **HELD)
    same = [write(f"{CONTOSO}:number", 7), write(None, {CONTOSO: {"codes": ["a", "b"], "badge": "y"}})]
    assert patch(immutable, path, *same).status_code == 200
    assert kept(immutable, path) == HELD | {"badge": "y"}
    left_out = immutable.http.put(path, json={"userName": "ana", CONTOSO: {"badge": "z"}})
    assert (left_out.status_code, left_out.json()[CONTOSO]) == (200, HELD | {"badge": "z"})
    assert immutable.http.put(path, json={"userName": "ana"}).status_code == 200
    assert kept(immutable, path) == {"number": 7, "codes": ["a", "b"]}


def test_the_schemas_name_the_schema_whose_immutables_are_kept(immutable: Tenant) -> None:
    path = ana(immutable, **HELD)
    assert immutable.http.put(path, json={"userName": "ana"}).status_code == 200
    shown = immutable.http.get(path).json()
    assert (CONTOSO in shown) == (CONTOSO in shown["schemas"])


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": f"{CONTOSO}:number"},
        write(f"{CONTOSO}:number", None),
        {"op": "remove", "path": CONTOSO},
    ],
)
def test_to_remove_what_is_immutable_is_refused(immutable: Tenant, operation: dict[str, Any]) -> None:
    """RFC 7644 section 3.5.2: an operation that an attribute's mutability does not allow is answered 400."""
    path = ana(immutable, **HELD)
    assert "number" in refusal(patch(immutable, path, operation), 400, "mutability")
    assert kept(immutable, path) == HELD


def test_a_put_leaves_no_user_who_cannot_be_deactivated(tenant: Tenant) -> None:
    declare(tenant, attribute("badge", required=True), attribute("number", "integer", mutability="immutable"))
    path = ana(tenant, badge="b", number=7)
    tenant.http.put(path, json={"userName": "ana"})
    answer = switch_off(tenant, path.removeprefix("/Users/"))
    assert answer.status_code == 200, answer.text
    assert tenant.http.get(path).json()["active"] is False


def test_an_immutable_sub_attribute_is_kept_or_cannot_be_declared(tenant: Tenant) -> None:
    try:
        subs = [attribute("vin", mutability="immutable"), attribute("color")]
        declare(tenant, attribute("car", "complex", subAttributes=subs))
    except InvalidValue:
        return
    path = ana(tenant, car={"vin": "1", "color": "red"})
    patch(tenant, path, write(f"{CONTOSO}:car.vin", "2"))
    assert kept(tenant, path)["car"]["vin"] == "1"


# Returned


@pytest.fixture
def returned(tenant: Tenant) -> Tenant:
    declare(
        tenant,
        attribute("tag", returned="always"),
        attribute("secret", returned="request"),
        attribute("floor", "integer"),
    )
    return tenant


SHOWN = {"tag": "t", "secret": "s", "floor": 3}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"tag": "t", "floor": 3}),
        ("excludedAttributes=title", {"tag": "t", "floor": 3}),
        (f"excludedAttributes={CONTOSO}:tag,{CONTOSO}:floor", {"tag": "t"}),
        (f"excludedAttributes={CONTOSO}", {"tag": "t"}),
        ("attributes=userName", {"tag": "t"}),
        (f"attributes={CONTOSO}:secret", {"tag": "t", "secret": "s"}),
        ("attributes=SECRET", {"tag": "t", "secret": "s"}),
        (f"attributes=userName,{CONTOSO}", SHOWN),
    ],
)
def test_what_is_returned_always_or_on_request_is(returned: Tenant, query: str, shown: dict[str, Any]) -> None:
    path = ana(returned, **SHOWN)
    assert returned.http.get(f"{path}?{query}").json().get(CONTOSO) == shown
    (listed,) = returned.http.get(f"/Users?{query}").json()["Resources"]
    assert listed.get(CONTOSO) == shown
    searched = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    searched |= dict([query.split("=")] if query else [])
    (hit,) = returned.http.post("/Users/.search", json=searched).json()["Resources"]
    assert hit.get(CONTOSO) == shown


def test_what_is_not_shown_is_kept_all_the_same(returned: Tenant) -> None:
    path = ana(returned, **SHOWN)
    assert patch(returned, path, write(f"{CONTOSO}:floor", 4)).status_code == 200
    assert returned.http.get(f"{path}?attributes={CONTOSO}").json()[CONTOSO] == SHOWN | {"floor": 4}


def test_an_answer_to_a_write_shows_what_was_sent_though_it_is_returned_on_request(returned: Tenant) -> None:
    """RFC 7643 section 7: returned in response to a PUT, POST or PATCH if the client specified the attribute."""
    made = new_user(returned, "ana", **{CONTOSO: SHOWN})
    assert made[CONTOSO] == SHOWN
    path = f"/Users/{made['id']}"
    assert patch(returned, path, write(f"{CONTOSO}:secret", "n")).json()[CONTOSO]["secret"] == "n"


@pytest.mark.parametrize(("when", "query", "there"), [("request", "", False), ("always", "attributes=userName", True)])
def test_returned_of_a_sub_attribute_is_kept_to_or_cannot_be_declared(
    tenant: Tenant, when: str, query: str, there: bool
) -> None:
    try:
        declare(
            tenant, attribute("car", "complex", subAttributes=[attribute("pin", returned=when), attribute("plate")])
        )
    except InvalidValue:
        return
    path = ana(tenant, car={"pin": "9", "plate": "ZH 1"})
    shown = tenant.http.get(f"{path}?{query}").json().get(CONTOSO, {}).get("car", {})
    assert ("pin" in shown) is there
