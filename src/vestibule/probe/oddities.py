"""What is odd about a server and does no harm: it is told beside a cell that is proven."""

from collections.abc import Sequence

from vestibule.entra.wire import Kind
from vestibule.explain import Explanation
from vestibule.probe.findings import LONG, words
from vestibule.probe.report import Verb


def kept_in_part(kind: Kind, verb: Verb, lacking: Sequence[str]) -> Explanation:
    """2xx, and some of what was to change has."""
    return Explanation(
        "kept_in_part",
        f"The request to {words(kind, verb)} was answered with success, but the {kind.lower()} reads without the new "
        f"{' and '.join(lacking)}. Entra will take it as done.",
        "A server may leave out what it does not keep (RFC 7644 section 3.3); Entra does not look again.",
    )


def odd_status(kind: Kind, verb: Verb, status: int, due: str) -> Explanation:
    """Another 2xx than the standard's."""
    return Explanation(
        "odd_status",
        f"The request to {words(kind, verb)} was answered {status}, not {due}. Entra will take it as done.",
        "Entra reads any status from 200 to 299 as success.",
    )


def odd_media_type(content_type: str) -> Explanation:
    """Not application/scim+json."""
    return Explanation(
        "odd_media_type",
        f"Answers come as {content_type.partition(';')[0][:LONG] or 'no media type'} and not as application/scim+json. "
        "Entra will read them; Microsoft's validator will not.",
        "RFC 7644 section 3.1 asks for application/scim+json.",
    )


def members_at_creation(status: int) -> Explanation:
    """A group with members in its creation is refused."""
    return Explanation(
        "members_at_creation",
        f"A group that is created with a member is refused ({status}). Entra will not mind, as it creates groups empty "
        "and adds members after; Okta will.",
        "Members may come with the group (RFC 7643 section 4.2).",
    )


def no_discovery(name: str, status: int) -> Explanation:
    """A discovery endpoint is missing."""
    return Explanation(
        "no_discovery",
        f"/{name} {'is not served' if status in (200, 404, 405, 501) else 'could not be read'} "
        f"({status or 'no answer'}). Entra will provision all the same; what reads the schema "
        "from the server will not find it.",
        "The three discovery endpoints are asked for by RFC 7644 section 4.",
    )


def says_unsupported(feature: str) -> Explanation:
    """ServiceProviderConfig denies what Entra needs."""
    return Explanation(
        "says_unsupported",
        f"The server says that it does not support {feature}. Entra will use it all the same: see what was tried.",
        "Entra does not read ServiceProviderConfig before it provisions.",
    )
