"""`vestibule` as it would be without a log: `python bench/silent.py serve …`. Nothing is put together, nothing kept."""

from typing import Any

from vestibule.cli import main
from vestibule.model import Exchange
from vestibule.server import recorder
from vestibule.store.relational_log import RelationalLog

_NOTHING = Exchange("", "", 0, 0, "", "", "", 0)


def _put_together(*_told: Any) -> Exchange:
    return _NOTHING


def _record(self: RelationalLog, exchange: Exchange) -> None:  # noqa: ARG001 -- called as the real one is
    return


if __name__ == "__main__":
    recorder.exchange_of_call = _put_together
    RelationalLog.record = _record
    main(prog_name="vestibule")
