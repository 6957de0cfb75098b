"""`vestibule serve`: the service."""

import click

from vestibule import settings as settings_module
from vestibule.cli.session import UNREACHABLE, Session, command, fail
from vestibule.settings import DEFAULT_BASE_URL


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8700, show_default=True)
@command
def serve(session: Session, host: str, port: int) -> None:
    """Serve SCIM until Ctrl-C."""
    try:
        import uvicorn

        from vestibule.server import logging
        from vestibule.server.app import create_app
    except ImportError:
        fail("The server is not installed: pip install 'vestibule[server]'.", UNREACHABLE)
    from vestibule.store.sqlite import SqliteStore

    chosen = session.settings
    if chosen.base_url == DEFAULT_BASE_URL:
        chosen = settings_module.Settings(chosen.database, f"http://{host}:{port}", chosen.max_body)
    logging.configure()
    store = SqliteStore.open(settings_module.sqlite_path(chosen.database))
    session.say(f"Vestibule serves {chosen.base_url} from {chosen.database}. Ctrl-C stops it.")
    config = uvicorn.Config(
        create_app(store, chosen), host=host, port=port, log_level="warning", access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    try:
        server.run()
    except SystemExit:
        fail(f"Port {port} of {host} is in use; choose another with --port.", UNREACHABLE)
    if not server.started:
        fail(f"Port {port} of {host} cannot be opened; choose another with --port.", UNREACHABLE)
