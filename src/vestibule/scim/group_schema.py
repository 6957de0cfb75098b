"""Group as data (RFC 7643 sections 4.2 and 8.7.1)."""

from vestibule.scim.schema import CORE_GROUP, Attribute, ResourceType, Schema

GROUP_SCHEMA = Schema(
    CORE_GROUP,
    "Group",
    "Group",
    (
        Attribute(
            "displayName",
            required=True,
            uniqueness="server",
            description="The group's name. Identity providers match groups by it, so it is unique within the "
            "connection, compared caseless.",
        ),
        Attribute(
            "members",
            "complex",
            "The members of the group.",
            multi_valued=True,
            sub_attributes=(
                # A member without an id would be dropped, and a list of such would empty the group.
                Attribute(
                    "value", required=True, mutability="immutable", case_exact=True,
                    description="The id of the member.",
                ),
                Attribute(
                    "$ref", "reference", mutability="immutable", reference_types=("User", "Group"), case_exact=True,
                ),
                Attribute("type", mutability="immutable", canonical_values=("User", "Group")),
            ),
        ),
    ),
)  # fmt: skip

GROUP = ResourceType("Group", "/Groups", "Group", GROUP_SCHEMA)
