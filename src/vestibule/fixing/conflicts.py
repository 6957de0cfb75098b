"""`link_conflict`, `rekey_match`, `dismiss_conflict`: two accounts that may be one person's.

The conflict is named by its id, or by what the refused request told: `holder`, `attribute`, `value`.
"""

from vestibule import review
from vestibule.counting import counted
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import Conflict, JsonObject, User
from vestibule.scim.folding import fold
from vestibule.store import NotFound


async def _conflict(tools: Tools, case: Case) -> Conflict:
    """The conflict, an open one before those that were decided."""
    found = await tools.store.conflicts(case.connection_id)
    if "conflict" in case.arguments:
        mine = [each for each in found if each.id == case.text("conflict")]
    else:
        wanted = (case.text("holder"), case.text("attribute"), fold(case.text("value")))
        mine = [each for each in found if (each.user_id, each.attribute, fold(each.value)) == wanted]
    for each in sorted(mine, key=lambda each: each.state != "open"):
        return each
    raise CannotFix("gone", "There is no such conflict any more; it is noted again when the request comes again.")


async def _account(tools: Tools, connection_id: str, user_id: str) -> User | None:
    try:
        return await tools.store.user(connection_id, user_id)
    except NotFound:
        return None


async def _read(tools: Tools, case: Case) -> JsonObject:
    conflict = await _conflict(tools, case)
    named = (conflict.user_id, conflict.other_id)
    kept = [each for each in named if each is not None and await _account(tools, case.connection_id, each)]
    return {"conflict": conflict.id, "state": conflict.state, "accounts": kept}


def _check_open(before: JsonObject) -> None:
    if before["state"] != "open":
        raise CannotFix("done", f"{before['conflict']} was {before['state']} already.")


async def _plan_link(tools: Tools, case: Case, before: JsonObject) -> Preview:
    _check_open(before)
    conflict = await _conflict(tools, case)
    holder, other = conflict.user_id, conflict.other_id
    if any(each not in before["accounts"] for each in (holder, other) if each is not None):
        raise CannotFix("gone", "One of the two accounts is no longer here; dismiss the conflict instead.")
    if other is None:
        sentence = f"{holder} takes over what the identity provider sends next for {conflict.value!r}."
        return Preview(sentence, before, {**before, "state": "linked"})
    user = await tools.store.user(case.connection_id, holder)
    count = len((await tools.store.groups_of(case.connection_id, [holder])).get(holder, ()))
    sentence = f"{other} takes over {counted(count, 'membership')} of {holder} ({user.user_name}), which is deleted."
    return Preview(sentence, before, {**before, "state": "linked", "accounts": [other]})


async def _link(tools: Tools, case: Case, actor: str) -> None:
    conflict = await _conflict(tools, case)
    await review.link(
        tools.store, tools.clock, case.connection_id, conflict.id, actor=actor, because=case.because()
    )  # fmt: skip


async def _plan_dismiss(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    _check_open(before)
    sentence = "They are two people; the accounts stay as they are."
    return Preview(sentence, before, {**before, "state": "dismissed"})


async def _dismiss(tools: Tools, case: Case, actor: str) -> None:
    conflict = await _conflict(tools, case)
    await review.dismiss(
        tools.store, tools.clock, case.connection_id, conflict.id, actor=actor, because=case.because()
    )  # fmt: skip


async def _read_names(tools: Tools, case: Case) -> JsonObject:
    conflict = await _conflict(tools, case)
    user = await _account(tools, case.connection_id, conflict.user_id)
    if user is None:
        raise CannotFix("gone", f"{conflict.user_id} is no longer here; dismiss the conflict instead.")
    names = {"userName": user.user_name, "externalId": user.external_id}
    return {"conflict": conflict.id, "state": conflict.state, "user": user.id, **names}


async def _plan_rekey(tools: Tools, case: Case, before: JsonObject) -> Preview:
    _check_open(before)
    incoming = (await _conflict(tools, case)).incoming
    names = {name: incoming[name] for name in review.NAMES if incoming.get(name) is not None}
    told = " and ".join(f"the {name} {value!r}" for name, value in names.items() if before[name] != value)
    if not told:
        raise CannotFix("failed", f"{before['user']} has the names that were sent already; link the conflict instead.")
    sentence = f"{before['user']} gets {told}, so that the identity provider finds it; nothing else of it changes."
    return Preview(sentence, before, {**before, **names, "state": "done"})


async def _rekey(tools: Tools, case: Case, actor: str) -> None:
    conflict = await _conflict(tools, case)
    await review.rekey(
        tools.store, tools.clock, case.connection_id, conflict.id, actor=actor, because=case.because()
    )  # fmt: skip


OPERATIONS = (
    Operation("link_conflict", "customer_admin", _read, _plan_link, _link),
    Operation("rekey_match", "customer_admin", _read_names, _plan_rekey, _rekey),
    Operation("dismiss_conflict", "customer_admin", _read, _plan_dismiss, _dismiss),
)
