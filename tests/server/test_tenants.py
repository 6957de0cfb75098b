"""Two connections hammered at once with the same names: nobody ever sees anything of the other's."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.conftest import Vestibule
from tests.server.wire import ENTERPRISE, GROUP, PATCH, USER, Json
from vestibule.clock import SystemClock
from vestibule.connections import change_settings
from vestibule.model import Exchange
from vestibule.store import ExchangeQuery

CLIENTS = 4
SECONDS = 3.5
NOBODY = (401, 429)
"""What a call without a good token is answered, and what it is when there were too many."""
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@dataclass
class Side:
    """One connection. `mark` is written into everything of it; what has been made is open to the other's clients."""

    vestibule: Vestibule
    mark: str
    connection_id: str
    token_id: str
    text: str
    user_ids: list[str] = field(default_factory=list)
    group_ids: list[str] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    shared: str = ""

    @property
    def url(self) -> str:
        return self.vestibule.scim_url(self.connection_id)


@dataclass
class Client:
    """One thread's client, and what must be there of its own at the end."""

    side: Side
    other: Side
    number: int
    http: httpx2.Client
    users: dict[str, str] = field(default_factory=dict)
    """The ids of the users that are to be left, by userName."""
    groups: dict[str, set[str]] = field(default_factory=dict)
    """The members of the groups that are to be left, by displayName."""
    rounds: int = 0

    def ask(self, method: str, path: str, status: int, **rest: Any) -> Any:
        """One request of its own; the answer must be the connection's own to the last link."""
        answer = self.http.request(method, path, **rest)
        assert answer.status_code in (NOBODY if status == 401 else (status,)), f"{method} {path}: {answer.text}"
        self.is_own(answer)
        return answer.json() if answer.content else None

    def is_own(self, answer: httpx2.Response) -> None:
        assert self.other.mark not in answer.text, answer.text
        assert self.other.connection_id not in answer.text, answer.text
        assert self.other.connection_id not in answer.headers.get("location", "")

    def body(self, name: str) -> Json:
        """The same in both connections, but for the mark."""
        return {
            "schemas": [USER, ENTERPRISE],
            "userName": name,
            "externalId": f"ext-{name}",
            "emails": [{"type": "work", "value": "everybody@example.com"}],
            "title": self.side.mark,
            ENTERPRISE: {"manager": {"value": "ext-boss"}},
        }

    def round(self) -> None:
        """Make, find, change, group, delete; then try what is the other's."""
        name = f"u{self.number}-{self.rounds}"
        ids = [self.made(f"{name}-{each}") for each in "ab"] + self.made_in_bulk(name)
        self.finds(f"{name}-a", ids[0])
        self.changes(name, ids)
        self.asks_for_the_others()
        self.enters_the_others()
        if self.rounds % 4 == 0:
            self.walks()
        self.rounds += 1

    def made(self, name: str) -> str:
        shown = self.ask("POST", "/Users", 201, json=self.body(name))
        assert (shown["userName"], shown["title"]) == (name, self.side.mark)
        assert shown["meta"]["location"] == f"{self.side.url}/Users/{shown['id']}"
        self.users[name] = shown["id"]
        self.side.user_ids.append(shown["id"])
        return shown["id"]

    def made_in_bulk(self, name: str) -> list[str]:
        """Two users and a group of both."""
        members = [{"value": f"bulkId:{each}"} for each in "cd"]
        group = {"schemas": [GROUP], "displayName": f"bulk {name}", "members": members}
        operations = [
            *({"method": "POST", "path": "/Users", "bulkId": x, "data": self.body(f"{name}-{x}")} for x in "cd"),
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group},
        ]
        done = self.ask("POST", "/Bulk", 200, json={"schemas": [BULK], "Operations": operations})["Operations"]
        assert [each["status"] for each in done] == ["201"] * 3
        assert all(each["location"].startswith(self.side.url) for each in done)
        *ids, group_id = (each["location"].rsplit("/", 1)[1] for each in done)
        self.users |= {f"{name}-{letter}": made for letter, made in zip("cd", ids, strict=True)}
        self.groups[f"bulk {name}"] = set(ids)
        self.side.user_ids.extend(ids)
        self.side.group_ids.append(group_id)
        return ids

    def finds(self, name: str, user_id: str) -> None:
        for text in (f'userName eq "{name.upper()}"', f'externalId eq "ext-{name}"', f'id eq "{user_id}"'):
            listed = self.ask("GET", "/Users", 200, params={"filter": text})
            assert [each["id"] for each in listed["Resources"]] == [user_id], text
            assert listed["totalResults"] == 1
        text = f'emails[type eq "work"].value eq "everybody@example.com" and userName eq "{name}"'
        found = self.ask("POST", "/Users/.search", 200, json={"schemas": [SEARCH], "filter": text})
        assert [each["title"] for each in found["Resources"]] == [self.side.mark]

    def changes(self, name: str, ids: list[str]) -> None:
        """A group of its own, one that all clients of the connection fill, a user who changes and one who goes."""
        group = {"schemas": [GROUP], "displayName": f"g {name}", "members": [{"value": each} for each in ids]}
        group_id = self.ask("POST", "/Groups", 201, json=group)["id"]
        self.side.group_ids.append(group_id)
        self.patch(f"/Groups/{self.side.shared}", 204, op="add", path="members", value=[{"value": x} for x in ids[:3]])
        self.patch(f"/Groups/{self.side.shared}", 204, op="remove", path=f'members[value eq "{ids[1]}"]')
        changed = self.patch(f"/Users/{ids[0]}", 200, op="replace", path="nickName", value=f"of {self.side.mark}")
        assert changed["nickName"] == f"of {self.side.mark}"
        assert {each["value"] for each in changed["groups"]} == {group_id, self.side.shared}
        self.ask("DELETE", f"/Users/{ids[3]}", 204)
        del self.users[f"{name}-d"]
        self.groups[f"bulk {name}"].discard(ids[3])
        self.groups[f"g {name}"] = set(ids[:3])
        shown = self.ask("GET", f"/Groups/{group_id}", 200)
        assert {each["value"] for each in shown["members"]} == set(ids[:3])

    def patch(self, resource: str, status: int, /, **operation: Any) -> Any:
        return self.ask("PATCH", resource, status, json={"schemas": [PATCH], "Operations": [operation]})

    def asks_for_the_others(self) -> None:
        """The other connection's ids under the own address and token."""
        for user_id in self.other.user_ids[-2:]:
            self.ask("GET", f"/Users/{user_id}", 404)
            self.ask("PUT", f"/Users/{user_id}", 404, json={"userName": "mine now"})
            self.patch(f"/Users/{user_id}", 404, op="replace", path="title", value="mine now")
            self.ask("DELETE", f"/Users/{user_id}", 404)
            assert self.ask("GET", "/Users", 200, params={"filter": f'id eq "{user_id}"'})["totalResults"] == 0
            # Named as a member it is parked, and never shown.
            self.patch(f"/Groups/{self.side.shared}", 204, op="add", path="members", value=[{"value": user_id}])
            text = f'members.value eq "{user_id}"'
            assert self.ask("GET", "/Groups", 200, params={"filter": text})["totalResults"] == 0
        for group_id in [*self.other.group_ids[-1:], self.other.shared]:
            self.ask("GET", f"/Groups/{group_id}", 404)
            self.patch(f"/Groups/{group_id}", 404, op="remove", path="members")
            self.ask("DELETE", f"/Groups/{group_id}", 404)
        for cursor in self.other.cursors[-1:]:
            assert self.ask("GET", "/Users", 400, params={"cursor": cursor})["scimType"] == "invalidCursor"

    def enters_the_others(self) -> None:
        """The own token at the other connection's address, and the other's token at the own."""
        foreign = {"Authorization": f"Bearer {self.other.text}"}
        ids = self.other.user_ids[-1:]
        for method, path in [("GET", "/Users"), ("GET", "/Schemas"), ("GET", f"/Groups/{self.other.shared}")]:
            assert self.http.request(method, self.other.url + path).status_code in NOBODY
            self.ask(method, path, 401, headers=foreign)
        for path in [f"/Users/{each}" for each in ids] + [f"/Groups/{self.other.shared}"]:
            assert self.http.request("DELETE", self.other.url + path).status_code in NOBODY
        assert self.http.post(f"{self.other.url}/Users", json={"userName": "intruder"}).status_code in NOBODY

    def walked(self) -> Iterator[Json]:
        """All users, by cursor."""
        cursor = ""
        while True:
            page = self.ask("GET", "/Users", 200, params={"cursor": cursor, "count": 25, "sortBy": "userName"})
            yield from page["Resources"]
            cursor = page.get("nextCursor", "")
            if not cursor:
                return
            self.side.cursors.append(cursor)

    def walks(self) -> None:
        seen = {each["userName"]: each for each in self.walked()}
        assert {each["title"] for each in seen.values()} == {self.side.mark}
        assert self.users.keys() <= seen.keys()
        assert {name: seen[name]["id"] for name in self.users} == self.users


def made_side(vestibule: Vestibule, mark: str) -> Side:
    connection = vestibule.connection()
    vestibule.admin(lambda store: change_settings(store, SystemClock(), connection.id, {"rate_limit": 0}))
    token, text = vestibule.token(connection.id)
    side = Side(vestibule, mark, connection.id, token.id, text)
    with vestibule.client(connection.id, text) as http:
        answer = http.post("/Groups", json={"displayName": "everybody", "externalId": "ext-everybody"})
        side.shared = answer.json()["id"]
    return side


@pytest.fixture(scope="module")
def hammered(vestibule: Vestibule) -> Iterator[list[Client]]:
    """Two connections after four clients each have worked on them for some seconds, all at once."""
    one, two = made_side(vestibule, "mark-of-the-one"), made_side(vestibule, "mark-of-the-two")
    with ExitStack() as stack:
        clients = [
            Client(side, other, number, stack.enter_context(vestibule.client(side.connection_id, side.text)))
            for side, other in ((one, two), (two, one))
            for number in range(CLIENTS)
        ]
        start = threading.Barrier(len(clients))

        def work(client: Client) -> None:
            start.wait()
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                client.round()

        with ThreadPoolExecutor(len(clients)) as pool:
            running = [pool.submit(work, client) for client in clients]
        for each in running:
            each.result()
        yield clients


def sides(clients: list[Client]) -> list[list[Client]]:
    return [clients[:CLIENTS], clients[CLIENTS:]]


def test_every_client_got_somewhere_and_only_ever_saw_its_own(hammered: list[Client]) -> None:
    assert min(client.rounds for client in hammered) >= 3
    names = [{name for client in side for name in client.users} for side in sides(hammered)]
    assert len(names[0] & names[1]) >= 3 * CLIENTS, "the two have the same names"


def test_everybody_is_there_at_the_end_and_nobody_else(hammered: list[Client]) -> None:
    for side in sides(hammered):
        expected = {name: user_id for client in side for name, user_id in client.users.items()}
        walked = list(side[0].walked())
        assert {each["userName"]: each["id"] for each in walked} == expected
        assert len(walked) == len(expected)
        assert {(each["title"], each["externalId"]) for each in walked} == {
            (side[0].side.mark, f"ext-{name}") for name in expected
        }
        assert side[0].ask("GET", "/Users", 200, params={"count": 0})["totalResults"] == len(expected)
        mail = {"filter": 'emails.value eq "everybody@example.com"', "count": 0}
        assert side[0].ask("GET", "/Users", 200, params=mail)["totalResults"] == len(expected)


def test_every_group_has_its_members_at_the_end_and_nobody_else(hammered: list[Client]) -> None:
    for side in sides(hammered):
        expected = {name: members for client in side for name, members in client.groups.items()}
        everybody = {user_id for client in side for name, user_id in client.users.items() if name[-1] in "ac"}
        found: dict[str, set[str]] = {}
        start, total = 1, 1
        while start <= total:
            page = side[0].ask("GET", "/Groups", 200, params={"startIndex": start, "count": 200})
            found |= {each["displayName"]: {m["value"] for m in each["members"]} for each in page["Resources"]}
            start, total = start + 200, page["totalResults"]
        assert found == expected | {"everybody": everybody}
        assert total == len(found)


def test_the_parked_wait_for_their_own_connections_people(hammered: list[Client]) -> None:
    """A manager whom all in both connections name appears in one: only there is it linked."""
    (one, *_), (two, *_) = sides(hammered)
    boss = one.ask("POST", "/Users", 201, json=one.body("boss") | {ENTERPRISE: {}})["id"]
    one.users["boss"] = boss
    for client, linked in ((one, True), (two, False)):
        managers = [each[ENTERPRISE]["manager"] for each in client.walked() if each["userName"] != "boss"]
        assert all((each.get("value") == boss) is linked and ("$ref" in each) is linked for each in managers)
        assert managers
    one.ask("DELETE", f"/Users/{boss}", 204)
    del one.users["boss"]


def test_the_log_of_each_is_its_own(hammered: list[Client], vestibule: Vestibule) -> None:
    def log(connection_id: str) -> list[Exchange]:
        return vestibule.admin(lambda store: store.exchanges(connection_id, ExchangeQuery(limit=10_000)))

    for side in sides(hammered):
        own, other = side[0].side, side[0].other
        entries = log(own.connection_id)
        assert {each.token_id for each in entries} == {own.token_id, None}
        assert {each.status for each in entries if each.token_id is None} == {401}
        assert all(other.mark not in f"{each.request_body}{each.response_body}" for each in entries)
        assert len(entries) > 100
