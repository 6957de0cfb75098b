"""What follows when an identity provider has vouched for somebody, by whichever protocol: the same walk for all.

Mapped, admitted, and given a session; or asked for a proof of their address; or told, in a test, what would happen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule import ids, sessions
from vestibule.claims import Received, read_profile
from vestibule.domains.discovery import own_domains
from vestibule.identity_providers import Loaded
from vestibule.model import EmailVerification, JsonObject
from vestibule.server.sign_on import cookies, evidence
from vestibule.server.sign_on.desk import Desk, hashed
from vestibule.server.sign_on.mailing import send_code
from vestibule.server.sign_on.refusal import LoginRefused, refusal_of
from vestibule.server.sign_on.visit import Visit
from vestibule.signin import admission, proofs
from vestibule.signin.outcome import Admitted, Arrival, MustVerify, Refused
from vestibule.signin.preview import preview
from vestibule.signin.subject import key_of

HOME = "/session"
"""Where a sign-in ends unless it was begun for another page."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the identity provider said, verified. `checks` are those that were made, for a test."""

    received: Received
    details: JsonObject = field(default_factory=dict[str, Any])
    checks: Sequence[Mapping[str, Any]] = ()


async def arrive(desk: Desk, visit: Visit, loaded: Loaded, vouched: Vouched, pending: Mapping[str, Any]) -> Response:
    """Let somebody in, ask for a proof, or refuse. Raises LoginRefused."""
    arrival = await arrival_of(desk, visit, loaded, vouched.received, vouched.details)
    await evidence.keep_claims(desk, arrival)
    if pending.get("test"):
        return await evidence.tell_test(desk, visit, arrival, vouched.checks, await preview(desk.store, arrival))
    outcome = await _admitted(desk, arrival)
    if isinstance(outcome, Refused):
        raise refusal_of(outcome)
    if isinstance(outcome, MustVerify):
        return await _ask(desk, visit, arrival, outcome)
    return await enter(desk, visit, loaded, outcome, vouched.details, str(pending.get("next") or HOME))


async def arrival_of(desk: Desk, visit: Visit, loaded: Loaded, received: Received, details: JsonObject) -> Arrival:
    """What came, mapped. Raises LoginRefused when it names nobody for good."""
    mapped = read_profile(received, loaded.sign_on.mapping)
    visit.target = received.subject if mapped.profile is None else mapped.profile.user_name
    visit.facts["notes"] = [{"code": note.code, "facts": dict(note.facts)} for note in mapped.notes]
    subject = key_of(received, loaded.connection.idp)
    if subject is None:
        raise LoginRefused(400, "subject_transient", {"received": received.subject_format})
    return Arrival(
        connection=loaded.connection,
        sign_on=loaded.sign_on,
        received=received,
        subject=subject,
        mapped=mapped,
        now=visit.at,
        is_verified_domain=await own_domains(desk.store, loaded.connection.enterprise_id),
        details=details,
    )


async def _admitted(desk: Desk, arrival: Arrival) -> Admitted | MustVerify | Refused:
    """The admission, with the word of an administrator where one was given."""
    word = await proofs.decided(desk.store, arrival)
    if word is not None and word.state == "refused":
        return Refused("approval_refused", {"verification": word.id, "by": word.decided_by})
    outcome = await admission.admit(desk.store, arrival)
    if isinstance(outcome, MustVerify) and word is not None and proofs.holds_for(word, outcome.found, outcome.profile):
        return await _by_word(desk, arrival, outcome, word)
    return outcome


async def _by_word(desk: Desk, arrival: Arrival, asked: MustVerify, word: EmailVerification) -> Admitted | Refused:
    # An empty address stands for somebody without a mailbox, whom an administrator vouches for.
    return await admission.complete(
        desk.store, arrival, asked.profile, asked.found, "admin", address=word.address,
        provisioned=await admission.is_provisioned(desk.store, arrival),
    )  # fmt: skip


async def _ask(desk: Desk, visit: Visit, arrival: Arrival, asked: MustVerify) -> Response:
    """Have the address proven first: send a code, or leave it to an administrator."""
    secret = ids.new_browser_secret()
    verification = await proofs.begin(desk.store, arrival, asked, hashed(secret))
    visit.facts |= {"verification": verification.id, "policy": asked.policy, "reason": asked.reason, "asks": asked.how}
    visit.error = "email_unproven"
    problem = ""
    if verification.state == "asked" and verification.address and verification.code_hash is None:
        problem = await send_code(desk, visit, verification)
    where = f"/sso/verify/{arrival.connection.id}/{verification.id}"
    response = RedirectResponse(f"{where}?problem={problem}" if problem else where, 303)
    cookies.put_verify(response, desk, verification.id, secret)
    return response


async def enter(
    desk: Desk, visit: Visit, loaded: Loaded, admitted: Admitted, details: JsonObject, where: str
) -> Response:
    """A session for who is admitted."""
    user = admitted.user
    visit.user_id, visit.target = user.id, user.user_name
    visit.facts |= {"match": admitted.found.match, "verified_by": admitted.verified_by, "groups": dict(admitted.groups)}
    hours = loaded.sign_on.session_hours
    begun = await sessions.begin(
        desk.store, user.connection_id, user.id, admitted.identity.id, visit.at, hours=hours, document=details
    )
    visit.facts["session"] = begun.session.id
    response = RedirectResponse(where, 303)
    cookies.put_session(response, desk, begun.text, hours * 3_600)
    return response


def local(path: str | None) -> str | None:
    """A path of ours that somebody may be sent to after signing in; None for whatever else was asked for."""
    if not path or len(path) > 512 or not path.startswith("/") or path[1:2] in ("/", "\\") or not path.isprintable():
        return None
    return None if "\\" in path else path


def browser_of(request: Request) -> str:
    """What a browser calls itself, for the list of sessions."""
    return request.headers.get("user-agent", "")[:200]
