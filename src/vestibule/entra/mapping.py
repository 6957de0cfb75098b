"""The default attribute mapping of a non-gallery app, as data (reference 1.8, Microsoft's table)."""

from typing import TypeAlias

from vestibule.entra.graph import TenantGroup, TenantUser

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"

Values: TypeAlias = dict[str, str | bool]
"""SCIM path to value, in the order in which they are exported."""

_WORK_ADDRESS = 'addresses[type eq "work"]'

USER_MAPPING: tuple[tuple[str, str], ...] = (
    ("displayName", "displayName"),
    ("title", "jobTitle"),
    ('emails[type eq "work"].value', "mail"),
    ("preferredLanguage", "preferredLanguage"),
    ("name.givenName", "givenName"),
    ("name.familyName", "surname"),
    (f"{_WORK_ADDRESS}.streetAddress", "streetAddress"),
    (f"{_WORK_ADDRESS}.locality", "city"),
    (f"{_WORK_ADDRESS}.region", "state"),
    (f"{_WORK_ADDRESS}.postalCode", "postalCode"),
    (f"{_WORK_ADDRESS}.country", "country"),
    ('phoneNumbers[type eq "work"].value', "businessPhones"),
    ('phoneNumbers[type eq "mobile"].value', "mobilePhone"),
    ('phoneNumbers[type eq "fax"].value', "faxNumber"),
    (f"{ENTERPRISE}:employeeNumber", "employeeId"),
    (f"{ENTERPRISE}:department", "department"),
)
"""SCIM path and Graph property; userName, active, name.formatted and externalId are expressions below."""


def external_id(user: TenantUser, source: str = "mailNickname") -> str:
    """The externalId: `source`, or the object id when that is empty, so that every user has one."""
    return user.id if source == "objectId" else user.attributes.get(source) or user.id


def user_values(user: TenantUser, *, in_scope: bool, external_id_source: str = "mailNickname") -> Values:
    """What is provisioned of a user. An attribute without a value is left out: nulls never flow (1.3)."""
    values: Values = {"userName": user.user_name, "active": user.active and in_scope}
    values |= {path: user.attributes[name] for path, name in USER_MAPPING if user.attributes.get(name)}
    formatted = " ".join(filter(None, (user.attributes.get("givenName"), user.attributes.get("surname"))))
    if formatted:
        values["name.formatted"] = formatted
    values["externalId"] = external_id(user, external_id_source)
    return values


def group_values(group: TenantGroup) -> Values:
    """What is provisioned of a group besides its members."""
    return {"displayName": group.display_name, "externalId": group.id}
