"""The one parser, hardened, and the little of the XML library that this package uses, with types."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, cast

# The library ships no types; everything below gives them.
from lxml import etree as _untyped  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

_etree = cast("Any", _untyped)


class Element(Protocol):
    """An element of a parsed document. `tag` is `{namespace}name`."""

    tag: str
    text: str | None
    tail: str | None

    @property
    def attrib(self) -> Mapping[str, str]: ...
    @property
    def nsmap(self) -> Mapping[str | None, str]: ...
    def get(self, key: str) -> str | None: ...
    def set(self, key: str, value: str) -> None: ...
    def find(self, path: str) -> "Element | None": ...
    def findall(self, path: str) -> "list[Element]": ...
    def iter(self, tag: str) -> "Iterator[Element]": ...
    def getparent(self) -> "Element | None": ...
    def getprevious(self) -> "Element | None": ...
    def getnext(self) -> "Element | None": ...
    def remove(self, element: "Element") -> None: ...
    def __iter__(self) -> "Iterator[Element]": ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> "Element": ...


# Nothing is fetched, expanded or looked up; the bytes are UTF-8 whatever they say of themselves.
PARSER: Any = _etree.XMLParser(
    encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
)
# Metadata is written by hand, and is verified by nobody: its comments are dropped, and texts closed over them.
LENIENT_PARSER: Any = _etree.XMLParser(
    encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip
ParseFault: type[Exception] = _etree.XMLSyntaxError
XmlFault: type[Exception] = _etree.LxmlError
"""Any failure of the library: parsing, canonicalising, validating."""


def parsed(data: bytes, comments: bool = False) -> tuple[Element, bool, str]:
    """The root of a document, whether the document has a DTD, and its XML version. Raises ParseFault.

    `comments`: comments and processing instructions are dropped, instead of being part of the tree.
    """
    root: Any = _etree.fromstring(data, LENIENT_PARSER if comments else PARSER)
    about: Any = root.getroottree().docinfo
    return root, about.internalDTD is not None or about.externalDTD is not None, str(about.xml_version)


def events(root: Element) -> Iterator[tuple[str, Any]]:
    """`start` and `end` of every element, `start-ns` (prefix, URI) before its `start`, `comment` and `pi`."""
    return _etree.iterwalk(root, events=("start", "end", "start-ns", "comment", "pi"))


def serialised(element: Element) -> bytes:
    """An element by itself as UTF-8, with the namespaces that it inherits."""
    # Not the default, ASCII: names that are not ASCII would be written as what is no name.
    return _etree.tostring(element, encoding="utf-8", with_tail=False)


def opening(nsmap: Mapping[str | None, str], name: str) -> bytes:
    """The opening tag of an element that declares these namespaces."""
    tag: bytes = _etree.tostring(_etree.Element(name, nsmap=dict(nsmap)), encoding="utf-8")
    return tag.removesuffix(b"/>") + b">"


def made(tag: str, nsmap: Mapping[str, str], **attributes: str | None) -> Element:
    """A new element; attributes that are None are left out."""
    return _etree.Element(tag, _present(attributes), nsmap=dict(nsmap))


def below(parent: Element, tag: str, text: str | None = None, **attributes: str | None) -> Element:
    """A new last child; attributes that are None are left out."""
    child: Element = _etree.SubElement(parent, tag, _present(attributes))
    child.text = text
    return child


def _present(attributes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value is not None}
