"""Who is expected is said once; the server calls the roll cycle by cycle, and drift is told."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Vestibule
from tests.stories.test_the_thread import GROUP, Story, cli, engine, server
from vestibule.clock import SystemClock
from vestibule.rollcall import GroupRoll, keeping
from vestibule.store import Store

__all__ = ["engine", "server"]


@dataclass
class Later:
    """The clock of now, some minutes later."""

    minutes: int = 0

    def now(self) -> int:
        return SystemClock().now() + self.minutes * 60_000_000


@pytest.fixture
def story(server: Vestibule, tmp_path: Path) -> Story:
    return Story(server, tmp_path)


def by_itself(story: Story, minutes: int) -> dict[str, GroupRoll]:
    """What the server does every minute, some minutes from now; the rolls of this story's connection."""

    async def work(store: Store) -> dict[str, GroupRoll]:
        called = [each async for each in keeping.call_due(store, Later(minutes))]
        rolls = [each.roll for each in called if each.roll and each.kept.connection_id == story.connection_id]
        return {each.name: each for each in rolls}

    return story.vestibule.admin(work)


def trend(story: Story) -> list[tuple[int | None, int, dict[str, int]]]:
    """Of the group: after which cycle, how many were present, who was missing; the oldest first."""
    found = cli(story.vestibule, "rollcall", "history", story.connection_id, "--group", GROUP)["history"]
    return [(each["cycle"] and each["cycle"]["number"], each["present"], each["reasons"]) for each in reversed(found)]


def actions(story: Story) -> list[str]:
    async def work(store: Store) -> list[str]:
        return [each.action for each in await store.audit(story.connection_id) if each.target.startswith("rll_")]

    found: Any = story.vestibule.admin(work)
    return list(reversed(found))


def test_the_trend_goes_with_the_cycles_and_drift_is_told_when_a_balanced_group_no_longer_is(story: Story) -> None:
    kept = cli(story.vestibule, "rollcall", "expect", story.connection_id, "--source", str(story.source))
    assert {each["group"]: each["count"] for each in kept["expectations"]}[GROUP] == 269
    assert by_itself(story, 0)[GROUP].reasons == {"never_provisioned": 248}
    story.cycle(1)
    assert by_itself(story, 30)[GROUP].reasons == {"refused": 248}
    verbs = [part for verb in ("get", "post", "patch", "delete") for part in ("--scope", f"{verb}:groups")]
    cli(story.vestibule, "token", "grant", story.token["id"], *verbs)
    story.cycle()
    assert by_itself(story, 60)[GROUP].balanced
    assert [(present, reasons) for _, present, reasons in trend(story)] == [
        (21, {"never_provisioned": 248}), (21, {"refused": 248}), (269, {}),
    ]  # fmt: skip
    numbers = [number for number, *_ in trend(story)]
    assert numbers[0] is None
    assert numbers[1:] == sorted(filter(None, numbers[1:]))

    async def take_out(store: Store) -> str:
        group = await store.group_named(story.connection_id, GROUP)
        return (await store.members(story.connection_id, group.id))[0].user_id

    leaver = story.vestibule.admin(take_out)
    group_id = story.get(f'/Groups?filter=displayName+eq+"{GROUP}"').json()["Resources"][0]["id"]
    assert story.remove(f"/Groups/{group_id}", f'members[value eq "{leaver}"]').status_code == 204
    (drifted,) = by_itself(story, 90).values()
    assert (drifted.name, drifted.reasons, drifted.present) == (GROUP, {"not_added": 1}, 268)
    assert actions(story)[-1] == "rollcall.drifted"
