"""The order of a test: a generator that yields requests and receives replies, and fills a matrix as it goes.

Discovery, then Entra's own test, then a look-up of a group. With `writes`: a marked user and a marked group are made,
read, changed in Entra's way, read back after each change, and deleted. Where one could not be made, the rest is asked
of an id that does not exist, which shows at least what the token may not do.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from vestibule.entra import paths, wire
from vestibule.entra.answers import MULTIPLE, Found, Listed, Trouble
from vestibule.entra.mapping import Values
from vestibule.entra.wire import Edit, JsonObject, Kind, Request
from vestibule.explain import Explanation
from vestibule.probe import findings, oddities
from vestibule.probe.judge import Judged, judge, judge_blind, trouble_of
from vestibule.probe.reply import Reply
from vestibule.probe.report import Cell, Discovered, Evidence, Verb, untried
from vestibule.probe.settle import settle

T = TypeVar("T")
Steps: TypeAlias = Generator[Request, Reply, T]
MemberRequest: TypeAlias = Callable[[str, list[str], wire.Mode], Request]
DISCOVERY = ("ServiceProviderConfig", "Schemas", "ResourceTypes")
PERSON = "Vestibule connection test"
_BETTER = ("/scim/v2", "/scim")


@dataclass(frozen=True, slots=True)
class Names:
    """What a test calls its own: marks of the user and of the groups, and three names that nobody has."""

    user: str
    group: str
    renamed: str
    filled: str
    nobody: str
    nothing: str
    absent_id: str


@dataclass(slots=True)
class Made:
    """A resource that the test made, or may have made when the answer was lost. `marks` are what it may be named."""

    kind: Kind
    marks: tuple[str, ...]
    id: str | None = None
    attempted: bool = False
    gone: bool = False
    why: str = ""
    """Why it is still there, as far as is known."""

    def bears(self, resource: JsonObject) -> bool:
        """Whether a resource shows one of the marks as its name."""
        named: Any = paths.find(resource, "userName" if self.kind == "User" else "displayName")
        return isinstance(named, str) and named.casefold() in {each.casefold() for each in self.marks}


@dataclass(slots=True)
class Plan:
    """One test on its way. `mode` is how Entra speaks to this tenant URL; `token_id` is known for tokens of ours."""

    base: str
    names: Names
    mode: wire.Mode
    token_id: str | None
    cells: dict[tuple[Kind, Verb], Cell] = field(default_factory=untried)
    discovery: list[Discovered] = field(default_factory=list[Discovered])
    trouble: Explanation | None = None
    got: tuple[str, ...] | None = None
    ours: bool = False
    members_shown: bool = False
    """Whether any group has shown a member: one that shows none proves nothing about who is in it."""
    user: Made = field(init=False)
    group: Made = field(init=False)
    filled: Made = field(init=False)

    def __post_init__(self) -> None:
        self.user = Made("User", (self.names.user,))
        self.group = Made("Group", (self.names.group, self.names.renamed))
        self.filled = Made("Group", (self.names.filled,))

    @property
    def made(self) -> tuple[Made, ...]:
        """What there may be to take away, in the order in which it is."""
        return self.filled, self.group, self.user

    def run(self, *, writes: bool) -> Steps[None]:
        """The whole test. Reads alone unless `writes`."""
        yield from self._discover()
        absent = wire.probe(self.names.nobody)
        reply = yield absent
        self._put("User", "look_up", judge("User", "look_up", absent, reply, self.token_id), reply.evidence(absent))
        self._learn(reply)
        self.trouble = trouble_of(absent, reply, self.token_id)
        if self.trouble is not None:
            yield from self._find_better()
            cell = self.cells["User", "look_up"]
            self.cells["User", "look_up"] = replace(cell, explanation=self.trouble)
            return
        yield from self._try("Group", "look_up", wire.match("Group", "displayName", self.names.nothing))
        if writes:
            yield from self._make_user()
            yield from self._make_group()
            yield from self._end("Group", self.group)
            yield from self._fill_group()
            yield from self._deactivate()
            yield from self._end("User", self.user)
            settle(self.cells, self.mode, members_shown=self.members_shown)

    def _discover(self) -> Steps[None]:
        for name in DISCOVERY:
            request = Request("GET", f"/{name}")
            reply = yield request
            self._learn(reply)
            served = reply.good and bool(reply.body())
            notes = [] if served else [oddities.no_discovery(name, reply.status)]
            if name == "ServiceProviderConfig" and served:
                for feature in ("patch", "filter"):
                    said: Any = reply.body().get(feature)
                    if isinstance(said, dict) and said.get("supported") is False:  # pyright: ignore[reportUnknownMemberType]
                        notes.append(oddities.says_unsupported(feature))
            self.discovery.append(Discovered(name, "yes" if served else "no", reply.evidence(request), tuple(notes)))

    def _find_better(self) -> Steps[None]:
        """Where the SCIM service may be instead, when there is none at the URL."""
        if self.trouble is None or self.trouble.code != "wrong_path" or self.ours:
            return
        head, _, last = self.base.rpartition("/")
        if last.lower() in ("users", "groups", "schemas", "resourcetypes", "serviceproviderconfig"):
            self.trouble = findings.no_service(404, head)
            return
        if "/scim" in self.base.lower():
            return
        for path in _BETTER:
            reply = yield Request("GET", f"{path}/ServiceProviderConfig")
            if reply.ours:
                self.trouble = findings.no_service(404, f"{self.base}{path}/connections/CONNECTION_ID")
                return
            if reply.status in (200, 401, 403) and not reply.is_page and reply.body():
                self.trouble = findings.no_service(404, f"{self.base}{path}")
                return

    # Users

    def _make_user(self) -> Steps[None]:
        mark = self.names.user
        values: Values = {
            "userName": mark,
            "active": True,
            "displayName": PERSON,
            'emails[type eq "work"].value': mark,
            "name.givenName": "Vestibule",
            "name.familyName": "Canary",
            "name.formatted": "Vestibule Canary",
            "externalId": mark,
        }
        yield from self._create(self.user, values, "userName")
        yield from self._try("User", "read", wire.read("User", self._id(self.user)), of=self.user)
        edits = (
            Edit("displayName", f"{PERSON} (changed)", had=True),
            Edit("name.givenName", "Changed", had=True),
            Edit("title", "Canary", had=False),
        )
        yield from self._change(self.user, "change", edits)

    def _deactivate(self) -> Steps[None]:
        yield from self._change(self.user, "deactivate", (Edit("active", value=False, had=True),))

    def _change(self, made: Made, verb: Verb, edits: tuple[Edit, ...]) -> Steps[None]:
        """PATCH in Entra's way, then read back what has become of it: a server need not keep every attribute."""
        done = yield from self._try(made.kind, verb, wire.update(made.kind, self._id(made), edits, self.mode), of=made)
        if not done:
            return
        lacking: list[str] = []

        def holds(it: JsonObject) -> bool:
            lacking.extend(each.path for each in edits if not _same(paths.find(it, each.path), each.value))
            return len(lacking) < len(edits)

        yield from self._confirm(made, verb, holds)
        cell = self.cells[made.kind, verb]
        if lacking and cell.verdict == "yes":
            note = oddities.kept_in_part(made.kind, verb, lacking)
            self.cells[made.kind, verb] = replace(cell, notes=(*cell.notes, note))

    # Groups

    def _make_group(self) -> Steps[None]:
        values: Values = {"displayName": self.names.group, "externalId": self.names.group}
        yield from self._create(self.group, values, "displayName")
        yield from self._try("Group", "read", wire.read("Group", self._id(self.group)), of=self.group)
        yield from self._change(self.group, "change", (Edit("displayName", self.names.renamed, had=True),))
        # Without a user there is nobody to add, so it is asked of a group that does not exist.
        group = self.group if self.user.id is not None else Made("Group", ())
        done = yield from self._member(group, "add_member", wire.add_members)
        if done:
            yield from self._confirm(group, "add_member", self._has_member)
        added = self.cells["Group", "add_member"].verdict == "yes"
        if added:
            yield from self._look_up_full()
        done = yield from self._member(group, "remove_member", wire.remove_members)
        if done and added:
            yield from self._confirm(group, "remove_member", lambda it: not self._has_member(it))
        elif done:
            cell = self.cells["Group", "remove_member"]
            self.cells["Group", "remove_member"] = replace(
                cell, verdict="unclear", explanation=findings.nobody_to_remove()
            )

    def _member(self, group: Made, verb: Verb, request_of: MemberRequest) -> Steps[bool]:
        request = request_of(self._id(group), [self._id(self.user)], self.mode)
        return (yield from self._try("Group", verb, request, of=group))

    def _has_member(self, group: JsonObject) -> bool:
        members = _members(group)
        self.members_shown = self.members_shown or bool(members)
        return self._id(self.user) in members

    def _look_up_full(self) -> Steps[None]:
        """The look-up of a group that has a member, who must be left out of the answer."""
        renamed = self.cells["Group", "change"].verdict == "yes"
        request = wire.match("Group", "displayName", self.names.renamed if renamed else self.names.group)
        reply = yield request
        answer = reply.read(request)
        if isinstance(answer, Trouble) and answer.code == MULTIPLE:
            self._doubt("Group", "look_up", Judged("no", findings.members_shown()), reply.evidence(request))

    def _fill_group(self) -> Steps[None]:
        """A second group that has a member from the first, which Okta asks for and Entra does not."""
        if self.user.id is None or self.cells["Group", "create"].verdict != "yes":
            return
        values: Values = {"displayName": self.names.filled, "externalId": self.names.filled}
        request = wire.create("Group", values)
        request = replace(request, body={**(request.body or {}), "members": [{"value": self.user.id}]})
        self.filled.attempted = True
        reply = yield request
        answer = reply.read(request)
        if isinstance(answer, Found):
            self.filled.id = answer.id
            if self.cells["Group", "add_member"].verdict == "no":
                # Whether the server shows members at all is seen where one came with the group.
                reading = replace(wire.read("Group", answer.id), query="")
                reply = yield reading
                self._has_member(reply.body())
            reply = yield wire.delete("Group", answer.id)
            self.filled.gone = reply.good or reply.status == 404
        elif reply.status >= 400:
            self.filled.attempted = False
            cell = self.cells["Group", "create"]
            notes = (*cell.notes, oddities.members_at_creation(reply.status))
            self.cells["Group", "create"] = replace(cell, notes=notes)

    # Both

    def _create(self, made: Made, values: Values, key: str) -> Steps[None]:
        kind, request = made.kind, wire.create(made.kind, values)
        made.attempted = True
        reply = yield request
        judged = judge(kind, "create", request, reply, self.token_id)
        made.id = judged.id
        # What is refused was not made; without a clear answer it may have been.
        made.attempted = judged.verdict != "no" or reply.good or reply.status >= 500
        self._learn(reply)
        self._put(kind, "create", judged, reply.evidence(request))
        if not made.attempted:
            return
        sought = wire.match(kind, key, made.marks[0])
        reply = yield sought
        answer = reply.read(sought)
        found = answer.resources if isinstance(answer, Listed) else None
        if found and len(found) == 1 and (made.bears(found[0]) or found[0]["id"] == made.id):
            made.id = made.id or str(found[0]["id"])
        elif judged.verdict == "yes" and self.cells[kind, "look_up"].verdict == "yes":
            self._doubt(kind, "look_up", self._why_not_found(kind, sought, reply, found), reply.evidence(sought))

    def _why_not_found(self, kind: Kind, sought: Request, reply: Reply, found: tuple[JsonObject, ...] | None) -> Judged:
        """Why a look-up did not bring what was made a moment before."""
        if found is None:
            judged = judge(kind, "look_up", sought, reply, self.token_id)
            if judged.explanation is not None:
                return judged
        return Judged("no", findings.filter_ignored(kind) if found else findings.found_nothing(kind))

    def _end(self, kind: Kind, made: Made) -> Steps[None]:
        """DELETE, and see that it is gone."""
        done = yield from self._try(kind, "delete", wire.delete(kind, self._id(made)), of=made)
        if not done:
            return
        made.gone = True
        request = wire.read(kind, self._id(made))
        reply = yield request
        if reply.good and isinstance(reply.read(request), Found):
            made.gone, made.why = False, "The server answers DELETE with success and keeps it."
            self._doubt(kind, "delete", Judged("unclear", findings.soft_delete(kind)), reply.evidence(request))

    def _try(self, kind: Kind, verb: Verb, request: Request, of: Made | None = None) -> Steps[bool]:
        """Send one request and judge it; whether it did what it should on a resource that exists."""
        reply = yield request
        self._learn(reply)
        blind = of is not None and of.id is None
        judged = (judge_blind if blind else judge)(kind, verb, request, reply, self.token_id)
        self._put(kind, verb, judged, reply.evidence(request))
        return judged.verdict == "yes"

    def _confirm(self, made: Made, verb: Verb, holds: Callable[[JsonObject], bool]) -> Steps[None]:
        """Read back what a success is said to have done."""
        # The members are what is looked at here.
        request = replace(wire.read(made.kind, self._id(made)), query="")
        reply = yield request
        answer = reply.read(request)
        if not isinstance(answer, Found):
            self._doubt(made.kind, verb, Judged("unclear", findings.not_read_back(made.kind, verb, reply.status)),
                        reply.evidence(request))  # fmt: skip
        elif not holds(answer.resource):
            self._doubt(made.kind, verb, Judged("no", findings.not_kept(made.kind, verb)), reply.evidence(request))
        else:
            self._doubt(made.kind, verb, Judged("yes"), reply.evidence(request))

    def _id(self, made: Made) -> str:
        return made.id or self.names.absent_id

    def _put(self, kind: Kind, verb: Verb, judged: Judged, *evidence: Evidence) -> None:
        self.cells[kind, verb] = Cell(kind, verb, judged.verdict, None, evidence, judged.explanation, judged.notes)

    def _doubt(self, kind: Kind, verb: Verb, judged: Judged, evidence: Evidence) -> None:
        """What a second look says of a cell."""
        cell = self.cells[kind, verb]
        self.cells[kind, verb] = replace(
            cell, verdict=judged.verdict, explanation=judged.explanation, evidence=(*cell.evidence, evidence)
        )

    def _learn(self, reply: Reply) -> None:
        self.ours = self.ours or reply.ours
        self.got = reply.got() or self.got


def _same(found: Any, wanted: str | bool) -> bool:
    if isinstance(wanted, bool):
        return str(found).casefold() == str(wanted).casefold()
    return found == wanted


def _members(resource: JsonObject) -> list[Any]:
    found: Any = paths.find(resource, "members")
    return [paths.find(each, "value") for each in found if isinstance(each, dict)] if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
