"""How many, in words."""


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 account`, `2,000 accounts`; `plural` where it is not made with an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def people(count: int) -> str:
    """`1 person`, `2 people`."""
    return counted(count, "person", "people")


def verb(count: int, one: str, many: str) -> str:
    """The verb that goes with so many: `is`, `are`."""
    return one if count == 1 else many
