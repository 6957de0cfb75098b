"""`schema_value_type`: a value or a change does not fit the schema."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange

_KINDS = ("invalid_value", "mutability")
_TYPES = ("invalidValue", "mutability")


_MAPPING = Fix("Correct this attribute in the identity provider's attribute mapping", "customer")
_REQUEST = Fix("Correct the path in the identity provider's attribute mapping, or what the client sends", "customer")


def _fits(exchange: Exchange) -> bool:
    return exchange.error in _KINDS or exchange.scim_type in _TYPES


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "schema_value_type",
        str(exchange.facts.get("detail") or "A value does not fit its attribute."),
        "The request as a whole was refused and nothing of it was kept, so nothing is half-written.",
        (_MAPPING if exchange.error == "invalid_value" else _REQUEST,),
    )


ENTRY = Entry("schema_value_type", _fits, _tell)
