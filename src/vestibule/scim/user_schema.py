"""User and Enterprise User as data (RFC 7643 sections 4.1, 4.3 and 8.7.1)."""

from vestibule.scim.schema import (
    CORE_USER,
    ENTERPRISE_USER,
    Attribute,
    AttributeType,
    ResourceType,
    Schema,
)

_DISPLAY = Attribute("display", description="A name for people to read.")
_PRIMARY = Attribute("primary", "boolean", description="The preferred one; true for at most one.")


def _multi(
    name: str,
    description: str,
    *,
    kinds: tuple[str, ...] = (),
    value: AttributeType = "string",
    references: tuple[str, ...] = (),
) -> Attribute:
    subs = (
        Attribute("value", value, description, reference_types=references, case_exact=value != "string"),
        _DISPLAY,
        Attribute("type", canonical_values=kinds, description="What kind of value this is."),
        _PRIMARY,
    )
    return Attribute(name, "complex", description, multi_valued=True, sub_attributes=subs)


_NAME = Attribute(
    "name",
    "complex",
    "The components of the person's name.",
    sub_attributes=(
        Attribute("formatted", description="The full name for display."),
        Attribute("familyName", description="The surname."),
        Attribute("givenName", description="The first name."),
        Attribute("middleName", description="The middle names."),
        Attribute("honorificPrefix", description="The title before the name, e.g. Dr."),
        Attribute("honorificSuffix", description="The suffix after the name, e.g. III."),
    ),
)
_ADDRESSES = Attribute(
    "addresses",
    "complex",
    "Postal addresses.",
    multi_valued=True,
    sub_attributes=(
        Attribute("formatted", description="The full address, with line breaks."),
        Attribute("streetAddress", description="Street and number."),
        Attribute("locality", description="City."),
        Attribute("region", description="State or region."),
        Attribute("postalCode", description="Postal code."),
        Attribute("country", description="Country, ISO 3166-1 alpha-2."),
        Attribute("type", canonical_values=("work", "home", "other"), description="What kind of address."),
        _PRIMARY,
    ),
)
_GROUPS = Attribute(
    "groups",
    "complex",
    "The groups that the user is a direct member of; changed through the groups.",
    multi_valued=True,
    mutability="readOnly",
    sub_attributes=(
        Attribute("value", mutability="readOnly", case_exact=True, description="The group's id."),
        Attribute("$ref", "reference", mutability="readOnly", reference_types=("Group",), case_exact=True),
        Attribute("display", mutability="readOnly", description="The group's displayName."),
        Attribute("type", mutability="readOnly", canonical_values=("direct", "indirect")),
    ),
)

USER_SCHEMA = Schema(
    CORE_USER,
    "User",
    "User Account",
    (
        Attribute(
            "userName",
            required=True,
            uniqueness="server",
            description="The name that the person signs in with; unique within the connection, compared caseless.",
        ),
        _NAME,
        Attribute("displayName", description="The name to show."),
        Attribute("nickName", description="The casual name."),
        Attribute("profileUrl", "reference", reference_types=("external",), case_exact=True),
        Attribute("title", description="The job title."),
        Attribute("userType", description="The relation to the organisation, e.g. Contractor."),
        Attribute("preferredLanguage", description="As in Accept-Language."),
        Attribute("locale", description="For currency, dates and numbers, e.g. en-GB."),
        Attribute("timezone", description="IANA time zone, e.g. Europe/Zurich."),
        Attribute("active", "boolean", description="Whether the person may sign in."),
        Attribute("password", mutability="writeOnly", returned="never", case_exact=True),
        _multi("emails", "E-mail addresses.", kinds=("work", "home", "other")),
        _multi("phoneNumbers", "Telephone numbers.", kinds=("work", "home", "mobile", "fax", "pager", "other")),
        _multi(
            "ims", "Instant messaging addresses.",
            kinds=("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
        ),
        _multi("photos", "Photographs.", kinds=("photo", "thumbnail"), value="reference", references=("external",)),
        _ADDRESSES,
        _GROUPS,
        _multi("entitlements", "Entitlements."),
        _multi("roles", "Roles."),
        _multi("x509Certificates", "Certificates.", value="binary"),
    ),
)  # fmt: skip

ENTERPRISE_SCHEMA = Schema(
    ENTERPRISE_USER,
    "EnterpriseUser",
    "Enterprise User",
    (
        Attribute("employeeNumber", description="The number given by the organisation."),
        Attribute("costCenter", description="The cost centre."),
        Attribute("organization", description="The organisation."),
        Attribute("division", description="The division."),
        Attribute("department", description="The department."),
        Attribute(
            "manager",
            "complex",
            "The person's manager.",
            sub_attributes=(
                Attribute("value", case_exact=True, description="The id of the manager's User."),
                Attribute(
                    "$ref",
                    "reference",
                    mutability="readOnly",
                    reference_types=("User",),
                    case_exact=True,
                    description="Where the manager is; written by this server.",
                ),
                Attribute("displayName", mutability="readOnly", description="The manager's displayName."),
            ),
        ),
    ),
)

USER = ResourceType("User", "/Users", "User Account", USER_SCHEMA, (ENTERPRISE_SCHEMA,))
