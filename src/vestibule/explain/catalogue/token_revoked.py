"""`token_revoked`: somebody revoked the token; the audit tells who."""

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 401 and exchange.facts.get("reason") == "revoked"


def _tell(exchange: Exchange) -> Explanation:
    return Explanation(
        "token_revoked",
        "This token has been revoked.",
        "An administrator revoked it, and the identity provider still sends it.",
        (
            Fix(
                "Create a new token and paste it into the identity provider",
                "operator",
                f"vestibule token create {exchange.connection_id or 'CONNECTION_ID'} --all-scopes",
            ),
        ),
    )


ENTRY = Entry("token_revoked", _fits, _tell)
