"""The operations on one group of a certain size. A name ends in that size, as in `patch_add_10000`."""
# A check or a call need not look at all that it is given.
# ruff: noqa: ARG002

from collections.abc import Sequence

from bench.calls import Answer, Call, filtered, members, patched, resources
from bench.load import count_members
from bench.ops import Op
from bench.session import Session
from bench.target import Traits
from bench.world import KnownGroup, World

BASES = ("filter_group", "get_group", "get_group_members", "patch_add", "patch_remove")


class _GroupOp(Op):
    base: str

    def __init__(self, world: World, group: KnownGroup, traits: Traits) -> None:
        super().__init__(world)
        self.group = group
        self.traits = traits
        self.name = f"{self.base}_{group.size}"


class FilterGroup(_GroupOp):
    """Find the group by name without its members: what Entra asks first."""

    base = "filter_group"

    def call(self, worker: int, number: int) -> Call:
        return filtered("Groups", "displayName", self.group.name, more="excludedAttributes=members&")

    def wrong(self, call: Call, answer: Answer) -> str:
        found = resources(answer)
        if len(found) != 1 or found[0].get("displayName") != self.group.name:
            return f"{len(found)} results"
        return "members not excluded" if found[0].get("members") else ""


class GetGroup(_GroupOp):
    """Read the group without its members."""

    base = "get_group"

    def call(self, worker: int, number: int) -> Call:
        return Call("GET", f"/Groups/{self.group.id}?excludedAttributes=members")

    def wrong(self, call: Call, answer: Answer) -> str:
        if answer.json().get("displayName") != self.group.name:
            return "another group"
        return "members not excluded" if members(answer) else ""


class GetGroupMembers(_GroupOp):
    """Read the group with its members."""

    base = "get_group_members"

    def call(self, worker: int, number: int) -> Call:
        return Call("GET", f"/Groups/{self.group.id}", about=self.group.count)

    def wrong(self, call: Call, answer: Answer) -> str:
        return "" if members(answer) == call.about else f"{members(answer)} members of {call.about}"


class _MemberChange(_GroupOp):
    statuses = frozenset({200, 204})

    def wrong(self, call: Call, answer: Answer) -> str:
        return ""

    async def verify(self, session: Session) -> str:
        """The group has as many members as were acknowledged."""
        if not self.traits.shows_members:
            return ""
        shown = await count_members(session, self.group.id)
        return "" if shown == self.group.count else f"{shown} members, {self.group.count} were acknowledged"


class AddMember(_MemberChange):
    """Add one member who is not in the group yet."""

    base = "patch_add"

    def call(self, worker: int, number: int) -> Call | None:
        if not self.group.outside:
            return None
        person = self.group.outside.pop()
        operation = {"op": "add", "path": "members", "value": [{"value": person}]}
        return patched(f"/Groups/{self.group.id}", operation, about=person)

    def answered(self, worker: int, call: Call, answer: Answer) -> None:
        if answer.status in self.statuses:
            self.group.added.append(call.about)
            self.group.count += 1


class RemoveMember(_MemberChange):
    """Take one of those out who were added before."""

    base = "patch_remove"

    def call(self, worker: int, number: int) -> Call | None:
        if not self.group.added:
            return None
        person = self.group.added.pop()
        if self.traits.removes_by_value:
            operation = {"op": "remove", "path": "members", "value": [{"value": person}]}
        else:
            operation = {"op": "remove", "path": f'members[value eq "{person}"]'}
        return patched(f"/Groups/{self.group.id}", operation, about=person)

    def answered(self, worker: int, call: Call, answer: Answer) -> None:
        if answer.status in self.statuses:
            self.group.outside.append(call.about)
            self.group.count -= 1


def group_ops(world: World, group: KnownGroup, traits: Traits) -> Sequence[Op]:
    """All of them; who is added is taken out again."""
    kinds = (FilterGroup, GetGroup, GetGroupMembers, AddMember, RemoveMember)
    return [kind(world, group, traits) for kind in kinds]
