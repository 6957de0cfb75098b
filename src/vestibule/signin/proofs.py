"""Proofs of an address: codes that are sent to it, and the word of an administrator."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vestibule import ids
from vestibule.claims import NotAnAddress, Profile, read_address
from vestibule.model import Audit, EmailVerification, JsonObject
from vestibule.scim.folding import fold
from vestibule.signin.outcome import Arrival, Found, MustVerify
from vestibule.store import NotFound, Store

MINUTE = 60_000_000
CODE_LASTS = 10 * MINUTE
TRIES = 5
"""How often a code may be entered wrongly before a new sign-in is needed."""
SENDS = 5
"""How many codes are sent for one sign-in, whichever addresses they go to."""
RESEND_AFTER = MINUTE
WAITS = 7 * 24 * 60 * MINUTE
"""How long a verification may be finished, and how long an administrator's word holds for the next sign-in."""
FRESH = 60 * MINUTE
"""How long what the identity provider said may lie before it is acted upon; after that it is asked again."""

Problem = Literal[
    "wrong_code", "code_expired", "too_many_tries", "too_many_codes", "too_soon", "not_an_address", "over"
]


class CannotVerify(Exception):
    """What was asked is not done. `code` says why, `facts` how many tries are left or when to come again."""

    def __init__(self, code: Problem, **facts: Any) -> None:
        super().__init__(f"{code}: {facts}")
        self.code: Problem = code
        self.facts: Mapping[str, Any] = facts


@dataclass(frozen=True, slots=True)
class Code:
    """A code to be sent, which is kept nowhere."""

    address: str
    digits: str = field(repr=False)


async def begin(store: Store, arrival: Arrival, asked: MustVerify, browser_hash: bytes) -> EmailVerification:
    """Keep a sign-in until its address is proven.

    One that is still open for this identity goes on in this browser. When it now claims to be somebody else, or another
    address, a new one takes its place, so that no proof and no word serves what it was not given for; tries and codes
    are counted on.
    """
    now, connection_id = arrival.now, arrival.connection.id
    present = await latest(store, arrival)
    document, user_id = _document(arrival, asked), None if asked.found.user is None else asked.found.user.id
    is_open = present is not None and present.state in ("asked", "awaiting_approval") and now < present.expires_at
    if present is not None and is_open:
        if user_id == present.user_id and _claims(document) == _claims(present.document):
            return await store.change_verification(
                connection_id, present.id, lambda each: replace(each, browser_hash=browser_hash, document=document)
            )
        await store.change_verification(connection_id, present.id, lambda each: replace(each, expires_at=now))
    counted = present if is_open else None
    fresh = EmailVerification(
        connection_id=connection_id,
        id=ids.new_id("ver", now),
        browser_hash=browser_hash,
        issuer=arrival.received.issuer,
        subject=arrival.subject,
        address=asked.address or "",
        state="asked" if asked.how == "code" else "awaiting_approval",
        created_at=now,
        expires_at=now + WAITS,
        document=document,
        tries=counted.tries if counted else 0,
        sends=counted.sends if counted else 0,
        sent_at=counted.sent_at if counted else 0,
        user_id=user_id,
    )
    await store.add_verification(fresh)
    return fresh


def _claims(document: JsonObject) -> tuple[Any, ...]:
    """What a proof is given for: who, by which address, how found, and by what it may be proven."""
    return tuple(document.get(name) for name in ("user_name", "address", "match", "how"))


async def latest(store: Store, arrival: Arrival) -> EmailVerification | None:
    """The newest verification of this identity, whatever became of it."""
    try:
        return await store.latest_verification(arrival.connection.id, arrival.received.issuer, arrival.subject)
    except NotFound:
        return None


async def decided(store: Store, arrival: Arrival) -> EmailVerification | None:
    """An administrator's word on this identity, while it holds."""
    present = await latest(store, arrival)
    if present is None or present.decided_by in (None, "code") or arrival.now >= present.expires_at:
        return None
    return present


def holds_for(word: EmailVerification, found: Found, profile: Profile) -> bool:
    """Whether a proof or a word was given for this account: what it was given for may have become another since."""
    if found.match == "identity":
        return True
    if word.user_id is not None:
        same = found.user is not None and found.user.id == word.user_id
    else:
        # Who was new when they were asked may have been provisioned since, under the name that was seen.
        same = found.match != "email" and fold(str(word.document.get("user_name"))) == fold(profile.user_name)
    if found.match != "email" or word.decided_by != "code":
        return same
    # By an address an account is found only for who reads the mail of that very address.
    return same and profile.email is not None and fold(word.address) == fold(str(profile.email))


def is_fresh(verification: EmailVerification, now: int) -> bool:
    """Whether the sign-in that waits is recent enough to be finished as it is."""
    return now - int(verification.document.get("at", verification.created_at)) < FRESH


def _document(arrival: Arrival, asked: MustVerify) -> JsonObject:
    received = arrival.received
    return {
        "at": arrival.now,
        "address": asked.address,
        "match": asked.found.match,
        "how": asked.how,
        "received": {
            "protocol": received.protocol,
            "issuer": received.issuer,
            "subject": received.subject,
            "subject_format": received.subject_format,
            "values": {name: list(values) for name, values in received.values.items()},
        },
        "details": arrival.details,
        "policy": asked.policy,
        "reason": asked.reason,
        "user_name": asked.profile.user_name,
        "display_name": asked.profile.display_name,
    }


async def new_code(
    store: Store, key: bytes, verification: EmailVerification, now: int, address: str | None = None
) -> Code:
    """A fresh code, to the address that is known or to another one. The one before is good no more.

    Raises CannotVerify.
    """
    wanted = verification.address if address is None else _address(address)
    digits = ids.new_code()

    def change(present: EmailVerification) -> EmailVerification:
        _check_open(present, now)
        _check_by_code(present, wanted)
        if present.sends >= SENDS:
            raise CannotVerify("too_many_codes", limit=SENDS)
        wait = present.sent_at + RESEND_AFTER - now
        if present.sends and wait > 0:
            raise CannotVerify("too_soon", seconds=-(-wait // 1_000_000))
        return replace(
            present,
            state="asked",
            address=wanted,
            code_hash=_hash(key, present.id, digits),
            code_expires_at=now + CODE_LASTS,
            sends=present.sends + 1,
            sent_at=now,
        )

    await store.change_verification(verification.connection_id, verification.id, change)
    return Code(wanted, digits)


def _address(text: str) -> str:
    try:
        return str(read_address(text.strip()))
    except NotAnAddress as error:
        raise CannotVerify("not_an_address", why=str(error)) from error


def _hash(key: bytes, verification_id: str, digits: str) -> bytes:
    return ids.keyed_hash(key, f"{verification_id} {digits}")


async def enter_code(store: Store, key: bytes, verification: EmailVerification, digits: str, now: int) -> None:
    """Take a code. Each wrong one counts, whoever enters it; a right one is good once. Raises CannotVerify."""
    wrong: list[CannotVerify] = []
    entered = _hash(key, verification.id, "".join(digits.split()))

    def change(present: EmailVerification) -> EmailVerification:
        wrong.clear()
        _check_open(present, now)
        _check_by_code(present, present.address)
        if present.tries >= TRIES:
            raise CannotVerify("too_many_tries")
        if present.code_hash is None or now >= present.code_expires_at:
            raise CannotVerify("code_expired")
        if not ids.same_hash(present.code_hash, entered):
            left = TRIES - present.tries - 1
            wrong.append(CannotVerify("wrong_code", left=left) if left else CannotVerify("too_many_tries"))
            return replace(present, tries=present.tries + 1)
        return replace(present, state="passed", code_hash=None, decided_at=now, decided_by="code")

    await store.change_verification(verification.connection_id, verification.id, change)
    if wrong:
        raise wrong[0]


def _check_open(present: EmailVerification, now: int) -> None:
    if present.state not in ("asked", "awaiting_approval") or now >= present.expires_at:
        raise CannotVerify("over", state=present.state)


def takes_another_address(verification: EmailVerification) -> bool:
    """Whether somebody may name another address: not where an administrator decides, or where theirs found them."""
    document = verification.document
    return document.get("how") != "admin" and document.get("match") != "email"


def _check_by_code(present: EmailVerification, address: str) -> None:
    if present.document.get("how") == "admin":
        raise CannotVerify("over", state=present.state)
    if not takes_another_address(present) and fold(address) != fold(str(present.document.get("address") or "")):
        raise CannotVerify("not_an_address", why="only the address that your company sent for you counts here")


async def ask_admin(store: Store, verification: EmailVerification, now: int) -> EmailVerification:
    """Have an administrator decide instead of a code. Raises CannotVerify."""

    def change(present: EmailVerification) -> EmailVerification:
        _check_open(present, now)
        # What somebody typed is not what an administrator vouches for.
        claimed = str(present.document.get("address") or "")
        return replace(present, state="awaiting_approval", code_hash=None, address=claimed)

    return await store.change_verification(verification.connection_id, verification.id, change)


async def decide(
    store: Store,
    connection_id: str,
    verification_id: str,
    now: int,
    *,
    approve: bool,
    actor: str,
    because: JsonObject | None = None,
) -> EmailVerification:
    """An administrator's word; `because` is kept with the audit entry.

    Raises CannotVerify when it was decided or is over, NotFound.
    """

    def change(present: EmailVerification) -> EmailVerification:
        _check_open(present, now)
        return replace(
            present,
            state="passed" if approve else "refused",
            address=str(present.document.get("address") or ""),
            decided_at=now,
            decided_by=f"admin:{actor}",
            expires_at=now + WAITS,
            code_hash=None,
        )

    action = "sign_in.approved" if approve else "sign_in.refused"
    entry = Audit(ids.new_id("aud", now), connection_id, now, actor, action, verification_id, dict(because or {}))
    return await store.change_verification(connection_id, verification_id, change, entry)


async def use(store: Store, verification: EmailVerification) -> None:
    """Take a passed verification, for one caller only, and forget what the identity provider said. Raises CannotVerify.

    An administrator's word goes on holding for the next sign-in.
    """

    def change(present: EmailVerification) -> EmailVerification:
        if present.state != "passed" or present.browser_hash != verification.browser_hash or not present.browser_hash:
            raise CannotVerify("over", state=present.state)
        kept = {name: each for name, each in present.document.items() if name not in ("received", "details")}
        return replace(present, browser_hash=b"", document=kept)

    await store.change_verification(verification.connection_id, verification.id, change)
