"""Another SCIM server is read like an identity provider reads it."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from vestibule.doctor.finding import CODES, Examined
from vestibule.doctor.foreign import examine
from vestibule.probe import Unreachable
from vestibule.probe.line import Line

URL = "https://scim.example/v2"


class Server:
    """Has users and groups, in pages of at most 40; `answers` come in place of them."""

    def __init__(self, users: list[Any], groups: list[Any], **answers: httpx2.Response) -> None:
        self.rows = {"Users": users, "Groups": groups}
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        parts = urlsplit(str(request.url))
        self.asked.append(f"{parts.path}?{parts.query}")
        kind = parts.path.rpartition("/")[2]
        if kind in self.answers:
            return self.answers[kind]
        start = int(parse_qs(parts.query)["startIndex"][0]) - 1
        page = self.rows[kind][start : start + 40]
        return httpx2.Response(200, json={"totalResults": len(self.rows[kind]), "Resources": page})


def doctored(server: Server, most: int = 2_000) -> Examined:
    async def work() -> Examined:
        return await examine(f"{URL}?aadOptscim062020", "token", most, Line(URL, "token", httpx2.MockTransport(server)))

    found = asyncio.run(work())
    assert all(each.code in CODES for each in found.findings)
    return found


def user(number: int, **rest: Any) -> Any:
    emails = [{"value": f"u{number}@x.example"}]
    return {"id": str(number), "userName": f"u{number}@x.example", "externalId": f"e{number}", "emails": emails, **rest}


def codes(found: Examined) -> dict[str, int]:
    return {each.code: each.count for each in found.findings}


def test_all_pages_are_read_and_a_sound_server_has_no_finding() -> None:
    server = Server([user(number) for number in range(95)], [{"displayName": "Sales", "id": "1"}])
    found = doctored(server)
    assert (found.findings, dict(found.looked_at)) == ((), {"people": 95, "groups": 1})
    assert [each for each in server.asked if "Groups" in each] == [
        "/v2/Groups?excludedAttributes=members&startIndex=1&count=100"
    ]
    assert doctored(server, most=41).looked_at["people"] == 80


def test_what_is_amiss_with_its_people_and_groups_is_told() -> None:
    people = [
        user(1),
        user(2, emails=[]),
        user(3, userName=" U1@x.example "),
        user(4, id=None),
        user(5, externalId=None),
    ]
    found = doctored(Server(people, [{"displayName": "Sales"}, {"displayName": " Sales"}]))
    assert codes(found) == {
        "mail_missing": 1, "names_alike": 2, "accounts_unclaimed": 1, "groups_alike": 1, "group_name_spaced": 1,
        "user_unreadable": 1,
    }  # fmt: skip
    assert all(fix.command is None for each in found.findings for fix in each.fixes)


def test_a_server_that_always_sends_the_first_page_has_no_twins() -> None:
    """What came twice is one resource; that the others were never seen is told."""
    first = {"totalResults": 3_000, "Resources": [user(number) for number in range(40)]}
    server = Server([], [], Users=httpx2.Response(200, json=first))
    found = doctored(server)
    assert codes(found) == {"pages_overlap": 40}
    assert found.looked_at["people"] == 40
    assert len(server.asked) == 3
    moving = Server([], [{"displayName": f"g{number}", "id": str(number % 40)} for number in range(41)])
    assert codes(doctored(moving)) == {"pages_overlap": 1}


def test_resources_without_ids_are_read_on() -> None:
    found = doctored(Server([user(number, id=None) for number in range(95)], []))
    assert codes(found) == {"user_unreadable": 95}


def test_a_refusal_is_explained_and_the_rest_is_read_all_the_same() -> None:
    body = {"got": ["get:users"], "need": [{"selection": ["get:groups"]}], "detail": "Insufficient scope"}
    found = doctored(Server([user(1)], [], Groups=httpx2.Response(403, json=body)))
    (refused,) = found.findings
    assert (refused.code, refused.facts["code"], "get:groups" in refused.sentence) == (
        "server_refuses",
        "scope_missing",
        True,
    )
    assert found.looked_at["people"] == 1


@pytest.mark.parametrize("body", [b"<html>", json.dumps({"Resources": []}).encode(), b"[]"])
def test_what_is_no_list_is_told_with_what_came(body: bytes) -> None:
    found = doctored(Server([], [], Users=httpx2.Response(200, content=body)))
    assert codes(found) == {"server_unreadable": 1}
    assert found.findings[0].facts["answer"] == body.decode()


def test_a_server_that_nobody_reaches_is_no_finding() -> None:
    def nobody(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(Unreachable):
        asyncio.run(examine(URL, "token", 1, Line(URL, "token", httpx2.MockTransport(nobody))))
