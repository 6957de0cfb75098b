"""The key of an identity: what never changes for a person, whatever their names and addresses do."""

from vestibule.claims import Received
from vestibule.claims.presets import MICROSOFT

_TRANSIENT = "nameid-format:transient"


def key_of(received: Received, idp: str) -> str | None:
    """The subject under which an identity is kept; None when what came changes with every sign-in.

    `idp` is the kind of the connection's identity provider.

    Entra's is the object id (with the home tenant's id where it is sent), never the UPN and never an address; else
    the NameID, unless it is transient (SAML core 8.3.8); of OIDC the `sub` (core 5.7), or for Entra `oid` and `tid`.
    """
    if received.from_entra or idp == "entra":
        names = (f"{MICROSOFT}objectidentifier", f"{MICROSOFT}tenantid")
        oid, tid = (_single(received, each) for each in (names if received.protocol == "saml" else ("oid", "tid")))
        if oid:
            return f"{tid}/{oid}" if tid else oid
    if received.subject_format is not None and received.subject_format.endswith(_TRANSIENT):
        return None
    return received.subject.strip() or None


def _single(received: Received, name: str) -> str | None:
    values = received.values.get(name, ())
    return values[0].strip() if len(values) == 1 and values[0].strip() else None
