"""`foreign_throttled`: too many requests."""

from vestibule.explain.catalogue.foreign.said import idp, story, theirs

ENTRY = story(
    "throttled",
    "throttled",
    "{server} has had enough requests for now.",
    "Its limit is below what an initial cycle sends. An identity provider tries again later; what was refused is sent "
    "anew, and the cycle takes longer.",
    idp("Wait for the next cycle; assign people in smaller numbers if it goes on"),
    theirs("Raise the limit for provisioning (Entra sends up to 25 requests a second), and answer with Retry-After"),
)
