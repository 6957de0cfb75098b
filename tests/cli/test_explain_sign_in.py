"""`vestibule explain` of sign-ins: a recorded one, an error page, a pasted response."""

import json
from dataclasses import replace
from pathlib import Path

from tests.cli.shell import Shell
from tests.explain import recorded
from tests.explain.saml_sign_ins import STS, but, described
from tests.saml.provider import posted, signed

ACS = "https://vestibule.example/sso/saml/{}/acs"
ENTITY = "https://vestibule.example/sso/saml/{}/metadata"


def written(folder: Path, text: str | bytes, name: str = "pasted") -> str:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(file)


def test_a_recorded_sign_in_is_told_with_its_evidence_side_by_side(shell: Shell) -> None:
    connection = shell.connection()
    kept = replace(recorded.exchange("recipient"), connection_id=connection)
    shell.record(kept)
    told = shell.text("explain", kept.id).splitlines()
    at = told.index("Evidence: Recipient")
    assert told[at + 1 : at + 4] == [
        "  expected    https://app.example/sso/saml/con_1/acs",
        "  received    http://app.example/sso/saml/con_1/acs",
        "                  ^ differs from here",
    ]
    found = shell.json("explain", kept.id)
    assert found["evidence"][0]["differs_at"] == 4
    assert found["end_user"]


def test_an_error_page_of_entras_is_explained(shell: Shell) -> None:
    text = "AADSTS50105: Your administrator has configured the application to block users."
    told = shell.json("explain", "--text", written(shell.folder, text))
    assert told["code"] == "not_assigned"
    assert "Users and groups" in told["fixes"][0]["label"]


def test_a_text_in_which_nothing_is_known_is_refused(shell: Shell) -> None:
    assert "AADSTS and a number" in shell.refusal("explain", "--text", written(shell.folder, "hello"))


def test_a_pasted_response_is_held_against_the_settings_of_its_connection(shell: Shell) -> None:
    connection = shell.connection()
    metadata = written(shell.folder, described(entity=STS), "metadata.xml")
    shell.json("connection", "set", connection, "--metadata", metadata)
    acs, entity = ACS.format(connection), ENTITY.format(connection)
    claims = {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": ["ana@example.com"]}
    good = but(issuer=STS, response_issuer=STS, destination=acs, recipient=acs, audience=entity, attributes=claims)
    found = shell.json("explain", "--saml-response", written(shell.folder, posted(good)), "--connection", connection)
    assert (found["code"], found["finding"]) == ("response_in_order", False)
    assert {each["passed"] for each in found["checks"]} == {True}
    other = but(issuer=STS, response_issuer=STS, destination=acs, recipient=acs, audience="https://other.example")
    done = shell.run("explain", "--saml-response", written(shell.folder, posted(other)), "--connection", connection)
    assert done.exit_code == 1
    assert "✗ It is for this application (https://other.example)" in done.stdout
    assert f"not for `{entity}`" in done.stdout


def test_a_pasted_response_by_itself_is_told_check_by_check(shell: Shell) -> None:
    done = shell.run("explain", "--saml-response", written(shell.folder, posted(signed())), "--json")
    found = json.loads(done.stdout)
    assert found["response"]["name_id"] == "alice@example.com"
    text = shell.run("explain", "--saml-response", written(shell.folder, posted(signed(what="none"))))
    assert text.exit_code == 1
    assert "✗ The signature has the form that SAML gives it" in text.stdout
    assert "– For whom it is" in text.stdout


def test_what_is_no_response_or_no_such_connection_is_refused(shell: Shell) -> None:
    shell.json("enterprise", "create", "Acme")
    file = written(shell.folder, posted(signed()))
    assert "No SAML response is found" in shell.refusal(
        "explain", "--saml-response", written(shell.folder, "hi", "other")
    )
    assert "no connection that signs people in" in shell.refusal(
        "explain", "--saml-response", file, "--connection", "con_x"
    )
    assert "goes with --saml-response" in shell.refusal("explain", "req_1", "--connection", "con_x")
