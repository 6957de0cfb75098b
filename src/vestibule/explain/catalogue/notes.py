"""Notes on what came, told beside the story: an older dialect, a manager's shape, types, an address."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.entry import Entry, Explanation, Fix, subject
from vestibule.model import Exchange
from vestibule.scim.quirks import BY_ID

_LEGACY: Final = frozenset(quirk.id for quirk in BY_ID.values() if "Entra's default mode" in quirk.source)
_TYPES: Final = {"boolean_string": "a boolean", "integer_string": "a whole number"}
_MANAGER: Final = ("reference_as_string", "list_for_single", "bare_extension_attribute")
_MAPPING: Final = "Attribute mapping › Provision Microsoft Entra ID Users"


def _seen(exchange: Exchange) -> Mapping[str, list[str]]:
    """What was forgiven, each with what showed it; of a refused request nothing was."""
    if exchange.status >= 400:
        return {}
    shown: Mapping[str, list[str]] = exchange.facts.get("tolerated_in") or {}
    return {str(each): shown.get(str(each), []) for each in exchange.facts.get("tolerated") or ()}


def _is_legacy(exchange: Exchange) -> bool:
    return not _LEGACY.isdisjoint(_seen(exchange))


def _tell_legacy(exchange: Exchange) -> Explanation:
    seen = [each for each in _seen(exchange) if each in _LEGACY]
    told = "; ".join(f"{BY_ID[each].example} was {BY_ID[each].what_we_do}" for each in seen)
    return Explanation(
        "dialect_legacy",
        f"The request was in Entra's older dialect: {told}.",
        "It is understood here, and nothing needs to be done. Entra speaks standard SCIM when its tenant URL says so.",
        (Fix("To have standard SCIM, append ?aadOptscim062020 to the tenant URL", "customer"),),
    )


def _has_types(exchange: Exchange) -> bool:
    return not _seen(exchange).keys().isdisjoint(_TYPES)


def _tell_types(exchange: Exchange) -> Explanation:
    seen = _seen(exchange)
    told = "; ".join(
        f"{', '.join(seen[quirk]) or 'a value'} came as a text and was read as {kind}"
        for quirk, kind in _TYPES.items()
        if quirk in seen
    )
    return Explanation(
        "schema_value_type", f"A type was set right: {told}.", 'Entra sends "False" for false in its older dialect.'
    )


def _is_manager(exchange: Exchange) -> bool:
    seen = _seen(exchange)
    return any("manager" in each.lower() for quirk in _MANAGER for each in seen.get(quirk, ()))


def _tell_manager(exchange: Exchange) -> Explanation:
    seen = _seen(exchange)
    shapes = "; ".join(BY_ID[quirk].example for quirk in _MANAGER if quirk in seen)
    return Explanation(
        "manager_shape",
        f"The manager came in another shape than the standard's ({shapes}) and was understood.",
        "In the standard it is an object with the manager's id in `value`, in the enterprise extension "
        "(RFC 7643 section 4.3).",
    )


def _lacks_email(exchange: Exchange) -> bool:
    return exchange.status < 400 and exchange.facts.get("email") == "missing"


def _tell_no_email(exchange: Exchange) -> Explanation:
    return Explanation(
        "email_missing",
        f"The {subject(exchange)} came without an e-mail.",
        "The account's mail is empty, most often because the person has no mailbox; Entra leaves out what is empty. "
        "What needs an address, such as the first sign-in, is then decided otherwise.",
        (
            Fix(f"Fill in the account's mail, or map emails from another attribute: {_MAPPING}", "customer"),
            Fix("Or let provisioned people sign in without an address", "operator",
                f"vestibule connection set {exchange.connection_id} --email-policy trust_directory"),
        ),
    )  # fmt: skip


def _has_sign_in_name(exchange: Exchange) -> bool:
    return exchange.status < 400 and exchange.facts.get("email") == "sign_in_name"


def _tell_sign_in_name(exchange: Exchange) -> Explanation:
    return Explanation(
        "email_is_upn",
        f"The e-mail of the {subject(exchange)} is a sign-in name (userPrincipalName), which reaches no mailbox.",
        "An address with #EXT# is a guest's name in the tenant, and onmicrosoft.com is the tenant's first domain.",
        (Fix(f"Map emails from mail in place of userPrincipalName: {_MAPPING}", "customer"),),
    )


NOTES: Final = (
    Entry("email_missing", _lacks_email, _tell_no_email),
    Entry("email_is_upn", _has_sign_in_name, _tell_sign_in_name),
    Entry("manager_shape", _is_manager, _tell_manager),
    Entry("schema_value_type", _has_types, _tell_types),
    Entry("dialect_legacy", _is_legacy, _tell_legacy),
)
