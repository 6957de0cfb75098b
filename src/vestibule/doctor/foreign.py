"""Another SCIM server examined by reading: its users and groups page by page, as an identity provider sees them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

from vestibule.counting import counted
from vestibule.doctor.accounts import Accounts, Person
from vestibule.doctor.finding import Counted, Examined, Finding, in_order, operator
from vestibule.doctor.names import GroupNames
from vestibule.entra.wire import Request
from vestibule.explain import explain
from vestibule.explain.foreign import from_foreign
from vestibule.model import JsonObject
from vestibule.probe.line import Line
from vestibule.probe.reply import Reply

_PAGE = 100


class _Unread(Exception):
    """An answer that tells no list; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


@dataclass(slots=True)
class _Reading:
    line: Line
    most: int
    accounts: Accounts = field(default_factory=lambda: Accounts("", ""))
    groups: GroupNames = field(default_factory=lambda: GroupNames(""))
    unreadable: Counted = field(default_factory=Counted)
    repeated: Counted = field(default_factory=Counted)

    async def users(self) -> list[Finding]:
        """What is wrong with the users, or with reading them."""
        try:
            async for row in self._rows("/Users", "", self.most):
                self._see(row)
        except _Unread as unread:
            return [unread.finding]
        found = self.accounts.findings()
        if self.unreadable.count:
            found.append(
                Finding(
                    "user_unreadable",
                    f"{counted(self.unreadable.count, 'user has', 'users have')} no id or no userName.",
                    "An identity provider cannot tell them from others, and can neither change nor find them again "
                    "(RFC 7643 sections 3.1 and 4.1.1).",
                    (operator("Let the server give every user an id and a userName"),),
                    self.unreadable.count,
                    tuple(self.unreadable.examples),
                )
            )
        return found

    def of_pages(self) -> list[Finding]:
        """That pages overlapped."""
        if not self.repeated.count:
            return []
        return [
            Finding(
                "pages_overlap",
                f"{counted(self.repeated.count, 'resource')} came again on a later page.",
                "The server takes no heed of startIndex, or has no order of its own, so that others are on no page: "
                "what is said here may not be all (RFC 7644 section 3.4.2.4).",
                (operator("Let the server honour startIndex and count, in one order for all pages"),),
                self.repeated.count,
                tuple(self.repeated.examples),
            )
        ]

    def _see(self, row: JsonObject) -> None:
        name, ident, given = row.get("userName"), row.get("id"), row.get("externalId")
        if not isinstance(name, str) or not name or not isinstance(ident, str) or not ident:
            self.unreadable.add(str(ident or name or "without both"))
            return
        listed: Any = row.get("emails")
        emails = cast("list[Any]", listed) if isinstance(listed, list) else []
        values = [str(cast("JsonObject", each).get("value") or "") for each in emails if isinstance(each, dict)]
        external_id = given if isinstance(given, str) and given else None
        # Whether the identity provider keeps an account is nowhere said; an externalId is its mark.
        provisioned = external_id is not None
        self.accounts.see(Person(name, external_id, row.get("active") is not False, tuple(values), provisioned))

    async def names(self) -> list[Finding]:
        """What is wrong with the groups, or with reading them."""
        try:
            async for row in self._rows("/Groups", "excludedAttributes=members&", self.most):
                if isinstance(row.get("displayName"), str):
                    self.groups.see(row["displayName"])
        except _Unread as unread:
            return [unread.finding]
        return self.groups.findings()

    async def _rows(self, path: str, query: str, most: int) -> AsyncIterator[JsonObject]:
        start, known = 1, set[str]()
        while start <= most:
            request = Request("GET", path, f"{query}startIndex={start}&count={_PAGE}", None, "list")
            rows, total = _page(request, await self.line.send(request))
            fresh = [row for row in rows if self._is_new(row, known)]
            for row in fresh:
                yield row
            start += len(rows)
            # A page without anybody new leads nowhere.
            if not fresh or start > total:
                return

    def _is_new(self, row: JsonObject, known: set[str]) -> bool:
        """Whether a resource was on no page before; one without an id is taken for new."""
        ident = str(row.get("id") or "")
        if ident in known:
            self.repeated.add(ident)
            return False
        known.update([ident] if ident else [])
        return True


async def examine(url: str, token: str, most: int = 2_000, line: Line | None = None) -> Examined:
    """Read at most so many users and groups of the server at a tenant URL. Raises probe.Unreachable, probe.Unusable."""
    base = url.partition("?")[0].rstrip("/")
    async with line or Line(base, token) as open_line:
        reading = _Reading(open_line, most)
        found = [*await reading.users(), *await reading.names(), *reading.of_pages()]
    looked_at = {"people": reading.accounts.seen + reading.unreadable.count, "groups": reading.groups.seen}
    return Examined(in_order(found), looked_at)


def _page(request: Request, reply: Reply) -> tuple[list[JsonObject], int]:
    if not reply.good:
        raise _Unread(_refused(request, reply))
    try:
        content: Any = json.loads(reply.text)
    except (ValueError, RecursionError):
        content = None
    body = cast("JsonObject", content) if isinstance(content, dict) else {}
    resources: Any = body.get("Resources", [])
    total: Any = body.get("totalResults")
    if not isinstance(total, int) or not isinstance(resources, list):
        raise _Unread(_unreadable(request, reply))
    rows = [cast("JsonObject", each) for each in cast("list[Any]", resources) if isinstance(each, dict)]
    return rows, total


def _refused(request: Request, reply: Reply) -> Finding:
    told = explain(from_foreign(reply.status, reply.text.encode(), request.method, request.path))
    sentence = f"{request.path} was answered {reply.status}: {told.sentence}" if reply.status else reply.text
    facts = {"path": request.path, "status": reply.status, "code": told.code, "answer": reply.text[:500]}
    return Finding("server_refuses", sentence, told.why, told.fixes, facts=facts)


def _unreadable(request: Request, reply: Reply) -> Finding:
    return Finding(
        "server_unreadable",
        f"{request.path} was answered {reply.status} with what is no list of SCIM's.",
        "A list has `totalResults` and `Resources` (RFC 7644 section 3.4.2); without them an identity provider finds "
        "nobody, and makes everybody a second time.",
        (operator("Check the address: it must be the base of SCIM, as it is entered as the Tenant URL"),),
        facts={"path": request.path, "content_type": reply.content_type, "answer": reply.text[:500]},
    )
