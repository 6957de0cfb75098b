"""Users and groups of one connection: read, made, changed and deleted in SCIM's terms over the store.

Each function takes the connection id first. What the store says (NotFound, Taken, Stale …) leaves here as the
error of RFC 7644 that it means, with a detail for the customer's admin.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import orjson

from vestibule import ids
from vestibule.clock import Clock
from vestibule.model import Group, GroupRef, JsonObject, Member, Origin, User
from vestibule.scim import errors
from vestibule.scim.filter_ast import Filter
from vestibule.scim.patch import GroupChange
from vestibule.scim.resource import GroupDraft
from vestibule.scim.schema import CORE_USER
from vestibule.scim.user_patch import UserChange, apply
from vestibule.store import GroupChanged, NotFound, Page, Stale, Store, Taken, UnknownMembers, Unsupported


@dataclass(frozen=True, slots=True)
class Directory:
    """The users and groups of all connections, over one store."""

    store: Store
    clock: Clock

    async def create_user(self, connection_id: str, document: JsonObject, origin: Origin = "scim") -> User:
        """Make a user of a normalised document (see `scim.resource.read_user`). Raises Uniqueness."""
        now = self.clock.now()
        user = user_of(ids.new_id("usr", now), connection_id, document, origin, now)
        with _in_scim_terms("User", connection_id):
            await self.store.create_user(user)
        return user

    async def user(self, connection_id: str, user_id: str) -> User:
        """One user. Raises errors.NotFound."""
        with _in_scim_terms("User", user_id):
            return await self.store.user(connection_id, user_id)

    async def users(self, connection_id: str, where: Filter | None, start_index: int, count: int) -> Page[User]:
        """A page of users. Raises InvalidFilter when the store cannot evaluate the filter."""
        with _in_scim_terms("User", ""):
            return await self.store.users(connection_id, where, start_index, count)

    async def replace_user(
        self, connection_id: str, user_id: str, document: JsonObject, expected_version: int | None = None
    ) -> User:
        """PUT: the document replaces the present one. Raises NotFound, Uniqueness, PreconditionFailed."""

        def replacing(before: JsonObject) -> JsonObject:
            # A PUT that says nothing of `active` brings nobody back who was deactivated.
            return {"active": before.get("active", True)} | document

        return await self._change_user(connection_id, user_id, replacing, expected_version)

    async def patch_user(
        self, connection_id: str, user_id: str, change: UserChange, expected_version: int | None = None
    ) -> User:
        """PATCH: the compiled change is applied to the present document, all or nothing."""
        return await self._change_user(
            connection_id, user_id, lambda document: apply(change, document), expected_version
        )

    async def _change_user(self, connection_id: str, user_id: str, edit: "Edit", expected_version: int | None) -> User:
        now = self.clock.now()

        def change(user: User) -> User | None:
            before: JsonObject = orjson.loads(user.document)
            after = edit(before)
            adopted_at = user.adopted_at
            if user.origin != "scim" and adopted_at is None:
                adopted_at = now
            if after == before and adopted_at == user.adopted_at:
                return None
            changed = user_of(user_id, connection_id, after, user.origin, user.created_at)
            # An `active` that is taken away says nothing, so a deactivated person stays deactivated.
            active = after.get("active", user.active) is not False
            return replace(changed, active=active, version=user.version, updated_at=now, adopted_at=adopted_at)

        with _in_scim_terms("User", user_id):
            return await self.store.change_user(connection_id, user_id, change, expected_version)

    async def delete_user(self, connection_id: str, user_id: str, expected_version: int | None = None) -> None:
        """Delete a user for good; it leaves its groups. Raises NotFound, PreconditionFailed."""
        with _in_scim_terms("User", user_id):
            await self.store.delete_user(connection_id, user_id, self.clock.now(), expected_version)

    async def groups_of(self, connection_id: str, users: tuple[User, ...]) -> Mapping[str, list[GroupRef]]:
        """The computed `groups` of some users."""
        return await self.store.groups_of(connection_id, [user.id for user in users]) if users else {}

    async def create_group(self, connection_id: str, draft: GroupDraft, origin: Origin = "scim") -> Group:
        """Make a group with its first members. Raises Uniqueness, UnknownMembers."""
        now = self.clock.now()
        group = Group(ids.new_id("grp", now), connection_id, draft.display_name, draft.external_id, origin, 1, now, now)
        with _in_scim_terms("Group", connection_id):
            return await self.store.create_group(group, draft.members, origin)

    async def group(self, connection_id: str, group_id: str) -> Group:
        """One group without members. Raises errors.NotFound."""
        with _in_scim_terms("Group", group_id):
            return await self.store.group(connection_id, group_id)

    async def groups(self, connection_id: str, where: Filter | None, start_index: int, count: int) -> Page[Group]:
        """A page of groups without members. Raises InvalidFilter."""
        with _in_scim_terms("Group", ""):
            return await self.store.groups(connection_id, where, start_index, count)

    async def change_group(
        self, connection_id: str, group_id: str, change: GroupChange, expected_version: int | None = None
    ) -> GroupChanged:
        """PATCH or PUT of a group as a compiled change. Raises NotFound, Uniqueness, UnknownMembers."""
        with _in_scim_terms("Group", group_id):
            return await self.store.change_group(
                connection_id, group_id, change, self.clock.now(), "scim", expected_version
            )

    async def delete_group(self, connection_id: str, group_id: str, expected_version: int | None = None) -> None:
        """Delete a group; its members stay as users. Raises NotFound, PreconditionFailed."""
        with _in_scim_terms("Group", group_id):
            await self.store.delete_group(connection_id, group_id, expected_version)

    async def members_of(self, connection_id: str, groups: tuple[Group, ...]) -> Mapping[str, list[Member]]:
        """The members of some groups, for an answer that shows them."""
        return await self.store.members_of(connection_id, [group.id for group in groups]) if groups else {}

    async def create_app_group(self, connection_id: str, name: str, user_names: tuple[str, ...]) -> Group:
        """A group of the SaaS app's own (`origin: app`), found and adopted later by the identity provider.

        A userName that does not exist yet becomes a user of the app's own. Raises Uniqueness.
        """
        members: dict[str, None] = {}
        for user_name in user_names:
            members[(await self._app_user(connection_id, user_name)).id] = None
        return await self.create_group(connection_id, GroupDraft(name, None, tuple(members)), "app")

    async def _app_user(self, connection_id: str, user_name: str) -> User:
        try:
            return await self.store.user_named(connection_id, user_name)
        except NotFound:
            document = {"schemas": [CORE_USER], "userName": user_name, "active": True}
            return await self.create_user(connection_id, document, "app")


Edit: TypeAlias = Callable[[JsonObject], JsonObject]
"""From the present document, which it leaves as it is, to the wanted one; may raise a ScimError."""


def user_of(user_id: str, connection_id: str, document: JsonObject, origin: Origin, now: int) -> User:
    """The stored form of a user's document, version 1."""
    text = orjson.dumps(document).decode()
    external_id: Any = document.get("externalId")
    return User(
        id=user_id,
        connection_id=connection_id,
        user_name=document["userName"],
        external_id=external_id,
        active=document.get("active", True) is not False,
        origin=origin,
        version=1,
        created_at=now,
        updated_at=now,
        document=text,
    )


@contextmanager
def _in_scim_terms(resource_type: str, resource_id: str) -> Generator[None]:
    """Turn what the store says into the RFC's errors."""
    try:
        yield
    except NotFound as error:
        raise errors.NotFound(
            f"There is no {resource_type} {resource_id} in this connection; it may have been deleted.",
            resource_type=resource_type,
            id=resource_id,
        ) from error
    except Taken as error:
        raise errors.Uniqueness(
            f"Another {resource_type.lower()} of this connection already has the {error.attribute} {error.value!r}.",
            attribute=error.attribute,
            value=error.value,
            holder=error.holder,
        ) from error
    except Stale as error:
        raise errors.PreconditionFailed(
            f"The resource has changed meanwhile: If-Match names version {error.expected}, "
            f"the present one is {error.present}. Read it again and repeat the change."
        ) from error
    except UnknownMembers as error:
        raise errors.UnknownMembers(
            f"No such user in this connection: {', '.join(error.ids[:5])}"
            f"{f' and {len(error.ids) - 5} more' if len(error.ids) > 5 else ''}. Nobody was added or removed.",
            ids=list(error.ids),
            groups=list(error.groups),
        ) from error
    except Unsupported as error:
        raise errors.InvalidFilter(f"This filter cannot be answered: {error}") from error
