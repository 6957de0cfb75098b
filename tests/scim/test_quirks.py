"""The register of tolerated deviations: complete, and each entry met by recorded traffic."""

from pathlib import Path

import pytest

from tests.scim.cases import cases
from vestibule.scim import quirks
from vestibule.scim.dialects import DIALECTS, STRICT, TOLERANT, Notes
from vestibule.scim.errors import ScimError
from vestibule.scim.quirks import BY_ID, QUIRKS, Quirk

# No attribute of a User or a Group is a number: test_resource reads one of a schema made for it.
# Filters come in the address, not in a recorded body: test_path reads them.
WITHOUT_TRAFFIC = {"integer_string", "unquoted_literal", "unescaped_text"}


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


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.id)
def test_a_dialect_tolerates_a_quirk_or_refuses_it_by_name(quirk: Quirk) -> None:
    for dialect in DIALECTS.values():
        notes = Notes(dialect)
        if quirk.id in dialect.tolerated:
            notes.note(quirk.id, "what")
            assert notes.seen == {quirk.id: ["what"]}
            continue
        with pytest.raises(ScimError, match=f"`{dialect.name}` does not allow it") as refusal:
            notes.note(quirk.id, "what")
        assert type(refusal.value) is quirk.refusal
        assert notes.seen == {}


def test_the_dialects_forgive_what_their_senders_do() -> None:
    assert {quirk.id for quirk in QUIRKS} == TOLERANT.tolerated
    assert {BY_ID[each].refusal for each in STRICT.tolerated} == {None}
    assert {each.name for each in DIALECTS.values() if "op_case" in each.tolerated} == {"tolerant", "entra"}
    assert {each.name for each in DIALECTS.values() if "id_in_value" in each.tolerated} == {"tolerant", "okta"}
