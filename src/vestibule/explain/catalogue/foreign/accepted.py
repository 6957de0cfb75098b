"""`foreign_accepted`: a success, as far as the status tells."""

from vestibule.explain.catalogue.foreign.said import story, theirs

ENTRY = story(
    "accepted",
    "accepted",
    "{server} answered {status}: by that it has done what was asked.",
    "A status proves nothing of what was kept: some servers answer with success and change nothing, and identity "
    "providers do not look again.",
    theirs("See what was kept: `vestibule test scim` makes, changes and reads back"),
)
