"""`python -m tests.explain.record_provisioning [all]`: make the exchanges of provisioning that are missing, or all of
them anew, and the document.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.conftest import Tenant
from tests.explain import client_runs, engine_runs, log_runs, recorded
from tests.explain.provisioned import PROVISIONED, tenant
from tests.explain.sending import CLIENT, ENGINE, Sender, told_by
from vestibule.explain import ENTRIES, NOTES, Explanation, Fix, explain
from vestibule.explain.catalogue import sign_in
from vestibule.fixing import OPERATIONS
from vestibule.model import Exchange

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


def told(code: str) -> Explanation:
    """A code as it is told of the first of its recorded exchanges."""
    for file in sorted(recorded.FOLDER.glob(f"{code}*.json"), key=lambda file: file.stem):
        if file.stem.split(".")[0] == code:
            found = explain(recorded.exchange(file.stem))
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


Made = Callable[[], tuple[Sender | None, Exchange]]


def asked(name: str, sender: Sender, run: Callable[[Tenant], list[Exchange]]) -> Made:
    """A run against a server of its own."""

    def make() -> tuple[Sender, Exchange]:
        with tenant() as here:
            return sender, told_by(name.partition(".")[0], run(here))

    return make


MADE: dict[str, Made] = {
    **{name: asked(name, ENGINE, run) for name, run in engine_runs.RUNS.items()},
    **{name: asked(name, CLIENT, run) for name, run in client_runs.RUNS.items()},
    **{name: (lambda run=run: (ENGINE, run())) for name, run in log_runs.RUNS.items()},
    **{name: (lambda make=make: (None, make())) for name, make in PROVISIONED.items()},
}
"""File → who sends it, and how it is made."""


def placed(value: Any) -> Any:
    """The same with the address of the example in place of the one at which the server ran for the recording."""
    if isinstance(value, dict):
        return {key: placed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [placed(each) for each in value]
    return re.sub(r"http://127\.0\.0\.1:\d+", "https://id.example", value) if isinstance(value, str) else value


def main() -> None:
    """Write what is missing, or with `all` everything anew, and the document."""
    for name, make in MADE.items():
        if "all" in sys.argv[1:] or not (recorded.FOLDER / f"{name}.json").exists():
            sender, made = make()
            recorded.write(name, ({"sender": asdict(sender)} if sender else {}) | placed(asdict(made)))
    DOCUMENT.write_text(document())


if __name__ == "__main__":
    main()
