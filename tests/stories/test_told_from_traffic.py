"""The origin story as the server alone can tell it: what the identity provider thinks, inferred from its requests."""

from tests.stories.test_the_thread import GROUP, Story, cli, engine, server, story

__all__ = ["engine", "server", "story"]
GRANT = [part for verb in ("get", "post", "patch", "delete") for part in ("--scope", f"{verb}:groups")]


def test_a_connection_that_was_never_called_says_so_and_why_that_may_be(story: Story) -> None:
    told = cli(story.vestibule, "cycles", story.connection_id, expect=1)
    assert (told["state"], told["last_contact"], told["cycles"]) == ("never_called", None, [])
    assert told["sentence"] == "Entra ID has never called this connection."
    assert told["press"] == "Start provisioning"
    assert any("tenant URL" in each for each in told["causes"])


def test_a_green_connection_test_alone_is_no_cycle(story: Story) -> None:
    story.get('/Users?filter=userName+eq+"2f1cbd0e-4c1f-4d39-9f0e-0a5b7f0c2f11"')
    told = cli(story.vestibule, "cycles", story.connection_id, expect=1)
    assert (told["state"], told["press"], told["cycles"]) == ("tested_only", "Start provisioning", [])


def test_initial_sync_paused_is_recognised_and_the_next_cycle_is_good(story: Story) -> None:
    first = story.cycle(1)["cycles"][0]
    assert first["status"] == "Initial sync paused"
    failed = first["groups"]["failed"]
    told = cli(story.vestibule, "cycles", story.connection_id, expect=1)
    assert (told["state"], told["press"], told["mended"]) == ("initial_sync_paused", "Restart provisioning", False)
    assert f"“Initial sync paused”: in its initial cycle all {failed} groups were refused." in told["sentence"]
    assert told["expected_next"] is None
    assert told["explanation"]["fixes"][0]["command"].split()[:4] == ["vestibule", "token", "grant", story.token["id"]]
    (seen,) = told["cycles"]
    assert (seen["kind"], seen["groups"]["refused"], seen["users"]["created"]) == (
        "initial", failed, first["users"]["created"],
    )  # fmt: skip
    assert {each["who"] for each in told["refused"]} >= {GROUP}

    cli(story.vestibule, "token", "grant", story.token["id"], *GRANT)
    mended = cli(story.vestibule, "cycles", story.connection_id, expect=1)
    assert (mended["state"], mended["mended"]) == ("initial_sync_paused", True)
    assert "It may do this now, so the same token goes on working." in mended["why"]

    second = story.cycle()["cycles"][0]
    good = cli(story.vestibule, "cycles", story.connection_id)
    assert (good["state"], good["press"], good["waiting"]) == ("running", None, 0)
    newest = good["cycles"][0]
    assert (newest["kind"], newest["refused"]) == ("initial", 0)
    assert newest["memberships"]["already"] == 21
    assert newest["memberships"]["added"] + 21 == second["memberships"]["added"]
    assert [each["kind"] for each in good["cycles"]] == ["initial", "initial"]
