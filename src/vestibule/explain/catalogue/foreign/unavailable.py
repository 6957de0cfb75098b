"""`foreign_unavailable`: nobody was there to answer, as a proxy says, or the server itself."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "unavailable",
    "unavailable",
    "{server} is not available just now ({status}).",
    "A proxy before it could not reach it (502) or had no answer in time (504), or it is shut or too busy (503). "
    "Whether a change was carried out cannot be told from such an answer.",
    theirs("See whether the server runs, and whether the proxy before it reaches it and waits long enough"),
    idp("Wait for the next cycle: what was refused is sent anew; if it goes on, the job is put in quarantine"),
)
