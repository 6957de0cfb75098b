"""`vestibule idp`: a local identity provider that speaks like Entra ID, for demo and tests only."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx2

from vestibule.cli.session import UNREACHABLE, Session, command, fail
from vestibule.cli.source import read_source

if TYPE_CHECKING:
    from vestibule.idp.apps import OidcClient, SamlApp

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")
_WARNING = "NOT FOR PRODUCTION: this identity provider signs whoever says who they are in."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was given, as it was written."""

    people: Path | None
    sps: tuple[str, ...]
    sp_entity_id: str | None
    acs: tuple[str, ...]
    clients: tuple[str, ...]
    mistakes: tuple[str, ...]
    issuer: str | None
    password: str | None
    choices: dict[str, Any]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8710, show_default=True)
@click.option("--address", metavar="URL", help="What browsers call it; http://HOST:PORT unless given.")
@click.option("--people", type=_FILE, help="Who may sign in: Graph's JSON or a CSV export, as for rehearse --source.")
@click.option("--sp", "sps", multiple=True, metavar="URL|FILE", help="A service provider, by its metadata.")
@click.option("--sp-entity-id", metavar="ID", help="A service provider without metadata; needs --acs.")
@click.option("--acs", multiple=True, metavar="URL", help="A reply URL of --sp-entity-id; the first is the default.")
@click.option("--client", "clients", multiple=True, metavar="ID,SECRET,URL", help="An OpenID Connect client.")
@click.option("--mistake", "mistakes", multiple=True, metavar="NAME[=N]", help="Switch a misconfiguration on.")
@click.option("--list-mistakes", is_flag=True, help="Tell the misconfigurations there are, and leave.")
@click.option("--issuer", metavar="ID", help="SAML's issuer; https://sts.windows.net/TENANT/ unless given.")
@click.option("--password", metavar="TEXT", help="What everybody types; nothing unless given.")
@click.option("--name-id", type=click.Choice(["upn", "mail", "object_id", "persistent"]))
@click.option("--signing", type=click.Choice(["assertion", "response", "both"]))
@click.option("--encryption", type=click.Choice(["none", "application"]))
@click.option("--cipher", type=click.Choice(["aes256-cbc", "aes128-cbc", "aes256-gcm", "aes128-gcm"]))
@click.option("--groups", type=click.Choice(["none", "ids", "names"]))
@command
def idp(
    session: Session,
    host: str,
    port: int,
    address: str | None,
    list_mistakes: bool,
    people: Path | None,
    sps: tuple[str, ...],
    sp_entity_id: str | None,
    acs: tuple[str, ...],
    clients: tuple[str, ...],
    mistakes: tuple[str, ...],
    issuer: str | None,
    password: str | None,
    **choices: Any,
) -> None:
    """NOT FOR PRODUCTION: an identity provider for demo and tests that speaks like Entra ID.

    It signs whoever says who they are in, by SAML and OpenID Connect, and can be made to do what customers'
    identity providers do wrong (--mistake, or POST /control while it runs).
    """
    try:
        from vestibule.idp import running
    except ImportError:
        fail("The identity provider is not installed: pip install 'vestibule[idp]'.", UNREACHABLE)
    if list_mistakes:
        _list(session)
        return
    address = address or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    wanted = Wanted(people, sps, sp_entity_id, acs, clients, mistakes, issuer, password, choices)
    app = _application(session, address, wanted)
    session.say(_WARNING)
    session.say(f"The identity provider is at {address}. Ctrl-C stops it.")
    try:
        running.serve(app, host, port)
    except running.PortInUse:
        fail(f"Port {port} of {host} cannot be opened; choose another with --port.", UNREACHABLE)


def _list(session: Session) -> None:
    from vestibule.idp.mistakes import MISTAKES

    document = [
        {"name": each.name, "sentence": each.sentence, "protocols": list(each.protocols), "seconds": each.seconds}
        for each in MISTAKES
    ]
    width = max(len(each.name) for each in MISTAKES)
    session.emit(document, "\n".join(f"{each.name:<{width}}  {each.sentence}" for each in MISTAKES))


def _application(session: Session, address: str, wanted: Wanted) -> Any:
    from vestibule.idp.app import create
    from vestibule.idp.conduct import Conduct
    from vestibule.idp.mistakes import UnknownMistake
    from vestibule.idp.state import Options

    options = Options(
        base_url=address,
        issuer=wanted.issuer,
        password=wanted.password,
        apps=(*(_from_metadata(each) for each in wanted.sps), *_from_options(wanted)),
        clients=tuple(_client(each) for each in wanted.clients),
        conduct=Conduct(**{name: value for name, value in wanted.choices.items() if value is not None}),
        mistakes=wanted.mistakes,
    )
    try:
        return create(read_source(wanted.people) if wanted.people else None, options, session.clock)
    except UnknownMistake as error:
        fail(f"{error} `vestibule idp --list-mistakes` tells what they do.")


def _from_metadata(place: str) -> "SamlApp":
    from vestibule.idp.apps import BadApp
    from vestibule.idp.sp_metadata import BadMetadata, read_sp

    try:
        if place.startswith(("http://", "https://")):
            answer = httpx2.get(place, follow_redirects=True, timeout=10, trust_env=not place.startswith(_LOOPBACK))
            answer.raise_for_status()
            text = answer.content
        else:
            text = Path(place).read_bytes()
        return read_sp(text)
    except httpx2.HTTPError as error:
        fail(f"The metadata at {place} cannot be read: {error}.", UNREACHABLE)
    except OSError as error:
        fail(f"The metadata in {place} cannot be read: {error.strerror}.", UNREACHABLE)
    except (BadMetadata, BadApp) as error:
        fail(f"--sp {place}: {error}")


def _from_options(wanted: Wanted) -> "tuple[SamlApp, ...]":
    from vestibule.idp.apps import BadApp, SamlApp

    if bool(wanted.sp_entity_id) != bool(wanted.acs):
        fail("--sp-entity-id and --acs go together: an identifier, and where responses to it are sent.")
    try:
        return (SamlApp(wanted.sp_entity_id, wanted.acs),) if wanted.sp_entity_id else ()
    except BadApp as error:
        fail(f"--acs: {error}")


def _client(written: str) -> "OidcClient":
    from vestibule.idp.apps import OidcClient

    ident, secret, url, *more = (*written.split(","), "", "")
    if not (ident and secret and url) or any(more):
        fail(f"--client {written!r}: write ID,SECRET,REDIRECT_URI.")
    return OidcClient(ident, secret, (url,))
