"""A pasted SAML response, diagnosed: held against a connection where one is named, else against itself."""

from vestibule import identity_providers, sp_keys
from vestibule.cli.session import Session, fail
from vestibule.cli.sign_on import addresses_json, seal_of
from vestibule.cli.told import as_text
from vestibule.connections import Refused
from vestibule.explain.pasted import response_in
from vestibule.explain.response import Against, Diagnosis, Line, diagnose
from vestibule.model import JsonObject
from vestibule.saml.instants import SECOND
from vestibule.saml.response import Expected
from vestibule.signon import SamlIdp
from vestibule.store import NotFound, Store

_MARKS = {True: "✓", False: "✗", None: "–"}


def diagnosed(session: Session, source: str, data: bytes, connection_id: str | None) -> Diagnosis:
    """The diagnosis of what was pasted. Leaves with a message where there is no response, or no such connection."""
    response = response_in(data)
    if response is None:
        fail(
            f"No SAML response is found in {source}: paste the field SAMLResponse (base64), the XML, the page that "
            "posts it, or a browser's recording (HAR)."
        )
    against = None if connection_id is None else session.run(lambda store: _against(session, store, connection_id))
    return diagnose(response, against, session.clock.now())


async def _against(session: Session, store: Store, connection_id: str) -> Against:
    try:
        loaded = await identity_providers.load(store, connection_id)
    except NotFound as error:
        raise Refused(
            f"{connection_id} is no connection that signs people in. `vestibule connection list` shows those there are."
        ) from error
    sign_on, idp = loaded.sign_on, loaded.sign_on.idp
    if not isinstance(idp, SamlIdp):
        raise Refused(f"{connection_id} signs people in by OpenID Connect, which has no SAML responses.")
    seal = await seal_of(store, session.settings)
    keys = tuple(sp_keys.opened(seal, each) for each in await store.sp_keys(connection_id))
    addresses = addresses_json(connection_id, session.settings)["saml"]
    expected = Expected(
        sp_entity_id=addresses["entity_id"],
        acs_url=addresses["acs_url"],
        idp_entity_id=idp.entity_id,
        certificates=idp.certificates,
        allow_unsolicited=sign_on.idp_initiated,
        decryption_keys=keys,
        skew=sign_on.skew * SECOND,
        allow_expired_until=sign_on.expired_until,
    )
    return Against(connection_id, loaded.connection.idp, expected, sign_on.mapping)


def diagnosis_json(found: Diagnosis) -> JsonObject:
    """The explanation, the checks, and what the response says of itself."""
    checks = [
        {"name": each.name, "holds": each.label, "passed": each.passed, "detail": each.detail} for each in found.lines
    ]
    return {**found.explanation.as_json(), "finding": found.finding, "checks": checks, "response": dict(found.said)}


def diagnosis_text(found: Diagnosis) -> str:
    """A line for each check, then the explanation."""
    lines = [_line(each) for each in found.lines]
    if found.age is not None:
        lines.append(f"– It was made {found.age} ago; its times are judged as of then.")
    return "\n".join([*lines, "", as_text(found.explanation)])


def _line(line: Line) -> str:
    return f"{_MARKS[line.passed]} {line.label}{f' ({line.detail})' if line.detail else ''}"
