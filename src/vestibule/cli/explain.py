"""`vestibule explain`: what happened, why, and what to do."""

import sys
from pathlib import Path

import click

from vestibule.cli.log import exchange_json
from vestibule.cli.session import Session, command, fail
from vestibule.explain import Explanation
from vestibule.explain import explain as told_by_catalogue
from vestibule.explain.outside import from_answer, from_text
from vestibule.model import JsonObject
from vestibule.store import NotFound

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.argument("request_id", required=False)
@click.option("--status", type=click.IntRange(100, 599), help="The status of an answer that was not recorded here.")
@click.option("--body", type=_FILE, help="With --status: a file with the answer's body.")
@click.option("--text", type=_FILE, help="A file with a pasted entry of the identity provider's log.")
@command
def explain(session: Session, request_id: str | None, status: int | None, body: Path | None, text: Path | None) -> None:
    """Explain REQUEST_ID (req_…), or an answer or log text from elsewhere."""
    if (request_id is not None) + (status is not None) + (text is not None) != 1:
        fail("Give a request id, or --status with --body, or --text.")
    recorded: JsonObject = {}
    if request_id is not None:
        try:
            exchange = session.run(lambda store: store.exchange(request_id))
        except NotFound:
            fail(f"No request {request_id} is recorded. `vestibule log CONNECTION_ID` shows those that are.")
        recorded = {"exchange": exchange_json(exchange)}
    elif status is not None:
        exchange = from_answer(status, _read(body) if body else b"")
    else:
        found = from_text(_read(text).decode("utf-8", "replace")) if text else None
        if found is None:
            fail(f"No answer of a SCIM server is found in {text}: a status and the body in braces are needed.")
        exchange = found
    explanation = told_by_catalogue(exchange)
    session.emit(explanation.as_json() | recorded, as_text(explanation))


def as_text(explanation: Explanation) -> str:
    """Three paragraphs: what happened, why, what to do."""
    lines = [explanation.sentence, "", f"Why: {explanation.why}"]
    for fix in explanation.fixes:
        lines += ["", f"To do ({fix.who}): {fix.label}" + (f"\n  {fix.command}" if fix.command else "")]
    return "\n".join(lines)


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    return path.read_bytes()
