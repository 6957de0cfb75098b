"""Names of the standards: namespaces, tags, bindings, formats, algorithms."""

from typing import Final

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = DS + "enveloped-signature"

RESPONSE: Final = f"{{{SAMLP}}}Response"
LOGOUT_REQUEST: Final = f"{{{SAMLP}}}LogoutRequest"
LOGOUT_RESPONSE: Final = f"{{{SAMLP}}}LogoutResponse"
ASSERTION: Final = f"{{{SAML}}}Assertion"
ENCRYPTED_ASSERTION: Final = f"{{{SAML}}}EncryptedAssertion"
ISSUER: Final = f"{{{SAML}}}Issuer"
NAME_ID: Final = f"{{{SAML}}}NameID"
SIGNATURE: Final = f"{{{DS}}}Signature"

SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def saml(name: str) -> str:
    """A tag of the assertion namespace."""
    return f"{{{SAML}}}{name}"


def samlp(name: str) -> str:
    """A tag of the protocol namespace."""
    return f"{{{SAMLP}}}{name}"


def ds(name: str) -> str:
    """A tag of XML Signature."""
    return f"{{{DS}}}{name}"


def md(name: str) -> str:
    """A tag of the metadata namespace."""
    return f"{{{MD}}}{name}"
