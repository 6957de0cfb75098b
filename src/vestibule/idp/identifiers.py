"""Identifiers as Entra ID writes them, and times as SAML writes them."""

from uuid import UUID

from vestibule.clock import rfc3339
from vestibule.ids import new_key


def guid() -> str:
    """A fresh GUID (UUID version 4)."""
    return str(UUID(bytes=new_key()[:16], version=4))


def message_id() -> str:
    """A fresh ID of a SAML message: an underscore and a GUID, as an XML name must not begin with a digit."""
    return f"_{guid()}"


def secret() -> str:
    """A fresh unguessable text."""
    return new_key().hex()


def instant(microseconds: int) -> str:
    """An xs:dateTime in UTC with milliseconds."""
    return rfc3339(microseconds)
