"""`foreign_unauthorized`: the token is not accepted."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "unauthorized",
    "unauthorized",
    "{server} does not accept the token.",
    "It is cut off, has ended or was revoked, belongs to another tenant or environment, or is of a person who may no "
    "longer give it; or it did not arrive, as a proxy takes Authorization for itself. Nothing was read or changed.",
    idp("Make a new token in the application, enter it whole, and test the connection"),
    theirs(
        "See whether its time is over, whoever made it is still an administrator, and proxies let Authorization pass"
    ),
)
