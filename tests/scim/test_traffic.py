"""What identity providers really send, as files under traffic/<sender>/, and what must come of it."""

import json
from pathlib import Path

import pytest

from vestibule.scim.patch import GroupChange, compile_group, read_patch
from vestibule.scim.quirks import QUIRKS, Notes
from vestibule.scim.user_patch import apply, compile_user

FILES = sorted((Path(__file__).parent / "traffic").rglob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_senders_patch_does_what_the_sender_means(file: Path) -> None:
    case = json.loads(file.read_text())
    notes = Notes()
    operations = read_patch(case["body"], notes)
    if case["resource"] == "User":
        assert apply(compile_user(operations, "it", notes), case["before"]) == case["after"]
    else:
        wanted = {key: frozenset(value) if isinstance(value, list) else value for key, value in case["change"].items()}
        assert compile_group(operations, "it", notes) == GroupChange(**wanted)
    assert list(notes.seen) == case["tolerated"]


def test_every_quirk_of_the_register_is_named_once() -> None:
    assert len({quirk.id for quirk in QUIRKS}) == len(QUIRKS)
