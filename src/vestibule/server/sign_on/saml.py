"""SAML over HTTP: our metadata, the way to the identity provider, and the way back."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule import identity_providers, ids, sp_keys
from vestibule.claims import from_saml
from vestibule.explain.examined import facts_of
from vestibule.identity_providers import Loaded
from vestibule.model import JsonObject, SpKey
from vestibule.portal.sign_in_pages import posting_page
from vestibule.saml import metadata
from vestibule.saml import request as authn_request
from vestibule.saml import response as saml_response
from vestibule.saml.errors import SamlError
from vestibule.saml.expected import Expected
from vestibule.saml.response import Examination
from vestibule.server.sign_on import begun, cookies, evidence
from vestibule.server.sign_on.arriving import Vouched, arrive, browser_of, local
from vestibule.server.sign_on.desk import Desk, hashed
from vestibule.server.sign_on.forms import names_of, read_form
from vestibule.server.sign_on.refusal import LoginRefused
from vestibule.server.sign_on.visit import Visit
from vestibule.signon import SamlIdp
from vestibule.store import NotFound

SECOND = 1_000_000
METADATA_TYPE = "application/samlmetadata+xml"
_MOST_FORM = 1_200_000
"""Bytes of a posted form: the base64 of the largest response that is read, percent-encoded in part."""


class SamlEndpoints:
    """The endpoints of the service provider of each connection."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def metadata(self, _: Request, visit: Visit) -> Response:
        """GET …/metadata: who we are, with the keys that we sign with and that one may encrypt to."""
        desk, connection_id = self._desk, visit.connection_id
        try:
            keys = await sp_keys.ensured(desk.store, await desk.seal(), connection_id, visit.at)
        except NotFound as error:
            raise LoginRefused(404, "sign_on_missing", {"what": error.kind}) from error
        certificates = tuple(each.certificate for each in sp_keys.published(keys))
        provider = metadata.ServiceProvider(
            entity_id=desk.saml_url(connection_id, "metadata"),
            acs_url=desk.saml_url(connection_id, "acs"),
            slo_url=desk.saml_url(connection_id, "slo"),
            signing_certificates=certificates,
            encryption_certificates=certificates,
        )
        headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
        return Response(metadata.write_sp(provider), media_type=METADATA_TYPE, headers=headers)

    async def login(self, request: Request, visit: Visit) -> Response:
        """GET …/login[?test=1]: send the browser to the identity provider."""
        desk, query = self._desk, request.query_params
        test = query.get("test") == "1"
        loaded = await desk.load(visit.connection_id, "saml", disabled_too=test)
        visit.know(loaded, test=test)
        desk.pace.count(request, visit.connection_id, visit.at, "begin")
        idp = _idp(loaded)
        asked = authn_request.AuthnRequest(
            id=f"_{ids.new_browser_secret()}",
            issued=visit.at,
            sp_entity_id=desk.saml_url(visit.connection_id, "metadata"),
            acs_url=desk.saml_url(visit.connection_id, "acs"),
            destination=idp.sso_url,
            force_authn=loaded.sign_on.force_authn or query.get("force") == "1",
        )
        kept: JsonObject = {"request_id": asked.id, "test": test, "next": local(query.get("next"))}
        login_id, secret = await begun.begin(desk, visit.connection_id, visit.at, kept)
        visit.facts["login"] = login_id
        visit.error = None
        response = await self._sent(loaded, asked, login_id, query.get("login_hint"))
        cookies.put_login(response, desk, login_id, secret)
        return response

    async def _sent(
        self, loaded: Loaded, asked: authn_request.AuthnRequest, relay_state: str, hint: str | None
    ) -> Response:
        """The request on its way, signed unless the connection says otherwise."""
        signed = loaded.sign_on.sign_requests
        key, certificate = await self._desk.signing_key(loaded.connection.id) if signed else (None, None)
        if _idp(loaded).sso_binding == "redirect":
            return RedirectResponse(authn_request.redirect(asked, relay_state, key, hint), 302)
        form = authn_request.post(asked, relay_state, key, certificate, hint)
        return posting_page(form.action, form.fields)

    async def acs(self, request: Request, visit: Visit) -> Response:
        """POST …/acs: what the identity provider says of somebody, believed only where it is signed."""
        desk = self._desk
        loaded = await desk.load(visit.connection_id, "saml", disabled_too=True)
        visit.know(loaded, test=False)
        desk.pace.count(request, visit.connection_id, visit.at, "end")
        text, relay_state = await _form(request)
        pending = await self._pending(request, visit, relay_state)
        if not loaded.enabled and not pending.get("test"):
            raise LoginRefused(403, "sign_on_disabled")
        examination = await self._examined(visit, loaded, text, pending)
        if examination.assertion is None:
            return await self._failed(visit, examination, pending)
        assertion = examination.assertion
        if not await desk.store.use_once(visit.connection_id, assertion.id, assertion.replay_until):
            raise SamlError("replay", received=assertion.id)
        if not pending:
            # Somebody else's browser could have been made to post it: only a sign-in begun here is finished here.
            return RedirectResponse(desk.saml_url(visit.connection_id, "login"), 303)
        received = from_saml(assertion.issuer, assertion.name_id, assertion.name_id_format, assertion.attributes)
        details = {
            "name_id": assertion.name_id,
            "name_id_format": assertion.name_id_format,
            "name_qualifier": assertion.name_qualifier,
            "sp_name_qualifier": assertion.sp_name_qualifier,
            "session_index": assertion.session_index,
            "browser": browser_of(request),
        }
        visit.facts |= {
            "signed": assertion.signed,
            "encrypted": assertion.encrypted,
            "certificate": assertion.certificate,
        }
        if assertion.encrypted and assertion.signed != "assertion":
            await identity_providers.note_signed_ciphertext(desk.store, loaded)
        response = await arrive(desk, visit, loaded, Vouched(received, details, _told(examination)), pending)
        cookies.drop_login(response, desk, relay_state or "")
        return response

    async def _pending(self, request: Request, visit: Visit, relay_state: str | None) -> Mapping[str, Any]:
        """The sign-in that this browser began; empty when the message says that it answers none."""
        if not relay_state or not relay_state.startswith("lgn_"):
            return {}
        secret = request.cookies.get(cookies.login_name(self._desk, relay_state), "")
        try:
            login = await self._desk.store.take_login(visit.connection_id, relay_state, hashed(secret))
        except NotFound:
            raise LoginRefused(400, "request_unknown", await self._why_unknown(visit, relay_state, secret)) from None
        if "request_id" not in login.document:
            raise LoginRefused(400, "request_unknown", {"why": "no_sign_in"})
        return begun.resumed(visit, login)

    async def _why_unknown(self, visit: Visit, login_id: str, secret: str) -> Mapping[str, Any]:
        try:
            await self._desk.store.pending_login(visit.connection_id, login_id)
        except NotFound:
            return {"why": "used_or_too_old"}
        return {"why": "other_browser" if secret else "cookie_missing"}

    async def _examined(self, visit: Visit, loaded: Loaded, text: str, pending: Mapping[str, Any]) -> Examination:
        """The response, examined; once more with the metadata read anew when an unknown key signed it."""
        desk, seal = self._desk, await self._desk.seal()
        keys = await desk.store.sp_keys(visit.connection_id)
        expected = expected_of(
            desk, loaded, pending.get("request_id"), [sp_keys.opened(seal, each) for each in _newest(keys)]
        )
        found = saml_response.examine(text, expected, visit.at)
        if found.error is None or found.error.code != "bad_signature":
            return found
        if not identity_providers.may_read_again(loaded, visit.at):
            return found
        fresh = await identity_providers.refresh_metadata(
            desk.store, desk.fetcher, loaded, visit.at, allow_http=desk.allow_http
        )
        visit.facts["metadata_read_again"] = True
        if _idp(fresh).certificates == _idp(loaded).certificates:
            return found
        renewed = expected_of(desk, fresh, pending.get("request_id"), list(expected.decryption_keys))
        return saml_response.examine(text, renewed, visit.at)

    async def _failed(self, visit: Visit, examination: Examination, pending: Mapping[str, Any]) -> Response:
        error = examination.error or SamlError("not_a_response")
        visit.facts |= {**facts_of(examination), "untrusted": dict(examination.untrusted)}
        if not pending and error.code == "in_response_to":
            error = LoginRefused(400, "request_unknown", {"why": "no_relay_state", **error.facts})
        if pending.get("test"):
            outcome = {"outcome": "refused", "code": error.code, "facts": error.facts}
            return await evidence.tell_test(self._desk, visit, None, _told(examination), outcome)
        raise error


def expected_of(desk: Desk, loaded: Loaded, request_id: str | None, decryption_keys: list[str]) -> Expected:
    """What a response to a connection is held against."""
    idp, sign_on = _idp(loaded), loaded.sign_on
    return Expected(
        sp_entity_id=desk.saml_url(loaded.connection.id, "metadata"),
        acs_url=desk.saml_url(loaded.connection.id, "acs"),
        idp_entity_id=idp.entity_id,
        certificates=idp.certificates,
        request_id=request_id,
        allow_unsolicited=sign_on.idp_initiated and request_id is None,
        decryption_keys=tuple(decryption_keys),
        skew=sign_on.skew * SECOND,
        allow_expired_until=sign_on.expired_until,
        allow_unauthenticated_cbc=not idp.signs_ciphertext,
    )


def _newest(keys: list[SpKey]) -> list[SpKey]:
    """The current key first, then the others from the newest on."""
    return [each for each in keys if each.state == "current"] + [each for each in keys[::-1] if each.state != "current"]


def _told(examination: Examination) -> list[Mapping[str, Any]]:
    return [
        {"name": each.name, "passed": each.passed, "code": each.code, "facts": dict(each.facts)}
        for each in examination.checks
    ]


async def _form(request: Request) -> tuple[str, str | None]:
    """SAMLResponse and RelayState. Raises LoginRefused."""
    fields = await read_form(request, _MOST_FORM)
    if "SAMLResponse" not in fields:
        raise LoginRefused(400, "no_response", {"received": names_of(fields)})
    return fields["SAMLResponse"], fields.get("RelayState")


def _idp(loaded: Loaded) -> SamlIdp:
    idp = loaded.sign_on.idp
    if not isinstance(idp, SamlIdp):
        raise LoginRefused(404, "sign_on_missing")
    return idp
