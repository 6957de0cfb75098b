"""Where an identity provider keeps what must be changed there, in the words of its own console."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in.reading import SignIn

_ENTRA = "Enterprise applications › your app › Single sign-on › "
_ENTRA_OIDC = "App registrations › your app › "
_OKTA = "Applications › your app › General › SAML Settings › Edit › "
_GOOGLE = "Apps › Web and mobile apps › your app › "
_ADFS = "AD FS Management › Relying Party Trusts › your app › "
_KEYCLOAK = "Clients › your client › "
_ONELOGIN = "Applications › your app › "
_JUMPCLOUD = "SSO Applications › your app › SSO › "
_PING = "Applications › your app › "

PLACES: Final[Mapping[str, Mapping[str, str]]] = {
    "claims": {
        "entra": f"{_ENTRA}Attributes & Claims",
        "okta": f"{_OKTA}Attribute Statements",
        "google": f"{_GOOGLE}SAML attribute mapping",
        "adfs": f"{_ADFS}Edit Claim Issuance Policy",
        "keycloak": f"{_KEYCLOAK}Client scopes › …-dedicated › Mappers",
        "onelogin": f"{_ONELOGIN}Parameters",
        "jumpcloud": f"{_JUMPCLOUD}Attributes",
        "ping": f"{_PING}Attribute Mappings",
        "generic": "the application's attribute mapping",
    },
    "name_id": {
        "entra": f"{_ENTRA}Attributes & Claims › Unique User Identifier (Name ID)",
        "okta": f"{_OKTA}Name ID format and Application username",
        "google": f"{_GOOGLE}Service provider details › Name ID",
        "adfs": f"{_ADFS}Edit Claim Issuance Policy › a rule that sends a Name ID",
        "keycloak": f"{_KEYCLOAK}Settings › Name ID format",
        "onelogin": f"{_ONELOGIN}Parameters › NameID value",
        "jumpcloud": f"{_JUMPCLOUD}SAMLSubject NameID",
        "ping": f"{_PING}Attribute Mappings › saml_subject",
        "generic": "the application's NameID (subject) setting",
    },
    "groups": {
        "entra": f"{_ENTRA}Attributes & Claims › Add a group claim",
        "okta": f"{_OKTA}Group Attribute Statements",
        "google": f"{_GOOGLE}SAML attribute mapping › Group membership",
        "adfs": f"{_ADFS}Edit Claim Issuance Policy › Token-Groups",
        "keycloak": f"{_KEYCLOAK}Client scopes › …-dedicated › Mappers › Group list",
        "onelogin": f"{_ONELOGIN}Parameters › memberOf",
        "jumpcloud": f"{_JUMPCLOUD}Include group attribute",
        "ping": f"{_PING}Attribute Mappings › memberOf",
        "generic": "the application's group claim",
    },
    "acs": {
        "entra": f"{_ENTRA}Basic SAML Configuration › Reply URL (Assertion Consumer Service URL)",
        "okta": f"{_OKTA}Single sign-on URL (with “Use this for Recipient URL and Destination URL” ticked)",
        "google": f"{_GOOGLE}Service provider details › ACS URL",
        "adfs": f"{_ADFS}Properties › Endpoints",
        "keycloak": f"{_KEYCLOAK}Advanced › Assertion Consumer Service POST Binding URL",
        "onelogin": f"{_ONELOGIN}Configuration › ACS (Consumer) URL, its validator, and Recipient",
        "jumpcloud": f"{_JUMPCLOUD}ACS URLs",
        "ping": f"{_PING}Configuration › ACS URLs",
        "generic": "the application's assertion consumer service (ACS, reply) URL",
    },
    "entity_id": {
        "entra": f"{_ENTRA}Basic SAML Configuration › Identifier (Entity ID)",
        "okta": f"{_OKTA}Audience URI (SP Entity ID)",
        "google": f"{_GOOGLE}Service provider details › Entity ID",
        "adfs": f"{_ADFS}Properties › Identifiers",
        "keycloak": f"{_KEYCLOAK}Settings › Client ID",
        "onelogin": f"{_ONELOGIN}Configuration › Audience (EntityID)",
        "jumpcloud": f"{_JUMPCLOUD}SP Entity ID",
        "ping": f"{_PING}Configuration › Entity ID",
        "generic": "the application's entity ID (audience)",
    },
    "metadata": {
        "entra": f"{_ENTRA}SAML Certificates › App Federation Metadata Url",
        "okta": "Applications › your app › Sign On › SAML 2.0 › Metadata URL",
        "google": f"{_GOOGLE}Download metadata",
        "adfs": "https://YOUR-ADFS-HOST/FederationMetadata/2007-06/FederationMetadata.xml",
        "keycloak": "Realm settings › Endpoints › SAML 2.0 Identity Provider Metadata",
        "onelogin": f"{_ONELOGIN}More Actions › SAML Metadata",
        "jumpcloud": f"{_JUMPCLOUD}Copy Metadata URL",
        "ping": f"{_PING}Configuration › IdP Metadata URL",
        "generic": "the application's metadata",
    },
    "signing": {
        "entra": f"{_ENTRA}SAML Certificates › Edit › Signing Option and Signing Algorithm",
        "okta": f"{_OKTA}Show Advanced Settings › Response, Assertion Signature and Signature Algorithm",
        "google": f"{_GOOGLE}Service provider details › Signed response",
        "adfs": f"{_ADFS}Properties › Advanced › Secure hash algorithm",
        "keycloak": f"{_KEYCLOAK}Settings › Sign documents, Sign assertions and Signature algorithm",
        "onelogin": f"{_ONELOGIN}SSO › SAML Signature Algorithm, and Configuration › SAML signature element",
        "jumpcloud": f"{_JUMPCLOUD}Sign (Assertion, Response) and Signature Algorithm",
        "ping": f"{_PING}Configuration › Sign Assertion & Response and Signing Algorithm",
        "generic": "the application's signing settings",
    },
    "encryption": {
        "entra": "Enterprise applications › your app › Security › Token encryption",
        "okta": f"{_OKTA}Show Advanced Settings › Assertion Encryption and Encryption Certificate",
        "adfs": f"{_ADFS}Properties › Encryption",
        "keycloak": f"{_KEYCLOAK}Keys › Encrypt assertions",
        "onelogin": f"{_ONELOGIN}Configuration › Encrypt assertion and Public key",
        "ping": f"{_PING}Configuration › Enable Encryption",
        "generic": "the application's encryption certificate",
    },
    "assignment": {
        "entra": "Enterprise applications › your app › Users and groups › Add user/group",
        "okta": "Applications › your app › Assignments",
        "google": f"{_GOOGLE}User access, for the person's organizational unit or group (it may take a day to work)",
        "adfs": f"{_ADFS}Edit Access Control Policy",
        "keycloak": f"{_KEYCLOAK}Roles, and Authentication › Flows where access is restricted",
        "onelogin": f"{_ONELOGIN}Access, or Users › the person › Applications",
        "jumpcloud": "SSO Applications › your app › User Groups",
        "ping": f"{_PING}Access",
        "generic": "the application's list of people and groups",
    },
    "sign_on_url": {
        "entra": f"{_ENTRA}Basic SAML Configuration › Sign on URL",
        "okta": "Applications › your app › General › App visibility, with a Bookmark App for the tile",
        "google": f"{_GOOGLE}Service provider details › Start URL",
        "keycloak": f"{_KEYCLOAK}Settings › Home URL, with IDP-Initiated SSO URL name left empty",
        "onelogin": f"{_ONELOGIN}Configuration › Login URL, with SAML initiator “Service Provider”",
        "jumpcloud": f"{_JUMPCLOUD}Login URL",
        "generic": "the tile's sign-on URL",
    },
    "signed_requests": {
        "entra": f"{_ENTRA}SAML Certificates › Verification certificates (optional) › Edit",
        "okta": f"{_OKTA}Show Advanced Settings › Signature Certificate and Signed Requests",
        "adfs": f"{_ADFS}Properties › Signature",
        "keycloak": f"{_KEYCLOAK}Keys › Client signature required",
        "ping": f"{_PING}Configuration › Enforce Signed AuthnRequest",
        "generic": "the application's certificate for signed requests",
    },
    "accounts": {
        "entra": "Users › All users › the person › Properties",
        "okta": "Directory › People › the person › Profile",
        "google": "Directory › Users › the person",
        "adfs": "Active Directory Users and Computers › the person",
        "keycloak": "Users › the person › Details",
        "onelogin": "Users › the person › User Info",
        "jumpcloud": "Users › the person › Details",
        "generic": "the person's account",
    },
    "provisioning": {
        "entra": "Enterprise applications › your app › Provisioning › Provision on demand",
        "okta": "Applications › your app › Assignments, and Provisioning › To App",
        "onelogin": f"{_ONELOGIN}Provisioning",
        "jumpcloud": "SSO Applications › your app › Identity Management",
        "generic": "the application's provisioning",
    },
    "log": {
        "entra": "Enterprise applications › your app › Sign-in logs",
        "okta": "Reports › System Log",
        "google": "Reporting › Audit and investigation › SAML log events",
        "adfs": "Event Viewer › Applications and Services Logs › AD FS › Admin",
        "keycloak": "Realm › Events › User events",
        "onelogin": "Activity › Events",
        "jumpcloud": "Directory Insights › Activity Log",
        "ping": "Monitoring › Audit",
        "generic": "its log of sign-ins",
    },
    "redirect_uri": {
        "entra": f"{_ENTRA_OIDC}Authentication › Web › Redirect URIs",
        "okta": "Applications › your app › General › Sign-in redirect URIs",
        "google": "Google Cloud console › APIs & Services › Credentials › your client › Authorized redirect URIs",
        "keycloak": f"{_KEYCLOAK}Settings › Valid redirect URIs",
        "adfs": "AD FS Management › Application Groups › your app › Redirect URI",
        "generic": "the client's redirect URIs",
    },
    "client": {
        "entra": f"{_ENTRA_OIDC}Certificates & secrets (the secret's Value, not its Secret ID)",
        "okta": "Applications › your app › General › Client Credentials",
        "google": "Google Cloud console › APIs & Services › Credentials › your client",
        "keycloak": f"{_KEYCLOAK}Credentials",
        "adfs": "AD FS Management › Application Groups › your app › Configure Application Credentials",
        "generic": "the client's credentials",
    },
    "token": {
        "entra": f"{_ENTRA_OIDC}Token configuration › Add optional claim",
        "okta": "Security › API › Authorization Servers › the server › Claims",
        "keycloak": f"{_KEYCLOAK}Client scopes › …-dedicated › Mappers, and Advanced › Fine grain OpenID Connect "
        "configuration",
        "generic": "the client's ID token settings",
    },
}
"""Topic → kind of identity provider → the way through its console."""


def place(sign_in: SignIn, topic: str) -> str:
    """Where it is at this identity provider; in general words where its console is not known."""
    known = PLACES[topic]
    if topic in ("claims", "groups") and sign_in.protocol == "oidc":
        known = PLACES["token"]
    return known.get(sign_in.idp) or known["generic"]
