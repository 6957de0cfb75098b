"""What a sign-in brings, and what may become of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from vestibule.claims import Mapped, Profile, Received
from vestibule.model import Connection, EmailProof, Identity, JsonObject, User
from vestibule.signon import SignOn

Match = Literal["identity", "externalId", "userName", "email", "created"]
"""How a person was found: by an identity that is known, by an attribute, by a verified address, or made."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody whom the identity provider vouches for, before it is decided whether they come in.

    `subject` is the key that never changes for a person (see `subject.key_of`). `is_verified_domain` tells of a domain
    in lower-case A-labels whether it is proven to be the enterprise's.
    """

    connection: Connection
    sign_on: SignOn
    received: Received
    subject: str
    mapped: Mapped
    now: int
    is_verified_domain: Callable[[str], bool] = field(default=lambda _: False)
    details: JsonObject = field(default_factory=dict[str, Any])
    """What the session remembers: NameID, SessionIndex."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody comes in. `code` names an explanation, `facts` are its evidence."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Found:
    """Who it is: `user` is None for somebody who would be made, `identity` is None before the first sign-in."""

    match: Match
    user: User | None
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody comes in, as this user."""

    user: User
    identity: Identity
    found: Found
    verified_by: EmailProof | None
    groups: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What became of the groups that the sign-in named."""


@dataclass(frozen=True, slots=True)
class MustVerify:
    """Somebody comes in as soon as their address is proven.

    `how` is `code` (to `address`; None when no address is known) or `admin`. `policy` is the one that asks.
    """

    found: Found
    profile: Profile
    address: str | None
    how: Literal["code", "admin"]
    policy: str
    reason: str


Outcome: TypeAlias = Admitted | MustVerify | Refused
