"""The operations that read pages of 100 users: at either end, and walking from page to page."""
# A check or a call need not look at all that it is given.
# ruff: noqa: ARG002

import re
from collections.abc import Sequence
from urllib.parse import quote

from bench.calls import Answer, Call, resources
from bench.ops import Op
from bench.world import World

PAGE = 100
_NEXT = re.compile(rb'"nextCursor"\s*:\s*"([^"]+)"')


class _Page(Op):
    def wrong(self, call: Call, answer: Answer) -> str:
        found = len(resources(answer))
        return "" if found == PAGE else f"{found} items"


class _NumberedPage(_Page):
    """By startIndex a client goes on until it has `totalResults`, so that number must be right too."""

    def wrong(self, call: Call, answer: Answer) -> str:
        total = answer.json().get("totalResults")
        known = isinstance(total, int) and total >= self.world.users
        return super().wrong(call, answer) or ("" if known else f"totalResults {total}")


class FirstPage(_NumberedPage):
    """The first page."""

    name = "list_100_first"

    def call(self, worker: int, number: int) -> Call:
        return Call("GET", f"/Users?startIndex=1&count={PAGE}")


class LastPage(_NumberedPage):
    """The page at the end of those who were loaded, by startIndex."""

    name = "list_100_last"

    def call(self, worker: int, number: int) -> Call:
        return Call("GET", f"/Users?startIndex={self.world.users - PAGE + 1}&count={PAGE}")


class IndexWalk(_NumberedPage):
    """Page after page by startIndex; each connection begins elsewhere."""

    name = "list_100_walk"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._pages: dict[int, int] = {}

    def call(self, worker: int, number: int) -> Call:
        pages = self.world.users // PAGE
        page = self._pages.get(worker, worker * 7 % pages)
        self._pages[worker] = (page + 1) % pages
        return Call("GET", f"/Users?startIndex={page * PAGE + 1}&count={PAGE}")


class CursorWalk(_Page):
    """Page after page by cursor (RFC 9865); after the last page a connection begins again."""

    name = "list_100_cursor"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._cursors: dict[int, str] = {}

    def call(self, worker: int, number: int) -> Call:
        cursor = self._cursors.get(worker, "")
        return Call("GET", f"/Users?cursor={quote(cursor, safe='')}&count={PAGE}", about=worker)

    def answered(self, worker: int, call: Call, answer: Answer) -> None:
        found = _NEXT.search(answer.body, max(0, len(answer.body) - 4_096)) or _NEXT.search(answer.body)
        self._cursors[worker] = found[1].decode() if found else ""

    def wrong(self, call: Call, answer: Answer) -> str:
        ended = _NEXT.search(answer.body) is None
        return super().wrong(call, answer) if not ended else ""


def list_ops(world: World, *, cursors: bool) -> Sequence[Op]:
    """All that a server offers."""
    found: list[Op] = [FirstPage(world), LastPage(world), IndexWalk(world)]
    return [*found, CursorWalk(world)] if cursors else found
