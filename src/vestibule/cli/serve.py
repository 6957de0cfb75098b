"""`vestibule serve`: the service."""

import asyncio
from dataclasses import replace

import click

from vestibule.cli.session import UNREACHABLE, Session, command, fail
from vestibule.settings import DEFAULT_BASE_URL
from vestibule.store.opening import open_store
from vestibule.store.urls import without_password


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8700, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes serve.")
@click.option(
    "--allow-network", "networks", multiple=True, metavar="CIDR|HOST",
    help="An identity provider's network beyond the public internet; or VESTIBULE_ALLOW_NETWORKS.",
)  # fmt: skip
@command
def serve(session: Session, host: str, port: int, workers: int, networks: tuple[str, ...]) -> None:
    """Serve SCIM and sign-on until Ctrl-C."""
    try:
        from vestibule.server import running
    except ImportError:
        fail("The server is not installed: pip install 'vestibule[server]'.", UNREACHABLE)
    chosen = session.settings
    if chosen.base_url == DEFAULT_BASE_URL:
        chosen = replace(chosen, base_url=f"http://{host}:{port}")
    if networks:
        chosen = replace(chosen, allow_networks=networks)
    asyncio.run(_look(chosen.database))
    session.say(f"Vestibule serves {chosen.base_url} from {without_password(chosen.database)}. Ctrl-C stops it.")
    try:
        running.serve(chosen, host, port, workers)
    except running.PortInUse:
        fail(f"Port {port} of {host} cannot be opened; choose another with --port.", UNREACHABLE)


async def _look(database: str) -> None:
    """Say what is wrong with the database before anything is served."""
    store = open_store(database)
    try:
        await store.ready()
    finally:
        await store.close()
