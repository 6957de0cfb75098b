"""Fixes that act: what an explanation says can be done here and now, previewed and done.

One operation of the house for the command line, the API and the portal. What is done is kept in the audit with the
request that it was done for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vestibule.connections import Refused
from vestibule.explain import Explanation, Fix, explain
from vestibule.fixing import accounts, conflicts, groups, holds, settings, sign_ins, sign_on, tickets, tokens
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Reason, Role, Tools
from vestibule.hindsight import with_hindsight
from vestibule.model import Exchange, JsonObject
from vestibule.review import CannotDecide
from vestibule.scim.errors import ScimError
from vestibule.store import NotFound

__all__ = ["OPERATIONS", "CannotFix", "Doer", "Offer", "Offered", "Preview", "Reason", "Role", "Tools", "do", "offers"]

OPERATIONS: Mapping[str, Operation] = {
    each.name: each
    for family in (tokens, conflicts, holds, accounts, groups, sign_ins, sign_on, settings, tickets)
    for each in family.OPERATIONS
}
"""Every operation by its name."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who has a fix done: a name for the audit, and a role."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Offer:
    """One fix of an explanation, with what it would change, or why it cannot be done now; neither for advice."""

    fix: Fix
    role: Role | None = None
    preview: Preview | None = None
    refusal: CannotFix | None = None

    def as_json(self) -> JsonObject:
        """The offer for `--json` and the API."""
        refusal = self.refusal
        return {
            **self.fix.as_json(),
            "role": self.role,
            "preview": None if self.preview is None else self.preview.as_json(),
            "refused": None if refusal is None else {"code": refusal.code, "detail": str(refusal)},
        }


@dataclass(frozen=True, slots=True)
class Offered:
    """An explanation with its fixes as they stand now."""

    explanation: Explanation
    offers: tuple[Offer, ...] = field(default=())

    def as_json(self) -> JsonObject:
        """The explanation for `--json` and the API, its fixes with previews."""
        return {**self.explanation.as_json(), "fixes": [each.as_json() for each in self.offers]}


async def offers(tools: Tools, exchange: Exchange, by: Doer) -> Offered:
    """What can be done about a recorded exchange, each with its preview for who may do it. Changes nothing."""
    seen = await with_hindsight(tools.store, exchange)
    explanation = explain(seen)
    return Offered(explanation, tuple([await _offer(tools, seen, each, by) for each in explanation.every_fix()]))


async def _offer(tools: Tools, exchange: Exchange, fix: Fix, by: Doer) -> Offer:
    if fix.do is None:
        return Offer(fix)
    operation = OPERATIONS[fix.do.operation]
    try:
        _check_role(operation, exchange, by)
        case = _case(exchange, fix, {})
        return Offer(fix, operation.role, preview=await operation.preview(tools, case))
    except CannotFix as refusal:
        return Offer(fix, operation.role, refusal=refusal)


async def do(
    tools: Tools,
    exchange: Exchange,
    name: str,
    by: Doer,
    *,
    given: Mapping[str, Any] | None = None,
    shown: Preview | None = None,
    dry: bool = False,
) -> Preview:
    """Have a fix of an exchange done, and return what it has changed; `dry` only previews it.

    `given` are arguments that the explanation leaves open. With `shown`, nothing is done unless things are still as
    that preview showed them. Raises CannotFix.
    """
    seen = await with_hindsight(tools.store, exchange)
    fixes = {each.do.operation: each for each in reversed(explain(seen).every_fix()) if each.do is not None}
    if name not in fixes:
        told = ", ".join(reversed(fixes)) or "none; what it was for may have been decided already"
        raise CannotFix("unknown", f"{exchange.id} has no fix {name!r}. Those that it has now: {told}.")
    operation = OPERATIONS[name]
    _check_role(operation, exchange, by)
    case = _case(seen, fixes[name], given or {})
    preview = await operation.preview(tools, case)
    if shown is not None and shown != preview:
        raise CannotFix("stale", "Things have changed since this was shown; look at it again.")
    if not dry:
        await _act(operation, tools, case, by.name)
    return preview


def _check_role(operation: Operation, exchange: Exchange, by: Doer) -> None:
    if operation.role == "operator" and by.role != "operator":
        told = f"{operation.name} is for whoever runs Vestibule; ask them, and give them {exchange.id}."
        raise CannotFix("role", told)


async def _act(operation: Operation, tools: Tools, case: Case, actor: str) -> None:
    try:
        await operation.act(tools, case, actor)
    except NotFound as error:
        raise CannotFix("gone", f"{error.id} is no longer here.") from error
    except ScimError as error:
        raise CannotFix("failed", error.detail) from error
    except (Refused, CannotDecide) as error:
        raise CannotFix("failed", str(error)) from error


def _case(exchange: Exchange, fix: Fix, given: Mapping[str, Any]) -> Case:
    """The fix with its open arguments filled in; what the explanation says itself cannot be said otherwise."""
    assert fix.do is not None, "asked of fixes that act only"  # noqa: S101 -- a fault of ours, never of a caller's
    known = fix.do.arguments
    open_ones = sorted(name for name, value in known.items() if value is None)
    for name in given:
        if name not in open_ones:
            told = ", ".join(open_ones) or "none"
            raise CannotFix("argument", f"{fix.do.operation} takes no {name!r} here; to be given are: {told}.")
    missing = [name for name in open_ones if name not in given and name not in OPTIONAL]
    if missing:
        raise CannotFix(
            "argument", f"{fix.do.operation} needs to be told: " + ", ".join(f"--with {each}=…" for each in missing)
        )
    return Case(exchange, fix.do.operation, {**known, **given})


OPTIONAL = frozenset({"externalId"})
"""Arguments that may stay open."""
