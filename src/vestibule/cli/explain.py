"""`vestibule explain`: what happened, why, and what to do."""

import sys
from pathlib import Path

import click

from vestibule.cli import saml_response
from vestibule.cli.session import FINDING, Session, command, fail
from vestibule.cli.told import as_text
from vestibule.explain import explain as told_by_catalogue
from vestibule.explain.foreign import from_foreign
from vestibule.explain.outside import from_text
from vestibule.hindsight import standing, with_hindsight
from vestibule.log import Known, entry_json, known_of
from vestibule.model import Exchange, JsonObject
from vestibule.store import NotFound, Store

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.argument("request_id", required=False)
@click.option("--status", type=click.IntRange(200, 599), help="The status of an answer that was not recorded here.")
@click.option("--body", type=_FILE, help="With --status: a file with the answer's body.")
@click.option("--text", type=_FILE, help="A file with an entry of the identity provider's log, or its error page.")
@click.option("--saml-response", type=_FILE, help="A file with a SAML response: base64, XML, a form, or a HAR.")
@click.option(
    "--connection",
    "connection_id",
    metavar="CON",
    help="With --saml-response: what to hold it against. Alone: how its calls stand.",
)
@command
def explain(
    session: Session,
    request_id: str | None,
    status: int | None,
    body: Path | None,
    text: Path | None,
    saml_response: Path | None,
    connection_id: str | None,
) -> None:
    """Explain REQUEST_ID (req_…), or an answer, a log text, an error page or a SAML response from elsewhere.

    --connection alone tells whether the identity provider calls, and how its last run ended.
    """
    given = sum(each is not None for each in (request_id, status, text, saml_response))
    if given != 1 and (given or connection_id is None):
        fail("Give a request id, or --status with --body, or --text, or --saml-response, or --connection.")
    if connection_id is not None and given and saml_response is None:
        fail("--connection stands alone, or goes with --saml-response.")
    if saml_response is not None:
        _diagnose(session, saml_response, connection_id)
        return
    recorded: JsonObject = {}
    if request_id is not None:
        exchange, known = _recorded(session, request_id)
        recorded = {"exchange": entry_json(exchange, known)}
    elif status is not None:
        exchange = from_foreign(status, _read(body) if body else b"")
    elif connection_id is not None:
        con = connection_id
        exchange = session.run(lambda store: standing(store, con, session.clock.now()))
    else:
        exchange = _pasted(text)
    explanation = told_by_catalogue(exchange)
    session.emit(explanation.as_json() | recorded, as_text(explanation))


def _recorded(session: Session, request_id: str) -> tuple[Exchange, Known]:
    try:
        return session.run(lambda store: _seen(store, request_id, session.clock.now()))
    except NotFound:
        fail(f"No request {request_id} is recorded. `vestibule log CONNECTION_ID` shows those that are.")


async def _seen(store: Store, request_id: str, now: int) -> tuple[Exchange, Known]:
    exchange = await with_hindsight(store, await store.exchange(request_id))
    try:
        return exchange, await known_of(store, exchange.connection_id, now)
    except NotFound:
        # What was recorded outlives its connection.
        return exchange, Known()


def _pasted(text: Path | None) -> Exchange:
    found = from_text(_read(text).decode("utf-8", "replace")) if text else None
    if found is None:
        fail(
            f"Nothing that is known is found in {text}: an answer of a SCIM server (a status and the body in "
            "braces), an "
            "error of Entra's (AADSTS and a number), or a text of an identity provider's log is needed."
        )
    return found


def _diagnose(session: Session, file: Path, connection_id: str | None) -> None:
    found = saml_response.diagnosed(session, str(file), _read(file), connection_id)
    session.emit(saml_response.diagnosis_json(found), saml_response.diagnosis_text(found))
    if found.finding:
        sys.exit(FINDING)


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    return path.read_bytes()
