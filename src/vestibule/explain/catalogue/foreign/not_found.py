"""`foreign_not_found`: the address, or what it names, is not there."""

from vestibule.explain.catalogue.foreign.said import idp, story

ENTRY = story(
    "not_found",
    "not_found",
    "{server} has nothing at this address.",
    "If it was /Users or /Groups itself, the tenant URL is wrong: a path that is missing or there twice, or the id of "
    "another organization. If it was one user or group, that one was deleted there, or never was.",
    idp("Compare the tenant URL with the application's instructions, letter for letter"),
    idp("If only one object is concerned, restart provisioning, so that it is looked up or made anew"),
)
