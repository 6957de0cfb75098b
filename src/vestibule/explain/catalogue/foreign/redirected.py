"""`foreign_redirected`: the server sends elsewhere, which identity providers do not follow."""

from vestibule.explain.catalogue.foreign.said import idp, story

ENTRY = story(
    "redirected",
    "redirected",
    "{server} answered {status}: it sends to another address.",
    "Identity providers follow no redirection with a token in hand. Usual causes are http in place of https, a slash "
    "too much or too few, and an address that has moved.",
    idp("Enter the address to which it sends (Location) as the tenant URL, if it is the application's own"),
)
