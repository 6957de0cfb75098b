"""What a connection test made is there for who asks for it by name or id, and is listed and counted nowhere."""

from typing import Literal, TypeAlias

from vestibule.canary import PREFIX, SUFFIX, SUFFIX_AT, is_canary
from vestibule.model import Group, User
from vestibule.scim.evaluate import format_filter
from vestibule.scim.filter_ast import Filter
from vestibule.store.sql.where import Condition

Table: TypeAlias = Literal["users", "groups"]
_NAMES = {"users": "user_name", "groups": "display_name"}


def counts(resource: User | Group) -> int:
    """1 for a user or a group, 0 for a canary."""
    name = resource.user_name if isinstance(resource, User) else resource.display_name
    return int(not is_canary(name, resource.external_id))


def uncanny(table: str, alias: str = "") -> str:
    """The condition that a row is no canary, in SQL; the same as `vestibule.canary.is_canary` turned round."""
    name, external_id = f"{alias}{_NAMES[table]}", f"coalesce({alias}external_id, '')"
    told = " OR ".join(
        f"substr({column}, 1, {len(PREFIX)}) <> '{PREFIX}' OR substr({column}, {SUFFIX_AT + 1}) <> '{SUFFIX}'"
        for column in (external_id, name)
    )
    # A mark sorts behind its own begin in every collation, so that one comparison tells most rows.
    return f"({alias}external_id IS NULL OR {alias}external_id < '{PREFIX}' OR {told})"


def hidden(table: str, condition: Condition, where: Filter | None) -> str:
    """What a list is asked beside its filter, from ` AND` on: nothing where one is asked for by name or mark."""
    if condition.narrowed == "point" or (where is not None and PREFIX in format_filter(where).lower()):
        return ""
    return f" AND {uncanny(table, 't.')}"
