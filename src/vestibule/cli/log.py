"""`vestibule log`: the provisioning log."""

import click
import orjson

from vestibule import connections
from vestibule.cli.session import Session, command
from vestibule.clock import rfc3339
from vestibule.explain import explain
from vestibule.model import Exchange, JsonObject
from vestibule.store import ExchangeQuery, Store


@click.command()
@click.argument("connection_id")
@click.option("--refused", is_flag=True, help="Only requests that were refused.")
@click.option("--target", metavar="NAME", help="Only requests about this user or group.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--wire", is_flag=True, help="Methods and paths instead of sentences.")
@command
def log(session: Session, connection_id: str, refused: bool, target: str | None, limit: int, wire: bool) -> None:
    """What CONNECTION_ID's identity provider asked, newest first, and what became of it. --json prints NDJSON."""

    async def work(store: Store) -> list[Exchange]:
        await connections.the_connection(store, connection_id)
        return await store.exchanges(connection_id, ExchangeQuery(limit=limit, refused=refused, target=target))

    found = session.run(work)
    for each in found:
        click.echo(orjson.dumps(exchange_json(each)).decode() if session.as_json else _line(each, wire))
    if not found and not session.as_json:
        session.say("Nothing recorded yet. The identity provider calls when provisioning is started there.")


def _line(exchange: Exchange, wire: bool) -> str:
    told = f"{exchange.method:<6} {exchange.path}{'?' + exchange.query if exchange.query else ''}"
    return f"{rfc3339(exchange.at)}  {exchange.status}  {told if wire else explain(exchange).sentence}  {exchange.id}"


def exchange_json(exchange: Exchange) -> JsonObject:
    """An exchange with its explanation."""
    explanation = explain(exchange)
    return {
        "id": exchange.id,
        "at": rfc3339(exchange.at),
        "connection_id": exchange.connection_id,
        "token_id": exchange.token_id,
        "method": exchange.method,
        "path": exchange.path,
        "query": exchange.query,
        "resource_type": exchange.resource_type,
        "resource_id": exchange.resource_id,
        "target": exchange.target,
        "status": exchange.status,
        "scim_type": exchange.scim_type,
        "duration_us": exchange.duration_us,
        "facts": dict(exchange.facts),
        "request_body": exchange.request_body,
        "response_body": exchange.response_body,
        "code": explanation.code,
        "sentence": explanation.sentence,
    }
