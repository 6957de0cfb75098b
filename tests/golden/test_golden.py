"""Whole conversations with the running server, as each identity provider has them, compared to the last letter.

`VESTIBULE_RECORD_GOLDEN=1 pytest tests/golden` writes the answers anew; read what it changed before you commit it.
"""

import asyncio
import os

import pytest
from _pytest.mark import ParameterSet

from tests.conftest import Tenant
from tests.golden.conversation import Conversation, Player, Step, conversations
from vestibule.model import Exchange, JsonObject
from vestibule.scim.errors import ERROR_SCHEMA
from vestibule.scim.quirks import BY_ID, QUIRKS
from vestibule.store import NotFound, Store

ALL = conversations()
OWN_DIALECT = {"entra-default": "entra", "entra-compliant": "entra", "okta-oin": "okta", "okta-custom": "okta"}
RECORDING = bool(os.environ.get("VESTIBULE_RECORD_GOLDEN"))


def played(chosen: list[Conversation]) -> list[ParameterSet]:
    """Conversations as parameters of a test."""
    return [pytest.param(each, id=each.name) for each in chosen]


@pytest.mark.parametrize("conversation", played(ALL))
def test_a_conversation_goes_as_recorded(conversation: Conversation, tenant: Tenant) -> None:
    """Every answer is the recorded one, and the log notes exactly the recorded quirks."""
    player = Player(tenant)
    player.prepare(conversation.content)
    answers = [player.say(step) for step in conversation.steps]
    noted = [tolerated(each) for each in exchanges(tenant, [answer.request_id for answer in answers])]
    if RECORDING:
        conversation.record(answers, noted)
        return
    for number, (step, answer, quirks) in enumerate(zip(conversation.steps, answers, noted, strict=True), 1):
        assert answer.response == step.response, f"step {number}: {step.request}"
        assert quirks == list(step.tolerated), f"step {number}: {step.request}"


@pytest.mark.skipif(RECORDING, reason="recording")
@pytest.mark.parametrize("conversation", played([each for each in ALL if each.sender in OWN_DIALECT]))
def test_the_senders_own_dialect_answers_no_different(conversation: Conversation, tenant: Tenant) -> None:
    """What Entra and Okta are known to send is answered alike where the connection is set to their dialect."""
    player = Player(tenant)
    tenant.set(dialect=OWN_DIALECT[conversation.sender])
    player.prepare(conversation.content)
    for number, step in enumerate(conversation.steps, 1):
        assert player.say(step).response == step.response, f"step {number}: {step.request}"


@pytest.mark.skipif(RECORDING, reason="recording")
@pytest.mark.parametrize("conversation", played(ALL))
def test_a_strict_connection_refuses_exactly_what_departs_from_the_rfc(
    conversation: Conversation, tenant: Tenant
) -> None:
    """A deviation is refused with its own error and leaves no trace; all else is answered as to everybody."""
    player = Player(tenant)
    player.prepare(conversation.content)
    tenant.set(dialect="strict", references="park", nested_groups="park")
    for number, step in enumerate(conversation.steps, 1):
        first = next((quirk for quirk in step.tolerated if BY_ID[quirk].refusal is not None), None)
        if first is not None:
            refused(player, step, first)
            tenant.set(dialect="tolerant")
        assert player.say(step).response == step.response, f"step {number}: {step.request}"
        if first is not None:
            tenant.set(dialect="strict")


def refused(player: Player, step: Step, quirk: str) -> None:
    """Say a step to a strict connection: the quirk's own SCIM error, and all users and groups are as before."""
    before = player.everything()
    heard = player.say(step)
    body = heard.response["body"]
    assert (heard.response["status"], body["status"], body["schemas"]) == (400, "400", [ERROR_SCHEMA]), body
    assert heard.response["headers"]["Content-Type"] == "application/scim+json"
    assert body["scimType"] in scim_types(step, quirk), body
    assert "dialect `strict`" in body["detail"]
    (exchange,) = exchanges(player.tenant, [heard.request_id])
    assert exchange.facts.get("quirk", quirk) == quirk
    assert player.everything() == before


def scim_types(step: Step, quirk: str) -> set[str | None]:
    """The quirk's own error; within a filter or a path it is the filter or the path that is wrong."""
    refusal = BY_ID[quirk].refusal
    assert refusal is not None
    if "filter=" in step.request.get("query", ""):
        return {"invalidFilter"}
    body = step.request.get("body")
    operations: list[JsonObject] = body.get("Operations", []) if isinstance(body, dict) else []
    values = [each["value"] for each in operations if isinstance(each.get("value"), dict)]
    paths = [str(each.get("path", "")) for each in operations] + [key for value in values for key in value]
    in_path = any("[" in path for path in paths)
    return {refusal.scim_type} | ({"invalidPath"} if in_path else set())


@pytest.mark.parametrize("quirk", [each.id for each in QUIRKS])
def test_every_quirk_of_the_register_is_met_in_a_conversation(quirk: str) -> None:
    """No deviation is tolerated that no recorded sender shows."""
    assert [each.name for each in ALL if quirk in each.quirks]


def exchanges(tenant: Tenant, request_ids: list[str]) -> list[Exchange]:
    """The entries of the provisioning log, which are written shortly after the answers."""

    async def kept(store: Store, request_id: str) -> Exchange:
        for _ in range(200):
            try:
                return await store.exchange(request_id)
            except NotFound:
                await asyncio.sleep(0.01)
        return await store.exchange(request_id)

    async def work(store: Store) -> list[Exchange]:
        return [await kept(store, each) for each in request_ids]

    return tenant.vestibule.admin(work)


def tolerated(exchange: Exchange) -> list[str]:
    return list(exchange.facts.get("tolerated", ()))
