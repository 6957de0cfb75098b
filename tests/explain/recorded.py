"""The exchanges that are written down: one JSON file each, `sender` beside the fields of the exchange.

`sender` is the party that is not our tests: the engine or a client of others that asked, or a server or proxy of others
that answered, each with its version. What has none is in `WITHOUT`, is the text of a log, or is a sign-in.
"""

import json
from pathlib import Path
from typing import Any, Final

from vestibule.model import Exchange

FOLDER = Path(__file__).parent / "exchanges"
WITHOUT: Final = {
    "no_traffic_yet": "It is told of a connection that nobody has called: there is no request that could have a sender.",
    "ticket_expired": "The link of a setup ticket is opened in a browser; provisioning has no part in it.",
    "ticket_revoked": "The link of a setup ticket is opened in a browser; provisioning has no part in it.",
    "foreign_licences": "Only applications that sell seats answer so; it is told of the error that Salesforce documents.",
    "entra_credentials": "The words are those of the portal's own test, which the engine does not write: it logs the "
    "answer itself.",
    "entra_licences": "The code is one that Entra gives after the answers of single gallery applications.",
    "entra_mapping": "The engine leaves out what is empty, as Entra's default mapping does, so no value is ever missing.",
}
"""Code of provisioning → why neither the engine nor a program of others can bring its exchange about."""


def content(name: str) -> dict[str, Any]:
    """What a file says."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def exchange(name: str) -> Exchange:
    """The exchange of a file."""
    found = content(name)
    found.pop("sender", None)
    return Exchange(**found)


def sender(name: str) -> dict[str, str] | None:
    """`name` and `version` of who took part in it."""
    return content(name).get("sender")


def write(name: str, found: dict[str, Any]) -> None:
    """Keep an exchange, with its sender if it has one."""
    (FOLDER / f"{name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
