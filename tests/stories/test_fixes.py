"""What was refused is fixed by `vestibule fix` and is right in the identity provider's next cycle."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import USER_SCOPES, Vestibule, database_url, running
from tests.stories.test_the_thread import GROUP, Story, cli
from vestibule.entra.company import company
from vestibule.entra.tenant import write_json
from vestibule.store import ExchangeQuery


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Vestibule]:
    with running(database_url(tmp_path_factory.mktemp("fixes"))) as made:
        yield made


class Small:
    """A connection with all scopes, and a client that sends as Entra does."""

    def __init__(self, vestibule: Vestibule) -> None:
        self.vestibule = vestibule
        connection = cli(vestibule, "connection", "create", cli(vestibule, "enterprise", "create", "Acme")["id"])
        self.id, self.url = connection["id"], connection["scim_base_url"]
        self.token = cli(vestibule, "token", "create", self.id, "--all-scopes")["token"]
        self.http = vestibule.client(self.id, self.token)

    def fix(self, request: httpx2.Response, *rest: str, expect: int = 0) -> Any:
        return cli(self.vestibule, "fix", request.headers["vestibule-request-id"], *rest, expect=expect)

    def post(self, path: str, **body: Any) -> httpx2.Response:
        return self.http.post(path, json=body)

    def remove_all(self, group: str) -> httpx2.Response:
        body = {"Operations": [{"op": "Remove", "path": "members"}]}
        return self.http.patch(f"/Groups/{group}", json=body)


@pytest.fixture
def small(server: Vestibule) -> Generator[Small]:
    made = Small(server)
    with made.http:
        yield made


def test_the_403_is_granted_in_place_and_the_next_cycle_is_green(server: Vestibule, tmp_path: Path) -> None:
    assert {"get:groups"}.isdisjoint(USER_SCOPES)
    story = Story(server, tmp_path)
    story.cycle(1)
    missing = story.roll(1)[GROUP]["missing"]
    request_id = missing[0]["request_id"]

    offered = cli(server, "fix", request_id)
    (grant, advice) = offered["fixes"]
    assert (offered["code"], grant["operation"], grant["role"]) == ("scope_missing", "grant_scopes", "customer_admin")
    assert grant["preview"]["before"]["scopes"] == story.token["scopes"]
    assert (advice["operation"], advice["preview"]) == (None, None)
    shown = cli(server, "fix", request_id, "grant_scopes")
    assert (shown["done"], shown["after"]) == (False, grant["preview"]["after"])
    story.roll(1)

    done = cli(server, "fix", request_id, "grant_scopes", "--yes")
    assert (done["done"], done["after"]) == (True, shown["after"])
    assert story.cycle()["job"]["status"]["code"] == "Active"
    assert (story.roll()[GROUP]["present"], story.roll()[GROUP]["missing"]) == (269, [])
    (again, _) = cli(server, "fix", request_id)["fixes"]
    assert (again["preview"], again["refused"]["code"]) == (None, "done")


@pytest.mark.parametrize("operation", ["link_conflict", "rekey_match"])
def test_a_conflict_is_decided_and_the_next_cycle_is_green(small: Small, tmp_path: Path, operation: str) -> None:
    """A person has an account under an old name: it is looked for by the new one, not found, and cannot be made."""
    tenant = company(people=6)
    source = tmp_path / "source.json"
    source.write_text(write_json(tenant), encoding="utf-8")
    person = tenant.users[0]
    old = small.post("/Users", userName="before@x", externalId=person.attributes["mailNickname"]).json()["id"]
    arguments = ("--source", str(source), "--target", small.url, "--token", small.token, "--state")

    cli(small.vestibule, "rehearse", *arguments, str(tmp_path / "job.db"), expect=1)
    query = ExchangeQuery(refused=True, target=person.user_name)
    (refused, *_) = small.vestibule.admin(lambda store: store.exchanges(small.id, query))
    done = cli(small.vestibule, "fix", refused.id, operation, "--yes")
    assert done["before"]["state"] == "open"

    second = cli(small.vestibule, "rehearse", *arguments, str(tmp_path / "job.db"))
    assert second["job"]["status"]["code"] == "Active"
    found = small.http.get(f"/Users/{old}").json()
    assert (found["userName"], found["externalId"]) == (person.user_name, person.attributes["mailNickname"])
    again = cli(small.vestibule, "fix", refused.id)["fixes"]
    assert {each["refused"]["code"] for each in again if each["operation"]} == {"done"}


def test_a_refused_account_takes_over_after_it_is_linked(small: Small) -> None:
    small.post("/Users", userName="ana@x", externalId="old")
    refused = small.post("/Users", userName="ana@x", externalId="new", displayName="Ana")
    assert refused.status_code == 409
    assert small.fix(refused, "link_conflict", "--yes")["after"]["state"] == "linked"
    made = small.post("/Users", userName="ana@x", externalId="new", displayName="Ana")
    assert (made.status_code, made.json()["externalId"], made.json()["displayName"]) == (201, "new", "Ana")


def test_an_account_is_found_by_its_new_key(small: Small) -> None:
    here = small.post("/Users", userName="ana@x", externalId="old").json()["id"]
    refused = small.post("/Users", userName="ana@x", externalId="new")
    assert small.fix(refused, "rekey_match", "--yes")["after"]["externalId"] == "new"
    found = small.http.get("/Users", params={"filter": 'externalId eq "new"'}).json()["Resources"]
    assert [each["id"] for each in found] == [here]


def test_a_group_that_goes_by_another_name_is_found_once_it_is_mapped(small: Small) -> None:
    here = small.post("/Groups", displayName="everybody").json()["id"]
    looked = small.http.get("/Groups", params={"filter": 'displayName eq "grp_all"'})
    small.fix(looked, "map_group", "--with", f"group={here}", "--yes")
    found = small.http.get("/Groups", params={"filter": 'displayName eq "grp_all"'}).json()["Resources"]
    assert [each["id"] for each in found] == [here]


def test_a_held_request_is_approved_and_let_through(small: Small) -> None:
    cli(small.vestibule, "connection", "set", small.id, "--hold-emptied-group", "1")
    ana = small.post("/Users", userName="ana@x").json()["id"]
    group = small.post("/Groups", displayName="g", members=[{"value": ana}]).json()["id"]
    held = small.remove_all(group)
    assert held.status_code == 403
    small.fix(held, "approve_hold", "--yes")
    assert small.remove_all(group).status_code == 204
    assert "members" not in small.http.get(f"/Groups/{group}").json()
    entries = small.vestibule.admin(lambda store: store.audit(small.id))
    approved = next(each for each in entries if each.action == "hold.approved")
    assert approved.detail["request"] == held.headers["vestibule-request-id"]
