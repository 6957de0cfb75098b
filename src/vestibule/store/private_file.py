"""A file for its owner alone, which is there when it is whole and not before."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from vestibule.store.answers import Declined


@contextmanager
def private_file(path: Path) -> Generator[Path]:
    """An empty file with another name in the same folder, which gets the wanted name when all went well.

    Raises Declined when it cannot be made or written.
    """
    try:
        descriptor, name = tempfile.mkstemp(".part", f"{path.name}.", path.parent)
    except OSError as error:
        raise Declined(f"{path} cannot be written: {error.strerror}.") from error
    made = Path(name)
    try:
        yield made
        os.fsync(descriptor)
        made.replace(path)
    except OSError as error:
        raise Declined(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        os.close(descriptor)
        made.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
