"""The log as a file: NDJSON with all that is kept, or CSV for a spreadsheet, in pieces however long it is."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final, Literal

import orjson

from vestibule.log.lenses import Known, entry_json
from vestibule.model import Exchange
from vestibule.store import ExchangeQuery, Store

Format = Literal["csv", "ndjson"]
PIECE: Final = 500
COLUMNS: Final = (
    "id", "at", "kind", "who", "outcome", "sentence", "code", "cycle_number", "method", "path", "query", "status",
    "scim_type", "ms", "token_id", "token_last_four", "token_name", "quirks",
)  # fmt: skip
"""Of the CSV; bodies and facts are in the NDJSON alone."""
_FORMULA: Final = frozenset("=+-@|%＝＋－＠")
"""What a spreadsheet may take for the beginning of a formula, also behind what is not seen."""


async def export(
    store: Store, connection_id: str, query: ExchangeQuery, known: Known, form: Format
) -> AsyncIterator[tuple[bytes, int]]:
    """What the query asks for, oldest first, a piece at a time: bytes in UTF-8, and of how many exchanges.

    The `limit` of the query does not count.
    """
    write = _csv if form == "csv" else _ndjson
    if form == "csv":
        yield _row(COLUMNS), 0
    after = query.after_id or ""
    while True:
        found = await store.exchanges(connection_id, replace(query, after_id=after, limit=PIECE))
        if found:
            yield b"".join(write(each, known) for each in found), len(found)
        if len(found) < PIECE:
            return
        after = found[-1].id


def _ndjson(exchange: Exchange, known: Known) -> bytes:
    return orjson.dumps(entry_json(exchange, known), option=orjson.OPT_APPEND_NEWLINE)


def _csv(exchange: Exchange, known: Known) -> bytes:
    entry = entry_json(exchange, known)
    token: dict[str, Any] = entry["token"]
    flat = {
        **entry,
        "token_last_four": token["last_four"],
        "token_name": token["name"],
        "quirks": " ".join(entry["quirks"]),
    }
    return _row([flat[each] for each in COLUMNS])


def _row(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([harmless(each) for each in cells])
    return out.getvalue().encode()


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe in front."""
    if not isinstance(cell, str):
        return cell
    seen = next((each for each in cell if each.isprintable() and not each.isspace()), "")
    return f"'{cell}" if seen in _FORMULA or cell[:1] in ("\t", "\r", "\n") else cell
