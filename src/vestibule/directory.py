"""Users and groups of one connection: read, made, changed and deleted in SCIM's terms over the store.

Each function takes the connection id first. What the store says (NotFound, Taken, Stale …) leaves here as the
error of RFC 7644 that it means, with a detail for the customer's admin.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import orjson

from vestibule import ids
from vestibule.account_rules import (
    check_only,
    check_protected,
    merged_documents,
    says_active,
    stored,
    user_of,
    with_known_manager,
)
from vestibule.allowed_domains import check_domain
from vestibule.canary import is_canary
from vestibule.clock import Clock
from vestibule.in_scim_terms import in_scim_terms
from vestibule.model import Audit, Conflict, Group, GroupRef, Hold, JsonObject, Origin, User
from vestibule.scim import errors
from vestibule.scim.filter_ast import Filter
from vestibule.scim.folding import fold
from vestibule.scim.patch import GroupChange
from vestibule.scim.profile import Profile
from vestibule.scim.resource import GroupDraft, keep_immutables, with_schemas
from vestibule.scim.schema import CORE_USER
from vestibule.scim.user_patch import UserChange, apply
from vestibule.store import Decided, Decision, GroupChanged, Guarded, NotFound, Page, Rules, Store

DEFAULT = Profile()
Edit: TypeAlias = Callable[[JsonObject], JsonObject]
"""From the present document, which it leaves as it is, to the wanted one; may raise a ScimError."""


@dataclass(frozen=True, slots=True)
class UserWritten:
    """A user after a PUT or PATCH, whether it has a new version, and whether it is active no more."""

    user: User
    changed: bool
    deactivated: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """The users and groups of all connections, over one store."""

    store: Store
    clock: Clock

    async def create_user(
        self, connection_id: str, document: JsonObject, origin: Origin = "scim", profile: Profile = DEFAULT
    ) -> User:
        """Make a user of a normalised document (see `scim.resource.read_user`); active unless it says otherwise.

        An account of the app's or of a sign-in's with the same externalId or userName, which the identity provider
        has not written to yet, is linked instead, if the dialect allows. Raises Uniqueness, UnknownManager, Held,
        Protected, DomainNotAllowed.
        """
        check_domain(None, document, profile)
        now = self.clock.now()
        user = user_of(
            ids.new_id("usr", now), connection_id, {**document, "active": says_active(document)}, origin, now
        )
        try:
            with in_scim_terms("User", connection_id):
                made = await self.store.create_user(user, rules_of(profile))
        except errors.Uniqueness as refusal:
            if origin != "scim" or refusal.facts["attribute"] == "id":
                raise
            return await self._link_or_refuse(user, document, refusal, profile)
        if origin == "scim":
            await self._propose_by_email(made, document)
        return made

    async def _link_or_refuse(
        self, user: User, document: JsonObject, refusal: errors.Uniqueness, profile: Profile
    ) -> User:
        """The account that holds the name, adopted; else the refusal, which is kept as a conflict."""
        facts = refusal.facts
        connection_id, holder_id = user.connection_id, facts["holder"]
        approved = await self._approved(connection_id, holder_id, facts["attribute"], facts["value"])

        def adopt(holder: User) -> User:
            theirs, ours = user.external_id, holder.external_id
            free = profile.dialect.adopts and holder.origin != "scim" and holder.adopted_at is None
            if approved is None and not (free and (theirs is None or ours is None or theirs == ours)):
                raise refusal
            before: JsonObject = orjson.loads(holder.document)
            merged = merged_documents(before, document) | {"active": document.get("active", holder.active)}
            keep_immutables(before, merged, profile.user, omissible=True)
            merged = with_schemas(merged, profile.user)
            adopted = user_of(holder.id, holder.connection_id, merged, holder.origin, holder.created_at)
            kept = {"version": holder.version, "updated_at": user.created_at, "protected": holder.protected}
            adopted = replace(adopted, adopted_at=holder.adopted_at or user.created_at, **kept)
            check_protected(holder, adopted)
            return adopted

        # An approval is good for once, whoever comes at the same time.
        use = None if approved is None else self._used(approved)

        async def write(rules: Rules) -> User:
            with in_scim_terms("User", holder_id):
                return await self.store.change_user(connection_id, holder_id, adopt, None, rules, use)

        try:
            return await self._guarded(connection_id, profile, write)
        except errors.Uniqueness as again:
            await self._note_conflict(user, again.facts["holder"], again.facts["attribute"], again.facts["value"])
            raise
        except Decided as decided:
            raise refusal from decided

    def _used(self, approved: Conflict) -> Decision:
        now = self.clock.now()
        entry = Audit(ids.new_id("aud", now), approved.connection_id, now, "scim", "conflict.done", approved.id, {})
        return Decision(approved.id, "linked", "done", entry)

    async def _approved(self, connection_id: str, holder: str, attribute: str, value: str) -> Conflict | None:
        """The conflict by which an administrator let the account take over what comes next; good for once."""
        for each in await self.store.conflicts(connection_id, "linked"):
            if each.other_id is None and (each.user_id, each.attribute, each.value) == (holder, attribute, value):
                return each
        return None

    async def _propose_by_email(self, user: User, document: JsonObject) -> None:
        """An account of the app's with the same address may be the same person; nobody is taken over for that."""
        values = {fold(each["value"]) for each in document.get("emails", []) if each.get("value")}
        others = await self.store.users_with_email(user.connection_id, values, unadopted=True) if values else ()
        for other in others:
            theirs = {fold(str(each.get("value", ""))) for each in orjson.loads(other.document)["emails"]}
            await self._note_conflict(user, other.id, "emails", min(values & theirs), other_id=user.id)

    async def _note_conflict(
        self, user: User, holder: str, attribute: str, value: str, other_id: str | None = None
    ) -> None:
        if is_canary(user.user_name, user.external_id):
            return
        now = self.clock.now()
        conflict = Conflict(
            id=ids.new_id("cfl", now),
            connection_id=user.connection_id,
            attribute=attribute,
            value=value,
            user_id=holder,
            other_id=other_id,
            incoming={"userName": user.user_name, "externalId": user.external_id},
            state="open",
            requests=1,
            first_at=now,
            last_at=now,
        )
        await self.store.note_conflict(conflict)

    async def user(self, connection_id: str, user_id: str) -> User:
        """One user. Raises errors.NotFound."""
        with in_scim_terms("User", user_id):
            return await self.store.user(connection_id, user_id)

    async def users(
        self, connection_id: str, where: Filter | None, start_index: int, count: int, **order: Any
    ) -> Page[User]:
        """A page of users; `order` as in `Store.users`. Raises InvalidFilter when it cannot be evaluated."""
        with in_scim_terms("User", ""):
            return await self.store.users(connection_id, where, start_index, count, **order)

    async def replace_user(
        self,
        connection_id: str,
        user_id: str,
        document: JsonObject,
        expected_version: int | None = None,
        profile: Profile = DEFAULT,
        only: Collection[str] | None = None,
    ) -> UserWritten:
        """PUT: the document replaces the present one; `only` these attributes may differ, where it is given.

        Raises NotFound, Uniqueness, Mutability, PreconditionFailed, Forbidden, DomainNotAllowed.
        """

        def replacing(before: JsonObject) -> JsonObject:
            # A PUT that says nothing of `active` brings nobody back who was deactivated.
            kept = {urn: before[urn] for urn in profile.user.withdrawn if urn in before}
            after = {"active": before["active"]} | document | kept
            keep_immutables(before, after, profile.user, omissible=True)
            return with_schemas(after, profile.user)

        return await self._change_user(connection_id, user_id, replacing, expected_version, profile, only)

    async def patch_user(
        self,
        connection_id: str,
        user_id: str,
        change: UserChange,
        expected_version: int | None = None,
        profile: Profile = DEFAULT,
        only: Collection[str] | None = None,
    ) -> UserWritten:
        """PATCH: the compiled change is applied to the present document, all or nothing; `only` as for PUT."""
        return await self._change_user(
            connection_id, user_id, lambda document: apply(change, document), expected_version, profile, only
        )

    async def _change_user(
        self,
        connection_id: str,
        user_id: str,
        edit: Edit,
        expected_version: int | None,
        profile: Profile,
        only: Collection[str] | None,
    ) -> UserWritten:
        now = self.clock.now()
        seen: list[User] = []

        def change(user: User) -> User | None:
            seen.append(user)
            before: JsonObject = orjson.loads(user.document)
            before.setdefault("active", user.active)
            after = with_known_manager(before, edit(before))
            check_only(before, after, only)
            check_domain(before, after, profile)
            # An `active` that is taken away says nothing, so a deactivated person stays deactivated.
            active = after.get("active", user.active) is not False
            adopted_at = user.adopted_at
            if user.origin != "scim" and adopted_at is None:
                adopted_at = now
            if after == before and adopted_at == user.adopted_at:
                return None
            changed = replace(user, active=active, adopted_at=adopted_at, updated_at=now, **stored(after))
            check_protected(user, changed)
            return changed

        async def write(rules: Rules) -> User:
            with in_scim_terms("User", user_id):
                return await self.store.change_user(connection_id, user_id, change, expected_version, rules)

        user = await self._guarded(connection_id, profile, write)
        return UserWritten(user, user.version != seen[-1].version, seen[-1].active and not user.active)

    async def delete_user(
        self, connection_id: str, user_id: str, expected_version: int | None = None, profile: Profile = DEFAULT
    ) -> User:
        """Delete a user for good; it leaves its groups. Raises NotFound, PreconditionFailed, Protected, Held."""
        user = await self.user(connection_id, user_id)
        check_protected(user, None)

        async def write(rules: Rules) -> None:
            with in_scim_terms("User", user_id):
                await self.store.delete_user(connection_id, user_id, self.clock.now(), expected_version, rules)

        await self._guarded(connection_id, profile, write)
        return user

    async def _guarded(self, connection_id: str, profile: Profile, write: Callable[[Rules], Any]) -> Any:
        """Write under the connection's guards; what an administrator approved is let through, the rest is held."""
        try:
            return await write(rules_of(profile))
        except Guarded as guarded:
            now = self.clock.now()
            if await self.store.is_approved(connection_id, guarded.guard, guarded.subject, now):
                return await write(replace(rules_of(profile), hold_emptied_group=None, hold_deactivations=None))
            raise await self._held(connection_id, guarded, now) from guarded

    async def _held(self, connection_id: str, guarded: Guarded, now: int) -> errors.Held:
        name = ""
        if guarded.subject:
            name = (await self.store.group(connection_id, guarded.subject)).display_name
        hold = await self.store.note_hold(
            Hold(
                ids.new_id("hld", now),
                connection_id,
                guarded.guard,
                guarded.subject,
                name,
                guarded.count,
                guarded.limit,
                1,
                "open",
                now,
                now,
            )
        )
        what = (
            f"It would leave the group {name!r} without any of its {guarded.count} members."
            if guarded.guard == "emptied_group"
            else f"It would be the deactivation no. {guarded.count} of this run; {guarded.limit} are let through."
        )
        facts = {"hold": hold.id, "guard": guarded.guard, "count": guarded.count, "limit": guarded.limit}
        return errors.Held(f"{what} Nothing was changed.", **facts)

    async def groups_of(self, connection_id: str, users: tuple[User, ...]) -> Mapping[str, list[GroupRef]]:
        """The computed `groups` of some users."""
        return await self.store.groups_of(connection_id, [user.id for user in users]) if users else {}

    async def create_group(
        self, connection_id: str, draft: GroupDraft, origin: Origin = "scim", profile: Profile = DEFAULT
    ) -> GroupChanged:
        """Make a group with its first members. Raises Uniqueness, UnknownMembers."""
        now = self.clock.now()
        group = Group(ids.new_id("grp", now), connection_id, draft.display_name, draft.external_id, origin, 1, now, now)
        with in_scim_terms("Group", connection_id):
            return await self.store.create_group(group, draft.members, origin, rules_of(profile))

    async def group(self, connection_id: str, group_id: str) -> Group:
        """One group without members. Raises errors.NotFound."""
        with in_scim_terms("Group", group_id):
            return await self.store.group(connection_id, group_id)

    async def groups(
        self, connection_id: str, where: Filter | None, start_index: int, count: int, **order: Any
    ) -> Page[Group]:
        """A page of groups without members; `order` as in `Store.groups`. Raises InvalidFilter."""
        with in_scim_terms("Group", ""):
            return await self.store.groups(connection_id, where, start_index, count, **order)

    async def change_group(
        self,
        connection_id: str,
        group_id: str,
        change: GroupChange,
        expected_version: int | None = None,
        profile: Profile = DEFAULT,
    ) -> GroupChanged:
        """PATCH or PUT of a group as a compiled change. Raises NotFound, Uniqueness, UnknownMembers, Held."""

        async def write(rules: Rules) -> GroupChanged:
            with in_scim_terms("Group", group_id):
                return await self.store.change_group(
                    connection_id, group_id, change, self.clock.now(), "scim", expected_version, rules
                )

        return await self._guarded(connection_id, profile, write)

    async def delete_group(
        self, connection_id: str, group_id: str, expected_version: int | None = None, profile: Profile = DEFAULT
    ) -> None:
        """Delete a group; its members stay as users. Raises NotFound, PreconditionFailed, Held."""

        async def write(rules: Rules) -> None:
            with in_scim_terms("Group", group_id):
                await self.store.delete_group(connection_id, group_id, self.clock.now(), expected_version, rules)

        await self._guarded(connection_id, profile, write)

    async def member_ids_of(self, connection_id: str, groups: tuple[Group, ...]) -> Mapping[str, list[str]]:
        """The ids of the members of some groups, for an answer that shows them."""
        return await self.store.member_ids_of(connection_id, [group.id for group in groups]) if groups else {}

    async def nested_of(self, connection_id: str, groups: tuple[Group, ...]) -> Mapping[str, list[GroupRef]]:
        """The groups within some groups, for a connection that accepts them."""
        return await self.store.nested_of(connection_id, [group.id for group in groups]) if groups else {}

    async def create_app_group(self, connection_id: str, name: str, user_names: tuple[str, ...]) -> Group:
        """A group of the SaaS app's own (`origin: app`), found and adopted later by the identity provider.

        A userName that does not exist yet becomes a user of the app's own. Raises Uniqueness.
        """
        members: dict[str, None] = {}
        for user_name in user_names:
            members[(await self._app_user(connection_id, user_name)).id] = None
        return (await self.create_group(connection_id, GroupDraft(name, None, tuple(members)), "app")).group

    async def _app_user(self, connection_id: str, user_name: str) -> User:
        try:
            return await self.store.user_named(connection_id, user_name)
        except NotFound:
            document = {"schemas": [CORE_USER], "userName": user_name, "active": True}
            return await self.create_user(connection_id, document, "app")


def rules_of(profile: Profile) -> Rules:
    """A connection's profile as the rules of a write."""
    return Rules(
        park=profile.references == "park",
        nested=profile.nested_groups != "refuse",
        hold_emptied_group=profile.hold_emptied_group,
        hold_deactivations=profile.hold_deactivations,
        hold_window=profile.hold_window * 60_000_000,
    )
