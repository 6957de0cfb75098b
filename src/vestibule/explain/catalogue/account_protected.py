"""`account_protected`: provisioning would deactivate, rename or delete an account that is protected."""

from vestibule.explain.entry import Do, Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.error == "protected"


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "account_protected",
        f"The {subject(exchange)} is protected, so provisioning may neither deactivate, rename nor delete it.",
        "An administrator protected the account, so that nobody is locked out of the product by provisioning.",
        (
            Fix(
                "Lift the protection if the identity provider is right",
                "operator",
                f"vestibule user unprotect {exchange.connection_id} {exchange.facts.get('id')}",
                Do("unprotect_user", {"user": exchange.facts.get("id")}),
            ),
            Fix("Take the person out of the scope of provisioning", "customer"),
        ),
    )


ENTRY = Entry("account_protected", _fits, _tell)
