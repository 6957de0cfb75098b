"""`unprotect_user`: let provisioning manage an account again."""

from vestibule import review
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import JsonObject
from vestibule.store import NotFound


async def _read(tools: Tools, case: Case) -> JsonObject:
    user_id = case.text("user")
    try:
        user = await tools.store.user(case.connection_id, user_id)
    except NotFound as error:
        raise CannotFix("gone", f"There is no user {user_id} any more.") from error
    return {"user": user.id, "userName": user.user_name, "protected": user.protected}


async def _plan(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    sentence = f"Provisioning may deactivate, rename and delete {before['userName']} from now on."
    return Preview(sentence, before, {**before, "protected": False})


async def _act(tools: Tools, case: Case, actor: str) -> None:
    await review.protect(
        tools.store,
        tools.clock,
        case.connection_id,
        case.text("user"),
        protected=False,
        actor=actor,
        because=case.because(),
    )


OPERATIONS = (Operation("unprotect_user", "operator", _read, _plan, _act),)
