"""Read filters (RFC 7644 section 3.4.2.2) and PATCH paths (section 3.5.2) into trees resolved against a schema.

A tokenizer and a recursive descent: `or` binds loosest, then `and`, then `not`. Names come out in the schema's
spelling, literals in the attribute's type.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import orjson

from vestibule.scim.dialects import Notes
from vestibule.scim.errors import InvalidFilter, InvalidPath, ScimError
from vestibule.scim.filter_ast import (
    OPERATORS,
    And,
    AttrPath,
    Compare,
    Filter,
    Literal,
    Not,
    Or,
    Present,
    ValuePath,
)
from vestibule.scim.formats import instant_of
from vestibule.scim.schema import Attribute, ResourceType, find, homes

MAX_LENGTH = 8_192
MAX_DEPTH = 40
MAX_TERMS = 200
MAX_NUMBER = 2**63 - 1
_TOKEN = re.compile(r'\s*(?:(?P<mark>[()\[\]])|(?P<string>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()\[\]"]+))', re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?\Z")
_ORDERING = ("gt", "ge", "lt", "le")
_SUBSTRING = ("co", "sw", "ew")
_ONE_COMPARISON = re.compile(r'\s*([^\s()\[\]"]+)\s+(eq)\s+"(.*)"\s*\Z', re.DOTALL | re.IGNORECASE)
_ANOTHER_TERM = re.compile(
    r'"\s*(?:(?:and|or|\])\b|[&|]|.*\s(?:eq|ne|co|sw|ew|gt|ge|lt|le|pr)\s)', re.IGNORECASE | re.DOTALL
)
_ESCAPED = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|["\\]')


@dataclass(frozen=True, slots=True)
class PatchPath:
    """What a PATCH operation points at: `attribute`, elements that match `filter`, their `sub`-attribute."""

    uri: str | None
    attribute: Attribute
    filter: Filter | None = None
    sub: Attribute | None = None


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def parse_filter(
    text: str, resource_type: ResourceType, notes: Notes | None = None, others: Sequence[ResourceType] = ()
) -> Filter:
    """Read a filter. Raises InvalidFilter with the position (from 0) in its facts.

    An attribute that only one of `others`, the further types of the same query, has is read as one without a value.
    """
    notes = notes or Notes()
    if not text.strip():
        raise InvalidFilter(
            'The filter is empty: leave `filter` out to list all. A filter looks like `userName eq "ana@example.com"`.',
            position=0,
            text="",
        )
    try:
        return _Reader(text, resource_type, InvalidFilter, notes, others).whole_filter()
    except InvalidFilter:
        mended = _with_escapes(text)
        if mended is None:
            raise
        notes.note("unescaped_text", text)
        return _Reader(mended, resource_type, InvalidFilter, notes, others).whole_filter()


def parse_path(text: str, resource_type: ResourceType, notes: Notes | None = None) -> PatchPath:
    """Read a PATCH path such as `emails[type eq "work"].value`. Raises InvalidPath."""
    return _Reader(text, resource_type, InvalidPath, notes or Notes()).whole_path()


def _with_escapes(text: str) -> str | None:
    """One comparison with quotation marks or backslashes as a person would type them, as JSON has them; else None."""
    match = _ONE_COMPARISON.match(text[:MAX_LENGTH])
    if match is None or _ANOTHER_TERM.search(match[3]):
        return None
    mended = _ESCAPED.sub(lambda found: found[0] if len(found[0]) > 1 else "\\" + found[0], match[3])
    return None if mended == match[3] else f'{match[1]} {match[2]} "{mended}"'


class _Reader:
    def __init__(
        self,
        text: str,
        resource_type: ResourceType,
        error: Callable[..., ScimError],
        notes: Notes,
        others: Sequence[ResourceType] = (),
    ) -> None:
        self.text = text
        self.notes = notes
        self.others = others
        self.resource_type = resource_type
        self.error = error
        self.tokens: list[_Token] = []
        self.next = 0
        self.depth = 0
        self.terms = 0
        if len(text) > MAX_LENGTH:
            self.fail(f"it is longer than {MAX_LENGTH} characters", MAX_LENGTH)
        self.split()

    def fail(self, why: str, at: int, **facts: str) -> NoReturn:
        what = "filter" if self.error is InvalidFilter else "path"
        shown = self.text if len(self.text) <= 120 else self.text[:117] + "…"
        example = 'userName eq "ana@example.com"' if what == "filter" else 'emails[type eq "work"].value'
        raise self.error(
            f"The {what} `{shown}` cannot be read at position {at}: {why}. A {what} looks like `{example}`.",
            position=at,
            text=self.text[:500],
            **facts,
        )

    def split(self) -> None:
        at = 0
        end = len(self.text.rstrip())
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                self.fail("a quotation mark is not closed", end - len(self.text[at:end].lstrip()))
            kind = match.lastgroup
            self.tokens.append(_Token(kind, match[kind], match.start(kind)))
            at = match.end()
        self.tokens.append(_Token("end", "", len(self.text)))

    def peek(self) -> _Token:
        return self.tokens[self.next]

    def take(self) -> _Token:
        token = self.tokens[self.next]
        if token.kind != "end":
            self.next += 1
        return token

    def is_word(self, word: str) -> bool:
        token = self.peek()
        return token.kind == "word" and token.text.lower() == word

    def expect_mark(self, mark: str) -> None:
        token = self.take()
        if token.text != mark or token.kind != "mark":
            self.fail(f"`{mark}` was expected", token.at)

    def whole_filter(self) -> Filter:
        tree = self.either(None)
        self.at_end()
        return tree

    def whole_path(self) -> PatchPath:
        token = self.take()
        if token.kind != "word":
            self.fail("an attribute's name was expected", token.at)
        path = self.attr_path(token, None)
        if self.peek().text != "[":
            self.at_end()
            if path.parent is not None:
                return PatchPath(path.uri, path.parent, None, path.attribute)
            return PatchPath(path.uri, path.attribute)
        where = self.in_brackets(path, token.at)
        sub = None
        if self.peek().kind == "word":
            sub = self.sub_after(path.attribute).attribute
        self.at_end()
        return PatchPath(path.uri, path.attribute, where, sub)

    def at_end(self) -> None:
        token = self.peek()
        if token.kind != "end":
            self.fail(f"`{token.text}` was not expected", token.at)

    def either(self, inside: AttrPath | None) -> Filter:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"it is nested deeper than {MAX_DEPTH}", self.peek().at)
        tree = self.both(inside)
        while self.is_word("or"):
            self.take()
            tree = Or(tree, self.both(inside))
        self.depth -= 1
        return tree

    def both(self, inside: AttrPath | None) -> Filter:
        tree = self.term(inside)
        while self.is_word("and"):
            self.take()
            tree = And(tree, self.term(inside))
        return tree

    def term(self, inside: AttrPath | None) -> Filter:
        self.terms += 1
        if self.terms > MAX_TERMS:
            self.fail(f"it has more than {MAX_TERMS} terms", self.peek().at)
        if self.is_word("not"):
            self.take()
            if self.peek().text != "(":
                self.fail("`not` must be followed by `(`", self.peek().at)
            return Not(self.term(inside))
        if self.peek().text == "(" and self.peek().kind == "mark":
            self.take()
            tree = self.either(inside)
            self.expect_mark(")")
            return tree
        token = self.take()
        if token.kind != "word":
            self.fail("an attribute's name was expected", token.at)
        path = self.attr_path(token, inside)
        if self.peek().text == "[" and inside is None:
            return self.value_path(path, token.at)
        return self.comparison(path)

    def value_path(self, path: AttrPath, at: int) -> Filter:
        where = self.in_brackets(path, at)
        following = self.peek()
        if following.kind == "word" and following.text.startswith("."):
            # Entra writes emails[type eq "work"].value eq "a@b": the same element must match both.
            return ValuePath(path, And(where, self.comparison(self.sub_after(path.attribute))))
        return ValuePath(path, where)

    def in_brackets(self, path: AttrPath, at: int) -> Filter:
        if path.attribute.type != "complex" or not path.attribute.multi_valued or path.parent is not None:
            self.fail(f"`{path}` is not a list of complex values, so it takes no [filter]", at)
        self.expect_mark("[")
        where = self.either(path)
        self.expect_mark("]")
        return where

    def sub_after(self, parent: Attribute) -> AttrPath:
        token = self.take()
        name = token.text.removeprefix(".")
        sub = parent.sub(name)
        if sub is None or not token.text.startswith("."):
            self.fail(f"`{parent.name}` has no sub-attribute `{name}`", token.at)
        return AttrPath(None, sub.name, None, sub)

    def attr_path(self, token: _Token, inside: AttrPath | None) -> AttrPath:
        if inside is not None:
            sub = inside.attribute.sub(token.text)
            if sub is None:
                self.fail(f"`{inside}` has no sub-attribute `{token.text}`", token.at)
            return AttrPath(None, sub.name, None, sub)
        for kind in (self.resource_type, *self.others):
            uri, rest = split_uri(token.text, kind)
            name, dot, sub_name = rest.partition(".")
            found = find(kind, uri, name)
            if found is not None:
                break
        else:
            self.fail(self.why_unknown(token.text), token.at)
        home, attribute = found
        absent = kind is not self.resource_type
        if not dot:
            return AttrPath(home, attribute.name, None, attribute, None, absent)
        sub = attribute.sub(sub_name)
        if sub is None:
            self.fail(f"`{attribute.name}` has no sub-attribute `{sub_name}`", token.at)
        return AttrPath(home, attribute.name, sub.name, sub, attribute, absent)

    def why_unknown(self, text: str) -> str:
        uri, rest = split_uri(text, self.resource_type)
        name = rest.partition(".")[0]
        several = " or ".join(f"`{home}:{name}`" for home, _ in homes(self.resource_type, uri, name))
        if several:
            return f"`{text}` may be {several}: name the schema"
        return f"a {self.resource_type.name} has no attribute `{text}`"

    def comparison(self, path: AttrPath) -> Filter:
        token = self.take()
        op = token.text.lower()
        if token.kind == "word" and op == "pr":
            return Present(path)
        if token.kind != "word" or op not in OPERATORS:
            self.fail(f"an operator was expected ({', '.join(OPERATORS)} or pr)", token.at)
        literal = self.take()
        if path.attribute.type == "complex":
            target = path.attribute.value
            if target is path.attribute:
                self.fail(f"`{path}` is complex: name one of its sub-attributes", token.at)
            path = AttrPath(path.uri, path.name, target.name, target, path.attribute, path.absent)
        return Compare(path, op, self.literal(literal, path, op))

    def literal(self, token: _Token, path: AttrPath, op: str) -> Literal:
        kind = path.attribute.type
        if token.kind == "word" and kind not in ("boolean", "integer", "decimal"):
            value = self.bare_text(token)
        else:
            value = self.raw_literal(token)
        if value is None:
            if op not in ("eq", "ne"):
                self.fail(f"null cannot be compared with `{op}`", token.at)
            return None
        if path.attribute.returned == "never":
            self.fail(f"`{path}` is never told, so it cannot be asked for", token.at)
        if kind == "boolean":
            return self.boolean(value, token, path, op)
        if kind in ("integer", "decimal"):
            if isinstance(value, bool | str) or op in _SUBSTRING:
                self.fail(f"`{path}` is a number", token.at)
            if abs(value) > MAX_NUMBER:
                self.fail("the number is too large", token.at)
            return value
        if kind == "dateTime" and op not in _SUBSTRING:
            if instant_of(str(value)) is None:
                self.fail(f"`{path}` is a time such as 2026-11-24T08:00:00Z", token.at)
        elif kind == "binary" and op in _ORDERING:
            self.fail(f"`{path}` is binary and has no order", token.at)
        return value

    def boolean(self, value: Literal, token: _Token, path: AttrPath, op: str) -> bool:
        # Entra compares roles[primary eq "True"].
        if isinstance(value, str) and value.lower() in ("true", "false"):
            self.tolerate("boolean_string", token)
            value = value.lower() == "true"
        if not isinstance(value, bool):
            self.fail(f"`{path}` is true or false", token.at)
        if op not in ("eq", "ne"):
            self.fail(f"true and false cannot be compared with `{op}`", token.at)
        return value

    def tolerate(self, quirk_id: str, token: _Token) -> None:
        try:
            self.notes.note(quirk_id, token.text)
        except ScimError as refusal:
            self.fail(refusal.detail.rstrip("."), token.at, quirk=quirk_id, dialect=self.notes.dialect.name)

    def bare_text(self, token: _Token) -> str | None:
        # true and false without quotation marks may be meant as what they are, so they are not guessed at.
        if token.text.lower() == "null":
            return None
        if token.text.lower() in ("true", "false", "and", "or", "not"):
            self.fail("put the text in quotation marks", token.at)
        if token.text.startswith("'"):
            self.fail('put the text in "quotation marks"', token.at)
        if "\0" in token.text:
            self.fail("the value contains a NUL character", token.at)
        self.tolerate("unquoted_literal", token)
        return token.text

    def raw_literal(self, token: _Token) -> Literal:
        if token.kind == "string":
            try:
                text: str = orjson.loads(token.text)
            except orjson.JSONDecodeError:
                self.fail("the text in quotation marks is no JSON string", token.at)
            if "\0" in text:
                self.fail("the text in quotation marks contains a NUL character", token.at)
            return text
        lower = token.text.lower()
        if token.kind == "word" and lower in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[lower]
        if token.kind == "word" and _NUMBER.match(token.text) and len(token.text) < 40:
            return int(token.text) if token.text.lstrip("-").isdigit() else float(token.text)
        return self.fail("a value was expected; put texts in quotation marks", token.at)


def split_uri(text: str, resource_type: ResourceType) -> tuple[str | None, str]:
    """`urn:…:User:manager.value` as (URN, `manager.value`); (None, text) when no URN of the schema leads it.

    A URN alone gives (URN, "").
    """
    if text[:4].casefold() != "urn:":
        return None, text
    folded = text.casefold()
    for schema in (resource_type.schema, *resource_type.extensions):
        urn = schema.id.casefold()
        if folded == urn:
            return schema.id, ""
        if folded.startswith(urn + ":"):
            return schema.id, text[len(urn) + 1 :]
    return None, text
