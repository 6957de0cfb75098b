"""`idp_status`, `idp_error`, `token_endpoint_error`: the identity provider said no; `authn_context_refused`,
`signed_requests_wanted`, `not_assigned`, `client_secret_wrong`: the causes that it names."""

from typing import Final

from vestibule.explain.aadsts import Aadsts, meant_by
from vestibule.explain.catalogue.sign_in.places import PLACES, place
from vestibule.explain.catalogue.sign_in.reading import AGAIN, ASK_ACCESS, NOT_SET_UP, OIDC, SignIn, at_idp, mend, story
from vestibule.explain.entry import Evidence, Explanation, Fix

_ERRORS = ("idp_status", "idp_error", "token_endpoint_error")
_POLICY_REFUSED = (
    "Your organisation does not allow this sign-in as it is; please ask your administrator, with the code below."
)
_CONTEXT = ("75011", "75016")
_UNSIGNED = ("76021",)
_UNASSIGNED = ("50105", "501051")
_SECRET = ("7000215", "7000222", "7000216", "7000218", "700027")


def _number(sign_in: SignIn) -> str:
    return sign_in.text("aadsts") or ""


def _said(sign_in: SignIn) -> str:
    """The words of the identity provider."""
    return sign_in.text("message") or sign_in.text("error_description") or ""


def _status(sign_in: SignIn) -> str:
    """Its codes: the last parts of the SAML status, or the OAuth error."""
    codes = [str(each).rpartition(":")[2] for each in sign_in.items("received")]
    return " / ".join(filter(None, codes)) or sign_in.text("error") or ""


def _evidence(sign_in: SignIn) -> tuple[Evidence, ...]:
    found = [Evidence("answer", "Success", status)] if (status := _status(sign_in)) else []
    if said := _said(sign_in):
        found.append(Evidence("message", None, said))
    return tuple(found)


def _known(sign_in: SignIn) -> Aadsts | None:
    return meant_by(_number(sign_in) or None)


def _where(sign_in: SignIn, known: Aadsts) -> str:
    topic = "redirect_uri" if known.topic == "acs" and sign_in.protocol == "oidc" else known.topic
    if topic in ("client", "entity_id") and sign_in.protocol != "oidc":
        topic = {"client": "signing", "entity_id": "entity_id"}[topic]
    return f"{PLACES[topic].get('entra')}: " if topic in PLACES and topic != "log" else ""


def _tell(sign_in: SignIn) -> Explanation:
    known, said = _known(sign_in), _said(sign_in)
    if known is not None:
        sentence = f"Microsoft Entra ID refused the sign-in: {known.what} (AADSTS{known.number})."
        fixes = (at_idp(f"{_where(sign_in, known)}{known.fix}"), _log(sign_in))
        return _refusal(sign_in, sentence, fixes, _for_person(known))
    by = sign_in.idp_name[0].upper() + sign_in.idp_name[1:]
    what = "to exchange the code" if sign_in.exchange.error == "token_endpoint_error" else "the sign-in"
    reason = ", ".join(filter(None, (_status(sign_in), f"“{said.rstrip('.')}”" if said else "")))
    sentence = f"{by} refused {what}: {reason or 'it gave no reason'}."
    return _refusal(sign_in, sentence, (*_by_status(sign_in), _log(sign_in)), _NO_REASON)


_NO_REASON = "Your organisation's sign-in said no; please try again, or ask your administrator with the code below."


def _by_status(sign_in: SignIn) -> tuple[Fix, ...]:
    status = _status(sign_in)
    if "access_denied" in status or "RequestDenied" in status:
        return (at_idp(f"Give the person access, if they are to have it: {place(sign_in, 'assignment')}"),)
    if "redirect_uri" in status or "redirect_uri" in _said(sign_in):
        return (at_idp(f"{place(sign_in, 'redirect_uri')}: enter the connection's callback address"),)
    if "invalid_scope" in status:
        return (at_idp("Let the client have the scopes openid, profile and email"),)
    if sign_in.idp == "adfs":
        return (at_idp("AD FS gives no reason in its answer: look in its event log for the MSIS number at that time"),)
    return ()


def _log(sign_in: SignIn) -> Fix:
    return at_idp(f"See why in {place(sign_in, 'log')}")


def _for_person(known: Aadsts) -> str:
    if known.topic == "again":
        return AGAIN
    if known.topic == "assignment":
        return ASK_ACCESS
    if known.topic in ("policy", "accounts"):
        return _POLICY_REFUSED
    return NOT_SET_UP


def _refusal(sign_in: SignIn, sentence: str, fixes: tuple[Fix, ...], end_user: str) -> Explanation:
    why = "The identity provider decided this before anything was asked here."
    said = _said(sign_in)
    return Explanation(
        sign_in.exchange.error or "idp_status",
        sentence,
        f"{why} It said: “{said.rstrip('.')}”." if said else why,
        fixes,
        _evidence(sign_in),
        end_user,
    )


def _is_context(sign_in: SignIn) -> bool:
    status = _status(sign_in)
    return _number(sign_in) in _CONTEXT or "NoAuthnContext" in status or "InvalidNameIDPolicy" in status


def _tell_context(sign_in: SignIn) -> Explanation:
    policy = _number(sign_in) == "75016" or "InvalidNameIDPolicy" in _status(sign_in)
    what = "the form of NameID" if policy else "the method of signing in"
    number = f" (AADSTS{_number(sign_in)})" if _number(sign_in) else ""
    return Explanation(
        "authn_context_refused",
        f"{sign_in.idp_capital} refused the sign-in, because it does not give {what} that was asked for{number}: "
        f"{_status(sign_in)}.",
        f"This server asks for neither a method (RequestedAuthnContext) nor a form (NameIDPolicy). Where the answer "
        f"says otherwise, something in between adds it, or {sign_in.idp_name} has a rule of its own. It said: "
        f"“{_said(sign_in) or 'nothing'}”.",
        (
            at_idp(f"{place(sign_in, 'name_id')}: choose the form there")
            if policy
            else at_idp("Let people sign in with the method that the rule wants, or loosen the rule"),
            _log(sign_in),
        ),
        _evidence(sign_in),
        NOT_SET_UP,
    )


def _wants_signed(sign_in: SignIn) -> bool:
    said = f"{_said(sign_in)} {_status(sign_in)}".lower()
    return _number(sign_in) in _UNSIGNED or "invalid requester" in said or "invalid_signature" in said


def _tell_signed(sign_in: SignIn) -> Explanation:
    return Explanation(
        "signed_requests_wanted",
        f"{sign_in.idp_capital} wants signed requests, and the signature of ours is missing or not known there.",
        f"It said: “{_said(sign_in) or _status(sign_in)}”. Requests are signed with this connection's key, whose "
        f"certificate stands in /sso/saml/{sign_in.connection}/metadata.",
        (
            mend("Sign requests", sign_in.set("--sign-requests"), "sign_requests"),
            at_idp(f"{place(sign_in, 'signed_requests')}: upload this connection's certificate, or turn it off"),
        ),
        _evidence(sign_in),
        NOT_SET_UP,
    )


def _is_unassigned(sign_in: SignIn) -> bool:
    said = f"{_said(sign_in)} {_status(sign_in)}".lower()
    return _number(sign_in) in _UNASSIGNED or "not assigned" in said or "app_not_configured_for_user" in said


def _tell_unassigned(sign_in: SignIn) -> Explanation:
    number = f" (AADSTS{_number(sign_in)})" if _number(sign_in) else ""
    return Explanation(
        "not_assigned",
        f"{sign_in.idp_capital} refused the sign-in: the person is not assigned to the application{number}.",
        "The refusal is shown on the identity provider's own page, and most often nothing arrives here at all. In "
        "Entra a group counts only for its direct members.",
        (at_idp(f"{place(sign_in, 'assignment')}: add the person, or one of their groups"), _log(sign_in)),
        _evidence(sign_in),
        ASK_ACCESS,
    )


def _is_secret(sign_in: SignIn) -> bool:
    return _number(sign_in) in _SECRET or _status(sign_in) in ("invalid_client", "unauthorized_client")


def _tell_secret(sign_in: SignIn) -> Explanation:
    known = _known(sign_in)
    what = known.what if known else "it does not take the client's id and secret"
    return Explanation(
        "client_secret_wrong",
        f"{sign_in.idp_capital} refused to exchange the code: {what}{f' (AADSTS{known.number})' if known else ''}.",
        "The person had signed in; it is this application that could not prove itself. A secret of Entra's ends after "
        "two years at most, and is shown whole only once.",
        (
            at_idp(f"{place(sign_in, 'client')}: {known.fix if known else 'make a new secret'}"),
            mend("Enter it here", sign_in.set(OIDC)),
        ),
        _evidence(sign_in),
        NOT_SET_UP,
    )


ENTRIES: Final = (
    story("authn_context_refused", tell=_tell_context, errors=_ERRORS, when=_is_context),
    story("signed_requests_wanted", tell=_tell_signed, errors=_ERRORS, when=_wants_signed),
    story("not_assigned", tell=_tell_unassigned, errors=_ERRORS, when=_is_unassigned),
    story("client_secret_wrong", tell=_tell_secret, errors=_ERRORS, when=_is_secret),
    story(*_ERRORS, tell=_tell),
)
