"""A SAML message that came in by either binding: decoded, parsed, and its signature looked at."""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from vestibule.idp import redirect_binding
from vestibule.idp.apps import SamlApp
from vestibule.idp.redirect_binding import Undecodable
from vestibule.idp.refusals import Refused
from vestibule.idp.xml import SIGNATURE, Element, NotXml, parse, xmlsec

LONGEST_QUERY = 16_384
"""Characters of a query that are read; Entra ID's own bound is not published."""
Parameter = Literal["SAMLRequest", "SAMLResponse"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message with what came beside it. `query` is the raw query of a redirect, None for a POST."""

    parameter: Parameter
    root: Element
    relay_state: str | None
    query: str | None
    login_hint: str | None

    @property
    def signed(self) -> bool:
        """Whether there is a signature, good or bad."""
        if self.query is not None:
            return any(part.startswith("Signature=") for part in self.query.split("&"))
        return self.root.find(f"{SIGNATURE}Signature") is not None

    def check_signature(self, app: SamlApp) -> None:
        """Look at a signature that is there, if the application's certificate is known. Raises Refused."""
        if not self.signed or not app.signing_certificates:
            return
        if self.query is not None:
            why = redirect_binding.why_not_signed_by(self.query, self.parameter, app.signing_certificates)
        else:
            why = _why_not_signed(self.root, app.signing_certificates)
        if why is not None:
            raise Refused(50006, why=why)


async def read(request: Request) -> Incoming:
    """The message in a request. Raises Refused."""
    if request.method == "POST":
        form = await request.form()
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        query = None
    else:
        query = str(request.url.query)
        if len(query) > LONGEST_QUERY:
            raise Refused(90015, given=len(query), most=LONGEST_QUERY)
        given = dict(request.query_params)
    parameter: Parameter = "SAMLResponse" if "SAMLResponse" in given else "SAMLRequest"
    if not given.get(parameter):
        raise Refused(750054)
    decode = redirect_binding.unbase64 if query is None else redirect_binding.inflate
    try:
        root = parse(decode(given[parameter]))
    except (Undecodable, NotXml) as error:
        raise Refused(75005, why=str(error)) from error
    hint = given.get("login_hint") or request.query_params.get("login_hint")
    return Incoming(parameter, root, given.get("RelayState"), query, hint)


def _why_not_signed(root: Element, certificates: tuple[bytes, ...]) -> str | None:
    signature = root.find(f"{SIGNATURE}Signature")
    reference = None if signature is None else signature.find(f"{SIGNATURE}SignedInfo/{SIGNATURE}Reference")
    if reference is None or reference.get("URI") != f"#{root.get('ID')}":
        return "the signature is not over the message"
    for pem in certificates:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        context.register_id(root, "ID")
        try:
            context.verify(signature)
        except xmlsec.Error:
            continue
        return None
    return "no certificate of the application's metadata made it"
