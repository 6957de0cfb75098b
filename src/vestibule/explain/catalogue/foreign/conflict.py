"""`foreign_conflict`: something with this name is there already."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "conflict",
    "conflict",
    "{server} has this user or group already.",
    "The identity provider looked by another attribute, found nobody, and tried to make one that exists: perhaps "
    "deactivated, made by hand or at a sign-in, or in another organization of the same application.",
    idp("Match by the attribute that is taken (most often userName or the e-mail address), then restart"),
    theirs("Or let the account that is there be taken over, or remove it if it is nobody's"),
)
