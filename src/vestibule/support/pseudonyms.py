"""People's values under other names, the same value always under the same one.

A person is `person-7`; by what else the person is known is `person-7.displayName` and so on. What many may share is
named after the attribute: `title-3`. Of an address the domain stays, as it often is what matters:
`person-7@example.com`.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from vestibule.scim.folding import fold

_ADDRESS: Final = re.compile(
    r"[^\s\"'“”‘’<>(),;:=\[\]{}/?&]+@[^\s\"'“”‘’<>(),;:=\[\]{}/?&]+[^\s\"'“”‘’<>(),;:=\[\]{}/?&.]"
)
_QUOTED: Final = re.compile(r"(?<=\")[^\"]+(?=\")|(?<=“)[^”]+(?=”)|(?<=')[^']+(?=')")
_WORD: Final = re.compile(r"[^\s\"'“”‘’<>(),;:\[\]{}]+")
_ONES_OWN: Final = frozenset(
    {
        "username",
        "externalid",
        "displayname",
        "formatted",
        "nickname",
        "emails",
        "phonenumbers",
        "ims",
        "photos",
        "profileurl",
    }
)
"""Attributes by whose values a person is known."""
_HARMLESS: Final = re.compile(
    r"(?:[a-z]{3}_[0-9a-z]{26}|\d{1,3}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?|W/\"\d+\"|"
    r"true|false|work|home|other|mobile|fax|)",
    re.IGNORECASE,
)
"""Ids of ours, small numbers, instants, ETags, yes and no, kinds of addresses, nothing: none of them is a person's."""


@dataclass(slots=True)
class Pseudonyms:
    """What was renamed so far. `groups` are names of groups, which are nobody's."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    used: set[str] = field(default_factory=set[str])
    groups: set[str] = field(default_factory=set[str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def of(self, value: str, person: str | None = None, attribute: str | None = None) -> str:
        """The other name of a value: of a person who has one already, when that is told, with the attribute's name."""
        key = fold(value.strip())
        if _HARMLESS.fullmatch(value.strip()) or key in self.groups:
            return value
        if key not in self.names:
            self.names[key] = self._new(key, person, attribute)
        return self.names[key]

    def person(self, user_name: str) -> str:
        """`person-7`, for a userName."""
        return self.of(user_name).partition("@")[0]

    def _new(self, key: str, person: str | None, attribute: str | None) -> str:
        bare = (attribute or "").rpartition(":")[2]
        if bare and bare.lower() not in _ONES_OWN:
            wanted = self._numbered(bare)
        elif bare and person is not None:
            wanted = f"{person}.{bare}"
            wanted = self._numbered(wanted) if wanted in self.used else wanted
        else:
            wanted = self._numbered("person")
        self.used.add(wanted)
        domain = key.rpartition("@")[2] if _ADDRESS.fullmatch(key) else ""
        return f"{wanted}@{domain}" if domain else wanted

    def _numbered(self, base: str) -> str:
        self.counts[base] = self.counts.get(base, 0) + 1
        return f"{base}-{self.counts[base]}"

    def text(self, text: str) -> str:
        """A text with every address in it renamed, and every quoted or single word that was renamed elsewhere."""
        for pattern in (_QUOTED, _ADDRESS, _WORD):
            text = pattern.sub(self._within, text)
        return text

    def _within(self, found: re.Match[str]) -> str:
        word = found[0]
        bare = word.rstrip(".")
        if fold(bare) in self.groups:
            return word
        known = self.names.get(fold(bare))
        if known is None and found.re is _ADDRESS and bare.partition("@")[0] not in self.used:
            known = self.of(bare)
        return word if known is None else known + word[len(bare) :]
