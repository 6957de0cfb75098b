"""What is written for people is true: the README's example runs, and the documents tell the register."""

import re
import subprocess
import sys
from pathlib import Path

from vestibule.fixing import OPERATIONS
from vestibule.idp.mistakes import MISTAKES, Mistake
from vestibule.scim.profile import Profile
from vestibule.scim.quirks import QUIRKS, Quirk

ROOT = Path(__file__).parents[1]


def row(quirk: Quirk) -> str:
    example = quirk.example.replace("|", "\\|")
    refusal = f"{quirk.refusal.status} {quirk.refusal.scim_type}" if quirk.refusal else "–"
    return f"| `{quirk.id}` | {quirk.sender} | `{example}` | {quirk.what_we_do} | {quirk.source} | {refusal} |"


def test_the_example_of_the_readme_prints_what_it_says() -> None:
    readme = (ROOT / "README.md").read_text()
    match = re.search(r"```python\n(.*?)```\n\nprints (.*?) and (.*?)\.\n", readme, re.DOTALL)
    assert match is not None
    done = subprocess.run([sys.executable, "-c", match[1]], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [each.strip("`") for each in match.groups()[1:]]


def test_the_document_tells_every_quirk_of_the_register_and_no_other() -> None:
    rows = [
        line
        for line in (ROOT / "docs/scim.md").read_text().splitlines()
        if re.match(r"\| `\w+` \| (Entra|Okta|any)", line)
    ]
    assert rows == [row(quirk) for quirk in QUIRKS]


def test_the_document_tells_every_setting() -> None:
    told = (ROOT / "docs/scim.md").read_text()
    assert [name for name in Profile().as_json() if name != "withdrawn" and f"| `{name}` |" not in told] == []


def test_the_document_tells_every_variable_of_the_environment() -> None:
    named = set(re.findall(r"VESTIBULE_[A-Z_]+", (ROOT / "src/vestibule/settings.py").read_text()))
    told = set(re.findall(r"VESTIBULE_[A-Z_]+", (ROOT / "docs/operating.md").read_text()))
    assert len(named) > 5
    assert named - told == set()


def mistake_row(mistake: Mistake) -> str:
    protocols = ", ".join(each.upper() for each in mistake.protocols)
    return f"| `{mistake.name}` | {protocols} | {mistake.sentence} |"


def test_the_document_tells_every_mistake_of_the_register_and_no_other() -> None:
    told = (ROOT / "docs/idp.md").read_text().partition("| mistake |")[2]
    assert [line for line in told.splitlines() if line.startswith("| `")] == [mistake_row(each) for each in MISTAKES]


def test_the_document_tells_every_operation_with_its_role() -> None:
    rows = [
        line.split(" | ") for line in (ROOT / "docs/operating.md").read_text().splitlines() if line.startswith("| `")
    ]
    told = {name: row[-1].strip("| ") for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert {name: told.get(name) for name in OPERATIONS} == {name: each.role for name, each in OPERATIONS.items()}
