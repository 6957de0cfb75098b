"""What every store promises of signing in: once is once, gone is gone, and nobody is seen from next door."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.store.conformance_groups import adding
from tests.store.staging import AT, HERE, LATER, THERE, Stage, a_group, a_user, an_audit, edited, promise, user_id
from vestibule.model import (
    EmailException,
    EmailVerification,
    Identity,
    LoginEvidence,
    PendingLogin,
    SignedInSession,
    SignOnRow,
    SpKey,
    VerifiedEmail,
)
from vestibule.store import NotFound, Store, Taken

MINE, NOT_MINE = b"m" * 32, b"n" * 32


def a_login(number: int = 1, connection_id: str = HERE, **rest: Any) -> PendingLogin:
    fields: dict[str, Any] = {"browser_hash": MINE, "created_at": AT, "expires_at": LATER, "document": {"n": number}}
    return PendingLogin(connection_id, f"lgn_{number}", **fields | rest)


def an_identity(number: int = 1, connection_id: str = HERE, **rest: Any) -> Identity:
    fields: dict[str, Any] = {"issuer": "https://idp", "subject": f"sub{number}", "user_id": user_id(number)}
    fields |= {"created_at": AT, "last_login_at": AT}
    return Identity(connection_id, f"idy_{number}", **fields | rest)


def a_session(number: int = 1, connection_id: str = HERE, **rest: Any) -> SignedInSession:
    fields: dict[str, Any] = {"secret_hash": MINE, "user_id": user_id(1), "identity_id": "idy_1", "created_at": AT}
    fields |= {"expires_at": LATER, "document": {"name_id": "ana"}}
    return SignedInSession(connection_id, f"ses_{number}", **fields | rest)


def a_verification(number: int = 1, connection_id: str = HERE, **rest: Any) -> EmailVerification:
    fields: dict[str, Any] = {"issuer": "https://idp", "subject": "sub1", "address": "ana@x.test", "state": "asked"}
    fields |= {"browser_hash": MINE, "created_at": AT, "expires_at": LATER, "document": {"n": number}}
    return EmailVerification(connection_id, f"ver_{number}", **fields | rest)


def an_exception(number: int = 1, **rest: Any) -> EmailException:
    fields: dict[str, Any] = {"kind": "user", "subject_id": user_id(1), "policy": "trust_directory", "until": None}
    fields |= {"reason": "no mailbox", "created_at": AT}
    return EmailException(HERE, f"exc_{number}", **fields | rest)


def a_key(number: int, state: Any) -> SpKey:
    return SpKey(HERE, f"key_{number}", state, f"certificate {number}", "sealed", AT, LATER)


def switched_on(connection_id: str, *, enabled: bool = True) -> Any:
    return lambda _: SignOnRow(connection_id, "{}", enabled)


class SignOnPromises(Stage):
    """Sign-on settings, logins, identities, proofs and sessions."""

    @promise
    async def test_sign_on_settings_change_as_a_whole_or_not_at_all(self, store: Store) -> None:
        with pytest.raises(NotFound):
            await store.sign_on(HERE)
        await store.change_sign_on(HERE, lambda present: SignOnRow(HERE, '{"a": 1}', present is None), an_audit())

        def breaking(present: SignOnRow | None) -> SignOnRow:
            raise ValueError(present)

        with pytest.raises(ValueError):
            await store.change_sign_on(HERE, breaking)
        assert await store.sign_on(HERE) == SignOnRow(HERE, '{"a": 1}', enabled=True)
        assert [each.connection_id for each in await store.sign_ons()] == [HERE]
        assert [each.id for each in await store.audit(HERE)] == ["aud_1"]
        with pytest.raises(NotFound):
            await store.change_sign_on("con_none", switched_on("con_none"))

    @promise
    async def test_there_is_one_current_key_and_it_is_handed_over_in_one_step(self, store: Store) -> None:
        await store.add_sp_key(a_key(1, "current"))
        with pytest.raises(Taken):
            await store.add_sp_key(a_key(2, "current"))
        await store.add_sp_key(a_key(2, "next"))
        await store.set_sp_key_states(HERE, {"key_1": "retired", "key_2": "current"}, an_audit())
        assert [(each.id, each.state) for each in await store.sp_keys(HERE)] == [
            ("key_1", "retired"), ("key_2", "current"),
        ]  # fmt: skip
        with pytest.raises(NotFound):
            await store.set_sp_key_states(HERE, {"key_1": "gone", "key_9": "retired"}, an_audit(2))
        await store.set_sp_key_states(HERE, {"key_1": "gone"}, an_audit(3))
        assert [each.id for each in await store.sp_keys(HERE)] == ["key_2"]
        assert await store.sp_keys(THERE) == []

    @promise
    async def test_a_begun_login_is_taken_once_and_by_its_own_browser(self, store: Store) -> None:
        await store.begin_login(a_login())
        for connection_id, browser in ((HERE, NOT_MINE), (THERE, MINE)):
            with pytest.raises(NotFound):
                await store.take_login(connection_id, "lgn_1", browser)
        assert await store.pending_login(HERE, "lgn_1") == a_login()
        taken = await asyncio.gather(*(store.take_login(HERE, "lgn_1", MINE) for _ in range(5)), return_exceptions=True)
        assert [each for each in taken if not isinstance(each, NotFound)] == [a_login()]

    @promise
    async def test_what_is_over_goes_when_the_next_login_begins(self, store: Store) -> None:
        await store.begin_login(a_login(1))
        await store.begin_login(a_login(2, THERE))
        await store.keep_evidence(LoginEvidence(HERE, "tst_1", "test", AT, LATER, "sealed"))
        await store.begin_login(a_login(3, created_at=LATER + 1, expires_at=LATER + 2))
        with pytest.raises(NotFound):
            await store.pending_login(HERE, "lgn_1")
        with pytest.raises(NotFound):
            await store.evidence(HERE, "tst_1")
        assert (await store.pending_login(THERE, "lgn_2")).id == "lgn_2"

    @promise
    async def test_a_message_is_used_once_however_many_ask(self, store: Store) -> None:
        asked = await asyncio.gather(*(store.use_once(HERE, "_a1", LATER) for _ in range(8)))
        assert sorted(asked) == [False] * 7 + [True]
        assert await store.use_once(THERE, "_a1", LATER)

    @promise
    async def test_an_identity_is_one_key_of_one_person(self, store: Store) -> None:
        await store.create_user(a_user(1))
        await store.create_user(a_user(2))
        await store.link_identity(an_identity(), an_audit())
        with pytest.raises(Taken):
            await store.link_identity(an_identity(2, subject="sub1"), an_audit(2))
        with pytest.raises(NotFound):
            await store.link_identity(an_identity(3), an_audit(3))
        with pytest.raises(NotFound):
            await store.identity(HERE, "https://idp", "SUB1")
        store.signed_in(HERE, "idy_1", LATER)
        await store.flush()
        assert (await store.identity(HERE, "https://idp", "sub1")).last_login_at == LATER
        assert await store.identities(THERE) == []
        assert [each.id for each in await store.audit(HERE)] == ["aud_1"]

    @promise
    async def test_an_identity_goes_with_its_person_and_moves_with_a_merged_one(self, store: Store) -> None:
        for number in (1, 2, 3):
            await store.create_user(a_user(number))
            await store.link_identity(an_identity(number), an_audit(number))
        await store.verify_email(VerifiedEmail(HERE, user_id(1), "Ana@x.test", "code", AT))
        await store.delete_user(HERE, user_id(1), LATER)
        with pytest.raises(NotFound):
            await store.identity(HERE, "https://idp", "sub1")
        assert await store.verified_emails(HERE, user_id(1)) == []
        await store.merge_users(HERE, user_id(3), user_id(2), LATER)
        assert {each.id for each in await store.identities(HERE, user_id(3))} == {"idy_2", "idy_3"}

    @promise
    async def test_who_was_deleted_is_known_by_name_and_who_was_merged_is_not(self, store: Store) -> None:
        for number in (1, 2, 3):
            await store.create_user(a_user(number, externalId=f"ext{number}"))
        await store.delete_user(HERE, user_id(1), LATER)
        await store.merge_users(HERE, user_id(3), user_id(2), LATER)
        assert await store.has_departed(HERE, a_user(1).user_name.upper(), None)
        assert await store.has_departed(HERE, "nobody", "ext1")
        assert not await store.has_departed(HERE, a_user(2).user_name, "ext2")
        assert not await store.has_departed(THERE, a_user(1).user_name, "ext1")

    @promise
    async def test_groups_are_found_by_what_a_sign_in_calls_them(self, store: Store) -> None:
        await store.create_user(a_user(1))
        await store.create_group(a_group("Ops", id="grp_1", external_id="oid-1"), [user_id(1)], "login")
        for group_id, name in (("grp_2", "Sales"), ("grp_3", "OID-1")):
            await store.create_group(a_group(name, id=group_id, external_id=f"of {name}"))
        found = await store.groups_claimed(HERE, ["oid-9", "oid-1", "SALES", "OF SALES"])
        assert [each.id for each in found] == ["grp_1", "grp_2", "grp_3"]
        found = await store.groups_claimed(HERE, ["of Sales"])
        assert [each.id for each in found] == ["grp_2"]
        await store.change_group(HERE, "grp_2", adding(user_id(1)), LATER)
        held = await store.memberships_of(HERE, user_id(1))
        assert [(each.group_id, each.origin, each.claimed) for each in held] == [
            ("grp_1", "login", False), ("grp_2", "scim", True),
        ]  # fmt: skip

    @promise
    async def test_the_first_proof_of_an_address_stays(self, store: Store) -> None:
        await store.create_user(a_user(1))
        await store.verify_email(VerifiedEmail(HERE, user_id(1), "Ana@x.test", "code", AT))
        await store.verify_email(VerifiedEmail(HERE, user_id(1), "ana@X.test", "admin", LATER))
        assert [(each.address, each.by, each.at) for each in await store.verified_emails(HERE, user_id(1))] == [
            ("ana@x.test", "code", AT)
        ]
        with pytest.raises(NotFound):
            await store.verify_email(VerifiedEmail(THERE, user_id(1), "ana@x.test", "code", AT))

    @promise
    async def test_tries_are_counted_one_by_one(self, store: Store) -> None:
        await store.add_verification(a_verification())

        def another(present: EmailVerification) -> EmailVerification:
            if present.tries >= 5:
                raise ValueError
            return replace(present, tries=present.tries + 1)

        asked = (store.change_verification(HERE, "ver_1", another) for _ in range(9))
        refused = [
            each for each in await asyncio.gather(*asked, return_exceptions=True) if isinstance(each, ValueError)
        ]
        assert (len(refused), (await store.verification(HERE, "ver_1")).tries) == (4, 5)
        with pytest.raises(NotFound):
            await store.verification(THERE, "ver_1")

    @promise
    async def test_a_verification_is_kept_as_it_was_given_and_listed_by_state(self, store: Store) -> None:
        whole = a_verification(code_hash=NOT_MINE, code_expires_at=LATER, sends=1, sent_at=AT, user_id="usr_1")
        await store.add_verification(whole)
        await store.add_verification(a_verification(2, state="awaiting_approval"))
        assert await store.verification(HERE, "ver_1") == whole
        assert [each.id for each in await store.verifications(HERE)] == ["ver_2", "ver_1"]
        assert [each.id for each in await store.verifications(HERE, "asked")] == ["ver_1"]
        decided = await store.change_verification(
            HERE, "ver_2", lambda each: replace(each, state="passed", decided_at=LATER, decided_by="cli"), an_audit()
        )
        assert await store.verification(HERE, "ver_2") == decided

    @promise
    async def test_an_exception_holds_for_a_person_or_a_group_until_it_ends(self, store: Store) -> None:
        for number in (1, 2):
            await store.create_user(a_user(number))
        await store.create_group(a_group(), [user_id(1), user_id(2)])
        await store.add_email_exception(an_exception(1, kind="group", subject_id="grp_1"), an_audit(1))
        await store.add_email_exception(an_exception(2, until=LATER), an_audit(2))

        async def holding(number: int, at: int) -> list[str]:
            return [each.id for each in await store.email_exceptions_for(HERE, user_id(number), at)]

        assert await holding(1, AT) == ["exc_2", "exc_1"]
        assert (await holding(1, LATER), await holding(2, AT)) == (["exc_1"], ["exc_1"])
        ended = await store.end_email_exception(HERE, "exc_1", replace(an_audit(3), at=LATER))
        assert ended.until == LATER
        assert await holding(2, LATER) == []
        assert [each.id for each in await store.email_exceptions(HERE)] == ["exc_1", "exc_2"]
        with pytest.raises(NotFound):
            await store.end_email_exception(THERE, "exc_1", an_audit(4))

    @promise
    async def test_a_session_tells_what_became_of_its_person_and_its_connection(self, store: Store) -> None:
        await store.create_user(a_user(1))
        await store.begin_session(a_session())

        async def seen() -> tuple[str, bool]:
            state = await store.session(HERE, "ses_1")
            assert replace(state.session, ended_at=None, ended_by=None) == a_session()
            return state.person, state.enabled

        assert await seen() == ("active", False)
        await store.change_sign_on(HERE, switched_on(HERE))
        assert await seen() == ("active", True)
        await store.change_user(HERE, user_id(1), lambda user: replace(edited(user, active=False), active=False))
        assert await seen() == ("deactivated", True)
        await store.delete_user(HERE, user_id(1), LATER)
        assert await seen() == ("gone", True)
        with pytest.raises(NotFound):
            await store.session(THERE, "ses_1")

    @promise
    async def test_sessions_end_by_whom_they_are_and_only_once(self, store: Store) -> None:
        documents = (
            {"name_id": "ana", "session_index": "1"},
            {"name_id": "ana", "session_index": "2"},
            {"name_id": "bo"},
        )
        for number, document in enumerate(documents, 1):
            await store.begin_session(a_session(number, document=document))
        await store.begin_session(a_session(4, user_id=user_id(2), identity_id="idy_2"))
        assert await store.end_sessions(HERE, AT, "single_logout", name=("ana", ["2"])) == ["ses_2"]
        assert await store.end_sessions(HERE, AT, "single_logout", name=("nobody", [])) == []
        assert await store.end_sessions(THERE, AT, "single_logout", name=("ana", [])) == []
        assert await store.end_sessions(THERE, AT, "admin", user_id=user_id(1)) == []
        assert await store.end_sessions(HERE, AT, "admin", user_id=user_id(1), audit=an_audit()) == ["ses_1", "ses_3"]
        assert await store.end_sessions(HERE, AT, "logout", session_id="ses_1") == []
        ended = {each.session.id: each.session.ended_by for each in await store.sessions(HERE)}
        assert ended == {"ses_1": "admin", "ses_2": "single_logout", "ses_3": "admin", "ses_4": None}
        assert await store.end_sessions(HERE, LATER, "logout", session_id="ses_4") == []

    @promise
    async def test_a_session_and_a_verification_are_of_their_own_connection_and_issuer(self, store: Store) -> None:
        await store.create_user(a_user(1))
        await store.create_user(replace(a_user(1), connection_id=THERE))
        await store.change_user(HERE, user_id(1), lambda user: replace(edited(user, active=False), active=False))
        await store.begin_session(a_session())
        await store.begin_session(a_session(connection_id=THERE))
        assert (await store.session(HERE, "ses_1")).person == "deactivated"
        assert (await store.session(THERE, "ses_1")).person == "active"
        await store.add_verification(a_verification(1))
        await store.add_verification(a_verification(2, issuer="https://other"))
        await store.add_verification(a_verification(3, THERE))
        assert (await store.latest_verification(HERE, "https://idp", "sub1")).id == "ver_1"

    @promise
    async def test_what_ended_sessions_does_not_bring_them_back_when_it_is_undone(self, store: Store) -> None:
        for number in (1, 2):
            await store.create_user(a_user(number))
            await store.begin_session(a_session(number, user_id=user_id(number)))
        for active in (False, True):
            await store.change_user(
                HERE, user_id(1), lambda user, to=active: replace(edited(user, active=to), active=to, updated_at=LATER)
            )

        async def ended() -> dict[str, tuple[int | None, str | None]]:
            found = await store.sessions(HERE)
            return {each.session.id: (each.session.ended_at, each.session.ended_by) for each in found}

        assert await ended() == {"ses_1": (LATER, "deactivated"), "ses_2": (None, None)}
        for number, enabled in enumerate((True, False, True), 1):
            await store.change_sign_on(HERE, switched_on(HERE, enabled=enabled), an_audit(number))
        assert await ended() == {"ses_1": (LATER, "deactivated"), "ses_2": (AT, "connection_disabled")}

    @promise
    async def test_the_sessions_of_an_identity_end_with_it(self, store: Store) -> None:
        await store.create_user(a_user(1))
        await store.link_identity(an_identity(), an_audit())
        await store.begin_session(a_session())
        await store.unlink_identity(HERE, "idy_1", an_audit(2))
        assert (await store.session(HERE, "ses_1")).session.ended_by == "admin"
        with pytest.raises(NotFound):
            await store.unlink_identity(HERE, "idy_1", an_audit(3))
