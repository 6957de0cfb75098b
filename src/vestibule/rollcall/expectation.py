"""An expectation that is at hand, as a file or an option says it; and what may be a name in one."""

from collections.abc import Iterable
from dataclasses import dataclass

from vestibule.store.roll_calls import ExpectedPerson

MOST = 100_000_000
"""No number of people is larger."""
LONGEST = 800
"""How many bytes a name or an id may have, as an index holds no longer ones."""


class CannotExpect(Exception):
    """An expectation that cannot be looked for; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A group and its expected people, or only their number (then `people` is None)."""

    group: str
    count: int
    people: tuple[ExpectedPerson, ...] | None = None
    nested: tuple[str, ...] = ()
    """Groups within the group: their people are not provisioned by way of it."""


def check_people(people: Iterable[ExpectedPerson]) -> None:
    """Whether people can be looked for by what they are called. Raises CannotExpect."""
    check_names(name for each in people for name in (each.user_name, *each.external_ids))


def check_names(names: Iterable[str]) -> None:
    """Whether names and ids can be looked for. Raises CannotExpect."""
    for each in names:
        size = len(each.encode(errors="surrogatepass"))
        if size > LONGEST:
            raise CannotExpect(
                f"{each[:60]!r}… is longer than {LONGEST} bytes, as no name or id is: see that each stands in a line "
                "or a cell of its own."
            )
        if "\0" in each or any("\ud800" <= letter <= "\udfff" for letter in each):
            raise CannotExpect(
                f"{each[:60]!r} is no text: it has a NUL character, or half of one. Export the file again as UTF-8."
            )
