"""What an identity provider says of a person, mapped to a profile; and what is amiss in what it says.

`Received` is what came, `Mapping` is what the connection expects, `read_profile` brings the two together and tells
with evidence where they differ. Pure: the same words in give the same profile out.
"""

from vestibule.claims.address import Address, NotAnAddress, read_address
from vestibule.claims.mapping import InvalidMapping, Mapping, Rule, read_claim_option, read_mapping, write_mapping
from vestibule.claims.notes import NOTES, Note
from vestibule.claims.presets import PRESETS, preset
from vestibule.claims.profile import Groups, Mapped, Missing, Profile, read_profile
from vestibule.claims.received import Received, from_oidc, from_saml

__all__ = [
    "NOTES",
    "PRESETS",
    "Address",
    "Groups",
    "InvalidMapping",
    "Mapped",
    "Mapping",
    "Missing",
    "NotAnAddress",
    "Note",
    "Profile",
    "Received",
    "Rule",
    "from_oidc",
    "from_saml",
    "preset",
    "read_address",
    "read_claim_option",
    "read_mapping",
    "read_profile",
    "write_mapping",
]
