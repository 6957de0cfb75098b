"""`forgive_dialect`, `park_references`, `park_nested_groups`: how a connection speaks SCIM."""

from vestibule import connections
from vestibule.connections import Refused
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import JsonObject
from vestibule.scim.profile import kept_profile


def _setting(name: str, setting: str, value: str, sentence: str) -> Operation:
    """An operation that gives one setting of the connection one value."""

    async def read(tools: Tools, case: Case) -> JsonObject:
        try:
            connection = await connections.the_connection(tools.store, case.connection_id)
        except Refused as error:
            raise CannotFix("gone", str(error)) from error
        return {setting: kept_profile(connection.settings).as_json()[setting]}

    async def plan(tools: Tools, case: Case, before: JsonObject) -> Preview:
        del tools, case
        return Preview(sentence, before, {setting: value})

    async def act(tools: Tools, case: Case, actor: str) -> None:
        await connections.change_settings(
            tools.store, tools.clock, case.connection_id, {setting: value}, actor=actor, because=case.because()
        )

    return Operation(name, "operator", read, plan, act)


OPERATIONS = (
    _setting("forgive_dialect", "dialect", "tolerant", "What identity providers are known to send is forgiven."),
    _setting(
        "park_references",
        "references",
        "park",
        "Members and managers that are not here yet are kept aside, and join when they appear.",
    ),
    _setting(
        "park_nested_groups",
        "nested_groups",
        "park",
        "Groups within groups are kept aside; the other members of the same request join.",
    ),
)
