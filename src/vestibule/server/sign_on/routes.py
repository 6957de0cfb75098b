"""The addresses of signing in."""

from starlette.routing import Route

from vestibule.server.sign_on.desk import Desk
from vestibule.server.sign_on.oidc import OidcEndpoints
from vestibule.server.sign_on.saml import SamlEndpoints
from vestibule.server.sign_on.session_page import SessionEndpoints
from vestibule.server.sign_on.single_logout import LogoutEndpoint
from vestibule.server.sign_on.starting import StartEndpoints
from vestibule.server.sign_on.verifying import VerifyEndpoints
from vestibule.server.sign_on.visit import Handle, recorded


def routes(desk: Desk) -> list[Route]:
    """The endpoints, to be mounted at the root."""
    saml, oidc, verify, logout = SamlEndpoints(desk), OidcEndpoints(desk), VerifyEndpoints(desk), LogoutEndpoint(desk)
    session, start = SessionEndpoints(desk, logout.begin), StartEndpoints(desk)

    def at(path: str, handle: Handle, *methods: str) -> Route:
        route = Route(path, recorded(desk, handle), methods=list(methods))
        # A GET begins or ends something here, so a HEAD is not one without the body.
        route.methods = set(methods)
        return route

    one = "/sso/saml/{connection_id}"
    return [
        at(f"{one}/metadata", saml.metadata, "GET"),
        at(f"{one}/login", saml.login, "GET"),
        at(f"{one}/acs", saml.acs, "POST"),
        at(f"{one}/slo", logout.slo, "GET", "POST"),
        at("/sso/oidc/{connection_id}/login", oidc.login, "GET"),
        at("/sso/oidc/{connection_id}/callback", oidc.callback, "GET"),
        at("/sso/verify/{connection_id}/{verification_id}", verify.show, "GET"),
        at("/sso/verify/{connection_id}/{verification_id}", verify.act, "POST"),
        at("/login", start.show, "GET"),
        at("/login", start.find, "POST"),
        at("/session", session.show, "GET"),
        at("/logout", session.log_out, "POST"),
    ]
