"""`vestibule idp` as a demo starts it."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest

from tests.cli.shell import Shell
from tests.conftest import free_port
from tests.idp.browser import pair
from tests.idp.test_control import metadata
from vestibule.idp.mistakes import NAMES

PEOPLE = """userPrincipalName,displayName,mail,accountEnabled,groups
zoe@acme.example,Zoë Ng,,true,Staff
"""


@contextlib.contextmanager
def started(*arguments: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "vestibule", "idp", "--port", str(port), *arguments], stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(httpx2.TransportError):
                httpx2.get(f"http://127.0.0.1:{port}/healthz", trust_env=False)
                break
            assert time.monotonic() < deadline, "the provider did not start"
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(10)
        if process.stderr is not None:
            process.stderr.close()


def test_it_starts_with_people_applications_and_mistakes_and_says_what_it_is(tmp_path: Path) -> None:
    people, sp = tmp_path / "people.csv", tmp_path / "sp.xml"
    people.write_text(PEOPLE)
    sp.write_bytes(metadata())
    with started(
        "--people", str(people), "--sp", str(sp), "--mistake", "sha1", "--mistake", "clock_ahead=90",
        "--sp-entity-id", "urn:x", "--acs", "https://x.example/acs", "--client", "c,s,https://rp.example/cb",
        "--signing", "both", "--issuer", "https://idp.example/",
    ) as (url, process):  # fmt: skip
        told = httpx2.get(f"{url}/control", trust_env=False).json()
        assert [each["upn"] for each in told["people"]] == ["zoe@acme.example"]
        assert {each["entity_id"] for each in told["apps"]} == {"urn:x", "https://other.example/sp"}
        assert {each["issuer"] for each in told["apps"]} == {"https://idp.example/"}
        assert (told["mistakes"], told["clients"][0]["client_id"]) == (["sha1", "clock_ahead=90"], "c")
        process.terminate()
        assert process.stderr is not None
        assert "NOT FOR PRODUCTION" in process.stderr.read()


def test_it_lists_the_mistakes(shell: Shell) -> None:
    listed = shell.json("idp", "--list-mistakes")
    assert [each["name"] for each in listed] == list(NAMES)
    assert all(name in shell.text("idp", "--list-mistakes") for name in NAMES)
    assert "NOT FOR PRODUCTION" in shell.text("idp", "--help")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mistake", "typo"], "There is no mistake 'typo'"),
        (["--acs", "https://x.example/acs"], "go together"),
        (["--sp-entity-id", "urn:x", "--acs", "x.example/acs"], "must begin with https://"),
        (["--client", "only-an-id"], "ID,SECRET,REDIRECT_URI"),
    ],
)
def test_what_is_written_wrong_is_told(shell: Shell, arguments: list[str], told: str) -> None:
    assert told in shell.refusal("idp", *arguments)


def test_metadata_that_cannot_be_read_is_told(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "key.pem"
    bad.write_bytes(pair().certificate_pem)
    assert "not XML" in shell.refusal("idp", "--sp", str(bad))
    for place in (str(tmp_path / "none.xml"), f"http://127.0.0.1:{free_port()}/metadata"):
        done = shell.run("idp", "--sp", place)
        assert (done.exit_code, "cannot be read" in done.stderr) == (3, True), done.output
