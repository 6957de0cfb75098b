"""How far a long act is: told to whoever wants to know."""

from typing import Protocol


class Note(Protocol):
    """Called now and then with what is being done, how much of it is done, and how much there is."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def untold(what: str, done: int, total: int) -> None:
    """For those who do not want to know."""
