"""Read the error page, or the log text, of an identity provider that refused a sign-in before anything arrived here."""

import re
from typing import Any, Final

from vestibule.explain.aadsts import numbers_in
from vestibule.explain.catalogue.sign_in.reading import SIGN_IN
from vestibule.model import Exchange

_LONGEST = 300
# What other identity providers say on their own pages: kind of provider, what it says, the error that it stands for.
_PAGES: Final[tuple[tuple[str, re.Pattern[str], str], ...]] = (
    ("google", re.compile(r"app_not_(?:configured|enabled)_for_user", re.IGNORECASE), "access_denied"),
    ("google", re.compile(r"Error \d+: (redirect_uri_mismatch)", re.IGNORECASE), "redirect_uri_mismatch"),
    (
        "okta",
        re.compile(r"user is not assigned to th\w+ (?:client )?app", re.IGNORECASE),
        "access_denied",
    ),
    ("keycloak", re.compile(r"invalid[ _]requester", re.IGNORECASE), "invalid_requester"),
    ("keycloak", re.compile(r"invalid parameter: redirect_uri", re.IGNORECASE), "invalid_redirect_uri"),
    ("adfs", re.compile(r"\bMSIS\d{4,5}\b"), "MSIS"),
)


def sign_in_from_text(text: str) -> Exchange | None:
    """A refusal by Entra (AADSTS…), Google, Okta, Keycloak or AD FS in a text; None when none is found."""
    if numbers := numbers_in(text):
        found = re.search(rf"(?:AADSTS\s?|\berror ?code\W{{1,5}}){numbers[0]}\b:?\s*[^\r\n]*", text, re.IGNORECASE)
        return _refused("entra", found[0].strip() if found else text, text, aadsts=numbers[0])
    for idp, pattern, error in _PAGES:
        if found := pattern.search(text):
            return _refused(idp, _line_of(text, found), text, error=error)
    return None


def _line_of(text: str, found: re.Match[str]) -> str:
    begin, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
    return text[begin : end if end >= 0 else len(text)].strip()


def _refused(idp: str, message: str, text: str, **facts: Any) -> Exchange:
    protocol = "oidc" if re.search(r"oauth2|client_id|redirect_uri_mismatch", text, re.IGNORECASE) else "saml"
    told = {"idp": idp, "protocol": protocol, "message": message[:_LONGEST], **facts}
    return Exchange(
        "", "", 0, 0, "GET", "", "", 403,
        resource_type=SIGN_IN, error="idp_error" if protocol == "oidc" else "idp_status", facts=told,
    )  # fmt: skip
