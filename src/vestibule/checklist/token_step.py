"""The step of the token: whether there is one for provisioning, and whether it may do what a sync needs. Pure."""

from typing import Final

from vestibule.checklist.reading import Situation
from vestibule.checklist.step import SOON, Step
from vestibule.checklist.values import token_field
from vestibule.clock import to_the_day, to_the_minute
from vestibule.connections import is_active
from vestibule.scim.scopes import GROUP_SYNC, SCOPES

_NAME, _TITLE = "token", "A token for provisioning"
_USER_SYNC: Final = frozenset({"get:users", "post:users", "patch:users"})
"""Without these no user is synced. Most identity providers deactivate, so that deleting need not be granted."""


def token_step(seen: Situation, now: int) -> Step:
    """How the token stands that is in use, or will be."""
    active = [each for each in seen.tokens if is_active(each, now)]
    if not active:
        told = "The tokens that there were are revoked or have expired." if seen.tokens else "None was made yet."
        todo = f"Ask whoever invited you for a token; it goes into the field “{token_field(seen.connection.idp)}”."
        return Step(_NAME, _TITLE, "failed" if seen.tokens else "open", told, todo)
    # What matters is the one that the identity provider has: the one that was used last, else the newest.
    token = max(active, key=lambda each: (each.last_used_at or 0, each.id))
    name = f"The token that ends in …{token.last_four}"
    used = (
        f"; it was used last at {to_the_minute(token.last_used_at)}" if token.last_used_at else "; it was not used yet"
    )
    lacks_users, lacks_groups = _USER_SYNC - token.scopes, GROUP_SYNC - token.scopes
    if lacks_users or lacks_groups:
        lacking = ", ".join(each for each in SCOPES if each in lacks_users | lacks_groups)
        kinds = "Groups" if not lacks_users else "Users" if not lacks_groups else "Users and groups"
        told = f"{kinds} will fail: {name[0].lower()}{name[1:]} lacks {lacking}{used}."
        todo = "Ask whoever invited you to add these scopes. The token stays the same: nothing is pasted anew."
        return Step(_NAME, _TITLE, "attention", told, todo)
    if token.expires_at is not None and token.expires_at - now < SOON:
        todo = "Ask whoever invited you for the next one, and enter it there before that day."
        return Step(_NAME, _TITLE, "attention", f"{name} ends on {to_the_day(token.expires_at)}{used}.", todo)
    return Step(_NAME, _TITLE, "done", f"{name} may sync users and groups{used}.", None)
