"""How the provider conducts itself towards an application: what an admin may choose, and what may go wrong."""

from dataclasses import dataclass
from typing import Literal

NameId = Literal["upn", "mail", "object_id", "persistent"]
EmailSource = Literal["mail", "upn", "literal", "empty"]
Groups = Literal["none", "ids", "names", "overage"]
Key = Literal["active", "rolled", "expired", "unpublished"]
Signing = Literal["assertion", "response", "both", "none"]
Encryption = Literal["none", "application", "foreign"]
Cipher = Literal["aes256-cbc", "aes128-cbc", "aes256-gcm", "aes128-gcm"]


@dataclass(frozen=True, slots=True)
class Conduct:
    """The defaults are those of a new SAML application in Entra ID with a group claim added."""

    name_id: NameId = "upn"
    email: EmailSource = "mail"
    mailbox: bool = True
    as_guest: bool = False
    short_names: bool = False
    groups: Groups = "ids"
    signing: Signing = "assertion"
    sha1: bool = False
    key: Key = "active"
    encryption: Encryption = "none"
    cipher: Cipher = "aes256-cbc"
    signed_requests: bool = False
    clock_offset: int = 0
    """Microseconds by which the provider's clock is ahead."""
    assigned: bool = True
    """Whether assignments are as the source says; else nobody is assigned."""
    wrong_acs: bool = False
    wrong_audience: bool = False
    audience_spn: bool = False
    wrong_issuer: bool = False
    wrong_nonce: bool = False
    unsolicited: bool = False
    no_authn_context: bool = False
    replay: bool = False
