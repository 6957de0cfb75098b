"""The scopes of a SCIM token: a verb and a resource type, e.g. `get:groups`."""

from collections.abc import Iterable

VERBS = ("get", "post", "put", "patch", "delete")
SCOPES = tuple(f"{verb}:{kind}" for kind in ("users", "groups") for verb in VERBS)
"""All scopes, in the order in which they are shown."""

GROUP_SYNC = frozenset({"get:groups", "post:groups", "patch:groups", "delete:groups"})
"""What an identity provider such as Entra needs to sync groups (it never sends PUT)."""


class UnknownScope(ValueError):
    """A word that is no scope; the message lists those that exist."""


def needed(method: str, resource_type: str) -> str:
    """The scope that a method on a resource type needs: `needed("GET", "Group") == "get:groups"`.

    `POST …/.search` is a GET in another form: ask for it as GET.
    """
    return f"{method.lower()}:{resource_type.lower()}s"


def read_scopes(words: Iterable[str]) -> frozenset[str]:
    """Check that each word is a scope. Raises UnknownScope."""
    scopes = frozenset(words)
    unknown = sorted(scopes.difference(SCOPES))
    if unknown:
        raise UnknownScope(f"Unknown scope {unknown[0]!r}: the scopes are {', '.join(SCOPES)}.")
    return scopes


def lacks_groups(held: frozenset[str]) -> bool:
    """Whether a token can sync users but not groups: the trap that no identity provider's own test shows."""
    return any(scope.endswith(":users") for scope in held) and not held >= GROUP_SYNC
