"""The nouns of the house as frozen values. No behaviour, no I/O.

Times are integer microseconds UTC; ids are text as made by `vestibule.ids`; documents are JSON text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

JsonObject: TypeAlias = dict[str, Any]

Origin = Literal["scim", "app", "login"]
"""Who made a user, a group or a membership: the identity provider, the SaaS app, or a sign-in."""


@dataclass(frozen=True, slots=True)
class Enterprise:
    """A customer of the SaaS app."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Connection:
    """One link to one identity provider of an enterprise; the tenant key of all that follows."""

    id: str
    enterprise_id: str
    idp: str
    created_at: int
    settings: str = "{}"
    """How it speaks SCIM, as `vestibule.scim.profile` reads it: JSON text."""


@dataclass(frozen=True, slots=True)
class Token:
    """A SCIM bearer of one connection. Its text is never kept, only a hash (see `store`)."""

    id: str
    connection_id: str
    name: str
    scopes: frozenset[str]
    last_four: str
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    user_id: str | None = None
    """The user that the token stands for, who may use it for `/Me` only; None for an identity provider's token."""


@dataclass(frozen=True, slots=True)
class TokenChange:
    """What changes on a token; a field left at None stays as it is."""

    scopes: frozenset[str] | None = None
    expires_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A SCIM User of a connection.

    `document` is the resource as JSON text without `id`, `meta` and `groups`, which are kept apart.
    `adopted_at` is the first time that the identity provider wrote to a user it had not made. A `protected` user
    can be neither renamed, deactivated nor deleted by provisioning.
    """

    id: str
    connection_id: str
    user_name: str
    external_id: str | None
    active: bool
    origin: Origin
    version: int
    created_at: int
    updated_at: int
    document: str
    adopted_at: int | None = None
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A SCIM Group of a connection. Its members are rows of their own, never part of this value."""

    id: str
    connection_id: str
    display_name: str
    external_id: str | None
    origin: Origin
    version: int
    created_at: int
    updated_at: int
    member_count: int = 0
    adopted_at: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One membership as it is read back: who, made by whom, and whether the identity provider claims it too."""

    user_id: str
    user_name: str
    display_name: str | None
    external_id: str | None
    active: bool
    origin: Origin
    claimed: bool
    """True when the identity provider has added this member, be it that the app had already done so."""


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A group as it is shown in a user's `groups`."""

    id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A member or a manager that was named but is no user of the connection (yet)."""

    ref: str
    """What the identity provider named: an id, an externalId or a userName."""
    holder_id: str
    """The group that it is to join, or the user whose manager it is."""
    added_at: int
    nested: bool = False
    """True when it is a group of the connection."""
    former: str | None = None
    """The userName, in lower case, of the deleted user whose id was named."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two accounts that may be one person's: `user_id` exists, `incoming` is what the identity provider sent.

    A linked one without `other_id` is `done` once the account took over what the identity provider sent.
    `attribute` is what they share: `emails` (then `other_id` is the account that was made all the same), or
    `userName` or `externalId` (then the request was refused with 409 and there is no `other_id`).
    """

    id: str
    connection_id: str
    attribute: str
    value: str
    user_id: str
    other_id: str | None
    incoming: JsonObject
    state: Literal["open", "linked", "dismissed", "done"]
    requests: int
    first_at: int
    last_at: int
    decided_at: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Requests that a guard keeps back until an administrator decides.

    `guard` is `emptied_group` (`subject` is the group's id) or `deactivations` (`subject` is empty). `count` is what
    the newest request would have come to, `threshold` the connection's limit, `requests` how many were held.
    """

    id: str
    connection_id: str
    guard: Literal["emptied_group", "deactivations"]
    subject: str
    subject_name: str
    count: int
    threshold: int
    requests: int
    state: Literal["open", "approved", "refused"]
    first_at: int
    last_at: int
    decided_at: int | None = None
    approved_until: int | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """One act of an administrator: who did what to what, e.g. `token.scopes_changed` on `tok_…`."""

    id: str
    connection_id: str
    at: int
    actor: str
    action: str
    target: str
    detail: JsonObject


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded SCIM request and its answer. Bodies are redacted and bounded before they get here.

    `facts` holds what the server knew while it answered (got, need, changed counts, tolerated quirks …);
    `error` is the kind of a refusal as `vestibule.scim.errors` names it, None for a 2xx.
    """

    id: str
    connection_id: str
    at: int
    duration_us: int
    method: str
    path: str
    query: str
    status: int
    token_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    target: str | None = None
    """The name asked for or written: a userName or a displayName."""
    scim_type: str | None = None
    error: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    request_body: str | None = None
    response_body: str | None = None


EmailProof = Literal["code", "domain", "idp_claim", "directory", "admin"]
"""What made an e-mail address count as its person's: see `vestibule.signin`."""


@dataclass(frozen=True, slots=True)
class SignOnRow:
    """How a connection signs people in: JSON text as `vestibule.signon` reads it, secrets within it sealed."""

    connection_id: str
    settings: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class SpKey:
    """A key pair of the service provider. `next` is published but not used, `retired` still decrypts."""

    connection_id: str
    id: str
    state: Literal["next", "current", "retired"]
    certificate: str
    """PEM."""
    private_key: str
    """PEM, sealed."""
    created_at: int
    not_after: int


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A sign-in that was begun at the identity provider and has not come back. `id` is what RelayState or state says.

    `browser_hash` is of the cookie of the browser that began it. `document` holds what is needed when it comes back.
    """

    connection_id: str
    id: str
    browser_hash: bytes
    created_at: int
    expires_at: int
    document: JsonObject


@dataclass(frozen=True, slots=True)
class Identity:
    """What signs in: (connection, issuer, subject), linked to a user."""

    connection_id: str
    id: str
    issuer: str
    subject: str
    user_id: str
    created_at: int
    last_login_at: int


@dataclass(frozen=True, slots=True)
class EmailVerification:
    """A sign-in that waits for a proof of its e-mail address: a code that was sent to it, or an administrator.

    `document` is the mapped profile and who it was matched to; `browser_hash` as in PendingLogin. `state` is `asked`
    (for a code), `awaiting_approval`, `passed`, `refused`.
    """

    connection_id: str
    id: str
    browser_hash: bytes
    issuer: str
    subject: str
    address: str
    state: Literal["asked", "awaiting_approval", "passed", "refused"]
    created_at: int
    expires_at: int
    document: JsonObject
    code_hash: bytes | None = None
    code_expires_at: int = 0
    tries: int = 0
    sends: int = 0
    sent_at: int = 0
    user_id: str | None = None
    decided_at: int | None = None
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class VerifiedEmail:
    """An address that is known to be its person's, for good. `by` says what proved it."""

    connection_id: str
    user_id: str
    address: str
    by: EmailProof
    at: int


@dataclass(frozen=True, slots=True)
class EmailException:
    """Another e-mail policy for a user or for the members of a group, until an instant."""

    connection_id: str
    id: str
    kind: Literal["user", "group"]
    subject_id: str
    policy: str
    until: int | None
    reason: str
    created_at: int


@dataclass(frozen=True, slots=True)
class SignedInSession:
    """A person who is signed in. `ended_by` is `logout`, `single_logout`, `admin`, or why it may not go on."""

    connection_id: str
    id: str
    secret_hash: bytes
    user_id: str
    identity_id: str
    created_at: int
    expires_at: int
    document: JsonObject
    """How it began: NameID, SessionIndex, what the browser called itself."""
    ended_at: int | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class LoginEvidence:
    """What a sign-in brought, kept for a while for the test page. `kind` is `test` or `claims`; sealed."""

    connection_id: str
    id: str
    kind: Literal["test", "claims"]
    at: int
    expires_at: int
    document: str


DomainState = Literal["pending", "verified", "failing", "disputed", "lost"]
"""`verified` and `failing` (its proof is gone for less than the grace) hold a domain; see `vestibule.domains`."""
HELD: frozenset[DomainState] = frozenset({"verified", "failing"})


@dataclass(frozen=True, slots=True)
class Domain:
    """A mail domain that an enterprise claims; `domain` in lower-case A-labels (RFC 5891).

    `subdomains` says that whoever proves it speaks for what is below it, too. `token` is what the TXT record shows,
    `note` what the last check came to, in a sentence.
    """

    enterprise_id: str
    id: str
    domain: str
    subdomains: bool
    state: DomainState
    token: str
    created_at: int
    verified_at: int | None = None
    checked_at: int | None = None
    failing_since: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DomainChange:
    """What changes about a domain, and with it about `other`, another enterprise's row; and what the audit is told.

    Such entries are kept under the enterprise's id in place of a connection's.
    """

    domain: Domain
    other: Domain | None = None
    audit: tuple[Audit, ...] = ()
