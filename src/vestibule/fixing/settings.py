"""`forgive_dialect`, `park_references`, `park_nested_groups`, `raise_rate_limit`, `allow_domain`.

How a connection speaks SCIM, how fast, and whose addresses people may have.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from vestibule import connections
from vestibule.allowed_domains import with_domain
from vestibule.connections import Refused
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Read, Tools
from vestibule.model import JsonObject
from vestibule.scim.profile import kept_profile

Wanted: TypeAlias = Callable[[Any, Case], tuple[Any, str]]
"""From the present value of a setting to the wanted one, and the sentence that tells it."""


async def _present(tools: Tools, case: Case) -> JsonObject:
    try:
        connection = await connections.the_connection(tools.store, case.connection_id)
    except Refused as error:
        raise CannotFix("gone", str(error)) from error
    return kept_profile(connection.settings).as_json()


def _reading(setting: str) -> Read:
    async def read(tools: Tools, case: Case) -> JsonObject:
        return {setting: (await _present(tools, case))[setting]}

    return read


def _changing(name: str, setting: str, wanted: Wanted) -> Operation:
    """An operation that gives one setting of the connection another value."""

    async def plan(tools: Tools, case: Case, before: JsonObject) -> Preview:
        del tools
        value, sentence = wanted(before[setting], case)
        return Preview(sentence, before, {setting: value})

    async def act(tools: Tools, case: Case, actor: str) -> None:
        value, _ = wanted((await _present(tools, case))[setting], case)
        await connections.change_settings(
            tools.store, tools.clock, case.connection_id, {setting: value}, actor=actor, because=case.because()
        )

    return Operation(name, "operator", _reading(setting), plan, act)


def _setting(name: str, setting: str, value: str, sentence: str) -> Operation:
    def wanted(_present: Any, _case: Case) -> tuple[Any, str]:
        return value, sentence

    return _changing(name, setting, wanted)


def _faster(present: Any, case: Case) -> tuple[Any, str]:
    rate = case.arguments.get("rate")
    if not isinstance(rate, int):
        raise CannotFix("argument", "`rate` must be a number of requests a second.")
    # None is the installation's limit, 0 any number.
    enough = present is not None and (present == 0 or present >= rate)
    return present if enough else rate, f"{rate:,} requests a second of this connection are let through from now on."


async def _plan_domain(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools
    domain = case.text("domain")
    after = {"allowed_domains": with_domain(before["allowed_domains"], domain)}
    return Preview(f"People of this connection may have addresses of {domain}, too.", before, after)


async def _allow_domain(tools: Tools, case: Case, actor: str) -> None:
    await connections.allow_domain(
        tools.store, tools.clock, case.connection_id, case.text("domain"), actor=actor, because=case.because()
    )


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
    _changing("raise_rate_limit", "rate_limit", _faster),
    Operation("allow_domain", "operator", _reading("allowed_domains"), _plan_domain, _allow_domain),
)
