"""Our AuthnRequest (saml-core section 3.4.1), by HTTP-Redirect or HTTP-POST.

It asks for nothing that an identity provider may refuse: no NameIDPolicy, which at Entra overrides what the
admin has set, and no RequestedAuthnContext, which refuses users without a password.
"""

import re
from dataclasses import dataclass

from vestibule.saml.bindings import PostForm, post_form, redirect_url, with_login_hint
from vestibule.saml.instants import written
from vestibule.saml.names import DS, ISSUER, POST, SAML, SAMLP, SIGNATURE, samlp
from vestibule.saml.signing import signed
from vestibule.saml.xml import Element, below, made, serialised

ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}\Z")
"""An ID that every identity provider takes (xs:NCName in ASCII): Entra refuses one that begins with a digit."""


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """What is asked: a login for `sp_entity_id`, answered to `acs_url`, sent to `destination`.

    `id` begins with a letter or an underscore (ValueError otherwise) and cannot be guessed; `issued` is the
    instant in microseconds.
    """

    id: str
    issued: int
    sp_entity_id: str
    acs_url: str
    destination: str
    force_authn: bool = False
    is_passive: bool = False

    def __post_init__(self) -> None:
        if not ID.match(self.id):
            raise ValueError(f"the ID of a request begins with a letter or an underscore: {self.id!r}")


def redirect(
    request: AuthnRequest, relay_state: str | None, signing_key: str | None = None, login_hint: str | None = None
) -> str:
    """The URL that the browser is sent to; signed if there is a `signing_key` (PEM). Raises key_unreadable."""
    location = with_login_hint(request.destination, login_hint)
    return redirect_url(location, "SAMLRequest", serialised(_document(request)), relay_state, signing_key)


def post(
    request: AuthnRequest,
    relay_state: str | None,
    signing_key: str | None = None,
    certificate: str | None = None,
    login_hint: str | None = None,
) -> PostForm:
    """The form that the browser posts; signed if there are a `signing_key` and its `certificate` (PEM).

    Raises key_unreadable; ValueError if there is only one of both.
    """
    if (signing_key is None) != (certificate is None):
        raise ValueError("a key signs with its certificate: give both or neither")
    root = _document(request)
    if signing_key is None or certificate is None:
        document = serialised(root)
    else:
        below(root, SIGNATURE, Id="placeholder")
        document = signed(root, signing_key, certificate)
    return post_form(with_login_hint(request.destination, login_hint), "SAMLRequest", document, relay_state)


def _document(request: AuthnRequest) -> Element:
    root = made(
        samlp("AuthnRequest"),
        {"samlp": SAMLP, "saml": SAML, "ds": DS},
        ID=request.id,
        Version="2.0",
        IssueInstant=written(request.issued),
        Destination=request.destination,
        ForceAuthn="true" if request.force_authn else None,
        IsPassive="true" if request.is_passive else None,
        AssertionConsumerServiceURL=request.acs_url,
        ProtocolBinding=POST,
    )
    below(root, ISSUER, request.sp_entity_id)
    return root
