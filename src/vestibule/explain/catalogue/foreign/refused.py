"""`foreign_refused`: any other refusal of a request."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "refused",
    "refused",
    "{server} refused the request as it is ({status}).",
    "It does not understand it, or a value of it: a method that it does not serve, an attribute that is not known or "
    "missing, a type that is another one, a path of PATCH that it does not have. Nothing was changed.",
    idp("Look at the named attribute in the mapping: take it out, or give it another source; then restart"),
    theirs("Let the server say in scimType and detail which attribute it is (RFC 7644 section 3.12)"),
)
