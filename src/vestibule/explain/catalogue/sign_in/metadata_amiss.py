"""`metadata_…`, `certificate_…`, `key_unreadable`: what was given as the identity provider's is not that."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, at_idp, mend, story
from vestibule.explain.entry import Evidence, Explanation
from vestibule.saml.errors import CODES

_WHY: Final[Mapping[str, str]] = {
    "metadata_too_large": "A federation's list of all its members is not one identity provider's metadata.",
    "metadata_not_xml": "The file was saved from the browser's view, or was cut off; save the address's content as "
    "it is.",
    "metadata_is_html": "The address answers with a page to sign in at, or with an error page: it is not public, or "
    "it is the address where people sign in.",
    "metadata_unsafe": "It has markup that no metadata need, such as a DOCTYPE.",
    "metadata_not_saml": "It may be WS-Federation's or OpenID Connect's.",
    "metadata_is_sp": "Metadata go both ways: this application's were given back in place of the identity provider's.",
    "metadata_no_idp": "It has no IDPSSODescriptor for SAML 2.0.",
    "metadata_several": "One of them must be chosen by its entityID.",
    "metadata_entity": "The entityID in it is another one than the connection has, or there is none.",
    "metadata_tenant": "Entra's address with `common` is for all tenants and names none; yours has the tenant's id.",
    "metadata_expired": "Its validUntil is past; an identity provider writes a new one in time.",
    "metadata_time": "Its validUntil is no time with a time zone.",
    "metadata_no_certificate": "Without a certificate of use signing, no signature could be checked.",
    "metadata_certificate": "One of the certificates in it is damaged.",
    "metadata_no_sso": "It has no SingleSignOnService with HTTP-Redirect or HTTP-POST.",
    "metadata_url": "People and passwords would go over an address that is not https.",
    "certificate_unreadable": "A certificate is a text that begins with -----BEGIN CERTIFICATE-----, or base64 alone.",
    "certificate_is_key": "A private key belongs to the identity provider alone: take it as known to others, and "
    "make a new one there.",
    "key_unreadable": "It must be an RSA private key in PEM (PKCS #8) without a password.",
}
_OURS = ("certificate_unreadable", "certificate_is_key", "key_unreadable")


def _tell(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "metadata_not_saml"
    said = CODES.get(code, "The metadata cannot be used.").rstrip(".")
    received = sign_in.text("received") or sign_in.text("reason")
    fixes = (
        at_idp(f"Copy the metadata's address: {place(sign_in, 'metadata')}"),
        mend("Read it", sign_in.set("--metadata URL")),
    )
    if code == "metadata_several":
        fixes = (mend("Choose one by its entityID", sign_in.set("--metadata URL --entity-id ENTITY_ID")),)
    return Explanation(
        code,
        f"{said}{f': {received}' if received else ''}.",
        _WHY.get(code, "It is not the metadata of a SAML 2.0 identity provider."),
        fixes,
        (Evidence("certificate" if code in _OURS else "metadata", sign_in.text("expected"), received),),
        NOT_SET_UP,
    )


ENTRIES: Final = (story("metadata_is_sp", *(each for each in _WHY if each != "metadata_is_sp"), tell=_tell),)
