"""What each identity provider sends unless somebody changed it: one mapping per sender and protocol.

Entra's names are those of "Customize SAML token claims" and "SAML token claims reference" on learn.microsoft.com;
AD FS's those of its claim descriptions; Okta, Google, OneLogin, JumpCloud and Ping send only what an administrator
maps, so theirs are the names that their own guides put into the form.
"""

from typing import Final

from vestibule.claims.mapping import Mapping, Rule
from vestibule.claims.received import SUB, SUBJECT, Protocol

WS_2005: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
WS_2008: Final = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
MICROSOFT: Final = "http://schemas.microsoft.com/identity/claims/"
GROUPS_LINK: Final = "http://schemas.microsoft.com/claims/groups.link"
"""Entra sends this in place of the groups when there are more than 150."""


def _mapping(
    user_name: str,
    external_id: str,
    email: str,
    given: str,
    family: str,
    display: str,
    groups: str,
    separator: str = "",
) -> Mapping:
    """A row of the table: each cell is a list of claim names with spaces between; an empty one has no rule."""
    cells = {
        "externalId": external_id,
        "email": email,
        "givenName": given,
        "familyName": family,
        "displayName": display,
    }
    rules = {"userName": Rule(tuple(user_name.split()), required=True)}
    rules |= {name: Rule(tuple(cell.split())) for name, cell in cells.items() if cell}
    if groups:
        rules["groups"] = Rule(tuple(groups.split()), separator=separator or None)
    return Mapping(rules)


_STANDARD = ("given_name", "family_name", "name")
_NAMES = ("firstName givenName first_name", "lastName familyName last_name surname", "displayName name")

PRESETS: Final[dict[tuple[str, Protocol], Mapping]] = {
    ("entra", "saml"): _mapping(
        f"{WS_2005}name {SUBJECT}",
        f"{MICROSOFT}objectidentifier",
        f"{WS_2005}emailaddress",
        f"{WS_2005}givenname",
        f"{WS_2005}surname",
        f"{MICROSOFT}displayname",
        f"{WS_2008}groups",
    ),
    ("entra", "oidc"): _mapping("preferred_username upn", "oid", "email", *_STANDARD, "groups"),
    ("okta", "saml"): _mapping(SUBJECT, SUBJECT, f"email {SUBJECT}", *_NAMES, "groups"),
    ("okta", "oidc"): _mapping("preferred_username", SUB, "email", *_STANDARD, "groups"),
    ("google", "saml"): _mapping(SUBJECT, SUBJECT, f"email {SUBJECT}", *_NAMES, "groups"),
    ("google", "oidc"): _mapping("email", SUB, "email", *_STANDARD, ""),
    ("adfs", "saml"): _mapping(
        f"{WS_2005}upn {SUBJECT}",
        SUBJECT,
        f"{WS_2005}emailaddress",
        f"{WS_2005}givenname",
        f"{WS_2005}surname",
        f"http://schemas.xmlsoap.org/claims/CommonName {WS_2005}name",
        f"http://schemas.xmlsoap.org/claims/Group {WS_2008}groups",
    ),
    ("adfs", "oidc"): _mapping("upn unique_name", SUB, "email", *_STANDARD[:2], "name unique_name", "group groups"),
    ("keycloak", "saml"): _mapping(
        f"username {SUBJECT}",
        SUBJECT,
        "urn:oid:1.2.840.113549.1.9.1 email",
        "urn:oid:2.5.4.42 firstName",
        "urn:oid:2.5.4.4 lastName",
        "name",
        "member groups",
    ),
    ("keycloak", "oidc"): _mapping("preferred_username", SUB, "email", *_STANDARD, "groups"),
    ("onelogin", "saml"): _mapping(
        SUBJECT,
        SUBJECT,
        f"User.email email {SUBJECT}",
        "User.FirstName",
        "User.LastName",
        "displayName",
        "memberOf",
        ";",
    ),
    ("onelogin", "oidc"): _mapping("preferred_username", SUB, "email", *_STANDARD, "groups"),
    ("jumpcloud", "saml"): _mapping(
        SUBJECT, SUBJECT, f"email {SUBJECT}", "firstname", "lastname", "fullname", "memberOf"
    ),
    ("jumpcloud", "oidc"): _mapping("preferred_username email", SUB, "email", *_STANDARD, "groups memberOf"),
    ("ping", "saml"): _mapping(SUBJECT, SUBJECT, f"email mail {SUBJECT}", *_NAMES, "memberOf groups"),
    ("ping", "oidc"): _mapping("preferred_username", SUB, "email", *_STANDARD, "groups memberOf"),
    ("generic", "saml"): _mapping(
        SUBJECT,
        SUBJECT,
        f"email mail emailAddress {WS_2005}emailaddress urn:oid:0.9.2342.19200300.100.1.3",
        f"firstName givenName given_name {WS_2005}givenname urn:oid:2.5.4.42",
        f"lastName familyName surname sn family_name {WS_2005}surname urn:oid:2.5.4.4",
        f"displayName name {MICROSOFT}displayname urn:oid:2.16.840.1.113730.3.1.241",
        "groups memberOf",
    ),
    ("generic", "oidc"): _mapping(f"preferred_username {SUB}", SUB, "email", *_STANDARD, "groups"),
}


def preset(idp: str, protocol: Protocol) -> Mapping:
    """The mapping that a new connection begins with; that of `generic` for a sender without one of its own."""
    return PRESETS.get((idp, protocol)) or PRESETS["generic", protocol]
