"""`grant_scopes`: widen the token that the identity provider already holds."""

from vestibule import connections
from vestibule.connections import Refused, in_order, is_active
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import JsonObject
from vestibule.scim.scopes import UnknownScope, read_scopes


async def _read(tools: Tools, case: Case) -> JsonObject:
    token_id = case.text("token")
    try:
        token = await connections.the_token(tools.store, token_id)
    except Refused as error:
        raise CannotFix("gone", str(error)) from error
    if token.connection_id != case.connection_id:
        raise CannotFix("gone", f"There is no token {token_id} in {case.connection_id}.")
    if not is_active(token, tools.clock.now()):
        raise CannotFix(
            "gone", f"{token_id} is revoked or expired; scopes would not bring it back. Create a new token."
        )
    return {"token": token.id, "scopes": in_order(token.scopes)}


def _wanted(case: Case) -> frozenset[str]:
    try:
        return read_scopes(map(str, case.arguments.get("scopes") or ()))
    except UnknownScope as error:
        raise CannotFix("argument", str(error)) from error


async def _plan(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools
    fresh = in_order(_wanted(case) - set(before["scopes"]))
    after = {**before, "scopes": in_order({*before["scopes"], *fresh})}
    sentence = (
        f"The token {before['token']} may also {', '.join(fresh)}. Its text stays the same, so nothing needs to be "
        "pasted into the identity provider."
    )
    return Preview(sentence, before, after)


async def _act(tools: Tools, case: Case, actor: str) -> None:
    await connections.grant(
        tools.store, tools.clock, case.text("token"), _wanted(case), actor=actor, because=case.because()
    )


OPERATIONS = (Operation("grant_scopes", "customer_admin", _read, _plan, _act),)
