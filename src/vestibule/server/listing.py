"""Lists: GET of a resource type, `POST …/.search`, and both over the root (RFC 7644 sections 3.4.2 and 3.4.3)."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from vestibule.directory import Directory
from vestibule.model import Group, User
from vestibule.scim.cursor import Position, read_cursor, write_cursor
from vestibule.scim.errors import InvalidFilter, InvalidValue, TooMany
from vestibule.scim.evaluate import sought_name
from vestibule.scim.filter_ast import Filter
from vestibule.scim.messages import ListQuery, list_response, read_list_query
from vestibule.scim.path import parse_filter
from vestibule.scim.projection import Projection, read_projection
from vestibule.scim.schema import ResourceType
from vestibule.scim.sorting import Sort, SortValue, read_sort, sort_key
from vestibule.server.call import Answer, Call
from vestibule.server.render import Renderer
from vestibule.store import Page

MAX_MERGED = 1_000
"""How far into a sorted list over both resource types a page may reach."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Lists of one or of both resource types."""

    directory: Directory
    renderer: Renderer

    async def of(self, call: Call, kind: ResourceType, parameters: Mapping[str, str]) -> Answer:
        """A list of one resource type. Raises InvalidFilter, InvalidValue, InvalidCursor, ExpiredCursor."""
        query = read_list_query(parameters)
        projection = read_projections(parameters, kind)
        sort = read_sort(query.sort_by, query.sort_order, kind) if query.sort_by else None
        at = await self._position(call, query, kind.name)
        page = await self._page(call, kind, query, sort, at)
        shown = await self._shown(call, kind, page, projection)
        call.facts["total"] = page.total
        if query.cursor is None:
            return Answer(200, list_response(page.total, shown, start_index=query.start_index))
        last, first = _ends(kind.name, page, at)
        return Answer(
            200,
            list_response(
                page.total,
                shown,
                next_cursor=await self._cursor(call, query, kind.name, last),
                previous_cursor=await self._cursor(call, query, kind.name, first),
            ),
        )

    async def of_all(self, call: Call, kinds: tuple[ResourceType, ...], parameters: Mapping[str, str]) -> Answer:
        """A list over several resource types, one after the other, or merged when a sort is asked for."""
        query = read_list_query(parameters)
        if query.sort_by:
            return await self._merged(call, kinds, query, parameters)
        at = await self._position(call, query, "")
        names = [kind.name for kind in kinds]
        begin = names.index(at.resource_type) if at is not None else 0
        total, shown, last, more = 0, list[bytes](), None, False
        rest = query
        for number, kind in enumerate(kinds):
            asked = rest if number >= begin else replace(rest, count=0)
            page = await self._page(call, kind, asked, None, at if number == begin else None, kinds)
            shown += await self._shown(call, kind, page, read_projections(parameters, kind))
            total, more = total + page.total, more or (page.more and number >= begin)
            last = Position(kind.name, page.items[-1].id) if page.items else last
            start = max(1, rest.start_index - page.total)
            rest = replace(rest, start_index=start, count=rest.count - len(page.items))
        call.facts["total"] = total
        if query.cursor is None:
            return Answer(200, list_response(total, shown, start_index=query.start_index))
        following = await self._cursor(call, query, "", last if more else None)
        return Answer(200, list_response(total, shown, next_cursor=following))

    async def _merged(
        self, call: Call, kinds: tuple[ResourceType, ...], query: ListQuery, parameters: Mapping[str, str]
    ) -> Answer:
        if query.cursor is not None:
            raise InvalidValue(
                "A sorted list over all resource types has no `cursor`: ask for one type.", attribute="cursor"
            )
        reach = query.start_index - 1 + query.count
        if reach > MAX_MERGED:
            raise TooMany(f"A sorted list over all resource types ends at {MAX_MERGED}: ask for one type.")
        sorts = _sorts(query, kinds)
        total, rows = 0, list[tuple[tuple[Any, ...], ResourceType, User | Group]]()
        for kind, sort in zip(kinds, sorts, strict=True):
            page = await self._page(call, kind, replace(query, start_index=1, count=reach), sort, None, kinds)
            lacks = sort.path.name == "id" and (query.sort_by or "").casefold() != "id"
            keys: tuple[SortValue, ...] = (None,) * len(page.items) if lacks else page.keys
            total += page.total
            rows += [(sort_key(key, item.id), kind, item) for key, item in zip(keys, page.items, strict=True)]
        descending = (query.sort_order or "").lower() == "descending"
        rows.sort(key=lambda row: row[0], reverse=descending)
        shown: list[bytes] = []
        for _, kind, item in rows[query.start_index - 1 : reach]:
            one: Page[Any] = Page(1, (item,))
            shown += await self._shown(call, kind, one, read_projections(parameters, kind))
        call.facts["total"] = total
        return Answer(200, list_response(total, shown, start_index=query.start_index))

    async def _page(
        self,
        call: Call,
        kind: ResourceType,
        query: ListQuery,
        sort: Sort | None,
        at: Position | None,
        kinds: tuple[ResourceType, ...] = (),
    ) -> Page[Any]:
        with _located(query.filter or "", sort):
            asked = (call.connection_id, _filter(call, kind, query, kinds), query.start_index, query.count)
            if kind.name == "User":
                return await self.directory.users(*asked, sort=sort, at=at)
            nested = call.profile.nested_groups == "accept"
            return await self.directory.groups(*asked, sort=sort, at=at, nested=nested)

    async def _shown(self, call: Call, kind: ResourceType, page: Page[Any], projection: Projection) -> list[bytes]:
        if kind.name == "User":
            return await self.renderer.users(call, page.items, projection)
        return await self.renderer.groups(call, page.items, projection)

    async def _position(self, call: Call, query: ListQuery, scope: str) -> Position | None:
        if not query.cursor:
            return None
        key = await self.directory.store.key("cursor")
        now = self.directory.clock.now()
        return read_cursor(key, query.identity(call.connection_id, scope), query.cursor, now)

    async def _cursor(self, call: Call, query: ListQuery, scope: str, position: Position | None) -> str | None:
        if position is None:
            return None
        key = await self.directory.store.key("cursor")
        now = self.directory.clock.now()
        return write_cursor(key, query.identity(call.connection_id, scope), position, now)


def _ends(name: str, page: Page[Any], at: Position | None) -> tuple[Position | None, Position | None]:
    """After which resource the next page begins, and before which the previous one ends; None where there is none."""
    if not page.items:
        return None, None
    keys: tuple[SortValue, ...] = page.keys or (None,) * len(page.items)
    last = Position(name, page.items[-1].id, keys[-1])
    first = Position(name, page.items[0].id, keys[0], before=True)
    if at is not None and at.before:
        return last, (first if page.more else None)
    return (last if page.more else None), (first if at is not None else None)


def _sorts(query: ListQuery, kinds: tuple[ResourceType, ...]) -> list[Sort]:
    """The sort in each type's terms; by id for a type that lacks the attribute. Raises InvalidValue when all do."""
    read: list[Sort | None] = []
    refusal: InvalidValue | None = None
    for kind in kinds:
        try:
            read.append(read_sort(query.sort_by or "", query.sort_order, kind))
        except InvalidValue as error:
            read.append(None)
            refusal = error
    if refusal is not None and not any(read):
        raise refusal
    # Those of a type that lacks the attribute are all alike: by id, in the same direction.
    return [each or read_sort("id", query.sort_order, kind) for each, kind in zip(read, kinds, strict=True)]


def read_projections(parameters: Mapping[str, str], kind: ResourceType) -> Projection:
    """`attributes` and `excludedAttributes` of a request. Raises InvalidValue when both are given."""
    return read_projection(parameters.get("attributes"), parameters.get("excludedAttributes"), kind)


def _filter(call: Call, kind: ResourceType, query: ListQuery, kinds: tuple[ResourceType, ...]) -> Filter | None:
    if query.filter is None:
        return None
    others = tuple(each for each in kinds if each is not kind)
    where = parse_filter(query.filter, kind, call.notes, others)
    call.target = sought_name(where, "userName" if kind.name == "User" else "displayName") or call.target
    return where


@contextmanager
def _located(text: str, sort: Sort | None) -> Generator[None]:
    """Tell where a refusal belongs that knows only what it was about: a place in the filter, or the sort.

    Raises InvalidValue for the sort.
    """
    try:
        yield
    except InvalidFilter as error:
        path = str(error.facts.get("path") or "")
        if sort is not None and path == str(sort.path):
            raise InvalidValue(f"`sortBy`: {error.detail}", attribute="sortBy") from error
        position = text.casefold().find(path.casefold()) if path else -1
        if position >= 0:
            error.facts.setdefault("position", position)
            error.detail = f"{error.detail} (at position {position} of the filter)"
        raise
