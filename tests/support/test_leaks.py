"""Values of people in every place where a request can have them: none of them is in the bundle."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import Tenant
from tests.explain import recorded
from tests.server.wire import ENTERPRISE, GROUP, PATCH, USER, entry, patch
from tests.support.test_bundle import LEAK, bundled, person
from vestibule import ids
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.explain import explain
from vestibule.rollcall import Expectation, ExpectedPerson
from vestibule.store import Store
from vestibule.support import Pseudonyms, Redactor

NUMBER = 490170889977
"""Is somebody's, too."""
TWO = f"Ana {LEAK} Meier"
ODD = f"O'Br\"ien \u200b{LEAK}\\ \u202e\n{LEAK}"
LONG = f"Ana {LEAK} of " + f"{LEAK} and " * 60

Request = Callable[[Tenant], Any]


def get(path: str, **parameters: str) -> Request:
    return lambda here: here.http.get(path, params=parameters)


def post(body: Any, path: str = "/Users") -> Request:
    return lambda here: here.http.post(path, json=body)


def user(**rest: Any) -> Request:
    return post({"schemas": [USER], "userName": f"cai{LEAK}", **rest})


def ops(*operations: dict[str, Any], kind: str = "Users") -> Request:
    """A PATCH of somebody, or of a group."""

    def send(here: Tenant) -> Any:
        made = here.http.get(f"/{kind}").json()["Resources"][0]["id"]
        return here.http.patch(f"/{kind}/{made}", json={"schemas": [PATCH], "Operations": list(operations)})

    return send


def bulk(*operations: dict[str, Any]) -> Request:
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    return post({"schemas": [schema], "Operations": list(operations)}, "/Bulk")


REQUESTS: dict[str, Request] = {
    "a number": user(employeeNumber=NUMBER, phoneNumbers=[{"value": NUMBER}]),
    "a number in a filter": get("/Users", filter=f"employeeNumber eq {NUMBER}"),
    "a number where none belongs": get("/Users", startIndex=f"{NUMBER}", count=LEAK),
    "a small number and a birthday": user(**{ENTERPRISE: {"employeeNumber": "1980-07-07T07:07:07Z"}}),
    "an id of the sender's": user(id=f"Ana-{LEAK}", meta={"created": TWO, "version": LEAK, "location": f"/Ana/{LEAK}"}),
    "a type": user(emails=[{"type": f"{LEAK}'s", "value": "x@y.example", "primary": LEAK}]),
    "a schema": user(schemas=[USER, f"{LEAK}@people.example", f"{TWO}"]),
    "a name of a member": post({"schemas": [USER], "userName": f"x{LEAK}", f"{TWO}": 1, f"{LEAK}@x.example": {"a": LEAK}}),
    "a path as a name": ops({"op": "add", "value": {f'emails[value eq "{LEAK}"].value': "x", f"{TWO}.x": 1}}),
    "an operation": ops({"op": TWO, "path": "displayName", "value": "x"}, {"op": LEAK}),
    "a path": ops({"op": "add", "path": f"{TWO}", "value": "x"}),
    "a path without marks": ops({"op": "add", "path": f"emails[value eq {LEAK}].value", "value": "x"}),
    "an escaped filter": get("/Users", filter=f'userName eq "a\\"{LEAK}"'),
    "an unmarked filter": get("/Users", filter=f"userName eq {LEAK}"),
    "an unmarked value where a name belongs": get("/Users", filter=f'userName eq {LEAK} eq "x"'),
    "a filter of values": get("/Users", filter=f"{LEAK} meier {LEAK}"),
    "a filter that is a name": get("/Users", filter=f"{LEAK}@people.example"),
    "a filter that is cut": get("/Users", filter=f'displayName eq "{LONG}'),
    "a filter in single marks": get("/Users", filter=f"userName eq '{TWO}'"),
    "a name of a parameter": get("/Users", **{f"{LEAK}@people.example": TWO, TWO: LEAK}),
    "other parameters": get("/Users", sortOrder=TWO, attributes=f"{TWO},x", sortBy=f'{LEAK} "{LEAK}"', cursor=LEAK),
    "a segment": get(f"/Users/{LEAK}/groups"),
    "a collection": get(f"/{LEAK}"),
    "a name of two words": get(f"/Users/{quote(TWO)}"),
    "an encoded address": get(f"/Users/{quote(f'ana.{LEAK}@people.example', safe='')}/x"),
    "an address encoded twice": get(f"/Users/{quote(quote(f'ana.{LEAK}@people.example', safe=''), safe='')}"),
    "an address with a sign of its own": user(userName=f"ana.{LEAK}@bücher.example", emails=[{"value": f"{LEAK}＠x.example"}]),
    "a domain that is none": user(displayName=f"ana@{LEAK}", nickName=f"@{LEAK}@{LEAK}", title=f"{LEAK} at home"),
    "no userName but": post({"schemas": [USER], "userName": {"value": TWO, f"{LEAK} x": TWO}}),
    "a long value where a truth belongs": user(active=LONG),
    "an odd value where a truth belongs": user(active=ODD),
    "an odd name that is taken": user(userName=f"taken {ODD}"),
    "a long name that is taken": user(userName=f"taken {LONG}"),
    "an externalId that is taken": user(userName="somebody@people.example", externalId=f"taken {TWO}"),
    "members that are nobody": ops({"op": "add", "path": "members", "value": [{"value": TWO}, {"value": ODD}]}, kind="Groups"),
    "members with names": ops(
        {"op": "add", "path": "members", "value": [{"value": LEAK, "display": TWO, "$ref": f"https://x/Users/{LEAK}"}]},
        kind="Groups",
    ),
    "a member by another name": ops({"op": "add", "path": "members", "value": [{"value": f"taken {TWO}"}]}, kind="Groups"),
    "a manager who is nobody": user(**{ENTERPRISE: {"manager": {"value": TWO, "displayName": TWO}}}),
    "bulk": bulk(
        {"method": "POST", "path": "/Users", "bulkId": TWO, "data": person("Dora")},
        {"method": "PATCH", "path": f"/Users/{LEAK}", "bulkId": LEAK, "data": {"Operations": []}, "version": LEAK},
        {"method": TWO, "path": f"/{TWO}"},
    ),
    "bulk that waits for itself": bulk(
        {"method": "POST", "path": "/Users", "bulkId": TWO, "data": person("Eva")},
        {"method": "POST", "path": "/Users", "bulkId": TWO, "data": person("Eva")},
    ),
    "bulk that refers to nothing": bulk(
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {
            "schemas": [GROUP], "displayName": "G", "members": [{"value": f"bulkId:{TWO}"}]}},
    ),
    "what is no JSON": lambda here: here.http.post("/Users", content=f"(Ana {LEAK}"),
    "what looks like JSON": lambda here: here.http.post("/Users", content=f"{{userName: {TWO}}}"),
    "a text": post(f"({TWO}"),
    "a list": post([TWO, NUMBER]),
    "a precondition": lambda here: here.http.put(f"/Users/{LEAK}", json=person("x"), headers={"If-Match": f'W/"{TWO}"'}),
    "another token": lambda here: here.http.get("/Users", headers={"Authorization": f"Bearer tok_{LEAK}_{TWO}"}),
    "another scheme": lambda here: here.http.get("/Users", headers={"Authorization": f"{LEAK} {TWO}"}),
    "a list of people": get("/Users", cursor="", count="1", sortBy="displayName"),
    "everybody": get("/Users"),
    "a content type": lambda here: here.http.post("/Users", content="x", headers={"Content-Type": f"text/{LEAK}"}),
}  # fmt: skip


@pytest.fixture
def crowd(tenant: Tenant) -> Tenant:
    """People and a group of whom requests may be."""
    tenant.set(references="refuse")
    names = (f"taken {ODD}", f"taken {LONG}", f"taken {TWO}")
    for number, name in enumerate(names):
        user(userName=name, externalId=f"taken {TWO}" if number == 2 else None, displayName=f"{LEAK}{number}")(tenant)
    ana = tenant.http.post("/Users", json=person("Ana")).json()["id"]
    tenant.http.post("/Groups", json={"schemas": [GROUP], "displayName": "Sales", "members": [{"value": ana}]})
    return tenant


def is_clean(files: dict[str, str]) -> None:
    for name, text in files.items():
        for hidden in (LEAK.casefold(), str(NUMBER), "1980-07-07"):
            for form in (text.casefold(), json.dumps(text).casefold()):
                place = form.find(hidden)
                assert place < 0, (name, hidden, form[max(0, place - 300) : place + 80])


@pytest.mark.parametrize("name", REQUESTS)
def test_no_value_is_in_the_bundle_wherever_it_was_sent(crowd: Tenant, tmp_path: Path, name: str) -> None:
    answer = REQUESTS[name](crowd)
    assert answer.status_code != 500
    entry(crowd, answer)
    files = bundled(crowd, tmp_path / "bundle")
    is_clean(files)
    assert answer.headers["vestibule-request-id"] in files["log.ndjson"]


def test_a_cursor_is_not_in_the_bundle(crowd: Tenant, tmp_path: Path) -> None:
    """Anybody can read in it by which value the list is sorted."""
    cursor = crowd.http.get("/Users", params={"cursor": "", "count": "1", "sortBy": "displayName"}).json()["nextCursor"]
    entry(crowd, crowd.http.get("/Users", params={"cursor": cursor, "count": "1", "sortBy": "displayName"}))
    files = bundled(crowd, tmp_path / "bundle")
    assert cursor not in "".join(files.values())
    assert files["log.ndjson"].count("cursor-1") >= 2


def test_people_in_names_of_groups_are_not_in_the_bundle(crowd: Tenant, tmp_path: Path) -> None:
    """A group that is called after a person's address, or has one in its name; the group's own address stays."""
    for name in (
        f"Team of ana.{LEAK}@mail.example",
        f"Ana{LEAK}@people.example",
        f"ANA.{LEAK}@mail.example",
        "ops@x.example",
    ):
        made = crowd.http.post("/Groups", json={"schemas": [GROUP], "displayName": name}).json()["id"]
        if LEAK in name:
            patch(crowd, f"/Groups/{made}", {"op": "replace", "path": "displayName", "value": f"{name} ."})
        crowd.http.get("/Groups", params={"filter": f'displayName eq "{name}"'})
        entry(crowd, crowd.http.post("/Groups", json={"schemas": [GROUP], "displayName": f"{name} 2"}))
    expected = Expectation(f"Team of ana.{LEAK}@mail.example 2", 2, (ExpectedPerson(f"zoe{LEAK}"),))
    files = bundled(crowd, tmp_path / "bundle", expected)
    is_clean(files)
    assert "ops@x.example" in files["situation.json"]


def test_reasons_of_the_roll_call_name_nobody(crowd: Tenant, tmp_path: Path) -> None:
    """By no address, not even those whom no request has named before."""

    async def account(store: Any) -> None:
        document = {"userName": f"other {TWO}", "active": True, "emails": [{"value": f"dora{LEAK}@people.example"}]}
        await Directory(store, SystemClock()).create_user(crowd.connection_id, document, "login")

    crowd.vestibule.admin(account)
    taken = {"schemas": [USER], "userName": f"fay {TWO}", "externalId": f"taken {TWO}"}
    entry(crowd, crowd.http.post("/Users", json=taken))
    people = [f"dora{LEAK}@people.example", f"fay {TWO}", f"nobody {LEAK}", f"{NUMBER}", "815"]
    nested = ExpectedPerson(f"in {TWO}", via=f"Team of {LEAK}@x.example")
    crowd.http.post("/Groups", json={"schemas": [GROUP], "displayName": "All staff"})
    staff = ExpectedPerson(f"in {LEAK}", via="All staff")
    expected = Expectation("Sales", 7, (*map(ExpectedPerson, people), nested, staff))
    files = bundled(crowd, tmp_path / "bundle", expected)
    is_clean(files)
    (roll,) = json.loads(files["situation.json"])["rollcall"]
    assert {each["reason"] for each in roll["missing"]} >= {"other_identity", "never_provisioned", "nested_group"}
    assert "815" not in {each["who"] for each in roll["missing"]}
    told = next(each for each in roll["missing"] if each["detail"].startswith("conflict: "))
    assert told["who"] in told["detail"]
    assert "All staff" in {each["evidence"].get("via") for each in roll["missing"]}


EXCHANGES = {file.stem: recorded.exchange(file.stem) for file in sorted(recorded.FOLDER.glob("*.json"))}
_EXAMPLE = re.compile(r"(?:e\.g\. |eq \\?\")ana@example\.com")
"""What our own sentences name for an example."""


@pytest.mark.parametrize("name", [name for name in EXCHANGES if not name.startswith("foreign")])
def test_each_thing_that_can_happen_is_told_the_same_way_without_a_name(name: str) -> None:
    exchange = EXCHANGES[name]
    shown = Redactor(Pseudonyms()).exchange(exchange)
    told = explain(shown, exchange)
    assert told.code == explain(exchange).code
    text = _EXAMPLE.sub("", repr(shown) + repr(told))
    assert not (found := re.search(r"\b(?:ana|bob|zoe|cleo|novak)\b", text, re.IGNORECASE)), text[found.start() - 90 :]


def test_a_sign_in_is_judged_in_the_bundle_by_what_was_recorded(tenant: Tenant, tmp_path: Path) -> None:
    """By the identity provider's own words, which are not shown, as they may name somebody."""
    exchange = EXCHANGES["signed_requests_wanted"]
    now = SystemClock().now()
    exchange = replace(exchange, id=ids.request_id(now), connection_id=tenant.connection_id, at=now)

    async def work(store: Store) -> None:
        store.record(exchange)
        await store.flush()

    tenant.vestibule.admin(work)
    files = bundled(tenant, tmp_path / "bundle")
    (entry_of_it,) = (json.loads(each) for each in files["log.ndjson"].splitlines())
    assert (entry_of_it["code"], entry_of_it["sentence"]) == ("signed_requests_wanted", explain(exchange).sentence)
    assert "Invalid requester" not in "".join(files.values())


def test_a_diagnosis_keeps_what_is_nobodys(crowd: Tenant, tmp_path: Path) -> None:
    """Names of attributes, operators, what was lacking: without them a bundle would tell nothing."""
    user(userName=f"a{LEAK}", active="perhaps", shoeSize="47")(crowd)
    get("/Users", filter=f'hatSize eq "{LEAK}"')(crowd)
    get("/Users", filter=f'userName eq "{LEAK}" and active eq true', attributes="userName,name.givenName")(crowd)
    ops({"op": "replace", "path": f'emails[type eq "work" and value eq "{LEAK}"].value', "value": LEAK})(crowd)
    entry(crowd, crowd.http.get("/Users"))
    told = bundled(crowd, tmp_path / "bundle")["log.ndjson"]
    for kept in ("shoeSize", "hatSize", "active eq true", "attributes=userName,name.givenName", "].value", "`active`"):
        assert kept in told, kept


@pytest.mark.parametrize(
    "text",
    [
        "ANA@People.Example", "ana%40people.example", "ana%2540people.example", "mailto:ana@people.example", "<ana@people.example>",
        "ana＠people.example", "write to ana@people.example.", "x=ana@people.example;", "`ana@people.example`",
    ],
)  # fmt: skip
def test_an_address_is_the_same_persons_in_whatever_form(text: str) -> None:
    names = Pseudonyms()
    assert names.of("ana@people.example") == "person-1@people.example"
    shown = names.text(text)
    assert "person-1@people.example" in shown
    assert "ana" not in shown.casefold().replace("people", "")
