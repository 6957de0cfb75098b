"""A group is read from Microsoft Graph page by page; what it refuses is told with what mends it."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from tests.rollcall.graph_server import SECRET, Graph, fault, group, serving, user
from vestibule.outbound.addresses import Allowed
from vestibule.outbound.fetch import Fetcher
from vestibule.rollcall.graph import GraphAccess, GraphReader
from vestibule.rollcall.graph_refusal import REFUSALS, GraphRefused
from vestibule.store.roll_calls import ExpectedPerson

ALL = "00000000-0000-4000-8000-000000000001"
INNER = "00000000-0000-4000-8000-000000000002"


@pytest.fixture
def graph() -> Generator[Graph]:
    made = Graph(
        groups={
            ALL: ("grp_all's", [user(1), user(2, accountEnabled=False), group(INNER, "Inner"), user(3), user(4)]),
            INNER: ("Inner", []),
        },
        transitive={INNER: [user(3), user(5), {"@odata.type": "#microsoft.graph.device", "id": "d"}]},
    )
    with serving(made):
        yield made


def reader(graph: Graph, secret: str = SECRET, waits: list[float] | None = None) -> GraphReader:
    async def pause(seconds: float) -> None:
        (waits if waits is not None else []).append(seconds)

    access = GraphAccess("acme.example", "client", secret, f"{graph.url}/v1.0", graph.url)
    return GraphReader(Fetcher(Allowed.read(["127.0.0.1/32"])), access, pause)


def read(graph: Graph, named: str = ALL, **rest: Any) -> tuple[list[ExpectedPerson], list[str]]:
    async def work() -> tuple[list[ExpectedPerson], list[str]]:
        asking, nested = reader(graph, **rest), list[str]()
        found = await asking.group(named)
        return [each async for page in asking.people(found, nested) for each in page], nested

    return asyncio.run(work())


def refused(graph: Graph, named: str = ALL, **rest: Any) -> GraphRefused:
    with pytest.raises(GraphRefused) as caught:
        read(graph, named, **rest)
    return caught.value


@pytest.mark.parametrize("named", [ALL, "grp_all's"])
def test_all_pages_are_read_direct_members_first_and_those_of_groups_within_are_marked(
    graph: Graph, named: str
) -> None:
    people, nested = read(graph, named)
    assert nested == ["Inner"]
    assert people[:4] == [
        ExpectedPerson("user1@acme.example", frozenset({"oid-1", "user1"})),
        ExpectedPerson("user2@acme.example", frozenset({"oid-2", "user2"}), enabled=False),
        ExpectedPerson("user3@acme.example", frozenset({"oid-3", "user3"})),
        ExpectedPerson("user4@acme.example", frozenset({"oid-4", "user4"})),
    ]
    assert [(each.user_name, each.via) for each in people[4:]] == [
        ("user3@acme.example", "Inner"), ("user5@acme.example", "Inner"),
    ]  # fmt: skip
    assert graph.tokens[0]["scope"] == f"{graph.url}/.default"
    assert all("$select=" in each for each in graph.asked if "$skiptoken" not in each)


def test_it_waits_as_long_as_graph_asks_and_gives_up_in_the_end(graph: Graph) -> None:
    waits: list[float] = []
    busy = (429, {"Retry-After": "7"}, fault("TooManyRequests", "Too many requests"))
    graph.refuse = [busy, (503, {}, {}), busy]
    assert len(read(graph, waits=waits)[0]) == 6
    assert waits == [7.0, 4.0, 7.0]
    graph.refuse = [(429, {"Retry-After": "9999"}, fault("TooManyRequests", "Too many requests"))] * 6
    waits.clear()
    assert refused(graph, waits=waits).code == "graph_throttled"
    assert waits == [120.0] * 5


def test_a_token_that_has_ended_is_asked_for_once_more(graph: Graph) -> None:
    graph.refuse = [(401, {}, fault("InvalidAuthenticationToken", "Lifetime validation failed"))]
    assert len(read(graph)[0]) == 6
    assert len(graph.tokens) == 2
    graph.refuse = [(401, {}, fault("InvalidAuthenticationToken", "Invalid audience"))] * 2
    told = refused(graph)
    assert (told.code, "Invalid audience" in str(told)) == ("graph_unauthorized", True)


def test_a_guest_is_named_as_entra_provisions_it(graph: Graph) -> None:
    graph.groups[ALL] = ("g", [user(1, userPrincipalName="ann_partner.example#EXT#@acme.onmicrosoft.com")])
    assert read(graph)[0][0].user_name == "ann_partner.example"


@pytest.mark.parametrize(
    ("refusal", "code", "words"),
    [
        ((403, {}, fault("Authorization_RequestDenied", "Insufficient privileges")), "graph_forbidden", "GroupMember"),
        ((200, {}, ["no object"]), "graph_answer", "--graph-url"),
        ((200, {}, {"value": [{"displayName": "x"}]}), "graph_answer", "--graph-url"),
        ((302, {"Location": "http://127.0.0.1/"}, {}), "graph_unreachable", "redirect"),
        ((400, {}, fault("BadRequest", "Invalid filter clause")), "graph_answer", "Invalid filter"),
    ],
)
def test_what_graph_answers_else_is_told_with_its_mend(graph: Graph, refusal: Any, code: str, words: str) -> None:
    graph.refuse = [refusal]
    told = refused(graph, "grp_all's")
    assert (told.code, words in str(told)) == (code, True), str(told)


def test_a_wrong_secret_an_unknown_group_and_hidden_names_are_told(graph: Graph) -> None:
    told = refused(graph, secret="its id")
    assert (told.code, "AADSTS7000215" in told.sentence, "Value" in told.fix) == ("graph_token_refused", True, True)
    assert "its id" not in str(told)
    assert refused(graph, "nobody's").code == "graph_group_unknown"
    assert refused(graph, ALL.replace("1", "9")).code == "graph_group_unknown"
    graph.groups["00000000-0000-4000-8000-000000000003"] = ("Inner", [])
    assert INNER in refused(graph, "Inner").sentence
    graph.groups[ALL] = ("g", [{"@odata.type": "#microsoft.graph.user", "id": "oid-1", "userPrincipalName": None}])
    assert "User.Read.All" in refused(graph).fix


def test_the_token_goes_nowhere_but_to_graph(graph: Graph) -> None:
    """Not where a page says that the next one is, and not to an address that is not allowed."""
    other = Graph()
    with serving(other):
        graph.leads_to = other.url
        assert refused(graph).code == "graph_answer"
        assert other.asked == []

    async def closed() -> None:
        access = GraphAccess("t", "c", SECRET, f"{graph.url}/v1.0", graph.url)
        await GraphReader(Fetcher(), access).group(ALL)

    with pytest.raises(GraphRefused) as caught:
        asyncio.run(closed())
    assert caught.value.code == "graph_unreachable"


def test_pages_that_lead_in_a_circle_have_an_end(graph: Graph) -> None:
    link = f"{graph.url}/v1.0/groups/{ALL}/members?$skiptoken=0"
    graph.refuse = [(200, {}, {"id": ALL}), *[(200, {}, {"value": [user(1)], "@odata.nextLink": link})] * 9]
    told = refused(graph)
    assert (told.code, "no end" in told.sentence) == ("graph_answer", True)
    assert len(graph.refuse) == 7


def test_pages_without_end_are_left(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vestibule.rollcall.graph._PAGES", 3)
    links = [f"{graph.url}/v1.0/groups/{ALL}/members?$skiptoken={number}" for number in range(9)]
    graph.refuse = [(200, {}, {"id": ALL}), *[(200, {}, {"value": [], "@odata.nextLink": each}) for each in links]]
    assert "after 3" in refused(graph).sentence


@pytest.mark.parametrize(
    "link",
    [
        "{other}/v1.0/next", "https://graph.microsoft.com/v1.0/next", "{own}.evil.example/v1.0/", "{own}/v1.0evil/",
        "//127.0.0.1/v1.0/", "/v1.0/next", "", 7, ["{own}/v1.0/"],
    ],
)  # fmt: skip
def test_no_next_page_is_read_elsewhere(graph: Graph, link: Any) -> None:
    told = link.format(other="http://127.0.0.2:1", own=graph.url) if isinstance(link, str) else link
    graph.refuse = [(200, {}, {"id": ALL}), (200, {}, {"value": [], "@odata.nextLink": told})]
    assert refused(graph).code == "graph_answer"
    assert len(graph.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        {}, {"id": None}, {"id": ["x"]}, {"id": "../../admin"}, {"id": "a?b"}, {"value": None}, {"value": [7]},
        {"value": {"id": "x"}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", [ALL, "grp_all's"])
def test_a_group_without_an_id_is_no_answer_of_graphs(graph: Graph, named: str, body: Any) -> None:
    graph.refuse = [(200, {}, body)]
    assert refused(graph, named).code == "graph_answer"


def test_who_is_no_person_is_left_out_and_a_group_that_went_away_meanwhile_is_told(graph: Graph) -> None:
    others = [{"@odata.type": f"#microsoft.graph.{kind}", "id": kind} for kind in ("device", "servicePrincipal")]
    graph.groups[ALL] = ("g", [*others, user(1, userPrincipalName="a\0b@x", mailNickname="n\0")])
    assert read(graph)[0] == [ExpectedPerson("ab@x", frozenset({"oid-1", "n"}))]
    graph.refuse = [(200, {}, {"id": ALL}), (404, {}, fault("Request_ResourceNotFound", "Gone."))]
    assert refused(graph).code == "graph_group_unknown"


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("AADSTS7000222: The provided client secret keys are expired.", "Make a new client secret"),
        ("AADSTS700016: Application with identifier 'x' was not found in the directory.", "--client-id"),
        ("AADSTS90002: Tenant 'x' not found.", "--graph"),
        ("Something else.", "Something else"),
        (None, "status 400"),
    ],
)
def test_why_there_is_no_token_is_told_with_the_option_that_mends_it(
    graph: Graph, monkeypatch: pytest.MonkeyPatch, description: str | None, words: str
) -> None:
    told = {"error": "invalid_client", "error_description": description} if description else {}
    monkeypatch.setattr(graph, "token", lambda form: (400, {}, told))
    found = refused(graph)
    assert (found.code, words in str(found)) == ("graph_token_refused", True), str(found)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ä", None, ["x"]])
def test_a_token_that_is_none_is_sent_nowhere(graph: Graph, monkeypatch: pytest.MonkeyPatch, token: Any) -> None:
    monkeypatch.setattr(graph, "token", lambda form: (200, {}, {"access_token": token}))
    assert refused(graph).code == "graph_token_refused"
    assert graph.asked == []


def test_every_refusal_says_what_happened_and_what_to_do() -> None:
    assert all(sentence and fix for sentence, fix in REFUSALS.values())
