"""Which claim becomes which attribute of the profile: a connection's rules, read from and written to JSON."""

import re
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from vestibule.model import JsonObject

ATTRIBUTES = ("userName", "externalId", "email", "givenName", "familyName", "displayName", "groups")
"""The attributes of a profile by their SCIM names; any other name is an extra."""
NO_DEFAULT = frozenset({"userName", "externalId", "email", "groups"})
"""What tells one person from another may not have a default: everybody would be the same."""

_EXTRA = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}\Z")
_MEMBERS = frozenset({"claims", "required", "default", "separator"})
_MOST_RULES = 64
_MOST_SOURCES = 16
_LONGEST = 512


class InvalidMapping(ValueError):
    """The mapping cannot be read. `where` is the attribute, or empty; `str(error)` says what is wrong."""

    def __init__(self, where: str, fault: str) -> None:
        super().__init__(f"Mapping of {where}: {fault}" if where else f"Mapping: {fault}")
        self.where = where


@dataclass(frozen=True, slots=True)
class Rule:
    """Where one attribute comes from: the first of `sources` (claim names, `NameID`, `sub`) that came with a value.

    `separator` splits a single value into several, for senders that join groups; only where it is asked for.
    """

    sources: tuple[str, ...]
    required: bool = False
    default: str | None = None
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """The rules of one connection, by attribute."""

    rules: abc.Mapping[str, Rule]

    def __iter__(self) -> Iterator[tuple[str, Rule]]:
        return iter(self.rules.items())

    def rule(self, attribute: str) -> Rule | None:
        """The rule of an attribute, None when nothing is expected for it."""
        return self.rules.get(attribute)

    def with_claim(self, attribute: str, claim: str) -> "Mapping":
        """The same with one attribute taken from one claim and from nothing else. Raises `InvalidMapping`."""
        name = _attribute(attribute)
        before = self.rules.get(name, Rule(()))
        rule = Rule((_source(name, claim),), before.required, before.default, before.separator)
        return Mapping({**self.rules, name: rule})


def read_claim_option(text: str) -> tuple[str, str]:
    """`ATTR=CLAIM` of the command line, e.g. `email=mail`, as attribute and claim. Raises `InvalidMapping`."""
    attribute, equals, claim = text.partition("=")
    if not equals:
        raise InvalidMapping("", f"{text!r} is not ATTR=CLAIM, e.g. email=mail")
    name = _attribute(attribute.strip())
    return name, _source(name, claim.strip())


def read_mapping(document: JsonObject) -> Mapping:
    """A mapping from JSON: `{"email": {"claims": ["mail"], "required": true}}`, or short `{"email": "mail"}`.

    Raises `InvalidMapping`, which names the attribute.
    """
    if len(document) > _MOST_RULES:
        raise InvalidMapping("", f"{len(document)} attributes are more than the {_MOST_RULES} that are read")
    rules: dict[str, Rule] = {}
    for attribute, value in document.items():
        name = _attribute(attribute)
        if name in rules:
            raise InvalidMapping(name, "it stands there twice, in other case")
        rules[name] = _read_rule(name, value)
    if "userName" not in rules:
        raise InvalidMapping("userName", "it is missing; without it nobody can be told from another")
    return Mapping(rules)


def write_mapping(mapping: Mapping) -> JsonObject:
    """A mapping as `read_mapping` reads it; members that say nothing are left out."""
    return {attribute: _write_rule(rule) for attribute, rule in mapping}


def _write_rule(rule: Rule) -> JsonObject:
    written: JsonObject = {"claims": list(rule.sources)}
    if rule.required:
        written["required"] = True
    if rule.default is not None:
        written["default"] = rule.default
    if rule.separator is not None:
        written["separator"] = rule.separator
    return written


def _attribute(name: str) -> str:
    known = {each.lower(): each for each in ATTRIBUTES}
    if name.lower() in known:
        return known[name.lower()]
    if not _EXTRA.match(name):
        raise InvalidMapping(name[:80], "an attribute has up to 64 letters, digits, _ . or -, and begins with a letter")
    return name


def _source(attribute: str, claim: Any) -> str:
    if not isinstance(claim, str) or not claim or claim != claim.strip() or not claim.isprintable():
        raise InvalidMapping(attribute, "a claim is a name as the identity provider sends it, without space around it")
    if len(claim) > _LONGEST:
        raise InvalidMapping(attribute, f"a claim's name is longer than {_LONGEST} characters")
    return claim


def _read_rule(name: str, value: Any) -> Rule:
    if isinstance(value, str):
        return Rule((_source(name, value),))
    if not isinstance(value, dict):
        raise InvalidMapping(name, "it must be the name of a claim, or an object with claims")
    rule = cast("JsonObject", value)
    if unknown := sorted(set(rule) - _MEMBERS):
        raise InvalidMapping(name, f"{unknown[0]!r} is unknown; known are {', '.join(sorted(_MEMBERS))}")
    claims = rule.get("claims")
    if not isinstance(claims, list) or not 0 < len(cast("list[Any]", claims)) <= _MOST_SOURCES:
        raise InvalidMapping(name, f"claims must be a list of one to {_MOST_SOURCES} names")
    required, default, separator = rule.get("required", False), rule.get("default"), rule.get("separator")
    if not isinstance(required, bool):
        raise InvalidMapping(name, "required must be true or false")
    if default is not None and not isinstance(default, str):
        raise InvalidMapping(name, "default must be a text")
    if default is not None and name in NO_DEFAULT:
        raise InvalidMapping(name, "it may have no default: everybody without the claim would get the same")
    if separator is not None and (not isinstance(separator, str) or len(separator) != 1):
        raise InvalidMapping(name, "separator must be one character")
    return Rule(tuple(_source(name, each) for each in cast("list[Any]", claims)), required, default, separator)
