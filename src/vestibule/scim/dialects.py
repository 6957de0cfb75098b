"""What is forgiven to whom: one frozen policy per dialect, and the notes of what was forgiven in one request."""

from dataclasses import dataclass, field
from typing import Literal

from vestibule.scim.quirks import BY_ID, QUIRKS

References = Literal["park", "refuse"]
"""What becomes of a member or manager that is no user here: kept until the user appears, or refused."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How requests of one kind of identity provider are read. `tolerated` holds ids of `quirks.QUIRKS`.

    `references` is the rule for members and managers that do not exist, unless the connection says otherwise.
    `adopts` says whether a POST links to an account of the app or of a sign-in with the same externalId or userName
    (True), or is refused with 409 as RFC 7644 section 3.3 has it (False).
    """

    name: str
    tolerated: frozenset[str]
    references: References = "park"
    adopts: bool = True


_OPEN = frozenset(quirk.id for quirk in QUIRKS if quirk.refusal is None)


def _of(*senders: str) -> frozenset[str]:
    return _OPEN | {quirk.id for quirk in QUIRKS if quirk.sender in (*senders, "any")}


STRICT = Dialect("strict", _OPEN, references="refuse", adopts=False)
"""The RFCs to the letter."""
ENTRA = Dialect("entra", _of("Entra"))
OKTA = Dialect("okta", _of("Okta"))
TOLERANT = Dialect("tolerant", frozenset(BY_ID))
"""All that any identity provider is known to send; the default."""
DIALECTS = {each.name: each for each in (TOLERANT, STRICT, ENTRA, OKTA)}


@dataclass(slots=True)
class Notes:
    """Which quirks were tolerated while one request was read, in the order seen, and what showed them."""

    dialect: Dialect = TOLERANT
    seen: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def note(self, quirk_id: str, what: str = "") -> None:
        """Remember a deviation, with the name or text that showed it. Raises KeyError for one that is not registered.

        Raises the quirk's own ScimError when the dialect does not tolerate it.
        """
        quirk = BY_ID[quirk_id]
        if quirk.refusal is not None and quirk_id not in self.dialect.tolerated:
            raise quirk.refusal(
                f"{f'`{what[:80]}`: ' if what else ''}this is no standard SCIM ({quirk.source}), and the connection's "
                f"dialect `{self.dialect.name}` does not allow it. The dialect `tolerant` does: {quirk.what_we_do}.",
                quirk=quirk_id,
                dialect=self.dialect.name,
            )
        shown = self.seen.setdefault(quirk_id, [])
        if what and what[:80] not in shown and len(shown) < MAX_SHOWN:
            shown.append(what[:80])


MAX_SHOWN = 20
"""How many names or texts one note keeps."""
