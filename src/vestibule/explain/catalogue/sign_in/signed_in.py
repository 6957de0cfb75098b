"""`signed_in`: somebody came in, and what is amiss all the same; `response_in_order`: a pasted response would do."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in import notes
from vestibule.explain.catalogue.sign_in.reading import SIGN_IN, SignIn
from vestibule.explain.entry import Entry, Explanation
from vestibule.model import Exchange

_MATCHES: Final[Mapping[str, str]] = {
    "identity": "known from an earlier sign-in",
    "externalId": "found by externalId and linked",
    "userName": "found by userName and linked",
    "email": "found by a verified address and linked",
    "created": "new, and an account was made",
}
_PROOFS: Final[Mapping[str, str]] = {
    "code": "by a code",
    "domain": "by the enterprise's verified domain",
    "idp_claim": "by the identity provider's word",
    "directory": "by provisioning",
    "admin": "by an administrator",
}


def _fits(exchange: Exchange) -> bool:
    return exchange.resource_type == SIGN_IN and exchange.error is None


def _tell(exchange: Exchange) -> Explanation:
    sign_in = SignIn(exchange)
    found = _MATCHES.get(sign_in.text("match") or "")
    proof = _PROOFS.get(sign_in.text("verified_by") or "")
    test = sign_in.fact("test") is True
    heaviest = notes.weightiest(sign_in)
    did = _of_test(sign_in) if test else "signed in with"
    but = f", but {heaviest[1].clause}" if heaviest else ""
    how = f"The person is {found}." if found else f"{sign_in.idp_capital} vouched for the person."
    why = [how, f"The address is proven {proof}." if proof else "", "A test signs nobody in." if test else ""]
    if heaviest:
        why.append(heaviest[1].why)
    return Explanation(
        "signed_in",
        f"{sign_in.who} {did} {sign_in.idp_name}{but}.",
        " ".join(filter(None, why)) + notes.in_passing(sign_in, but=heaviest[0] if heaviest else None),
        heaviest[1].fixes if heaviest else (),
        heaviest[1].evidence if heaviest else (),
        "You are signed in.",
    )


def _of_test(sign_in: SignIn) -> str:
    # Whose address must still be proven is not in yet.
    must_verify = sign_in.text("outcome") == "must_verify"
    return "was vouched for in this test by" if must_verify else "would be signed in by this test with"


def _is_pasted(exchange: Exchange) -> bool:
    return _fits(exchange) and exchange.facts.get("offline") is True


def _tell_pasted(exchange: Exchange) -> Explanation:
    sign_in = SignIn(exchange)
    heaviest = notes.weightiest(sign_in)
    but = f", but {heaviest[1].clause}" if heaviest else ""
    alone = sign_in.fact("alone") is True
    return Explanation(
        "response_in_order",
        f"The response of {sign_in.idp_name} for {sign_in.who} is in order{' in itself' if alone else ''}{but}.",
        (
            "It was held against itself alone: whether its addresses, its issuer and its certificate are the right "
            "ones, a connection must say (--connection)."
            if alone
            else "It fits the connection. Whether the person has an account, and whether the request was pending, "
            "is not told by the response."
        )
        + (f" {heaviest[1].why}" if heaviest else "")
        + notes.in_passing(sign_in, but=heaviest[0] if heaviest else None),
        heaviest[1].fixes if heaviest else (),
        heaviest[1].evidence if heaviest else (),
        "You would be signed in.",
    )


ENTRIES: Final = (
    Entry("response_in_order", _is_pasted, _tell_pasted),
    Entry("signed_in", _fits, _tell),
)
