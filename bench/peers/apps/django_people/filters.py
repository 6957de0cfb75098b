"""Which attributes can be filtered by, and their columns."""
# The peer is installed in the benchmark's own environment only, so the type checker does not see it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedBaseClass=false

from typing import ClassVar

from django_scim.filters import GroupFilterQuery, UserFilterQuery


class UserFilter(UserFilterQuery):
    """The library's own, and externalId."""

    attr_map: ClassVar = {**UserFilterQuery.attr_map, ("externalId", None, None): "scim_external_id"}


class GroupFilter(GroupFilterQuery):
    """The library maps nothing for groups."""

    attr_map: ClassVar = {("displayName", None, None): "name", ("externalId", None, None): "scim_external_id"}
