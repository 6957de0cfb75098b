"""Switches for tests and the demo, by HTTP: mistakes, the clock, certificates, and new applications."""

from dataclasses import dataclass
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vestibule.idp.apps import BadApp, OidcClient, SamlApp
from vestibule.idp.mistakes import SECOND, UnknownMistake
from vestibule.idp.sp_metadata import BadMetadata, read_sp
from vestibule.idp.state import State

_TURNS = ("roll", "activate", "expire")
_KNOWN = ("mistakes", "clock_offset", "certificate")


class BadControl(ValueError):
    """A body that switches nothing; the message says what may stand in it."""


@dataclass(frozen=True, slots=True)
class Control:
    """The switches over the state."""

    state: State

    async def show(self, _: Request) -> Response:
        """GET /control: what is switched on, and the addresses of every application."""
        return JSONResponse(self._told())

    async def change(self, request: Request) -> Response:
        """POST /control with `mistakes` (a list), `clock_offset` (seconds), `certificate` (roll, activate, expire)."""
        try:
            body = await _object(request)
            unknown = [name for name in body if name not in _KNOWN]
            if unknown:
                raise BadControl(f"{unknown[0]!r} is no switch; there are {', '.join(_KNOWN)}.")
            offset, turn = _offset(body), _turn(body)
            if "mistakes" in body:
                self.state.choose(_texts(body, "mistakes"))
        except (BadControl, UnknownMistake) as error:
            return JSONResponse({"error": str(error)}, 400)
        if offset is not None:
            self.state.extra_offset = offset * SECOND
        if turn is not None:
            self.state.turn(turn)
        return JSONResponse(self._told())

    async def register(self, request: Request) -> Response:
        """POST /control/apps: a service provider by its metadata (XML) or by JSON, or an OIDC client by JSON."""
        try:
            if request.headers.get("content-type", "").partition(";")[0].strip().endswith("xml"):
                return JSONResponse(self._saml(self._add(read_sp(await request.body()))), 201)
            body = await _object(request)
            if "client_id" in body:
                return JSONResponse(self._oidc(self._add_client(_client(body))), 201)
            return JSONResponse(self._saml(self._add(_app(body))), 201)
        except (BadControl, BadMetadata, BadApp) as error:
            return JSONResponse({"error": str(error)}, 400)

    def _add(self, app: SamlApp) -> SamlApp:
        self.state.apps[app.id] = app
        return app

    def _add_client(self, client: OidcClient) -> OidcClient:
        self.state.clients[client.id] = client
        return client

    def _told(self) -> dict[str, Any]:
        return {
            "tenant": self.state.people.tenant_id,
            "mistakes": list(self.state.chosen),
            "clock_offset": self.state.extra_offset // SECOND,
            "people": [
                {"upn": each.upn, "mail": each.mail, "id": each.id, "assigned": each.assigned, "enabled": each.enabled}
                for each in self.state.people.everybody
            ],
            "apps": [self._saml(app) for app in self.state.apps.values()],
            "clients": [self._oidc(client) for client in self.state.clients.values()],
        }

    def _saml(self, app: SamlApp) -> dict[str, Any]:
        home = self.state.home_url
        return {
            "app_id": app.id,
            "entity_id": app.entity_id,
            "issuer": self.state.issuer,
            "metadata_url": f"{home}/federationmetadata/2007-06/federationmetadata.xml?appid={app.id}",
            "login_url": f"{home}/saml2",
            "tile_url": f"{home}/signin/{app.id}",
            "certificates": [
                {"thumbprint": key.thumbprint, "not_after": key.not_after, "pem": key.certificate_pem.decode()}
                for key in self.state.published(app.id)
            ],
        }

    def _oidc(self, client: OidcClient) -> dict[str, Any]:
        return {"client_id": client.id, "issuer": f"{self.state.home_url}/v2.0"}


async def _object(request: Request) -> dict[str, Any]:
    # A form of another site cannot send this type without asking first.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise BadControl("Send Content-Type: application/json (or an XML type for metadata).")
    try:
        body: Any = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise BadControl(f"This is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise BadControl("The body must be a JSON object.")
    return cast("dict[str, Any]", body)


def _texts(body: dict[str, Any], name: str) -> tuple[str, ...]:
    value: Any = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[Any]", value)):
        raise BadControl(f"{name!r} must be a list of texts.")
    return tuple(cast("list[str]", value))


def _text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    value: Any = body.get(name, default)
    if not isinstance(value, str) or not value:
        raise BadControl(f"{name!r} must be a text.")
    return value


def _offset(body: dict[str, Any]) -> int | None:
    value: Any = body.get("clock_offset")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadControl("'clock_offset' must be a whole number of seconds; a negative one is behind.")
    return value


def _turn(body: dict[str, Any]) -> str | None:
    value: Any = body.get("certificate")
    if value is not None and value not in _TURNS:
        raise BadControl(f"'certificate' must be one of {', '.join(_TURNS)}.")
    return value


def _app(body: dict[str, Any]) -> SamlApp:
    slo: Any = body.get("slo_url")
    return SamlApp(
        _text(body, "entity_id"),
        _texts(body, "acs_urls"),
        slo if isinstance(slo, str) else None,
        tuple(each.encode() for each in _texts(body, "signing_certificates")),
        _text(body, "encryption_certificate").encode() if "encryption_certificate" in body else None,
        _text(body, "name") if "name" in body else "",
    )


def _client(body: dict[str, Any]) -> OidcClient:
    return OidcClient(
        _text(body, "client_id"),
        _text(body, "client_secret"),
        _texts(body, "redirect_uris"),
        _texts(body, "post_logout_redirect_uris"),
        _text(body, "name") if "name" in body else "",
        body.get("xms_edov") is True,
    )
