"""The support bundle: what both sides of a support thread need, in one file, without people's values."""

import zipfile
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

import orjson

from vestibule.explain import explain
from vestibule.log import Known, entry_json
from vestibule.model import Exchange, JsonObject
from vestibule.store import ExchangeQuery, Store
from vestibule.support.collect import Scope, Situation, collect, know_group
from vestibule.support.page import Summary, page
from vestibule.support.pseudonyms import Pseudonyms
from vestibule.support.redact import Redactor

__all__ = ["Pseudonyms", "Redactor", "Scope", "write_bundle"]

PAGE: Final = "index.html"
LOG: Final = "log.ndjson"
REST: Final = "situation.json"
_PIECE: Final = 500


async def write_bundle(store: Store, scope: Scope, now: int, out: Path, *, with_names: bool = False) -> int:
    """Write a bundle into a folder, or into a zip when `out` ends so; how many entries of the log are in it.

    Raises NotFound for the connection.
    """
    redactor = Redactor(Pseudonyms(), with_names)
    situation = await collect(store, scope, now, redactor)
    summary = Summary()
    with _files(out) as opened:
        with opened(LOG) as log:
            async for entry in _entries(store, scope, redactor, situation):
                summary.add(entry)
                log.write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))
        document = situation.document | {"entries": summary.entries, "outcomes": summary.outcomes}
        with opened(REST) as rest:
            rest.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        with opened(PAGE) as shown:
            shown.write(page(document, summary).encode())
    return summary.entries


async def _entries(store: Store, scope: Scope, redactor: Redactor, situation: Situation) -> AsyncIterator[JsonObject]:
    """The log of the time with its explanations, oldest first."""
    query = ExchangeQuery(limit=_PIECE, since=scope.since, before=scope.until, after_id="")
    while True:
        found = await store.exchanges(scope.connection_id, query)
        for each in found:
            if each.resource_type == "Group" and each.target:
                await know_group(store, scope.connection_id, redactor, each.target)
            yield _entry(redactor.exchange(each), each, situation.known)
        if len(found) < _PIECE:
            return
        query = replace(query, after_id=found[-1].id)


def _entry(shown: Exchange, original: Exchange, known: Known) -> JsonObject:
    """An entry as the NDJSON has it. It is explained as it is shown, so that the words name nobody either."""
    told = explain(shown, original)
    entry = entry_json(shown, known)
    entry["token"]["name"] = None
    return entry | {
        "code": told.code,
        "sentence": told.sentence,
        "why": told.why,
        "fixes": [each.as_json() for each in told.fixes],
    }


@dataclass(frozen=True, slots=True)
class _Folder:
    path: Path

    @contextmanager
    def __call__(self, name: str) -> Generator[IO[bytes]]:
        file = self.path / name
        file.touch(mode=0o600)
        with file.open("wb") as out:
            yield out


@dataclass(frozen=True, slots=True)
class _Zip:
    archive: zipfile.ZipFile

    @contextmanager
    def __call__(self, name: str) -> Generator[IO[bytes]]:
        with self.archive.open(name, "w", force_zip64=True) as out:
            yield out


@contextmanager
def _files(out: Path) -> Generator[_Folder | _Zip]:
    """Where the files go. There is a whole bundle afterwards, or none."""
    if out.suffix.lower() == ".zip":
        part = out.with_name(f"{out.name}.part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        try:
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                yield _Zip(archive)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
        return
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield _Folder(out)
    except BaseException:
        for name in (LOG, REST, PAGE):
            (out / name).unlink(missing_ok=True)
        raise
