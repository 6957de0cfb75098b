"""`python -m tests.explain.record_provisioning`: make the requests of provisioning that are missing, and the document."""

import json
from dataclasses import asdict
from pathlib import Path

from tests.explain.provisioned import PROVISIONED
from vestibule.explain import ENTRIES, NOTES, Explanation, Fix, explain
from vestibule.explain.catalogue import sign_in
from vestibule.fixing import OPERATIONS
from vestibule.model import Exchange

FOLDER = Path(__file__).parent / "exchanges"
DOCUMENT = Path(__file__).parents[2] / "docs" / "explanations.md"
HEAD = """# What is told of provisioning

Each part is one code of the explanations: what `vestibule explain REQUEST_ID` says of one recorded request (or of a link
of a setup ticket that was opened too late), why, and what is to be done. The names and values are those of the example.
Who does it is the *operator* of Vestibule, or the *customer*: the identity provider's administrator. What has the name of
an operation is done by `vestibule fix REQUEST_ID OPERATION` (see [operating](operating.md#fixes)); those that are marked †
the customer's administrator may do, too.
`python -m tests.explain.record_provisioning` writes this document. Sign-ins are told in
[sign-in-errors.md](sign-in-errors.md).
"""
NOTED = """
# Notes

What was noteworthy about a request is told beside its story, whatever became of it.
"""


def codes() -> list[str]:
    """Every code that an explanation of provisioning can have, in the order of the catalogue."""
    stories = [each for each in ENTRIES if each not in sign_in.ENTRIES]
    return list(dict.fromkeys(code for entry in stories for code in entry.codes or (entry.code,)))


def noted() -> list[str]:
    """Every code of a note."""
    return [each.code for each in NOTES]


def recorded(name: str) -> Exchange:
    return Exchange(**json.loads((FOLDER / f"{name}.json").read_text()))


def told(code: str) -> Explanation:
    """A code as it is told of the first of its recorded exchanges."""
    for file in sorted(FOLDER.glob(f"{code}*.json"), key=lambda file: file.stem):
        if file.stem.split(".")[0] == code:
            found = explain(recorded(file.stem))
            for each in (found, *found.notes):
                # A sign-in may have the same code, and says something to the person at the door.
                if each.code == code and each.end_user is None:
                    return each
    raise AssertionError(f"{code} is told of no recorded exchange")


def document() -> str:
    return "".join([HEAD, *map(_part, map(told, codes())), NOTED, *map(_part, map(told, noted()))])


def _part(explanation: Explanation) -> str:
    lines = [f"\n## `{explanation.code}`\n", explanation.sentence, "", f"Why: {explanation.why}", ""]
    return "\n".join([*lines, *map(_fix, explanation.fixes)]).rstrip("\n") + "\n"


def _fix(fix: Fix) -> str:
    mark = " †" if fix.do and OPERATIONS[fix.do.operation].role == "customer_admin" else ""
    act = f" (`{fix.do.operation}`{mark})" if fix.do else ""
    command = f": `{fix.command}`" if fix.command else ""
    return f"- *{fix.who}*: {fix.label}{command}{act}"


def main() -> None:
    """Write what is missing, and the document."""
    for name, make in PROVISIONED.items():
        if not (FOLDER / f"{name}.json").exists():
            text = json.dumps(asdict(make()), indent=1, ensure_ascii=False)
            (FOLDER / f"{name}.json").write_text(text + "\n")
    DOCUMENT.write_text(document())


if __name__ == "__main__":
    main()
