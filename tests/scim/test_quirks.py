"""The register of tolerated deviations: complete, and each entry met by recorded traffic."""

from pathlib import Path

import pytest

from tests.scim.cases import cases
from vestibule.scim import quirks
from vestibule.scim.quirks import QUIRKS, Notes

# No attribute of a User or a Group is a number: test_resource reads one of a schema made for it.
WITHOUT_TRAFFIC = {"integer_string"}


def test_every_entry_is_named_once_and_says_all_that_it_should() -> None:
    assert len({quirk.id for quirk in QUIRKS}) == len(QUIRKS)
    for quirk in QUIRKS:
        assert all((quirk.sender, quirk.example, quirk.what_we_do, quirk.source)), quirk.id


def test_every_entry_is_met_by_recorded_traffic() -> None:
    met = {each for case in cases() for each in case.tolerated}
    assert met | WITHOUT_TRAFFIC == {quirk.id for quirk in QUIRKS}
    assert not met & WITHOUT_TRAFFIC


def test_every_entry_is_noted_somewhere_in_the_code() -> None:
    folder = Path(quirks.__file__).parent
    code = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "quirks.py")
    assert [quirk.id for quirk in QUIRKS if f'"{quirk.id}"' not in code] == []


def test_a_quirk_that_is_not_registered_cannot_be_noted() -> None:
    with pytest.raises(KeyError):
        Notes().note("tea_time")


def test_a_quirk_is_noted_once_in_the_order_seen() -> None:
    notes = Notes()
    for each in ("op_case", "boolean_string", "op_case"):
        notes.note(each)
    assert list(notes.seen) == ["op_case", "boolean_string"]
