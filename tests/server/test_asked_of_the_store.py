"""What an answer does not show is not read; a token is good to its last microsecond."""

import asyncio
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from tests.server.test_bad_input import is_error
from tests.server.test_cursors import FakeClock, with_clock
from vestibule.model import Group, User
from vestibule.scim.group_schema import GROUP
from vestibule.scim.projection import read_projection
from vestibule.scim.user_schema import USER
from vestibule.server.call import Call
from vestibule.server.render import Renderer


class Asked:
    """A directory that knows nobody's memberships and remembers for whom they were asked."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def of(self, connection_id: str, resources: tuple[Any, ...]) -> dict[str, Any]:
        """The memberships of users, or the members of groups."""
        self.ids += [each.id for each in resources]
        return {}

    groups_of = members_of = member_ids_of = nested_of = of


@pytest.mark.parametrize(
    ("attributes", "excluded", "read"),
    [
        (None, None, True),
        ("userName", None, False),
        ("userName,groups.display", None, True),
        ("displayName,members", None, True),
        (None, "groups,members", False),
        (None, "groups.display,members.type", True),
        (None, "title", True),
    ],
)
def test_memberships_are_read_only_where_they_are_shown(
    attributes: str | None, excluded: str | None, read: bool
) -> None:
    call = Call("req_1", "con_1", "GET", "/", {}, {}, b"", "https://x")
    ana = User("usr_1", "con_1", "ana", None, True, "scim", 1, 0, 0, '{"schemas":[],"userName":"ana"}')
    mates = Group("grp_1", "con_1", "mates", None, "scim", 1, 0, 0)
    for kind, names in ((USER, "groups"), (GROUP, "members")):
        asked = Asked()
        renderer = Renderer(cast("Any", asked))
        projection = read_projection(attributes, excluded, kind)
        shown = (
            renderer.users(call, (ana,), projection) if kind is USER else renderer.groups(call, (mates,), projection)
        )
        assert len(asyncio.run(shown)) == 1
        wanted = read and (attributes is None or names in attributes)
        assert bool(asked.ids) is wanted, (kind.name, attributes, excluded)


def test_a_token_is_good_until_the_moment_of_its_expiry_and_not_in_it(tmp_path: Path) -> None:
    async def work(client: httpx2.AsyncClient, clock: FakeClock) -> None:
        clock.at += 999_999
        assert (await client.get("/Users")).status_code == 200
        clock.at += 1
        assert "expired" in is_error(await client.get("/Users"), 401)

    with_clock(tmp_path, work, lifetime=1_000_000)
