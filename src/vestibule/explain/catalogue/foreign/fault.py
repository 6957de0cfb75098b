"""`foreign_fault`: the server failed, as it says itself."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "fault",
    "fault",
    "{server} failed at this request ({status}).",
    "That is a fault of the server's. An identity provider tries again, and goes into quarantine when it lasts.",
    theirs("Look for this request in the server's log, by its time and the request id of its headers"),
    idp("Provision one person on demand: if that fails alike, an attribute of the mapping may be the cause"),
)
