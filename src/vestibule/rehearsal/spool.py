"""The provisioning log of a run, kept beside memory: deflated, in a file without a name that goes with it."""

import json
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from typing import Any, cast

from vestibule.entra.memory import remembered

_IN_MEMORY = 1 << 20
"""A log that is smaller than this, in bytes and deflated, never becomes a file."""

_CHUNK = 1 << 16


class LogNotKept(Exception):
    """There is no room for the log; `message` says what to do."""

    def __init__(self, error: OSError) -> None:
        self.message = (
            f"The log of this run cannot be kept ({error.strerror or error}). Make room in {tempfile.gettempdir()}, "
            "the folder for temporary files, and run the command again; with --state it goes on where it was."
        )
        super().__init__(self.message)


class Spool:
    """Entries in the order in which they were written, to be read as often as one likes.

    Of what was written only this stays in memory: how many entries there are, how many of them are failures and the
    first of these, and of each object that a later change did not mend the reason of its last failure.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.first_failure: dict[str, Any] | None = None
        self.reasons: dict[str, str] = {}
        self._length = 0
        self._packer = zlib.compressobj(1)
        # Closed by the finalizer, for the log lives as long as whoever still reads it.
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The entries, read anew."""
        self._put(self._packer.flush(zlib.Z_SYNC_FLUSH))
        unpacker, place, rest = zlib.decompressobj(), 0, b""
        while chunk := self._read(place):
            place += len(chunk)
            *lines, rest = (rest + unpacker.decompress(chunk)).split(b"\n")
            for line in lines:
                yield cast("dict[str, Any]", json.loads(line))

    def write(self, entry: dict[str, Any]) -> None:
        """Add an entry in Graph's shape (provisioningObjectSummary). Raises LogNotKept."""
        self._put(self._packer.compress(json.dumps(entry).encode() + b"\n"))
        self._length += 1
        status, ident = entry["provisioningStatusInfo"], entry["sourceIdentity"]["id"]
        if status["status"] != "failure":
            self.reasons.pop(ident, None)
            return
        self.reasons[ident] = remembered(status["errorInformation"]["reason"])
        self.failures += 1
        self.first_failure = self.first_failure or entry

    def _put(self, packed: bytes) -> None:
        try:
            self._file.write(packed)
        except OSError as error:
            raise LogNotKept(error) from error

    def _read(self, place: int) -> bytes:
        # The end is where the next entry goes, also when two read by turns.
        self._file.seek(place)
        chunk = self._file.read(_CHUNK)
        self._file.seek(0, 2)
        return chunk
