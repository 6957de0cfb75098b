"""Where a request went and what it asked for, without people's values: paths, filters, PATCH paths, query strings."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote

from vestibule.scim.folding import fold
from vestibule.support.forms import COLLECTIONS, JOINING, NAME, OPERATORS, PATH, URN
from vestibule.support.pseudonyms import Pseudonyms, plain

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|$)|[()\[\]]|[^\s()\[\]"]+')
_LISTS: Final = frozenset({"attributes", "excludedattributes", "sortby"})
_NUMBERS: Final = frozenset({"startindex", "count"})
_PLAIN: Final = {"sortorder": re.compile("ascending|descending", re.IGNORECASE), "cursor": re.compile("")}
_URL: Final = re.compile(r"(https?://[^/?#\s]+)?(/[^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Queries:
    """Renames within what was asked, all with the same pseudonyms."""

    names: Pseudonyms

    def url(self, url: str) -> str:
        """An address or a path; what follows a collection is an id, or what was taken for one."""
        found = _URL.fullmatch(url)
        if found is None:
            return self.names.of(url)
        host, path, query, fragment = found.groups(default="")
        asked = f"?{self.query(query[1:])}" if query else ""
        return f"{self.names.text(host)}{self.path(path)}{asked}{'#…' if fragment else ''}"

    def path(self, path: str) -> str:
        """The path of a SCIM request."""
        return "/".join(self._segment(each) for each in path.split("/"))

    def _segment(self, segment: str) -> str:
        decoded = unquote(segment)
        if decoded.lower() in COLLECTIONS or re.fullmatch(URN, decoded, re.IGNORECASE):
            return segment
        return self.names.of(decoded)

    def query(self, query: str) -> str:
        """A query string; it is shown decoded."""
        if query.startswith("["):
            return query if query == "[redacted]" else self.names.of(query)
        return "&".join(f"{self._parameter(name)}={self._asked(name, value)}" for name, value in _pairs(query))

    def _parameter(self, name: str) -> str:
        return name if NAME.fullmatch(name) and fold(name) not in self.names.names else self.names.of(name)

    def _asked(self, name: str, value: str) -> str:
        bare = name.lower()
        if bare == "filter":
            return self.filter(value)
        if bare in _LISTS:
            return ",".join(self.filter(each) for each in value.split(","))
        if bare in _NUMBERS and re.fullmatch(r"-?\d{1,9}", value):
            return value
        form = _PLAIN.get(bare)
        if form is not None and form.fullmatch(value):
            return value
        return self.names.of(value, None, bare if NAME.fullmatch(name) else None)

    def filter(self, text: str) -> str:
        """A filter or a PATCH path: operators and names of attributes stay, where such belong; all else is a value."""
        tokens = list(_TOKEN.finditer(text))
        told: list[str] = []
        end, before = 0, ""
        for number, found in enumerate(tokens):
            after = tokens[number + 1][0] if number + 1 < len(tokens) else ""
            told += [text[end : found.start()], self._token(found[0], before, after)]
            end, before = found.end(), found[0].lower()
        return "".join(told) + text[end:]

    def _token(self, token: str, before: str, after: str) -> str:
        if token in {"(", ")", "[", "]"}:
            return token
        if token.startswith('"'):
            inner = token[1:].removesuffix('"')
            return f'"{self.names.of(plain(inner))}{token[1 + len(inner) :]}'
        if before in OPERATORS:
            return token if token.lower() in ("true", "false", "null") else self.names.of(token)
        if token.lower() in OPERATORS | JOINING:
            return token
        ends = not after and (not before or before == "]")
        named = after.lower() in OPERATORS | {"pr", "["} or ends
        return self._attribute(token) if named and PATH.fullmatch(token) else self.names.of(token)

    def _attribute(self, path: str) -> str:
        key = fold(path)
        if key in self.names.names:
            return self.names.names[key]
        self.names.words |= {each for each in (key, *key.split(".")) if each}
        return path


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=500)
    except ValueError:
        return [("query", query)]
