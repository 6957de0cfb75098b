"""Compile PATCH operations (RFC 7644 section 3.5.2) to a change; apply it to a user's document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GroupChange:
    """What a PATCH or PUT asks of a group, as sets: no present member is needed to say it.

    The store applies it as: if `clear`, all members leave but those in `add`; then those in `remove` leave and
    those in `add` join. `add` and `remove` never overlap. `display_name` None leaves it. `external_id` None
    leaves it, "" clears it.
    """

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    clear: bool = False
    display_name: str | None = None
    external_id: str | None = None
