"""What `RelationalStore` keeps of signing in; see `vestibule.store.sign_on`."""

from collections.abc import Callable, Collection, Mapping, Sequence

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
from vestibule.store.engine import Engine
from vestibule.store.sql import email_proofs, identities, logins, sessions, sign_ons


class RelationalSignOn:
    """The part of the store about signing in, over an engine."""

    _engine: Engine

    async def sign_on(self, connection_id: str) -> SignOnRow:
        """See SignOnStore."""
        return await sign_ons.one(self._engine.reading, connection_id)

    async def sign_ons(self) -> list[SignOnRow]:
        """See SignOnStore."""
        return await sign_ons.every(self._engine.reading)

    async def change_sign_on(
        self, connection_id: str, change: Callable[[SignOnRow | None], SignOnRow], audit: Audit | None = None
    ) -> SignOnRow:
        """See SignOnStore."""
        return await self._engine.write(connection_id, lambda db: sign_ons.change(db, connection_id, change, audit))

    async def sp_keys(self, connection_id: str) -> list[SpKey]:
        """See SignOnStore."""
        return await sign_ons.keys(self._engine.reading, connection_id)

    async def add_sp_key(self, key: SpKey, audit: Audit | None = None) -> None:
        """See SignOnStore."""
        await self._engine.write(key.connection_id, lambda db: sign_ons.insert_key(db, key, audit))

    async def set_sp_key_states(self, connection_id: str, states: Mapping[str, str], audit: Audit) -> None:
        """See SignOnStore."""
        await self._engine.write(connection_id, lambda db: sign_ons.set_key_states(db, connection_id, states, audit))

    async def begin_login(self, login: PendingLogin) -> None:
        """See SignOnStore."""
        await self._engine.write(login.connection_id, lambda db: logins.begin(db, login))

    async def pending_login(self, connection_id: str, login_id: str) -> PendingLogin:
        """See SignOnStore."""
        return await logins.one(self._engine.reading, connection_id, login_id)

    async def take_login(self, connection_id: str, login_id: str, browser_hash: bytes) -> PendingLogin:
        """See SignOnStore."""
        return await self._engine.write(
            connection_id, lambda db: logins.take(db, connection_id, login_id, browser_hash)
        )

    async def use_once(self, connection_id: str, message_id: str, expires_at: int) -> bool:
        """See SignOnStore."""
        return await self._engine.write(
            connection_id, lambda db: logins.use_once(db, connection_id, message_id, expires_at)
        )

    async def keep_evidence(self, evidence: LoginEvidence) -> None:
        """See SignOnStore."""
        await self._engine.write(evidence.connection_id, lambda db: logins.keep_evidence(db, evidence))

    async def evidence(self, connection_id: str, evidence_id: str) -> LoginEvidence:
        """See SignOnStore."""
        return await logins.evidence(self._engine.reading, connection_id, evidence_id)

    async def identity(self, connection_id: str, issuer: str, subject: str) -> Identity:
        """See SignOnStore."""
        return await identities.by_key(self._engine.reading, connection_id, issuer, subject)

    async def identities(self, connection_id: str, user_id: str | None = None, limit: int = 100) -> list[Identity]:
        """See SignOnStore."""
        return await identities.of(self._engine.reading, connection_id, user_id, limit)

    async def link_identity(self, identity: Identity, audit: Audit) -> None:
        """See SignOnStore."""
        await self._engine.write(identity.connection_id, lambda db: identities.link(db, identity, audit))

    async def unlink_identity(self, connection_id: str, identity_id: str, audit: Audit) -> Identity:
        """See SignOnStore."""
        return await self._engine.write(
            connection_id, lambda db: identities.unlink(db, connection_id, identity_id, audit)
        )

    def signed_in(self, connection_id: str, identity_id: str, at: int) -> None:
        """See SignOnStore."""
        self._engine.ride(connection_id, identities.NOTE_SIGN_IN, (connection_id, identity_id, at))

    async def has_departed(self, connection_id: str, user_name: str, external_id: str | None) -> bool:
        """See SignOnStore."""
        return await identities.has_departed(self._engine.reading, connection_id, user_name, external_id)

    async def groups_claimed(self, connection_id: str, values: Collection[str]) -> list[Group]:
        """See SignOnStore."""
        return await identities.groups_claimed(self._engine.reading, connection_id, values)

    async def memberships_of(self, connection_id: str, user_id: str) -> list[HeldMembership]:
        """See SignOnStore."""
        return await identities.memberships_of(self._engine.reading, connection_id, user_id)

    async def verified_emails(self, connection_id: str, user_id: str) -> list[VerifiedEmail]:
        """See SignOnStore."""
        return await email_proofs.verified(self._engine.reading, connection_id, user_id)

    async def verify_email(self, proof: VerifiedEmail) -> None:
        """See SignOnStore."""
        await self._engine.write(proof.connection_id, lambda db: email_proofs.verify(db, proof))

    async def add_verification(self, verification: EmailVerification) -> None:
        """See SignOnStore."""
        await self._engine.write(verification.connection_id, lambda db: email_proofs.insert(db, verification))

    async def verification(self, connection_id: str, verification_id: str) -> EmailVerification:
        """See SignOnStore."""
        return await email_proofs.one(self._engine.reading, connection_id, verification_id)

    async def latest_verification(self, connection_id: str, issuer: str, subject: str) -> EmailVerification:
        """See SignOnStore."""
        return await email_proofs.latest(self._engine.reading, connection_id, issuer, subject)

    async def verifications(
        self, connection_id: str, state: str | None = None, limit: int = 100
    ) -> list[EmailVerification]:
        """See SignOnStore."""
        return await email_proofs.every(self._engine.reading, connection_id, state, limit)

    async def change_verification(
        self,
        connection_id: str,
        verification_id: str,
        change: Callable[[EmailVerification], EmailVerification],
        audit: Audit | None = None,
    ) -> EmailVerification:
        """See SignOnStore."""
        return await self._engine.write(
            connection_id, lambda db: email_proofs.change(db, connection_id, verification_id, change, audit)
        )

    async def email_exceptions(self, connection_id: str) -> list[EmailException]:
        """See SignOnStore."""
        return await email_proofs.exceptions(self._engine.reading, connection_id)

    async def email_exceptions_for(self, connection_id: str, user_id: str, at: int) -> Sequence[EmailException]:
        """See SignOnStore."""
        return await email_proofs.exceptions_for(self._engine.reading, connection_id, user_id, at)

    async def add_email_exception(self, exception: EmailException, audit: Audit) -> None:
        """See SignOnStore."""
        await self._engine.write(
            exception.connection_id, lambda db: email_proofs.insert_exception(db, exception, audit)
        )

    async def end_email_exception(self, connection_id: str, exception_id: str, audit: Audit) -> EmailException:
        """See SignOnStore."""
        return await self._engine.write(
            connection_id, lambda db: email_proofs.end_exception(db, connection_id, exception_id, audit)
        )

    async def begin_session(self, session: SignedInSession) -> None:
        """See SignOnStore."""
        await self._engine.write(session.connection_id, lambda db: sessions.insert(db, session))

    async def session(self, connection_id: str, session_id: str) -> SessionState:
        """See SignOnStore."""
        return await sessions.one(self._engine.reading, connection_id, session_id)

    async def sessions(self, connection_id: str, user_id: str | None = None, limit: int = 100) -> list[SessionState]:
        """See SignOnStore."""
        return await sessions.every(self._engine.reading, connection_id, user_id, limit)

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
        """See SignOnStore."""
        whose = {"id": session_id, "user_id": user_id, "identity_id": identity_id}
        return await self._engine.write(
            connection_id, lambda db: sessions.end(db, connection_id, at, by, whose, name, audit)
        )
