"""The matrix out of a token's own grants: no request, no write. For a connection of this installation."""

from dataclasses import dataclass
from typing import Any

from vestibule import ids
from vestibule.clock import Clock
from vestibule.entra.wire import Kind
from vestibule.explain import explain
from vestibule.model import Exchange, Token
from vestibule.probe.report import METHODS, Cell, Mode, Report, Verb, scope_of, untried
from vestibule.scim.scopes import SCOPES
from vestibule.store import NotFound, Store


@dataclass(frozen=True, slots=True)
class NoConnection(Exception):
    """The URL names no connection of this database."""

    connection_id: str


async def from_grants(store: Store, clock: Clock, url: str, connection_id: str, text: str) -> Report:
    """What a token's text may do at a connection, as the server would decide it. Raises NoConnection."""
    try:
        await store.connection(connection_id)
    except NotFound as error:
        raise NoConnection(connection_id) from error
    token_id = ids.token_id_of(text.strip())
    if token_id is None:
        return _refused(url, connection_id, None, "unknown")
    try:
        found = await store.credentials(connection_id, token_id)
    except NotFound:
        return _refused(url, connection_id, None, "unknown")
    if not ids.same_hash(found.secret_hash, ids.token_hash(text.strip())):
        return _refused(url, connection_id, None, "unknown")
    return of_token(url, found.token, clock.now())


def of_token(url: str, token: Token, now: int, mode: Mode = "dry") -> Report:
    """What a token may do at an instant in microseconds."""
    if token.revoked_at is not None:
        return _refused(url, token.connection_id, token.id, "revoked", mode)
    if token.expires_at is not None and now >= token.expires_at:
        return _refused(url, token.connection_id, token.id, "expired", mode)
    got = tuple(each for each in SCOPES if each in token.scopes)
    if token.user_id is not None:
        # A person's own token is good for /Me, whatever its scopes.
        return _refused(url, token.connection_id, token.id, "person", mode)
    cells = {key: _cell(*key, token, got) for key in untried()}
    return Report(url, mode, ours=True, cells=cells, token_id=token.id, got=got)


def _cell(kind: Kind, verb: Verb, token: Token, got: tuple[str, ...]) -> Cell:
    scope = scope_of(kind, verb)
    if scope in got:
        return Cell(kind, verb, "yes", held=True)
    exchange = _exchange(token.connection_id, token.id, 403, METHODS[verb], kind, got=list(got), need=[scope])
    return Cell(kind, verb, "no", held=False, explanation=explain(exchange))


def _refused(url: str, connection_id: str, token_id: str | None, reason: str, mode: Mode = "dry") -> Report:
    if reason == "person":
        detail = "This token stands for a person; it is good for /Me only."
        exchange = _exchange(connection_id, token_id, 403, "GET", "User", error="forbidden", detail=detail)
    else:
        exchange = _exchange(connection_id, token_id, 401, "GET", "User", reason=reason)
    trouble = explain(exchange)
    cells = untried()
    cells["User", "look_up"] = Cell("User", "look_up", "no", explanation=trouble)
    return Report(url, mode, ours=True, cells=cells, token_id=token_id, trouble=trouble)


def _exchange(
    connection_id: str,
    token_id: str | None,
    status: int,
    method: str,
    kind: str,
    error: str | None = None,
    **facts: Any,
) -> Exchange:
    return Exchange(
        "", connection_id, 0, 0, method, f"/{kind}s", "", status,
        token_id=token_id, resource_type=kind, error=error, facts=facts,
    )  # fmt: skip
