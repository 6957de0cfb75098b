"""`foreign_forbidden`: the token may not do this."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "forbidden",
    "forbidden",
    "{server} does not let this token do this (403).",
    "The token's scopes or its owner's role do not cover it, or the plan does not have provisioning; then a new token "
    "of the same kind is refused the same way. Some servers answer so to a token that they do not know.",
    theirs("Give the token the scopes for this resource: groups often need their own, beside those for users"),
    idp("Ask the application which role and plan provisioning needs; then restart provisioning"),
)
