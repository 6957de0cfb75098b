"""The log of a run comes back as it was written, and little of it stays in memory."""

import errno
import os

import pytest

from vestibule.rehearsal import LogNotKept, Spool


def entry(number, status="success", ident="id", reason=None):
    error = {"errorCode": "EntryConflict", "reason": reason} if reason else None
    return {
        "id": str(number),
        # Hard to deflate, so that a long log is long on disk, too.
        "description": "".join(chr(0x100 + (number * place * 7919) % 0x2000) for place in range(40)),
        "provisioningStatusInfo": {"status": status, "errorInformation": error},
        "sourceIdentity": {"id": ident},
    }


def filled(count):
    log = Spool()
    for number in range(count):
        log.write(entry(number))
    return log


def test_an_empty_log_has_no_entries():
    assert (list(Spool()), len(Spool())) == ([], 0)


def test_a_log_that_outgrows_memory_comes_back_in_order_and_as_often_as_it_is_read():
    written = [entry(number) for number in range(20_000)]
    log = filled(20_000)
    assert list(log) == written
    assert list(log) == written
    assert len(log) == 20_000


def test_two_read_by_turns_while_a_third_writes_on():
    log = filled(5_000)
    first, second = iter(log), iter(log)
    for number in range(4_000):
        assert next(first)["id"] == next(second)["id"] == str(number)
    log.write(entry(5_000))
    assert [each["id"] for each in first] == [str(number) for number in range(4_000, 5_000)]
    assert len(list(log)) == len(log) == 5_001


def test_what_no_text_of_utf_8_can_hold_comes_back_too():
    log = Spool()
    log.write(entry(1, "failure", reason="half a pair \ud83d and\na line end"))
    assert next(iter(log))["provisioningStatusInfo"]["errorInformation"]["reason"].startswith("half a pair \ud83d")


def test_failures_are_counted_and_a_reason_goes_when_a_later_change_mends_it():
    log = Spool()
    log.write(entry(1, "failure", "a", "first"))
    log.write(entry(2, "failure", "b", "second"))
    log.write(entry(3, "failure", "b", "third"))
    log.write(entry(4, "success", "a"))
    assert (log.failures, log.first_failure, log.reasons) == (3, entry(1, "failure", "a", "first"), {"b": "third"})


def test_a_page_that_was_answered_is_whole_in_the_log_and_cut_in_what_is_remembered():
    log = Spool()
    log.write(entry(1, "failure", "a", "x" * 100_000))
    assert len(log.reasons["a"]) == 1_003
    assert len(next(iter(log))["provisioningStatusInfo"]["errorInformation"]["reason"]) == 100_000


def test_a_full_disk_is_told_with_what_to_do(monkeypatch):
    def full(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = Spool()
    monkeypatch.setattr(log._file, "write", full)
    with pytest.raises(LogNotKept, match=r"No space left on device\). Make room in .*, the folder for temporary files"):
        log.write(entry(1))
