"""`map_group`: give a group that is here the name that the identity provider looks for, so that it is found."""

from typing import Final

from vestibule import ids
from vestibule.counting import counted, verb
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import Audit, Group, JsonObject
from vestibule.scim.patch import GroupChange
from vestibule.store import NotFound, Taken

_NAMES: Final = ("displayName", "externalId")


async def _group(tools: Tools, case: Case) -> Group:
    named = case.text("group")
    find = tools.store.group if ids.is_id(named, "grp") else tools.store.group_named
    try:
        return await find(case.connection_id, named)
    except NotFound as error:
        raise CannotFix("gone", f"There is no group {named} in {case.connection_id}.") from error


def _wanted(case: Case) -> dict[str, str]:
    return {name: case.text(name) for name in _NAMES if case.arguments.get(name) is not None}


async def _read(tools: Tools, case: Case) -> JsonObject:
    group = await _group(tools, case)
    return {"group": group.id, "displayName": group.display_name, "externalId": group.external_id}


async def _plan(tools: Tools, case: Case, before: JsonObject) -> Preview:
    group, wanted = await _group(tools, case), _wanted(case)
    if not wanted:
        raise CannotFix("failed", "The request names the group in no way that is not taken; rename one of the two.")
    if (name := wanted.get("displayName")) is not None and name != group.display_name:
        await _check_free(tools, case, name, group)
    told = " and ".join(f"the {name} {value!r}" for name, value in wanted.items() if before[name] != value)
    sentence = (
        f"The group {group.display_name!r} gets {told}, so that the identity provider finds it; "
        f"{counted(group.member_count, 'member')} {verb(group.member_count, 'stays', 'stay')} in it."
    )
    return Preview(sentence, before, {**before, **wanted})


async def _check_free(tools: Tools, case: Case, name: str, group: Group) -> None:
    try:
        holder = await tools.store.group_named(case.connection_id, name)
    except NotFound:
        return
    if holder.id != group.id:
        raise CannotFix("failed", f"{holder.id} has the displayName {name!r} already; delete or rename that one first.")


async def _act(tools: Tools, case: Case, actor: str) -> None:
    group, wanted, now = await _group(tools, case), _wanted(case), tools.clock.now()
    change = GroupChange(display_name=wanted.get("displayName"), external_id=wanted.get("externalId"))
    before = {"displayName": group.display_name, "externalId": group.external_id}
    detail = {"before": before, "after": {**before, **wanted}, **case.because()}
    entry = Audit(ids.new_id("aud", now), case.connection_id, now, actor, "group.mapped", group.id, detail)
    try:
        await tools.store.change_group(case.connection_id, group.id, change, now, "app", audit=entry)
    except Taken as error:
        raise CannotFix("failed", f"{error.holder} has the {error.attribute} {error.value!r} already.") from error


OPERATIONS = (Operation("map_group", "customer_admin", _read, _plan, _act),)
