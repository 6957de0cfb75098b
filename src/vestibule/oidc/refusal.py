"""What a provider's own error says (RFC 6749 sections 4.1.2.1 and 5.2)."""

import re
from collections.abc import Mapping
from typing import Any

_AADSTS = re.compile(r"AADSTS([0-9]{3,8})")
_LONGEST = 1_000


def error_facts(found: Mapping[str, Any]) -> dict[str, Any]:
    """`error`, `error_description`, `error_uri`, and the `aadsts` number by which Entra's documentation knows it."""
    told = {name: _text(found.get(name)) for name in ("error", "error_description", "error_uri")}
    number = _AADSTS.search(told["error_description"] or "")
    return {**told, "aadsts": number[1] if number else None}


def _text(value: Any) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) else None
