"""`vestibule doctor`: what does not fit together between sign-in, provisioning and the accounts that are there."""

import asyncio
import sys
from pathlib import Path

import click
import orjson

from vestibule import connections
from vestibule.cli.session import FINDING, UNREACHABLE, Session, command, fail
from vestibule.cli.sign_on import seal_of
from vestibule.cli.test import read_token
from vestibule.counting import counted, people
from vestibule.doctor import examining, foreign
from vestibule.doctor.finding import Examined, Finding
from vestibule.model import JsonObject
from vestibule.probe import Unreachable, Unusable
from vestibule.sealing import SealError
from vestibule.server.sign_on.evidence import CLAIMS_ID, context
from vestibule.store import NotFound, Store

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.argument("target", metavar="CONNECTION_ID|URL")
@click.option("--token", help="With a URL: the bearer token; it is seen in the list of processes.")
@click.option("--token-file", type=_FILE, help="With a URL: a file with the token; - is standard input.")
@click.option(
    "--most", type=click.IntRange(1), metavar="N", default=2_000, show_default=True, help="With a URL: read so many."
)
@click.option("--allowed-domain", "domains", multiple=True, metavar="DOMAIN", help="As if only these were allowed.")
@command
def doctor(
    session: Session, target: str, token: str | None, token_file: Path | None, most: int, domains: tuple[str, ...]
) -> None:
    """Examine a connection from what is stored, or another SCIM server by reading it.

    Leaves with 0 when nothing is wrong, 1 with findings, 3 when URL cannot be reached.
    """
    if "://" in target:
        if domains:
            fail("--allowed-domain is for a connection of this installation.")
        examined = _foreign(target, read_token(token, token_file), most)
    elif token is not None or token_file is not None:
        fail("A connection is examined from what is stored and needs no token; give the tenant URL for a server.")
    else:
        examined = session.run(lambda store: _own(session, store, target, domains))
    session.emit(examined.as_json(), _text(examined))
    if examined.findings:
        sys.exit(FINDING)


async def _own(session: Session, store: Store, connection_id: str, domains: tuple[str, ...]) -> Examined:
    await connections.the_connection(store, connection_id)
    claims = await _claims(session, store, connection_id)
    return await examining.examine(store, connection_id, session.clock.now(), claims, domains)


async def _claims(session: Session, store: Store, connection_id: str) -> JsonObject | None:
    """The claims last seen, hidden in part; None when nobody has signed in lately."""
    try:
        kept = await store.evidence(connection_id, CLAIMS_ID)
        seal = await seal_of(store, session.settings)
        return orjson.loads(seal.open(kept.document, context(connection_id, CLAIMS_ID)))
    except NotFound:
        return None
    except SealError as error:
        session.say(f"The claims last seen cannot be read ({error}), so they are left out.")
        return None


def _foreign(url: str, token: str, most: int) -> Examined:
    try:
        return asyncio.run(foreign.examine(url, token, most))
    except Unusable as error:
        fail(str(error))
    except Unreachable as error:
        fail(str(error), UNREACHABLE)


def _text(examined: Examined) -> str:
    looked_at = f"{people(examined.looked_at['people'])}, {counted(examined.looked_at['groups'], 'group')}"
    if not examined.findings:
        return f"Nothing is amiss ({looked_at} looked at)."
    head = f"{counted(len(examined.findings), 'finding')} ({looked_at} looked at)"
    return "\n\n".join([head, *(_paragraph(number, each) for number, each in enumerate(examined.findings, 1))])


def _paragraph(number: int, finding: Finding) -> str:
    lines = [f"{number}. {finding.sentence}  [{finding.code}]", f"   Why: {finding.why}"]
    if finding.examples:
        more = f" … and {finding.count - len(finding.examples)} more" if finding.count > len(finding.examples) else ""
        lines.append(f"   E.g. {', '.join(finding.examples)}{more}")
    lines += [
        f"   To do ({fix.who}): {fix.label}" + (f"\n     {fix.command}" if fix.command else "") for fix in finding.fixes
    ]
    return "\n".join(lines)
