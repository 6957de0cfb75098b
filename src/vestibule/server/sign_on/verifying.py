"""The pages between the identity provider and the session: a code, another address, or an administrator's word."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule import ids
from vestibule.allowed_domains import domain_of
from vestibule.claims import Received
from vestibule.identity_providers import Loaded, load
from vestibule.model import EmailVerification, JsonObject
from vestibule.portal.sign_in_pages import verify_page
from vestibule.scim.profile import kept_profile
from vestibule.server.sign_on import cookies
from vestibule.server.sign_on.arriving import HOME, arrival_of, enter
from vestibule.server.sign_on.desk import Desk, hashed
from vestibule.server.sign_on.forms import names_of, read_form
from vestibule.server.sign_on.mailing import send_code
from vestibule.server.sign_on.refusal import LoginRefused, refusal_of
from vestibule.server.sign_on.visit import Visit
from vestibule.signin import admission, people, proofs
from vestibule.signin.outcome import Refused
from vestibule.signin.proofs import CannotVerify
from vestibule.store import NotFound

_MOST_FORM = 4_096
"""Bytes of a posted form."""


class VerifyEndpoints:
    """`/sso/verify/{connection_id}/{verification_id}`, bound to the browser that signed in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request, visit: Visit) -> Response:
        """GET: what is asked; or, once an administrator has decided, the way in."""
        verification, loaded = await self._mine(request, visit)
        if verification.state == "passed":
            if not proofs.is_fresh(verification, visit.at):
                # The word holds, but who it is has to be said anew.
                return RedirectResponse(f"/sso/{loaded.sign_on.protocol}/{visit.connection_id}/login", 303)
            return await self._in(visit, loaded, verification)
        if verification.state == "refused":
            raise LoginRefused(403, "approval_refused", {"verification": verification.id})
        return self._page(visit, verification, request.query_params.get("problem", ""))

    async def act(self, request: Request, visit: Visit) -> Response:
        """POST: `code`, `resend`, `address` or `ask_admin`."""
        self._check_origin(request)
        verification, loaded = await self._mine(request, visit)
        if not proofs.is_fresh(verification, visit.at):
            raise LoginRefused(400, "request_unknown", {"why": "too_old"})
        fields = await read_form(request, _MOST_FORM)
        try:
            return await self._done(visit, loaded, verification, fields)
        except CannotVerify as error:
            visit.error = _code_of(error)
            visit.facts |= {"problem": error.code, **error.facts}
            return self._page(visit, verification, error.code, dict(error.facts))

    async def _done(
        self, visit: Visit, loaded: Loaded, verification: EmailVerification, fields: Mapping[str, str]
    ) -> Response:
        desk = self._desk
        if "code" in fields:
            await proofs.enter_code(desk.store, await desk.code_key(), verification, fields["code"], visit.at)
            return await self._in(
                visit, loaded, await desk.store.verification(verification.connection_id, verification.id)
            )
        if "ask_admin" in fields:
            await proofs.ask_admin(desk.store, verification, visit.at)
            visit.error = "approval_pending"
            return RedirectResponse(self._where(verification), 303)
        if "address" in fields or "resend" in fields:
            _check_allowed(loaded, fields.get("address", ""))
            problem = await send_code(desk, visit, verification, fields.get("address"))
            if problem:
                visit.error = problem if problem.startswith(("mail", "no_")) else f"email_code_{problem}"
                return self._page(visit, verification, problem)
            return RedirectResponse(self._where(verification), 303)
        raise LoginRefused(400, "no_response", {"received": names_of(fields)})

    async def _in(self, visit: Visit, loaded: Loaded, verification: EmailVerification) -> Response:
        """Let in who has proven their address, as things stand now. Raises LoginRefused."""
        desk = self._desk
        sent: JsonObject = verification.document["received"]
        received = Received(
            sent["protocol"], sent["issuer"], sent["subject"], sent["subject_format"],
            {name: tuple(values) for name, values in sent["values"].items()},
        )  # fmt: skip
        details: JsonObject = verification.document["details"]
        arrival = await arrival_of(desk, visit, loaded, received, details)
        profile = arrival.mapped.profile
        if profile is None:
            raise refusal_of(admission.claims_missing(arrival))
        provisioned = await admission.is_provisioned(desk.store, arrival)
        found = await people.find(desk.store, arrival, profile, provisioned=provisioned)
        if isinstance(found, Refused):
            raise refusal_of(found)
        proof = "code" if verification.decided_by == "code" else "admin"
        if not proofs.holds_for(verification, found, profile):
            raise LoginRefused(403, "email_unproven", {"verification": verification.id})
        ruling, policy = await admission.email_ruling(desk.store, arrival, profile, found)
        if proof == "code" and ruling.decision == "ask_admin":
            raise LoginRefused(403, "email_unproven", {"asks": "admin", "policy": policy, "reason": ruling.reason})
        outcome = await admission.complete(
            desk.store, arrival, profile, found, proof, provisioned=provisioned, address=verification.address
        )
        if isinstance(outcome, Refused):
            raise refusal_of(outcome)
        try:
            await proofs.use(desk.store, verification)
        except CannotVerify as error:
            raise LoginRefused(400, "request_unknown", {"why": "used_or_too_old"}) from error
        return await enter(desk, visit, loaded, outcome, details, HOME)

    async def _mine(self, request: Request, visit: Visit) -> tuple[EmailVerification, Loaded]:
        """The verification that this browser holds. Raises LoginRefused."""
        verification_id = request.path_params["verification_id"][:64]
        try:
            verification = await self._desk.store.verification(visit.connection_id, verification_id)
            loaded = await load(self._desk.store, visit.connection_id)
        except NotFound as error:
            raise LoginRefused(404, "request_unknown", {"why": "no_verification"}) from error
        visit.known = True
        secret = request.cookies.get(cookies.verify_name(self._desk, verification_id), "")
        if not verification.browser_hash:
            raise LoginRefused(400, "request_unknown", {"why": "used_or_too_old"})
        if not ids.same_hash(hashed(secret), verification.browser_hash):
            raise LoginRefused(403, "request_unknown", {"why": "other_browser" if secret else "cookie_missing"})
        visit.facts |= {
            "protocol": loaded.sign_on.protocol,
            "idp": loaded.connection.idp,
            "verification": verification.id,
        }
        visit.target = verification.document.get("user_name")
        if visit.at >= verification.expires_at:
            raise LoginRefused(400, "request_unknown", {"why": "too_old"})
        if not loaded.enabled:
            raise LoginRefused(403, "sign_on_disabled")
        return verification, loaded

    def _page(
        self, visit: Visit, verification: EmailVerification, problem: str, facts: JsonObject | None = None
    ) -> Response:
        left = max(0, -(-(verification.sent_at + proofs.RESEND_AFTER - visit.at) // 1_000_000))
        return verify_page(verification, problem, facts or {}, resend_in=left if verification.sends else 0)

    def _where(self, verification: EmailVerification) -> str:
        return f"/sso/verify/{verification.connection_id}/{verification.id}"

    def _check_origin(self, request: Request) -> None:
        """A form of another site's is not taken, beside that it would come without the cookie."""
        origin = request.headers.get("origin")
        if origin is not None and origin != "null" and origin != self._desk.base_url:
            raise LoginRefused(403, "other_origin", {"received": origin[:200]})


def _check_allowed(loaded: Loaded, address: str) -> None:
    """No code is sent to an address that the account may not get; no address is for the page to tell."""
    domain, profile = domain_of(address.strip()), kept_profile(loaded.connection.settings)
    if domain is not None and not profile.allows_domain(domain):
        facts = {"value": address.strip(), "domain": domain, "allowed": list(profile.allowed_domains)}
        raise LoginRefused(403, "domain_not_allowed", facts)


def _code_of(error: CannotVerify) -> str:
    return f"email_code_{error.code}"
