"""`foreign_forbidden`: the token is good and may not do this."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "forbidden",
    "forbidden",
    "{server} accepts the token and refuses this request.",
    "The token's scopes or its owner's role do not cover it, or the plan does not have provisioning. A new token of "
    "the same kind is refused the same way.",
    theirs("Give the token the scopes for this resource: groups often need their own, beside those for users"),
    idp("Ask the application which role and plan provisioning needs; then restart provisioning"),
)
