"""`set_claim`, `allow_idp_initiated` and others: how a connection signs people in."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from vestibule import identity_providers
from vestibule.claims import read_claim_option
from vestibule.counting import counted
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Role, Tools
from vestibule.identity_providers import Loaded
from vestibule.model import JsonObject
from vestibule.signon import read_sign_on
from vestibule.store import NotFound

Changes: TypeAlias = Callable[[Case], Mapping[str, Any]]
"""The settings that a fix gives a connection, as `identity_providers.change_settings` takes them."""


async def _loaded(tools: Tools, case: Case) -> Loaded:
    try:
        return await identity_providers.load(tools.store, case.connection_id)
    except NotFound as error:
        raise CannotFix("gone", f"{case.connection_id} signs nobody in any more.") from error


def _shown(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> JsonObject:
    """Of the settings, those that the changes are about."""
    found: JsonObject = {}
    for name, value in changes.items():
        if name == "claims":
            found["claims"] = {each: settings["claims"].get(each) for each in cast("Mapping[str, Any]", value)}
        else:
            found[name] = settings[name]
    return found


def _changing(name: str, role: Role, sentence: str, changes: Changes) -> Operation:
    """An operation that changes settings. `sentence` is filled in from the arguments."""

    async def read(tools: Tools, case: Case) -> JsonObject:
        return _shown((await _loaded(tools, case)).sign_on.as_json(), changes(case))

    async def plan(tools: Tools, case: Case, before: JsonObject) -> Preview:
        loaded, wanted = await _loaded(tools, case), changes(case)
        present = loaded.sign_on.as_json()
        claims = {**present["claims"], **wanted.get("claims", {})}
        try:
            then = read_sign_on({**present, **wanted, "claims": claims}, loaded.connection.idp)
        except identity_providers.SETTING_FAULTS as error:
            raise CannotFix("argument", str(error)) from error
        return Preview(sentence.format_map(_Words(case.arguments)), before, _shown(then.as_json(), wanted))

    async def act(tools: Tools, case: Case, actor: str) -> None:
        loaded, now = await _loaded(tools, case), tools.clock.now()
        try:
            await identity_providers.change_settings(
                tools.store, loaded.connection, changes(case), now, actor=actor, because=case.because()
            )
        except identity_providers.SETTING_FAULTS as error:
            raise CannotFix("failed", str(error)) from error

    return Operation(name, role, read, plan, act)


class _Words(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _claim(case: Case) -> Mapping[str, Any]:
    option = f"{case.text('attribute')}={case.text('claim')}"
    try:
        attribute, rule = read_claim_option(option)
    except identity_providers.SETTING_FAULTS as error:
        raise CannotFix("argument", str(error)) from error
    changes: dict[str, Any] = {"claims": {attribute: rule}}
    if match := case.arguments.get("match"):
        changes["match"] = list(match)
    return changes


async def _read_metadata(tools: Tools, case: Case) -> JsonObject:
    saml: Mapping[str, Any] = (await _loaded(tools, case)).sign_on.as_json().get("saml") or {}
    if not saml.get("metadata_url"):
        raise CannotFix(
            "gone",
            "The connection has no metadata URL to read again; name one: "
            f"`vestibule connection set {case.connection_id} --metadata URL`.",
        )
    return {name: saml[name] for name in ("metadata_url", "entity_id", "sso_url", "certificates")}


async def _plan_metadata(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del case
    try:
        fresh = await identity_providers.fetch_metadata(
            tools.fetcher, before["metadata_url"], tools.clock.now(), entity_id=before["entity_id"],
            allow_http=tools.allow_http,
        )  # fmt: skip
    except identity_providers.READING_FAULTS as error:
        raise CannotFix("failed", f"The metadata cannot be read ({error.code}): {error}") from error
    after = {**before, "sso_url": fresh.sso_url, "certificates": list(fresh.certificates)}
    old, new = set(before["certificates"]), set(fresh.certificates)
    changed = f"New: {counted(len(new - old), 'certificate')}; gone: {counted(len(old - new), 'certificate')}."
    return Preview(f"{changed} People sign in by what the metadata says now at once.", before, after)


async def _act_metadata(tools: Tools, case: Case, actor: str) -> None:
    loaded, now = await _loaded(tools, case), tools.clock.now()
    fresh = await identity_providers.refresh_metadata(
        tools.store, tools.fetcher, loaded, now, allow_http=tools.allow_http, actor=actor, because=case.because()
    )
    if fault := getattr(fresh.sign_on.idp, "metadata_fault", None):
        raise CannotFix("failed", f"The metadata could not be read ({fault}).")


OPERATIONS = (
    _changing("set_claim", "operator", "{attribute} is taken from the claim `{claim}` from now on.", _claim),
    _changing(
        "allow_idp_initiated",
        "operator",
        "Sign-ins may begin at the identity provider's tile; anybody may send such a response into a person's browser.",
        lambda _: {"idp_initiated": True},
    ),
    _changing(
        "create_people",
        "operator",
        "A sign-in makes the account of who has none.",
        lambda _: {"create_people": "always"},
    ),
    _changing(
        "trust_directory",
        "operator",
        "Who was provisioned by SCIM comes in without proving an address.",
        lambda _: {"email_policy": "trust_directory"},
    ),
    _changing("sign_requests", "operator", "Our requests are signed.", lambda _: {"sign_requests": True}),
    Operation("read_metadata_again", "customer_admin", _read_metadata, _plan_metadata, _act_metadata),
)
