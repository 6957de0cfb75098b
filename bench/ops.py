"""What an operation is, and those on single users: each makes calls, and says what is wrong with the answers."""
# A check or a call need not look at all that it is given.
# ruff: noqa: ARG002

from collections.abc import Sequence

from bench.calls import Answer, Call, filtered, patched, resources
from bench.people import create_person, external_id
from bench.session import Session
from bench.world import World


class Op:
    """One kind of request. A subclass has a name and `call` and `wrong`; the rest is for those that need it."""

    name: str
    statuses: frozenset[int] = frozenset({200})

    def __init__(self, world: World) -> None:
        self.world = world

    def call(self, worker: int, number: int) -> Call | None:
        """The `number`th call, made by a connection; None when there is nothing left to do."""
        raise NotImplementedError

    def answered(self, worker: int, call: Call, answer: Answer) -> None:
        """Take note of an answer while the clock runs: cheap, or nothing."""

    def wrong(self, call: Call, answer: Answer) -> str:
        """What is wrong with an answer of a right status; nothing when it is right. The clock is stopped."""
        raise NotImplementedError

    async def verify(self, session: Session) -> str:
        """What is wrong with the server's state after all the calls; nothing when it is right."""
        return ""


class PostUser(Op):
    """Create somebody new."""

    name = "post_user"
    statuses = frozenset({201})

    def call(self, worker: int, number: int) -> Call:
        return create_person(next(self.world.fresh))

    def wrong(self, call: Call, answer: Answer) -> str:
        made = answer.json()
        return "" if made.get("id") and made.get("userName") == call.about else "not the user that was sent"


class GetUser(Op):
    """Read one user by id."""

    name = "get_user"

    def call(self, worker: int, number: int) -> Call:
        person = self.world.pick(number)
        return Call("GET", f"/Users/{self.world.ids[person]}", about=person)

    def wrong(self, call: Call, answer: Answer) -> str:
        return "" if answer.json().get("userName") == self.world.name(call.about) else "another user"


class FilterUserName(Op):
    """Find one user by userName, as identity providers do before they create."""

    name = "filter_userName"

    def call(self, worker: int, number: int) -> Call:
        person = self.world.pick(number)
        return filtered("Users", "userName", self.world.name(person), about=person)

    def wrong(self, call: Call, answer: Answer) -> str:
        found = resources(answer)
        if len(found) != 1 or answer.json().get("totalResults") != 1:
            return f"{len(found)} results"
        return "" if found[0].get("userName") == self.world.name(call.about) else "another user"


class FilterExternalId(FilterUserName):
    """Find one user by externalId."""

    name = "filter_externalId"

    def call(self, worker: int, number: int) -> Call:
        person = self.world.pick(number)
        return filtered("Users", "externalId", external_id(person), about=person)


class FilterMiss(Op):
    """Look for somebody who is not there: what an identity provider asks before each create."""

    name = "filter_userName_miss"

    def call(self, worker: int, number: int) -> Call:
        return filtered("Users", "userName", f"nobody.{number}@bench.example.com")

    def wrong(self, call: Call, answer: Answer) -> str:
        return "" if not resources(answer) and answer.json().get("totalResults") == 0 else "somebody was found"


class PatchActive(Op):
    """Deactivate a user, or activate it again: a change every time."""

    name = "patch_active"
    statuses = frozenset({200, 204})

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._acknowledged: dict[int, bool] = {}

    def call(self, worker: int, number: int) -> Call:
        person = self.world.pick(number)
        active = person in self.world.inactive
        (self.world.inactive.discard if active else self.world.inactive.add)(person)
        operation = {"op": "replace", "path": "active", "value": active}
        return patched(f"/Users/{self.world.ids[person]}", operation, about=(person, active))

    def answered(self, worker: int, call: Call, answer: Answer) -> None:
        if answer.status in self.statuses:
            person, active = call.about
            self._acknowledged[person] = active

    def wrong(self, call: Call, answer: Answer) -> str:
        return "" if answer.status == 204 or answer.json().get("active") is call.about[1] else "active is not changed"

    async def verify(self, session: Session) -> str:
        """The last of those that were acknowledged are read back."""
        for person, active in list(self._acknowledged.items())[-20:]:
            kept = await session.send(Call("GET", f"/Users/{self.world.ids[person]}"))
            if kept.json().get("active") is not active:
                return "an acknowledged change is not there"
        return ""


def user_reads(world: World) -> Sequence[Op]:
    """Those that only read."""
    kinds = (GetUser, FilterUserName, FilterExternalId, FilterMiss)
    return [kind(world) for kind in kinds]
