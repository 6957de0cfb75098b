"""`patch_path_invalid`: a PATCH names an attribute or a value that is not there."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error in ("invalid_path", "no_target") or exchange.scim_type in ("invalidPath", "noTarget")


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "patch_path_invalid",
        str(exchange.facts.get("detail") or "A path of the PATCH names nothing that is there."),
        "A path is an attribute of the schemas, with a filter in brackets where it has several values. The request "
        "was refused as a whole, so nothing is half-written.",
        (Fix("Correct the path in the identity provider's attribute mapping, or what the client sends", "customer"),),
    )


ENTRY = Entry("patch_path_invalid", _fits, _tell)
