"""`python -m tests.explain.record [all]`: make refusals of sign-ins, and write them down with the table of codes."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.explain import recorded
from tests.explain.admissions import ADMISSIONS
from tests.explain.oidc_sign_ins import OIDC
from tests.explain.saml_sign_ins import SAML
from vestibule.explain import explain
from vestibule.explain.catalogue import sign_in
from vestibule.model import Exchange

DOCUMENT = Path(__file__).parents[2] / "docs" / "sign-in-errors.md"
MADE: dict[str, Callable[[], Exchange]] = {**ADMISSIONS, **SAML, **OIDC}
HEAD = """# What a sign-in can end with

Each row is one code of the explanations: what `vestibule explain REQUEST_ID` says of one recorded sign-in, and what the
person at the door is told. The names and values are those of the example. Who mends it is the *operator* of Vestibule, or
the *customer*: the identity provider's administrator. `python -m tests.explain.record` writes this table.

What never arrives here is explained too: `vestibule explain --text FILE` reads the text of an identity provider's error
page or log, and `vestibule explain --saml-response FILE [--connection CON]` diagnoses a SAML response that somebody
copied out of a browser.

| Code | For example | Who mends it | What the person is told |
|---|---|---|---|
"""


def codes() -> list[str]:
    """Every code that an explanation of a sign-in can have, in the order of the catalogue."""
    return list(dict.fromkeys(code for entry in sign_in.ENTRIES for code in entry.codes or (entry.code,)))


def document() -> str:
    """The table of codes out of the recorded exchanges."""
    return HEAD + "".join(f"{_row(code)}\n" for code in codes())


def _row(code: str) -> str:
    told = explain(recorded.exchange(code))
    who = ", ".join(dict.fromkeys(fix.who for fix in told.fixes)) or "–"
    cells = (f"`{code}`", told.sentence, who, told.end_user or "–")
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"


def main() -> None:
    """Write what is missing, or with `all` everything anew, and the table."""
    for code in codes():
        if "all" not in sys.argv[1:] and (recorded.FOLDER / f"{code}.json").exists():
            continue
        recorded.write(code, asdict(MADE[code]()))
    DOCUMENT.write_text(document())


if __name__ == "__main__":
    main()
