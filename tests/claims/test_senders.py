"""What each identity provider sends, and what is made of it with the mapping that a new connection begins with."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from vestibule.claims import NOTES, Mapped, Profile, Received, from_oidc, from_saml, preset, read_profile

FILES = sorted(Path(__file__).parent.glob("*/*.json"))


def received(sent: dict[str, Any]) -> Received:
    if sent["protocol"] == "oidc":
        return from_oidc(sent["issuer"], sent["subject"], sent["claims"])
    attributes = {name: tuple(values) for name, values in sent["attributes"].items()}
    return from_saml(sent["issuer"], sent["subject"], sent["format"], attributes)


def mapped(file: Path) -> tuple[Mapped, dict[str, Any]]:
    fixture = json.loads(file.read_text())
    came = received(fixture["received"])
    return read_profile(came, preset(file.parent.name, came.protocol)), fixture["expect"]


def shown(profile: Profile) -> dict[str, Any]:
    return {**asdict(profile), "email": str(profile.email) if profile.email else None}


def plain(value: Any) -> Any:
    """As JSON has it: what is expected stands in a file."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_what_comes_becomes_the_profile_and_notes_that_stand_beside_it(file: Path) -> None:
    made, expect = mapped(file)
    if made.profile is None:
        assert expect["profile"] is None
    else:
        assert plain(shown(made.profile)) == {"groups": None, "extra": {}} | expect["profile"]
    assert plain([[note.code, note.facts] for note in made.notes]) == expect["notes"]
    assert plain([asdict(each) for each in made.missing]) == expect.get("missing", [])


def test_every_preset_of_a_sender_with_fixtures_is_tried_in_each_protocol_that_is_common_there() -> None:
    tried = {(file.parent.name, file.stem.partition("-")[0]) for file in FILES}
    assert {
        (idp, protocol) for idp in ("entra", "okta", "google", "keycloak") for protocol in ("saml", "oidc")
    } <= tried


def test_every_note_is_in_the_table_and_every_one_of_the_table_is_tried() -> None:
    codes = {code for file in FILES for code, _ in json.loads(file.read_text())["expect"]["notes"]}
    assert codes <= set(NOTES)
    profiles = (Path(__file__).parent / "test_profile.py").read_text()
    assert {code for code in NOTES if code not in codes and f'"{code}"' not in profiles} == set()
