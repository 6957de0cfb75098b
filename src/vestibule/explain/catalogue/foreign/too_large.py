"""`foreign_too_large`: the request's body is more than the server, or what stands before it, takes."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "too_large",
    "too_large",
    "{server} takes no request of this size ({status}).",
    "The body was longer than its limit, or that of a proxy before it. Nothing was read or changed. An addition of "
    "many members to a group is the longest request that identity providers send.",
    theirs("Raise the limit of the server, and of the proxy before it, to a megabyte or more"),
    idp("If it concerns one person, see whether an attribute such as a photo is mapped, and take it out"),
)
