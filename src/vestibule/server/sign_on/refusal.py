"""A sign-in that is refused, on its way to the page that says so."""

from collections.abc import Mapping
from typing import Any

from vestibule.oidc.errors import OidcError
from vestibule.outbound.target import FetchError
from vestibule.saml.errors import SamlError
from vestibule.signin.outcome import Refused

_FORBIDDEN = frozenset(
    {"person_deactivated", "person_removed", "not_provisioned", "subject_matches_nobody", "identity_other",
     "account_taken", "approval_refused", "domain_not_allowed", "unsolicited", "id_token_tenant"}
)  # fmt: skip
_CONFLICT = frozenset({"replay"})


class LoginRefused(Exception):
    """Nobody signs in. `code` names an explanation, `facts` are its evidence."""

    def __init__(self, status: int, code: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.facts = dict(facts or {})


def refusal_of(error: SamlError | OidcError | FetchError | Refused | LoginRefused) -> LoginRefused:
    """What a core, a fetch or the admission says, as an answer over HTTP."""
    if isinstance(error, LoginRefused):
        return error
    if isinstance(error, FetchError):
        # The facts may name addresses of the inner network, which are the operator's business.
        return LoginRefused(502, "fetch_failed", {"fetch": error.code, **error.facts})
    status = 403 if error.code in _FORBIDDEN else 409 if error.code in _CONFLICT else 400
    return LoginRefused(status, error.code, error.facts)
