"""`version_changed`: If-Match names an older version."""

from vestibule.explain.entry import Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 412


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "version_changed",
        f"The {subject(exchange)} has changed since it was read.",
        "The request was made for one version of the resource and another is present, so it was not applied.",
        (Fix("Read the resource again and repeat the change", "customer"),),
    )


ENTRY = Entry("version_changed", _fits, _tell)
