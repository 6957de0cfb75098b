"""What an assertion says of a person, as Entra ID's default claims have it (Microsoft's saml-claims-customization)."""

import base64
import hashlib
from dataclasses import dataclass, replace

from vestibule.idp.conduct import Conduct
from vestibule.idp.people import GroupRef, Person
from vestibule.idp.refusals import Refused

SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
MICROSOFT = "http://schemas.microsoft.com/identity/claims/"
EMAIL, GIVEN, SURNAME, NAME = (SOAP + each for each in ("emailaddress", "givenname", "surname", "name"))
TENANT, OBJECT, DISPLAY, PROVIDER = (
    MICROSOFT + each for each in ("tenantid", "objectidentifier", "displayname", "identityprovider")
)
METHODS = "http://schemas.microsoft.com/claims/authnmethodsreferences"
GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
GROUPS_LINK = "http://schemas.microsoft.com/claims/groups.link"
OFFERED = (NAME, EMAIL, GIVEN, SURNAME, TENANT, OBJECT, DISPLAY, PROVIDER, METHODS, GROUPS)
MOST_GROUPS = 150
"""More groups than that are left out of an assertion."""

FORMATS = {
    "persistent": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "transient": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    "email": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "unspecified": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
}
_SHORT = {EMAIL: "email", GIVEN: "firstName", SURNAME: "lastName", NAME: "username", GROUPS: "groups"}
_PASSWORD = "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"  # noqa: S105 -- a claim

Attributes = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class NameId:
    """The subject."""

    value: str
    format: str
    sp_name_qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """The tenant that speaks: its id, its issuer, and the application that it speaks to."""

    tenant_id: str
    issuer: str
    app_id: str


def as_seen(person: Person, conduct: Conduct) -> Person:
    """The person as the chosen mistakes make them out: a guest, or without a mailbox."""
    if conduct.as_guest and not person.guest:
        name = person.upn.partition("@")[0]
        tenant = person.upn.rpartition("@")[2]
        upn = f"{name}_partner.example#EXT#@{tenant}"
        person = replace(person, guest=True, upn=upn, mail=f"{name}@partner.example")
    return person if conduct.mailbox else replace(person, mail=None)


def name_id(person: Person, conduct: Conduct, home: Home, asked: str | None, fresh: str) -> NameId:
    """The NameID; a format that the request asks for overrides what is configured. Raises Refused.

    `asked` is the Format of the NameIDPolicy, `fresh` a random text for a transient one.
    """
    if asked is not None and asked != FORMATS["email"]:
        return _name_id_as_asked(person, home, asked, fresh)
    if conduct.name_id == "persistent":
        return NameId(pairwise(person, home), FORMATS["persistent"])
    if conduct.name_id == "object_id":
        return NameId(person.id, FORMATS["persistent"])
    value = person.mail if conduct.name_id == "mail" else person.upn
    if value is None:
        raise Refused(501241, source="user.mail", transform="ExtractNameId")
    return NameId(value, FORMATS["email"])


def _name_id_as_asked(person: Person, home: Home, asked: str, fresh: str) -> NameId:
    if asked == FORMATS["transient"]:
        return NameId(fresh, asked)
    if asked in (FORMATS["persistent"], FORMATS["unspecified"]):
        return NameId(pairwise(person, home), asked)
    raise Refused(75016, given=asked)


def pairwise(person: Person, home: Home) -> str:
    """An opaque name of 43 characters, other for every application."""
    digest = hashlib.sha256(f"{home.tenant_id} {home.app_id} {person.id}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def attributes(person: Person, conduct: Conduct, home: Home) -> Attributes:
    """The attribute statement; a claim whose source is empty is left out, as Entra ID does."""
    home_provider = "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/" if person.guest else home.issuer
    rows: list[tuple[str, tuple[str, ...]]] = [
        (TENANT, (home.tenant_id,)),
        (OBJECT, (person.id,)),
        (DISPLAY, (person.display_name,)),
        *_groups(person, conduct, home),
        (PROVIDER, (home_provider,)),
        (METHODS, (_PASSWORD,)),
        *((name, (value,)) for name, value in ((GIVEN, person.given_name), (SURNAME, person.surname)) if value),
        *((EMAIL, (value,)) for value in [email(person, conduct)] if value is not None),
        (NAME, (person.upn,)),
    ]
    if conduct.short_names:
        rows = [(_SHORT.get(name, name), values) for name, values in rows]
    return tuple(rows)


def email(person: Person, conduct: Conduct) -> str | None:
    """The value of the e-mail claim, None when it is left out."""
    match conduct.email:
        case "literal":
            return "user.email"
        case "empty":
            return ""
        case "upn":
            return person.upn
        case "mail":
            return person.mail


def _groups(person: Person, conduct: Conduct, home: Home) -> Attributes:
    if conduct.groups == "none":
        return ()
    if conduct.groups == "overage" or len(person.groups) > MOST_GROUPS:
        link = f"https://graph.windows.net/{home.tenant_id}/users/{person.id}/getMemberObjects"
        return ((GROUPS_LINK, (link,)),)
    values = group_values(person.groups, conduct)
    return ((GROUPS, values),) if values else ()


def group_values(groups: tuple[GroupRef, ...], conduct: Conduct) -> tuple[str, ...]:
    """Object ids, or display names where these were chosen."""
    return tuple(each.name if conduct.groups == "names" else each.id for each in groups)
