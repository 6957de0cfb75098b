"""`deactivated_in_directory`: the identity provider switched an account off."""

from vestibule.explain.entry import Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status < 400 and exchange.facts.get("deactivated") is True


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "deactivated_in_directory",
        f"The {subject(exchange)} was deactivated by the identity provider; the memberships are kept.",
        "Entra does this when somebody is disabled or deleted there, is no longer assigned to the application, or no "
        "longer fits a scoping filter. Open sessions are over.",
        (Fix("If the person is to work, enable the account and assign it to the application again", "customer"),),
    )


ENTRY = Entry("deactivated_in_directory", _fits, _tell)
