"""An exchange without people's values. What is not known to be harmless is renamed, never the other way round."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import orjson

from vestibule.explain import SIGN_IN, detail_for, explain
from vestibule.model import Exchange, JsonObject
from vestibule.scim.folding import fold
from vestibule.support.forms import COUNTS, FACTS, NAME, TECHNICAL, is_fact
from vestibule.support.pseudonyms import Pseudonyms
from vestibule.support.queries import Queries

_ASKED: Final = frozenset({"path", "text", "filter"})
"""Facts that are a filter or a path, or a piece of one."""
_PEOPLES: Final = frozenset(
    {"subject", "username", "user_name", "externalid", "email", "address", "value", "name", "example", "mail"}
)
"""Facts that are somebody's even when they are an address of the web."""
_SHOWN_QUIRKS: Final = frozenset({"unknown_attribute", "unknown_schema"})
"""Of these the log keeps names of attributes, of others what came."""
_GROUPS_OWN: Final = frozenset({"displayname", "externalid"})
_CURSORS: Final = frozenset({"nextcursor", "previouscursor"})
"""Anybody can read in them by which value the list is sorted."""
_ADDRESSES: Final = frozenset({"location", "$ref"})
_DEEPEST: Final = 20
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_W3: Final = "http://www.w3.org/"
"""Names of algorithms begin so, and tell the algorithm behind a #."""
_LINK: Final = re.compile(r"https?://\S+/e/req_[0-9a-z]{26}(?=\")")


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
        if target:
            target = self.names.group(target) if group else self.names.of(target)
        person = target.partition("@")[0] if target and not group else None
        walk = Walk(self.names, person, group)
        if exchange.target and target != exchange.target:
            walk.met[exchange.target] = target or ""
        # The texts of the server come last, when all that they may name has been met.
        told = replace(
            exchange,
            target=target,
            path=self.names.text(exchange.path) if exchange.resource_type == SIGN_IN else walk.path(exchange.path),
            query=walk.queries.query(exchange.query),
            resource_id=self.names.of(exchange.resource_id) if exchange.resource_id else None,
            request_body=walk.body(exchange.request_body),
        )
        told = replace(told, facts=walk.facts(exchange.facts))
        return replace(told, response_body=walk.response(told, exchange))

    def text(self, text: str) -> str:
        """A text that may name people."""
        return text if self.with_names else self.names.text(text)

    def group(self, name: str) -> str:
        """The name of a group."""
        return name if self.with_names else self.names.group(name)

    def path(self, path: str) -> str:
        """The path of a SCIM request."""
        return path if self.with_names else Queries(self.names).path(path)

    def evidence(self, value: Any) -> Any:
        """A fact about a person: every text in it is renamed that is neither an id of ours nor an instant."""
        if isinstance(value, dict):
            return {name: self.evidence(each) for name, each in cast("JsonObject", value).items()}
        if isinstance(value, list | tuple):
            return [self.evidence(each) for each in cast("list[Any]", value)]
        return self.who(value) if isinstance(value, str) and not is_fact(value) else value

    def who(self, name: str) -> str:
        """The name of a person."""
        return name if self.with_names else self.names.of(name)


@dataclass(frozen=True, slots=True)
class Walk:
    """Through the parts of one exchange. `person` is whom it is about; `group` that it is about a group.

    `met` are the values that were renamed on the way, each with its other name.
    """

    names: Pseudonyms
    person: str | None
    group: bool
    met: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def queries(self) -> Queries:
        """For paths and filters."""
        return Queries(self.names)

    def path(self, path: str) -> str:
        """The path of the request."""
        told = self.queries.path(path)
        if told != path:
            self.met[path] = told
            self.met.update({a: b for a, b in zip(path.split("/"), told.split("/"), strict=True) if a != b})
        return told

    def response(self, told: Exchange, original: Exchange) -> str | None:
        """The body of an answer; the detail of a refusal is told anew: it explains what was recorded."""
        text = original.response_body
        shown = self.body(text)
        if told.error is None or not shown or shown.startswith("("):
            return shown
        content: Any = orjson.loads(shown)
        link = _LINK.search(text or "")
        if isinstance(content, dict) and "detail" in content and link is not None:
            content["detail"] = detail_for(explain(told, original), link[0])
            return orjson.dumps(content).decode()
        return shown

    def body(self, text: str | None) -> str | None:
        if not text or text.startswith("("):
            return text
        try:
            content: Any = orjson.loads(text)
        except orjson.JSONDecodeError:
            return f"({len(text)} characters, cut off in the log and not shown)"
        return orjson.dumps(self._value(content, "", self.person)).decode()

    def _value(self, content: Any, name: str, person: str | None, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return "…"
        if isinstance(content, dict):
            members = cast("JsonObject", content)
            person = self._whose(members) or person
            inner = self._named_by_path(members, name)
            return {
                self._key(key): self._value(each, inner if key.lower() == "value" else key, person, depth + 1)
                for key, each in members.items()
            }
        if isinstance(content, list):
            return [self._value(each, name, person, depth + 1) for each in cast("list[Any]", content)]
        if isinstance(content, bool) or content is None:
            return content
        bare = name.rpartition(":")[2].lower()
        if isinstance(content, str):
            return self._string(content, name, bare, person)
        return content if bare in COUNTS else self._renamed(str(content), person, name)

    def _key(self, key: str) -> str:
        """The name of a member; one that has not the form of a name is a path, or holds anything."""
        if not NAME.fullmatch(key):
            return self.queries.filter(key)
        if fold(key) in self.names.names:
            return self.names.names[fold(key)]
        self.names.words.add(fold(key))
        return key

    def _string(self, text: str, name: str, bare: str, person: str | None) -> str:
        if bare == "path":
            return self.queries.url(text) if text.startswith("/") else self.queries.filter(text)
        if bare == "detail":
            return self.names.answer(text, self.met)
        form = TECHNICAL.get(bare)
        if form is not None and form.fullmatch(text):
            return text
        if bare in _ADDRESSES:
            return self.queries.url(text)
        if bare in _CURSORS:
            return self.names.of(text, None, "cursor")
        if self.group and bare in _GROUPS_OWN:
            return self.names.group(text)
        return self._renamed(text, person, name)

    def _renamed(self, text: str, person: str | None, name: str) -> str:
        self.met[text] = self.names.of(text, person, name if NAME.fullmatch(name) else None)
        return self.met[text]

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
        kept = {quirk: [self._key(str(one)) for one in each] for quirk, each in shown.items() if quirk in _SHOWN_QUIRKS}
        return told | ({"tolerated_in": kept} if kept else {})

    def _fact(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            if "fingerprint" in cast("JsonObject", value):
                # A certificate of the identity provider's.
                return cast("JsonObject", value)
            called = self.names.of if name == "resolved" else self._key
            return {
                called(key): self._fact(name if name == "resolved" else key, each)
                for key, each in cast("JsonObject", value).items()
            }
        if isinstance(value, list | tuple):
            return [self._fact(name, each) for each in cast("list[Any]", value)]
        if not isinstance(value, str) or is_fact(value):
            return value
        if name == "detail":
            return self.names.answer(value, self.met)
        if name in FACTS or (name == "why" and _CODE.fullmatch(value)):
            return self.names.text(value)
        if self.group and name in ("value", *_GROUPS_OWN):
            return self.names.group(value)
        if name in _ASKED:
            return self.queries.filter(value)
        if value.startswith(("http://", "https://")) and fold(name) not in _PEOPLES:
            return self.names.text(value if value.startswith(_W3) else re.split("[?#]", value, maxsplit=1)[0])
        self.met[value] = self.names.of(value, self.person, None if name in ("parked", "resolved") else name)
        return self.met[value]
