"""The recorded traffic: request bodies in `traffic/<sender>/*.json`, each with what is to come of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRAFFIC = Path(__file__).parent / "traffic"


@dataclass(frozen=True)
class Case:
    """One request: `present` is the user's document before a PATCH, `expect` the outcome, `tolerated` the quirks."""

    name: str
    resource_type: str
    method: str
    body: Any
    expect: dict[str, Any]
    tolerated: tuple[str, ...]
    present: dict[str, Any] | None


def cases() -> list[Case]:
    """All recorded requests, in the order of their names."""
    return [_read(path) for path in sorted(TRAFFIC.glob("*/*.json"))]


def _read(path: Path) -> Case:
    content = json.loads(path.read_text())
    return Case(
        name=f"{path.parent.name}/{path.stem}",
        resource_type=content["resource_type"],
        method=content["method"],
        body=content["body"],
        expect=content["expect"],
        tolerated=tuple(content["tolerated"]),
        present=content.get("present"),
    )
