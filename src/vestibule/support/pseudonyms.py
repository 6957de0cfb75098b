"""People's values under other names, the same value always under the same one.

A person is `person-7`; by what else the person is known is `person-7.displayName` and so on. What many may share is
named after the attribute: `title-3`. Of an address the domain stays, as it often is what matters:
`person-7@example.com`. The numbers are those of the first meeting, so that nobody can find a value by trying values.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from vestibule.scim.folding import fold
from vestibule.support.forms import PATH, WORDS, is_fact, is_nobodys

_PART: Final = r"[^\s\"'“”‘’<>(),;:=\[\]{}/?&@%＠`]+"
_BEGIN: Final = rf"(?<!{_PART[:-1]})(?<!%[0-9a-f])(?<!%[0-9a-f]{{2}})"
"""Where an address may begin: not within a word, lest a long one is looked through from each of its letters."""
_AT: Final = r"(?:@|＠|%(?:25)*40)"
_ADDRESS: Final = re.compile(
    rf"{_BEGIN}(?:mailto:)?{_PART}(?:%(?!(?:25)*40)[0-9a-f]{{2}}{_PART})*{_AT}{_PART}[^\s\"'“”‘’<>(),;:=\[\]{{}}/?&.@%＠`]",
    re.IGNORECASE,
)
_DOMAIN: Final = re.compile(r"(?=.{4,253}$)(?:[\w\-]{1,63}\.)+[^\W\d_][\w\-]{1,62}")
"""What may stay of an address; in another form it may hold anything."""
_QUOTED: Final = re.compile(r"(?<!\w)'((?:[^'\\]|\\.)*)'(?!\w)|(?<!\w)\"((?:[^\"\\]|\\.)*)\"|“([^“”]*)”")
_WORD: Final = re.compile(r"[^\s\"'“”‘’<>(),;:\[\]{}`]+")
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


@dataclass(slots=True)
class Pseudonyms:
    """What was renamed so far. `groups` are names of groups, which are nobody's; `words` names of attributes."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    used: set[str] = field(default_factory=set[str])
    groups: set[str] = field(default_factory=set[str])
    words: set[str] = field(default_factory=set[str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def of(self, value: str, person: str | None = None, attribute: str | None = None) -> str:
        """The other name of a value: of a person who has one already, when that is told, with the attribute's name."""
        key = fold(value.strip())
        if is_nobodys(value) or key in self.groups:
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
        domain = re.split(_AT, key, flags=re.IGNORECASE)[-1] if _ADDRESS.fullmatch(key) else ""
        return f"{wanted}@{domain}" if _DOMAIN.fullmatch(domain) else wanted

    def _numbered(self, base: str) -> str:
        self.counts[base] = self.counts.get(base, 0) + 1
        return f"{base}-{self.counts[base]}"

    def text(self, text: str) -> str:
        """A text with every address in it renamed, and every quoted text or single word that was renamed elsewhere."""
        text = _QUOTED.sub(lambda found: self._quoted(found, strictly=False), text)
        for pattern in (_ADDRESS, _WORD):
            text = pattern.sub(self._within, text)
        return text

    def answer(self, text: str, met: Mapping[str, str]) -> str:
        """What was said of a request, in which what came with it may stand: whole (`met`), or quoted and cut.

        What is quoted is renamed, unless it is known to be nobody's.
        """
        long = {form: other for value, other in met.items() for form in _forms(value)}
        if long:
            longest_first = sorted(long, key=len, reverse=True)
            text = re.sub("|".join(map(re.escape, longest_first)), lambda found: long[found[0]], text)
        return self.text(_QUOTED.sub(lambda found: self._quoted(found, strictly=True), text))

    def group(self, name: str) -> str:
        """The name of a group, without the addresses of people in it."""
        return name if fold(name.strip()) in self.groups else self.text(name)

    @staticmethod
    def addresses_in(text: str) -> list[str]:
        """The addresses in a text."""
        return [found[0] for found in _ADDRESS.finditer(text)]

    def _quoted(self, found: re.Match[str], *, strictly: bool) -> str:
        whole = found[0]
        inner = whole[1:-1]
        known = self._known(inner)
        if known is None:
            known = self._strictly(inner) if strictly else inner
        return f"{whole[0]}{known}{whole[-1]}"

    def _strictly(self, inner: str) -> str:
        bare = fold(inner.strip())
        if bare in self.groups or is_fact(inner) or self._is_other(inner):
            return inner
        if PATH.fullmatch(inner) and all(each in WORDS or each in self.words for each in _parts(bare)):
            return inner
        return self.of(inner, None, "quoted")

    def _is_other(self, name: str) -> bool:
        """Whether it is one of the names that are given here."""
        return name.partition("@")[0] in self.used

    def _known(self, value: str) -> str | None:
        keys = (fold(form.strip()) for form in (value, plain(value), _decoded(value)))
        return next((self.names[key] for key in keys if key in self.names), None)

    def _within(self, found: re.Match[str]) -> str:
        word = found[0]
        bare = word.rstrip(".")
        if fold(bare) in self.groups:
            return word
        known = self._known(bare)
        if known is None and found.re is _ADDRESS and not self._is_other(bare):
            known = self.of(_decoded(bare))
        return word if known is None else known + word[len(bare) :]


def _parts(path: str) -> list[str]:
    """The names in a way to an attribute; a schema and what comes after it are one."""
    return [path] if path.startswith("urn:") else [each for each in path.split(".") if each]


def _forms(value: str) -> Iterable[str]:
    """A value that is no single word, as it stands in a text: itself, and as Python quotes it."""
    if not re.fullmatch(r"[\w.@\-]*", value) and len(value.strip()) > 1:
        yield value
        yield repr(value)[1:-1]


def _decoded(word: str) -> str:
    """An address without percent-encoding, however often it was encoded, and without its scheme."""
    while (once := unquote(word)) != word:
        word = once
    return word.removeprefix("mailto:")


def plain(quoted: str) -> str:
    """What was quoted, without the backslashes of the quoting."""
    return re.sub(r"\\(.)", r"\1", quoted)
