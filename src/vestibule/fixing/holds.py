"""`approve_hold`, `refuse_hold`: what a guard keeps back."""

from vestibule import review
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import JsonObject


async def _read(tools: Tools, case: Case) -> JsonObject:
    hold_id = case.text("hold")
    for each in await tools.store.holds(case.connection_id):
        if each.id == hold_id:
            lapsed = each.state == "approved" and (each.approved_until or 0) <= tools.clock.now()
            about = {"group": each.subject, "name": each.subject_name} if each.subject else {}
            return {"hold": each.id, "guard": each.guard, **about, "state": "lapsed" if lapsed else each.state}
    raise CannotFix("gone", f"There is no hold {hold_id} any more.")


async def _plan_approval(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    what = (
        f"the group {before['name']!r} may be emptied or deleted"
        if before["guard"] == "emptied_group"
        else "no deactivation of this connection is held"
    )
    sentence = f"For a day {what}. The request is sent again by itself, and is let through then."
    return Preview(sentence, before, {**before, "state": "approved"})


async def _plan_refusal(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    return Preview("Such requests are still held; nothing else changes.", before, {**before, "state": "refused"})


async def _approve(tools: Tools, case: Case, actor: str) -> None:
    await review.approve(
        tools.store, tools.clock, case.connection_id, case.text("hold"), actor=actor, because=case.because()
    )


async def _refuse(tools: Tools, case: Case, actor: str) -> None:
    await review.refuse(
        tools.store, tools.clock, case.connection_id, case.text("hold"), actor=actor, because=case.because()
    )


OPERATIONS = (
    Operation("approve_hold", "customer_admin", _read, _plan_approval, _approve),
    Operation("refuse_hold", "customer_admin", _read, _plan_refusal, _refuse),
)
