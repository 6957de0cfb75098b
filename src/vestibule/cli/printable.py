"""Texts of others, as a terminal may show them."""


def printable(text: str) -> str:
    """A text of another's without what would move a terminal's cursor, change its colours or turn its writing round."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in text)


def printable_lines(text: str) -> str:
    """Lines, each of them as `printable` makes it; tabs stay."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))
