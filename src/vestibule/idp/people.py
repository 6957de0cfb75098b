"""The people of the tenant as they sign in, made from the same source that the rehearsal provisions from."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID, uuid5

from vestibule.entra.tenant import Tenant, TenantUser

ANY = ("common", "organizations")
"""What stands in an address for whichever tenant it will be."""
_TENANTS = UUID("3b1e0a52-8f0e-4f0b-8c7b-5f3d3f0f6a11")


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A group that somebody is in, directly or by way of another group."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in. `mail` is None for an account without a mailbox."""

    id: str
    upn: str
    display_name: str
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    groups: tuple[GroupRef, ...] = ()
    guest: bool = False
    enabled: bool = True
    assigned: bool = True


@dataclass(frozen=True, slots=True)
class People:
    """A tenant: its id (a GUID), its domain, and who is in it."""

    tenant_id: str
    domain: str
    everybody: tuple[Person, ...]

    def find(self, name: str) -> Person | None:
        """By object id or userPrincipalName, caseless."""
        wanted = name.strip().casefold()
        return next((each for each in self.everybody if wanted in (each.id.casefold(), each.upn.casefold())), None)

    def answers_to(self, name: str) -> bool:
        """Whether a tenant's name in an address is this one: its id, its domain, or one of those that mean any."""
        return name.casefold() in (self.tenant_id, self.domain.casefold(), *ANY)

    def is_ours(self, name: str) -> bool:
        """Whether a sign-in name is of one of the tenant's domains."""
        domain = name.rpartition("@")[2].casefold()
        return any(each.upn.rpartition("@")[2].casefold() == domain for each in self.everybody)


def people_of(tenant: Tenant) -> People:
    """Everybody in the tenant who is not in the recycle bin."""
    scope = tenant.users_in_scope()
    memberships = _memberships(tenant)
    domains = Counter(each.user_principal_name.rpartition("@")[2] for each in tenant.users if not each.guest)
    domain = domains.most_common(1)[0][0] if domains else "example.com"
    everybody = tuple(
        _person(each, memberships.get(each.id, ()), assigned=each.id in scope)
        for each in tenant.users
        if not each.deleted
    )
    return People(str(uuid5(_TENANTS, domain)), domain, everybody)


def _person(user: TenantUser, groups: tuple[GroupRef, ...], *, assigned: bool) -> Person:
    return Person(
        id=user.id,
        upn=user.user_principal_name,
        display_name=user.attributes.get("displayName", user.user_principal_name),
        given_name=user.attributes.get("givenName"),
        surname=user.attributes.get("surname"),
        mail=user.attributes.get("mail"),
        groups=groups,
        guest=user.guest,
        enabled=user.enabled,
        assigned=assigned,
    )


def _memberships(tenant: Tenant) -> dict[str, tuple[GroupRef, ...]]:
    """Per user all groups, also those that hold a group that holds the user: the claim counts nested groups."""
    parents: dict[str, list[str]] = {}
    for group in tenant.groups:
        for inner in group.nested:
            parents.setdefault(inner, []).append(group.id)
    names = {group.id: group.display_name for group in tenant.groups}
    found: dict[str, dict[str, None]] = {}
    for group in tenant.groups:
        above = _closure(group.id, parents)
        for member in group.members:
            found.setdefault(member, {}).update(above)
    return {
        user: tuple(GroupRef(each, names[each]) for each in groups if each in names) for user, groups in found.items()
    }


def _closure(start: str, parents: dict[str, list[str]]) -> dict[str, None]:
    seen: dict[str, None] = {}
    waiting = [start]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen[each] = None
            waiting += parents.get(each, [])
    return seen
