"""The XML that this provider reads and writes: parsed without entities or network, built from templates."""

from collections.abc import Iterator
from importlib import resources
from typing import Any, Protocol

import xmlsec as _xmlsec
from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import etree as _etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType] -- untyped

etree: Any = _etree  # pyright: ignore[reportUnknownVariableType] -- lxml ships no types
xmlsec: Any = _xmlsec

PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
ENCRYPTION = "{http://www.w3.org/2001/04/xmlenc#}"

_templates = Environment(
    loader=PackageLoader(__package__ or "vestibule.idp", "messages"), autoescape=True, undefined=StrictUndefined
)


class Element(Protocol):
    """What is used of an lxml element."""

    tag: str
    text: str | None

    def get(self, key: str, /) -> str | None: ...
    def set(self, key: str, value: str, /) -> None: ...
    def find(self, path: str, /) -> "Element | None": ...
    def findall(self, path: str, /) -> "list[Element]": ...
    def append(self, element: "Element", /) -> None: ...
    def insert(self, index: int, element: "Element", /) -> None: ...
    def remove(self, element: "Element", /) -> None: ...
    def replace(self, old: "Element", new: "Element", /) -> None: ...
    def __iter__(self) -> "Iterator[Element]": ...
    def __len__(self) -> int: ...


class NotXml(ValueError):
    """A text that is no XML, or XML of a kind that is not read here."""


def parse(text: bytes, *, compact: bool = False) -> Element:
    """The root element; compact drops the white space between elements, which breaks signatures. Raises NotXml."""
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise NotXml("a document type is not accepted")
    parser = etree.XMLParser(
        remove_blank_text=compact, remove_comments=True, resolve_entities=False, no_network=True, huge_tree=False
    )
    try:
        return etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from error


def build(template: str, **values: object) -> Element:
    """A message from its template in `messages/`; every value is escaped."""
    return parse(_templates.get_template(template).render(**values).encode(), compact=True)


def write(root: Element) -> bytes:
    """An element as a document of its own, in ASCII with character references."""
    return etree.tostring(root, with_tail=False)


def text_of(element: Element | None) -> str:
    """The text of an element without white space around it; empty when there is none."""
    return ((element.text if element is not None else None) or "").strip()


def package_folder(name: str) -> str:
    """A folder of files that come with this package."""
    return str(resources.files("vestibule.idp") / name)
