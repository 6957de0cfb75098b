"""The pages that people see who sign in. Each says one thing; what is technical is told to their administrator."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from vestibule.explain import explain
from vestibule.model import EmailVerification, Exchange, JsonObject, VerifiedEmail
from vestibule.portal import rendering
from vestibule.portal.rendering import text
from vestibule.signin.proofs import takes_another_address
from vestibule.store import SessionState

SUBMIT = "document.forms[0].submit()"
"""The one script of these pages; the policy names it by its hash."""
_SUBMIT_HASH = base64.b64encode(hashlib.sha256(SUBMIT.encode()).digest()).decode()
_ANYWHERE = "form-action *"
"""Of a form that leads to an identity provider: browsers hold the policy against each redirect that follows, and to
which sites those lead is the provider's own affair (CSP 3, 6.4.1)."""
NOBODY = "You could not be signed in."
"""What is said of a refusal that has no words of its own for the person."""


_TOO_OFTEN = frozenset({"too_many_tries", "too_many_codes", "too_soon", "mailbox_busy"})


def refused_page(exchange: Exchange) -> Response:
    """Why somebody was not signed in, in words for them, with what their administrator needs to find the rest."""
    told = explain(exchange)
    said = getattr(told, "end_user", "") or NOBODY
    return _page("refused.html", exchange.status, said=said, code=told.code, request_id=exchange.id)


def posting_page(action: str, fields: Mapping[str, str]) -> Response:
    """A form that goes to the identity provider by itself, or by a button where scripts are off."""
    return _page(
        "posting.html", 200, action=action, fields=fields, script=SUBMIT,
        policy=f"{_ANYWHERE}; script-src 'sha256-{_SUBMIT_HASH}'",
    )  # fmt: skip


def verify_page(verification: EmailVerification, problem: str, facts: JsonObject, *, resend_in: int) -> Response:
    """The code, another address, or the wait for an administrator."""
    status = 429 if problem in _TOO_OFTEN else 400 if problem else 200
    waiting = verification.state == "awaiting_approval"
    return _page(
        "waiting.html" if waiting else "verify.html",
        status,
        address=verification.address,
        sent=verification.code_hash is not None,
        elsewhere=takes_another_address(verification),
        problem=problem,
        facts=facts,
        resend_in=resend_in,
        verification_id=verification.id,
        name=verification.document.get("display_name") or verification.document.get("user_name"),
        refresh=15 if waiting else None,
    )


def signed_in_page(
    *,
    document: JsonObject,
    groups: Sequence[str],
    proofs: Sequence[VerifiedEmail],
    state: SessionState,
    origin: str,
    idp: str,
) -> Response:
    """Who is signed in, until there is an app to go on to."""
    name = document.get("displayName") or document["userName"]
    session = state.session
    return _page(
        "signed_in.html", 200, name=name, document=document, groups=sorted(groups), proofs=proofs, idp=idp,
        policy=_ANYWHERE, origin=origin, session_id=session.id,
        since=session.created_at, until=session.expires_at,
    )  # fmt: skip


def signed_out_page(why: str) -> Response:
    """Nobody is signed in, and what ended the session that was."""
    return _page("signed_out.html", 200 if why in ("unknown", "logout") else 401, why=why)


def test_page(document: JsonObject) -> Response:
    """The result of a test sign-in: every check, what came, how it is mapped, and what would happen."""
    return _page("test_sign_in.html", 200, test=document)


def start_page(problem: str = "", address: str = "") -> Response:
    """Where somebody says who they are, to be sent to their company's identity provider."""
    return _page("start.html", 400 if problem else 200, policy=_ANYWHERE, problem=problem, address=address)


def code_mail(digits: str, enterprise: str) -> tuple[str, str, str]:
    """Subject, text and HTML of the mail with a code."""
    shown = f"{digits[:3]} {digits[3:]}"
    values: dict[str, Any] = {"digits": digits, "shown": shown, "enterprise": " ".join(enterprise.split())}
    # Not escaped: a subject is no HTML; and one line, whatever the enterprise is called.
    return f"{shown} is your code to sign in", text("code_mail.txt", **values), text("code_mail.html", **values)


def _page(
    template: str, status: int, /, *, policy: str = "form-action 'self'", refresh: int | None = None, **values: Any
) -> Response:
    headers = {} if refresh is None else {"Refresh": str(refresh)}
    return rendering.page(template, status, policy=policy, headers=headers, **values)
