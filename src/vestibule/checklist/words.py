"""Times and names as the steps tell them."""

from typing import Final

from vestibule.clock import rfc3339

DAY: Final = 86_400_000_000


def when(instant: int) -> str:
    """An instant to the minute, in UTC."""
    return f"{rfc3339(instant)[:16].replace('T', ' ')} UTC"


def day(instant: int) -> str:
    """The day of an instant, in UTC."""
    return rfc3339(instant)[:10]


def capital(text: str) -> str:
    """A sentence that may begin with a name."""
    return text[:1].upper() + text[1:]
