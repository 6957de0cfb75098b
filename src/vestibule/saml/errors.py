"""Every refusal of the SAML core: one error, a code out of a closed table, and the evidence for the diagnosis."""

from typing import Any, Final

CODES: Final[dict[str, str]] = {
    # How it came.
    "too_large": "The message is larger than the cap.",
    "not_base64": "The form field or query parameter is not base64.",
    "not_deflate": "The query parameter is not raw DEFLATE data (RFC 1951).",
    "encoding": "The document is not UTF-8.",
    "not_xml": "The document is not well-formed XML with namespaces.",
    "too_complex": "The document nests deeper, or has more elements or attributes, than any real one.",
    # What no honest document has.
    "doctype": "The document has a DOCTYPE, an entity or another markup declaration.",
    "comment_or_pi": "The document has a comment or a processing instruction; what follows it could be cut off.",
    "odd_id_attribute": "An identifier is in another attribute than plain ID or Id, or is no name.",
    "duplicate_id": "Two elements have the same identifier.",
    "relative_namespace": "A namespace is not an absolute URI, so that the document cannot be canonicalised.",
    # What it is.
    "not_a_response": "The document is not a SAML 2.0 Response.",
    "version": "A Version is not 2.0.",
    "idp_status": "The identity provider answered that it did not sign the user in.",
    "one_assertion": "There is not exactly one assertion, directly below the Response.",
    # The signature.
    "unsigned": "Nothing that counts is signed.",
    "signature_in_odd_place": "A Signature is elsewhere than directly below the element that it signs.",
    "sig_shape": "A Signature lacks or repeats a part, or has an empty one.",
    "sig_extra_child": "A Signature has a part that no signature of SAML has, such as ds:Object.",
    "one_reference": "A Signature does not have exactly one Reference.",
    "reference_not_parent": "A Signature refers to another element than its parent.",
    "transform": "A transform or canonicalisation is not on the list.",
    "signature_algorithm": "The signature or digest algorithm is not on the list (SHA-1 and HMAC are not).",
    "no_certificate": "No usable signing certificate is known for the identity provider.",
    "bad_signature": "The signature does not verify with any known certificate.",
    "weak_key": "The certificate that signed has an RSA key below 2048 bits.",
    "cert_expired": "The certificate that signed has expired.",
    "cert_not_yet_valid": "The certificate that signed is not valid yet.",
    # The encryption.
    "no_decryption_key": "The assertion is encrypted, and no key of ours is known.",
    "encryption_algorithm": "The encryption algorithm is not on the list.",
    "decrypt_failed": "The assertion could not be decrypted and verified with any key of ours.",
    # What it says.
    "no_id": "The message or assertion has no ID.",
    "issuer": "The Issuer is not the identity provider of this connection.",
    "destination": "The Destination is not our address, or is missing from a signed message.",
    "in_response_to": "The message answers another request than the pending one.",
    "unsolicited": "The message answers no request, and this connection does not allow that.",
    "no_bearer": "The subject has no bearer confirmation.",
    "recipient": "The Recipient is not our address, or is missing.",
    "scd_time": "SubjectConfirmationData lacks NotOnOrAfter, or has a NotBefore.",
    "audience": "The audience is another service provider.",
    "audience_missing": "There is no audience.",
    "condition": "Conditions has a condition that is not understood.",
    "bad_time": "A time is not an xs:dateTime with a time zone.",
    "expired": "A time of validity is over.",
    "not_yet_valid": "A time of validity has not begun.",
    "session_expired": "The session at the identity provider is over already.",
    "no_authn_statement": "The assertion does not say that, when and how the user signed in.",
    "no_name_id": "The assertion names nobody: it has no NameID.",
    "encrypted_id": "The NameID is encrypted by itself, which is not supported.",
    "bad_value": "A value that must be plain text has elements in it.",
    "replay": "The message was used before. Said by whoever keeps the used ones; this package keeps nothing.",
    # Certificates, and keys of our own.
    "certificate_unreadable": "A text is not an X.509 certificate in PEM, base64 or DER.",
    "certificate_is_key": "A private key was given in place of a certificate.",
    "key_unreadable": "A text is not an unencrypted RSA private key in PEM.",
    # Metadata.
    "metadata_too_large": "The metadata is larger than the cap.",
    "metadata_not_xml": "The metadata is not well-formed XML, or is not UTF-8.",
    "metadata_is_html": "The metadata is a web page, such as a sign-in page.",
    "metadata_unsafe": "The metadata has what no honest document has.",
    "metadata_not_saml": "The document is not SAML 2.0 metadata.",
    "metadata_is_sp": "The metadata is a service provider's, such as our own, not the identity provider's.",
    "metadata_no_idp": "The metadata describes no SAML 2.0 identity provider.",
    "metadata_several": "The metadata describes several identity providers, and none was chosen.",
    "metadata_entity": "The metadata does not describe the identity provider that was asked for, or gives it no name.",
    "metadata_tenant": "The metadata is of Entra's `common` endpoint: its entityID has {tenant} in place of a tenant.",
    "metadata_expired": "The metadata says of itself that it is no longer valid.",
    "metadata_time": "The metadata has a validUntil that is no xs:dateTime with a time zone.",
    "metadata_no_certificate": "The metadata has no certificate that signs.",
    "metadata_certificate": "A certificate in the metadata cannot be read.",
    "metadata_no_sso": "The metadata has no single sign-on address with a binding that we speak.",
    "metadata_url": "An address in the metadata is not an absolute https URL.",
    # Single logout.
    "not_a_logout": "The document is not a SAML 2.0 LogoutRequest or LogoutResponse.",
    "query": "The query lacks a parameter of the HTTP-Redirect binding, or repeats one.",
}
"""Code → what it means. An explanation may be written for each; none is raised that is not here."""


class SamlError(Exception):
    """A message, certificate or metadata document that is refused. `code` is a key of CODES.

    `facts` can be written as JSON: `expected`, `received`, `seconds` (a measured difference), `fingerprint` and
    what else the code needs. They are the sender's claims and go to whoever may see the connection's log; they
    hold neither a whole document nor a secret.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(CODES[code])
        self.code = code
        self.facts: dict[str, Any] = facts
