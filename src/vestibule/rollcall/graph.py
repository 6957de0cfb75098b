"""The members of a group as Microsoft Graph tells them: client credentials, reading only, page by page.

After "Get access without a user", "Paging" and "Throttling" of the Microsoft Graph documentation: a page leads to the
next one by `@odata.nextLink`; 429 and 503 say in `Retry-After` how many seconds to wait.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import orjson

from vestibule.model import JsonObject
from vestibule.outbound.fetch import Fetched, Fetcher, Limits
from vestibule.outbound.target import FetchError
from vestibule.rollcall.graph_refusal import GraphRefused, of_graph, of_token, unreachable
from vestibule.store.roll_calls import ExpectedPerson

GRAPH, LOGIN = "https://graph.microsoft.com/v1.0", "https://login.microsoftonline.com"
LIMITS = Limits(size=8_000_000, seconds=60.0)
"""What a page may be, and how long it may take; a `Fetcher` for Graph has these."""
_SELECT = "id,displayName,userPrincipalName,mailNickname,accountEnabled"
_PAGE = 999
_PAGES = 10_000
"""More pages than the largest group has; who leads on further leads astray."""
_TRIES = 6
_LONGEST_WAIT = 120.0
_BUSY = frozenset({429, 503, 504})
_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""What may be an id, which goes into a path."""
_BEARER = re.compile(r"[!-~]+")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
Pause = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class GraphAccess:
    """An application registration of the tenant with the permissions GroupMember.Read.All and User.Read.All.

    The addresses are those of the public cloud unless said otherwise (national clouds have their own).
    """

    tenant: str
    client_id: str
    secret: str = field(repr=False)
    graph_url: str = GRAPH
    login_url: str = LOGIN


@dataclass(frozen=True, slots=True)
class GraphGroup:
    """A group of the tenant."""

    id: str
    name: str


@dataclass(slots=True)
class GraphReader:
    """Reads groups. `pause` waits for so many seconds. Raises GraphRefused, saying what is wrong and how to mend it.

    `patience` is how many seconds are waited in all when Graph asks to wait; None is for as long as it asks, within
    bounds. Who asks for more is not waited for, and the refusal tells as `retry_after` what was asked.
    """

    fetcher: Fetcher
    access: GraphAccess
    pause: Pause = asyncio.sleep
    patience: float | None = None
    _bearer: str | None = field(default=None, repr=False)

    async def group(self, named: str) -> GraphGroup:
        """The group with this id or displayName."""
        if _GUID.fullmatch(named):
            found = await self._get(f"/groups/{named}?$select=id,displayName")
            return _group_of(found)
        wanted = quote("'" + named.replace("'", "''") + "'", safe="")
        found = await self._get(f"/groups?$filter=displayName%20eq%20{wanted}&$select=id,displayName&$top=3")
        rows = _rows(found)
        if len(rows) != 1:
            ids = ", ".join(each["id"] for each in rows)
            raise GraphRefused("graph_group_ambiguous" if rows else "graph_group_unknown", {"group": named, "ids": ids})
        return _group_of(rows[0])

    async def people(self, group: GraphGroup, nested: list[str]) -> AsyncIterator[Sequence[ExpectedPerson]]:
        """The direct members, and behind them those of the groups within it, marked; `nested` is told their names.

        Who comes twice came first as a direct member.
        """
        within: list[GraphGroup] = []
        async for rows in self._pages(f"/groups/{group.id}/members?$select={_SELECT}&$top={_PAGE}"):
            within += [_group_of(each) for each in rows if _kind(each) == "group"]
            yield [_person_of(each) for each in rows if _kind(each) == "user"]
        nested += [each.name for each in within]
        for each in within:
            path = f"/groups/{each.id}/transitiveMembers?$select={_SELECT}&$top={_PAGE}"
            async for rows in self._pages(path):
                yield [_person_of(row, each.name) for row in rows if _kind(row) == "user"]

    async def _pages(self, path: str) -> AsyncIterator[list[JsonObject]]:
        link: str | None = path
        seen: set[str] = set()
        while link is not None:
            if link in seen or len(seen) == _PAGES:
                raise GraphRefused(
                    "graph_answer", {"why": f"its pages have no end; after {len(seen)} came {link[:200]}"}
                )
            seen.add(link)
            page = await self._get(link)
            yield _rows(page)
            following: Any = page.get("@odata.nextLink")
            link = None if following is None else self._own(str(following))

    def _own(self, link: str) -> str:
        """A link to the next page, as the token goes nowhere else than to Graph."""
        base = self.access.graph_url.rstrip("/")
        if not link.startswith(f"{base}/"):
            raise GraphRefused("graph_answer", {"why": f"the next page is said to be at {link[:200]}"})
        return link.removeprefix(base)

    async def _get(self, path: str) -> JsonObject:
        url, renewed = self.access.graph_url.rstrip("/") + path, False
        number = 0
        while True:
            answer = await self._ask(url)
            number += 1
            if answer.status in _BUSY and number < _TRIES and self._bears(asked := _asked(answer.headers, number)):
                await self.pause(min(_LONGEST_WAIT, asked))
            elif answer.status == 401 and not renewed:
                # A token lasts an hour, and a large group may take longer.
                self._bearer, renewed = None, True
            elif answer.status == 200:
                return _object(answer.body)
            else:
                raise of_graph(answer.status, answer.body, _asked(answer.headers))

    def _bears(self, seconds: float) -> bool:
        """Whether it may be waited for so long; what is waited is used up."""
        if self.patience is None:
            return True
        self.patience -= seconds
        return self.patience >= 0

    async def _ask(self, url: str) -> Fetched:
        if self._bearer is None:
            self._bearer = await self._token()
        try:
            return await self.fetcher.ask(
                url, {"Authorization": f"Bearer {self._bearer}", "Accept": "application/json"}
            )
        except FetchError as error:
            raise unreachable(error) from error

    async def _token(self) -> str:
        access = self.access
        url = f"{access.login_url.rstrip('/')}/{quote(access.tenant, safe='')}/oauth2/v2.0/token"
        host = "/".join(access.graph_url.split("/")[:3])
        form = {
            "grant_type": "client_credentials",
            "client_id": access.client_id,
            "client_secret": access.secret,
            "scope": f"{host}/.default",
        }
        try:
            answer = await self.fetcher.post(url, {"Accept": "application/json"}, form)
        except FetchError as error:
            raise unreachable(error) from error
        if answer.status in _BUSY:
            raise of_graph(answer.status, answer.body, _asked(answer.headers))
        token: Any = _object(answer.body).get("access_token") if answer.status == 200 else None
        if not isinstance(token, str) or not _BEARER.fullmatch(token):
            raise of_token(answer.status, answer.body)
        return token


def _asked(headers: Mapping[str, str], number: int = 0) -> float:
    """How many seconds to wait is asked; where nothing is said, longer with each try, and 0 before the first one."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal() and len(said) < 8:
        return float(said)
    return 2.0**number if number else 0.0


def _object(body: bytes) -> JsonObject:
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise GraphRefused("graph_answer", {"why": "it is no JSON object"})
    return cast("JsonObject", found)


def _rows(page: JsonObject) -> list[JsonObject]:
    value: Any = page.get("value")
    rows = cast("list[Any]", value) if isinstance(value, list) else [None]
    return [_with_id(each) for each in rows]


def _with_id(row: Any) -> JsonObject:
    found = cast("JsonObject", row) if isinstance(row, dict) else {}
    ident: Any = found.get("id")
    if not isinstance(ident, str) or not _ID.fullmatch(ident):
        raise GraphRefused("graph_answer", {"why": "it has no object, or no list of objects, with an id"})
    return found


def _kind(row: JsonObject) -> str:
    """`user`, `group`, `device` … of `#microsoft.graph.user`."""
    return str(row.get("@odata.type") or "#microsoft.graph.user").rpartition(".")[2]


def _group_of(row: JsonObject) -> GraphGroup:
    found = _with_id(row)
    return GraphGroup(found["id"], _text(found.get("displayName")) or found["id"])


def _text(value: Any) -> str:
    """A text as it can be kept."""
    return value.replace("\0", "") if isinstance(value, str) else ""


def _person_of(row: JsonObject, via: str | None = None) -> ExpectedPerson:
    name = _text(row.get("userPrincipalName"))
    if not name:
        # Graph shows the bare id of what the application may not read.
        raise GraphRefused("graph_members_hidden", {"id": row["id"]})
    head, mark, _ = name.partition("#EXT#@")
    ids = frozenset(each for each in (row["id"], _text(row.get("mailNickname"))) if each)
    return ExpectedPerson(head if mark and head else name, ids, row.get("accountEnabled") is not False, via=via)
