"""An exchange without people's values. What is not known to be harmless is renamed, never the other way round."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from urllib.parse import parse_qsl

import orjson

from vestibule.model import Exchange, JsonObject
from vestibule.scim.folding import fold
from vestibule.support.pseudonyms import Pseudonyms

_TECHNICAL: Final = frozenset(
    {
        "schemas", "id", "op", "path", "type", "primary", "active", "resourcetype", "totalresults", "startindex",
        "itemsperpage", "created", "lastmodified", "version", "status", "scimtype", "method", "bulkid", "location",
        "$ref", "got", "need", "selection", "nextcursor", "previouscursor",
    }
)  # fmt: skip
"""Members of a body that are nobody's."""
_FACTS: Final = frozenset(
    {
        "got", "need", "reason", "attribute", "guard", "hold", "holder", "quirk", "dialect", "tolerated", "limit",
        "allow", "scheme", "linked", "match", "policy", "asks", "verified_by", "code", "login", "session",
        "verification", "resource_type", "kind", "problem", "bulk", "seal", "test_id", "id", "presented", "last_four",
        "claims", "claim", "wanted",
        "algorithm", "error", "error_code", "status_code", "sub_status", "what", "element", "field", "preset", "how",
    }
)  # fmt: skip
"""Facts that name nobody: codes, scopes, ids of ours, names of attributes and of claims."""
_SHOWN_QUIRKS: Final = frozenset({"unknown_attribute", "unknown_schema"})
"""Of these the log keeps names of attributes, of others what came."""
_GROUPS_OWN: Final = frozenset({"displayname", "externalid"})
_DEEPEST: Final = 20


@dataclass(frozen=True, slots=True)
class Redactor:
    """Redacts exchanges, all with the same pseudonyms; `with_names` leaves everything as it is."""

    names: Pseudonyms
    with_names: bool = False

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange, to be explained and shown."""
        if self.with_names:
            return exchange
        group = exchange.resource_type == "Group"
        target = exchange.target
        if group and target:
            self.names.groups.add(fold(target.strip()))
        elif target:
            target = self.names.of(target)
        person = target.partition("@")[0] if target and not group else None
        walk = Walk(self.names, person, group)
        return replace(
            exchange,
            target=target,
            path=walk.path(exchange.path),
            resource_id=self.names.of(exchange.resource_id) if exchange.resource_id else None,
            request_body=walk.body(exchange.request_body),
            response_body=walk.body(exchange.response_body),
            query=walk.query(exchange.query),
            facts=walk.facts(exchange.facts),
        )

    def text(self, text: str) -> str:
        """A text that may name people."""
        return text if self.with_names else self.names.text(text)

    def evidence(self, value: Any) -> Any:
        """A fact about a person: every text in it is renamed that is no id of ours."""
        if isinstance(value, dict):
            return {name: self.evidence(each) for name, each in cast("JsonObject", value).items()}
        if isinstance(value, list | tuple):
            return [self.evidence(each) for each in cast("list[Any]", value)]
        return self.who(value) if isinstance(value, str) else value

    def who(self, name: str) -> str:
        """The name of a person."""
        return name if self.with_names else self.names.of(name)


@dataclass(frozen=True, slots=True)
class Walk:
    """Through the parts of one exchange. `person` is whom it is about; `group` that it is about a group."""

    names: Pseudonyms
    person: str | None
    group: bool

    def body(self, text: str | None) -> str | None:
        if not text or text.startswith("("):
            return text
        try:
            content: Any = orjson.loads(text)
        except orjson.JSONDecodeError:
            return f"({len(text)} characters, cut off in the log and not shown)"
        return orjson.dumps(self._value(content, "", self.person)).decode()

    def query(self, query: str) -> str:
        told = [f"{name}={self.filter(value)}" for name, value in parse_qsl(query, keep_blank_values=True)]
        return "&".join(told)

    def filter(self, text: str) -> str:
        """A filter or a path; what stands in quotation marks in it is somebody's."""
        parts = text.split('"')
        for place in range(1, len(parts), 2):
            parts[place] = self.names.of(parts[place])
        return self.names.text('"'.join(parts))

    def path(self, path: str) -> str:
        """The path of a request; a segment after the collection is an id, or what was taken for one."""
        head, slash, ident = path.rpartition("/")
        return (
            f"{head}{slash}{self.names.of(ident)}" if head.lower() in ("/users", "/groups") else self.names.text(path)
        )

    def _value(self, content: Any, name: str, person: str | None, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return "…"
        if isinstance(content, dict):
            members = cast("JsonObject", content)
            person = self._whose(members) or person
            inner = self._named_by_path(members, name)
            return {
                key: self._value(each, inner if key.lower() == "value" else key, person, depth + 1)
                for key, each in members.items()
            }
        if isinstance(content, list):
            return [self._value(each, name, person, depth + 1) for each in cast("list[Any]", content)]
        if not isinstance(content, str):
            return content
        return self._string(content, name, person)

    def _string(self, text: str, name: str, person: str | None) -> str:
        bare = name.rpartition(":")[2].lower()
        if bare == "path":
            return self.filter(text)
        if bare in _TECHNICAL or bare == "detail":
            return self.names.text(text)
        if self.group and bare in _GROUPS_OWN:
            return self.names.text(text)
        return self.names.of(text, person, name or None)

    def _whose(self, members: JsonObject) -> str | None:
        """Whom an object is about that has a userName."""
        found = next((each for key, each in members.items() if key.lower() == "username"), None)
        return self.names.person(found) if isinstance(found, str) and found else None

    def _named_by_path(self, members: JsonObject, name: str) -> str:
        """What the `value` of a PATCH operation is a value of; else of the attribute that the object is in."""
        path = next((each for key, each in members.items() if key.lower() == "path"), None)
        return path.partition("[")[0].rpartition(":")[2] if isinstance(path, str) and path else name or "value"

    def facts(self, facts: Mapping[str, Any]) -> JsonObject:
        # The detail comes last, when all that it may name has been met.
        order = sorted(facts, key=lambda name: name == "detail")
        told = {name: self._fact(name, facts[name]) for name in order if name != "tolerated_in"}
        shown: Mapping[str, Any] = facts.get("tolerated_in") or {}
        kept = {quirk: each for quirk, each in shown.items() if quirk in _SHOWN_QUIRKS}
        return told | ({"tolerated_in": kept} if kept else {})

    def _fact(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._fact(key, each) for key, each in cast("JsonObject", value).items()}
        if isinstance(value, list | tuple):
            return [self._fact(name, each) for each in cast("list[Any]", value)]
        if not isinstance(value, str):
            return value
        if name in _FACTS or name == "detail" or (self.group and name == "value"):
            return self.names.text(value)
        if value.startswith(("http://", "https://", "urn:")):
            return self.names.text(value)
        return self.names.of(value, self.person, None if name in ("parked", "resolved") else name)
