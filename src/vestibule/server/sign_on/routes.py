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
        return Route(path, recorded(desk, handle), methods=list(methods))

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
        Route("/login", start.show, methods=["GET"]),
        Route("/login", start.find, methods=["POST"]),
        Route("/session", session.show, methods=["GET"]),
        Route("/logout", session.log_out, methods=["POST"]),
    ]
