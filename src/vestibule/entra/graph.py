"""People and groups as Microsoft Graph tells of them, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class InvalidSource(ValueError):
    """A source file that cannot be read; `message` names the file, the place, the fault and the mend."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class TenantUser:
    """A user of the tenant. `attributes` holds Graph's own property names, only those with a value."""

    id: str
    user_principal_name: str
    enabled: bool = True
    deleted: bool = False
    guest: bool = False
    manager: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def user_name(self) -> str:
        """The name that is provisioned: a guest's loses `#EXT#@tenant` (reference 1.8)."""
        return strip_ext(self.user_principal_name)

    @property
    def active(self) -> bool:
        """Neither disabled nor in the recycle bin."""
        return self.enabled and not self.deleted


@dataclass(frozen=True, slots=True)
class TenantGroup:
    """A group: direct user members by id, and the groups nested in it, which are never followed."""

    id: str
    display_name: str
    members: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tenant:
    """The source directory. `assigned` holds the principals assigned to the app; None is "sync all"."""

    users: tuple[TenantUser, ...] = ()
    groups: tuple[TenantGroup, ...] = ()
    assigned: frozenset[str] | None = None

    def groups_in_scope(self) -> frozenset[str]:
        """Ids of the groups that are provisioned."""
        ids = frozenset(group.id for group in self.groups)
        return ids if self.assigned is None else ids & self.assigned

    def users_in_scope(self) -> frozenset[str]:
        """Ids of users assigned directly or as *direct* members of an assigned group (reference 2.5)."""
        ids = frozenset(user.id for user in self.users)
        if self.assigned is None:
            return ids
        by_group = {m for group in self.groups if group.id in self.assigned for m in group.members}
        return ids & (self.assigned | by_group)


class Expected(NamedTuple):
    """One person who should be in a group; `user_name` as it is provisioned."""

    user_name: str
    external_id: str | None
    display_name: str
    enabled: bool
    in_scope: bool


class ExpectedGroup(NamedTuple):
    """One group of the roll call."""

    name: str
    people: tuple[Expected, ...]
    nested: tuple[str, ...]


def strip_ext(user_principal_name: str) -> str:
    """A guest's `anna_partner.com#EXT#@tenant` without its tail."""
    head, mark, _ = user_principal_name.partition("#EXT#@")
    return head if mark and head else user_principal_name
