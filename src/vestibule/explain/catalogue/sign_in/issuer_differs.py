"""`issuer`: the response is of another issuer than the connection's identity provider."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, at_idp, mend, story
from vestibule.explain.differing import how_differs
from vestibule.explain.entry import Explanation

_STS = "https://sts.windows.net/"


def _why(expected: str, received: str) -> str:
    """What was probably entered in place of the issuer."""
    if "federationmetadata" in expected.lower() or expected.endswith(".xml"):
        return "What is set as the issuer is the address of the metadata, not the entityID that stands in it."
    if "login.microsoftonline.com" in expected and received.startswith(_STS):
        return (
            "What is set as the issuer is Entra's login address. Its issuer (Microsoft Entra Identifier) is "
            f"{_STS}, the tenant's id, and a slash."
        )
    if any(each in expected for each in ("portal.azure.com", "entra.microsoft.com", "myapps.microsoft.com")):
        return "What is set as the issuer is the address of a portal, not the identity provider's entityID."
    if expected.startswith(_STS) and received.startswith(_STS) and expected.rstrip("/") != received.rstrip("/"):
        return "Both are tenants of Entra: the response comes from another tenant than the one that was set up."
    return (
        "The issuer is the name of the identity provider, compared character for character, as it stands in the "
        "metadata as entityID."
    )


def _tell(sign_in: SignIn) -> Explanation:
    expected, received = sign_in.text("expected") or "", sign_in.text("received") or ""
    how = how_differs(expected, received)
    came = f"comes from the issuer `{received}`" if received else "does not name its issuer"
    return Explanation(
        "issuer",
        f"The response {came}, not from `{expected}`{f': they differ {how}' if how else ''}.",
        _why(expected, received),
        (
            mend("Read the identity provider's metadata again, which has the issuer", sign_in.set("--metadata URL")),
            at_idp(f"Take the metadata from the same application that signs in: {place(sign_in, 'metadata')}"),
        ),
        sign_in.evidence("Issuer"),
        NOT_SET_UP,
    )


ENTRIES: Final = (story("issuer", tell=_tell),)
