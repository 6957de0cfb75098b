"""`foreign_web_page`: a page for people where SCIM was asked."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "web_page",
    "web_page",
    "{server} answered {status} with a web page, where an answer of SCIM is due.",
    "Most often the address leads to the application's pages, to a sign-in page, or to a proxy or firewall that "
    "answers in its place; or the application shows its faults to people. Whether the token is good cannot be "
    "told from it.",
    idp("Copy the tenant URL again from the application; it ends in /scim/v2 or the like, not in a page"),
    theirs("Let requests to the SCIM path pass without a sign-in page, and let the proxy pass on Authorization"),
)
