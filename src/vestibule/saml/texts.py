"""Texts out of elements, whole or not at all."""

from vestibule.saml.errors import SamlError
from vestibule.saml.xml import Element


def text_of(element: Element) -> str:
    """The text of an element without white space around it. Raises bad_value where elements are in between."""
    if len(element):
        raise SamlError("bad_value", element=element.tag.rpartition("}")[2][:100])
    return (element.text or "").strip()


def text_below(parent: Element, path: str) -> str | None:
    """The text of a descendant; None if it is not there or empty. Raises bad_value."""
    found = parent.find(path)
    return (text_of(found) or None) if found is not None else None


def clipped(text: str | None, length: int = 300) -> str | None:
    """A text short enough to be told of."""
    return text if text is None or len(text) <= length else text[:length] + "…"
