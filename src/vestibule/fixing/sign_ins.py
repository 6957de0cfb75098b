"""`approve_sign_in`, `refuse_sign_in`, `unlink_identity`: one person's sign-in that waits or does not fit."""

from vestibule import sessions
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import JsonObject
from vestibule.signin import proofs
from vestibule.signin.proofs import CannotVerify
from vestibule.store import NotFound

_MANY = 10_000
"""How many identities of a connection are looked through."""


async def _read(tools: Tools, case: Case) -> JsonObject:
    verification_id = case.text("verification")
    try:
        found = await tools.store.verification(case.connection_id, verification_id)
    except NotFound as error:
        raise CannotFix("gone", f"The sign-in {verification_id} waits no more.") from error
    over = found.state in ("asked", "awaiting_approval") and tools.clock.now() >= found.expires_at
    name = found.document.get("user_name")
    return {"verification": found.id, "userName": name, "state": "over" if over else found.state}


def _check_open(before: JsonObject) -> None:
    if before["state"] == "over":
        raise CannotFix("gone", f"{before['verification']} was left lying for too long; the person must sign in anew.")
    if before["state"] not in ("asked", "awaiting_approval"):
        raise CannotFix("done", f"{before['verification']} was decided already: {before['state']}.")


async def _plan_approval(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    _check_open(before)
    sentence = f"{before['userName']} may sign in; their page goes on by itself, or their next sign-in within a week."
    return Preview(sentence, before, {**before, "state": "passed"})


async def _plan_refusal(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    _check_open(before)
    return Preview(f"{before['userName']} is kept out for a week.", before, {**before, "state": "refused"})


async def _decide(tools: Tools, case: Case, actor: str, *, approve: bool) -> None:
    now = tools.clock.now()
    try:
        await proofs.decide(
            tools.store, case.connection_id, case.text("verification"), now,
            approve=approve, actor=actor, because=case.because(),
        )  # fmt: skip
    except CannotVerify as error:
        raise CannotFix("done", f"{case.text('verification')} was decided already, or is over.") from error


async def _approve(tools: Tools, case: Case, actor: str) -> None:
    await _decide(tools, case, actor, approve=True)


async def _refuse(tools: Tools, case: Case, actor: str) -> None:
    await _decide(tools, case, actor, approve=False)


async def _read_identity(tools: Tools, case: Case) -> JsonObject:
    identity_id = case.text("identity")
    for each in await tools.store.identities(case.connection_id, limit=_MANY):
        if each.id == identity_id:
            return {"identity": each.id, "subject": each.subject, "user": each.user_id}
    raise CannotFix("gone", f"There is no identity {identity_id} any more; the next sign-in is matched anew.")


async def _plan_unlink(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    sentence = f"{before['subject']} is no longer linked to {before['user']}, and its sessions end; the next sign-in "
    return Preview(f"{sentence}is matched anew.", before, {**before, "user": None})


async def _unlink(tools: Tools, case: Case, actor: str) -> None:
    now = tools.clock.now()
    await sessions.unlink(
        tools.store, case.connection_id, case.text("identity"), now, actor=actor, because=case.because()
    )


OPERATIONS = (
    Operation("approve_sign_in", "customer_admin", _read, _plan_approval, _approve),
    Operation("refuse_sign_in", "customer_admin", _read, _plan_refusal, _refuse),
    Operation("unlink_identity", "customer_admin", _read_identity, _plan_unlink, _unlink),
)
