"""What the store keeps of signing in; a part of `vestibule.store.Store`, with the same promises.

What has an end is gone after it: begun logins, messages that may be used once, evidence.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from vestibule.model import (
    Audit,
    EmailException,
    EmailVerification,
    Group,
    Identity,
    LoginEvidence,
    PendingLogin,
    SignedInSession,
    SignOnRow,
    SpKey,
    VerifiedEmail,
)
from vestibule.store.answers import HeldMembership, SessionState


class SignOnStore(Protocol):
    """Sign-on settings, begun logins, identities, proofs of addresses, sessions."""

    # How a connection signs people in

    async def sign_on(self, connection_id: str) -> SignOnRow:
        """How a connection signs people in. Raises NotFound when nothing is set up."""
        ...

    async def sign_ons(self) -> list[SignOnRow]:
        """Those of all connections, for what is done in the background."""
        ...

    async def change_sign_on(
        self, connection_id: str, change: Callable[[SignOnRow | None], SignOnRow], audit: Audit | None = None
    ) -> SignOnRow:
        """Apply a pure change to the present settings, or to None, in one transaction.

        Sessions end with a change that disables it. What `change` raises is passed on and nothing is changed. Raises
        NotFound for the connection.
        """
        ...

    async def sp_keys(self, connection_id: str) -> list[SpKey]:
        """The key pairs of a connection in the order of making, retired ones too."""
        ...

    async def add_sp_key(self, key: SpKey, audit: Audit | None = None) -> None:
        """Keep a key pair. Raises Taken(`state`) when it is `current` and there is such a one."""
        ...

    async def set_sp_key_states(self, connection_id: str, states: Mapping[str, str], audit: Audit) -> None:
        """Give key pairs (by id) new states, all or none; those that become `gone` are deleted. Raises NotFound."""
        ...

    # Logins on their way

    async def begin_login(self, login: PendingLogin) -> None:
        """Keep a begun login, and drop what of this connection's is over."""
        ...

    async def pending_login(self, connection_id: str, login_id: str) -> PendingLogin:
        """A begun login, left where it is. Raises NotFound."""
        ...

    async def take_login(self, connection_id: str, login_id: str, browser_hash: bytes) -> PendingLogin:
        """A login that this browser began, for one caller only. Raises NotFound, also for another browser."""
        ...

    async def use_once(self, connection_id: str, message_id: str, expires_at: int) -> bool:
        """Whether a message comes for the first time; it is remembered until it expires."""
        ...

    async def keep_evidence(self, evidence: LoginEvidence) -> None:
        """Keep what a sign-in brought, in place of what has the same id."""
        ...

    async def evidence(self, connection_id: str, evidence_id: str) -> LoginEvidence:
        """What a sign-in brought. Raises NotFound."""
        ...

    # Who signs in

    async def identity(self, connection_id: str, issuer: str, subject: str) -> Identity:
        """The identity with this key, compared exactly. Raises NotFound."""
        ...

    async def identities(self, connection_id: str, user_id: str | None = None, limit: int = 100) -> list[Identity]:
        """The identities of a user, or of a connection, the newest first."""
        ...

    async def link_identity(self, identity: Identity, audit: Audit) -> None:
        """Keep a new identity. Raises Taken(`subject`), NotFound for the user."""
        ...

    async def unlink_identity(self, connection_id: str, identity_id: str, audit: Audit) -> Identity:
        """Forget an identity; its sessions end. Raises NotFound."""
        ...

    def signed_in(self, connection_id: str, identity_id: str, at: int) -> None:
        """Note when an identity signed in last; never waits, never raises."""
        ...

    async def has_departed(self, connection_id: str, user_name: str, external_id: str | None) -> bool:
        """Whether somebody with one of these names was deleted here, and not merged into another account."""
        ...

    async def groups_claimed(self, connection_id: str, values: Collection[str]) -> list[Group]:
        """The groups that have one of these as their externalId (exactly) or displayName (caseless)."""
        ...

    async def memberships_of(self, connection_id: str, user_id: str) -> list[HeldMembership]:
        """The groups that a user is in, with who put it there."""
        ...

    # Proofs of e-mail addresses

    async def verified_emails(self, connection_id: str, user_id: str) -> list[VerifiedEmail]:
        """The addresses that are known to be a user's."""
        ...

    async def verify_email(self, proof: VerifiedEmail) -> None:
        """Keep a proof; the first one for an address stays. Raises NotFound for the user."""
        ...

    async def add_verification(self, verification: EmailVerification) -> None:
        """Keep a sign-in that waits for a proof, and drop what of this connection's is over."""
        ...

    async def verification(self, connection_id: str, verification_id: str) -> EmailVerification:
        """One of them. Raises NotFound."""
        ...

    async def latest_verification(self, connection_id: str, issuer: str, subject: str) -> EmailVerification:
        """The newest of those of one identity, whatever became of it. Raises NotFound."""
        ...

    async def verifications(
        self, connection_id: str, state: str | None = None, limit: int = 100
    ) -> list[EmailVerification]:
        """Those of a connection, or those in a state, the newest first."""
        ...

    async def change_verification(
        self,
        connection_id: str,
        verification_id: str,
        change: Callable[[EmailVerification], EmailVerification],
        audit: Audit | None = None,
    ) -> EmailVerification:
        """Apply a pure change in one transaction, so that tries are counted one by one. Raises NotFound."""
        ...

    async def email_exceptions(self, connection_id: str) -> list[EmailException]:
        """All exceptions of a connection, ended ones too, in the order of making."""
        ...

    async def email_exceptions_for(self, connection_id: str, user_id: str, at: int) -> Sequence[EmailException]:
        """Those that hold for a user at an instant: their own first, then those of their groups."""
        ...

    async def add_email_exception(self, exception: EmailException, audit: Audit) -> None:
        """Keep an exception and the audit entry."""
        ...

    async def end_email_exception(self, connection_id: str, exception_id: str, audit: Audit) -> EmailException:
        """Have an exception end at the audit entry's time. Raises NotFound."""
        ...

    # Sessions

    async def begin_session(self, session: SignedInSession) -> None:
        """Keep a session."""
        ...

    async def session(self, connection_id: str, session_id: str) -> SessionState:
        """A session with what decides whether it may go on, in one read. Raises NotFound."""
        ...

    async def sessions(self, connection_id: str, user_id: str | None = None, limit: int = 100) -> list[SessionState]:
        """The sessions of a user, or of a connection, the newest first."""
        ...

    async def end_sessions(
        self,
        connection_id: str,
        at: int,
        by: str,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        identity_id: str | None = None,
        name: tuple[str, Collection[str]] | None = None,
        audit: Audit | None = None,
    ) -> list[str]:
        """End the open sessions that fit all that is given; returns their ids.

        `name` is a NameID with the SessionIndexes that are meant, all when there is none (SAML core 3.7.1).
        """
        ...
