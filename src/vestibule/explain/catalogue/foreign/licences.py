"""`foreign_licences`: there is no seat left."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "licences",
    "licences",
    "{server} has no licence left for another user.",
    "Everybody who is made active takes one. The request was in order and is refused until one is free.",
    theirs("Buy licences, or free those of people who have left"),
    idp("Or assign fewer people to the application"),
)
