"""Whether an address counts as its person's at the first sign-in. Pure: facts in, decision out."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from vestibule.model import EmailProof

Decision = Literal["proven", "ask_code", "ask_admin"]


@dataclass(frozen=True, slots=True)
class EmailFacts:
    """What is known of a person's address when they sign in."""

    protocol: Literal["saml", "oidc"]
    address: str | None
    """What the identity provider sent, if it is an address."""
    already: EmailProof | None
    """What proved this very address before; a proof is for good."""
    domain_verified: bool
    idp_says: bool | None
    """`email_verified`, or Entra's `xms_edov`; a SAML assertion never says so."""
    guest: bool
    from_directory: bool
    """Whether the account came by SCIM."""
    directory_addresses: Collection[str]
    """The addresses that SCIM sent for it, folded."""
    address_folded: str | None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to be done, and why, in a word that the explanations know. `proof` where there is one to keep."""

    decision: Decision
    reason: str
    proof: EmailProof | None = None


def rule(policy: str, facts: EmailFacts) -> Ruling:
    """What the policy says of these facts. What is proven already stays so under every policy."""
    if facts.already is not None:
        return Ruling("proven", "proven_before", facts.already)
    match policy:
        case "trust_directory":
            return _directory(facts)
        case "admin_approves":
            return Ruling("ask_admin", "policy")
        case "trust_verified_domain":
            if facts.address is not None and facts.domain_verified and not facts.guest:
                return Ruling("proven", "verified_domain", "domain")
            return Ruling("ask_code", "guest" if facts.guest else _no_address_or(facts, "domain_not_verified"))
        case "trust_idp_claim":
            return _claim(facts)
        case _:
            return Ruling("ask_code", _no_address_or(facts, "policy"))


def _directory(facts: EmailFacts) -> Ruling:
    """Who was provisioned is known, be it without any mailbox; an address that SCIM did not send is not."""
    if not facts.from_directory:
        return Ruling("ask_code", "not_from_directory")
    if facts.address_folded is None or facts.address_folded in facts.directory_addresses:
        return Ruling("proven", "directory", "directory" if facts.address is not None else None)
    if not facts.directory_addresses:
        # The directory knows of no mailbox; the address is a name, and nothing is proven of it.
        return Ruling("proven", "directory_without_mailbox")
    return Ruling("ask_code", "directory_has_another")


def _claim(facts: EmailFacts) -> Ruling:
    """OIDC has a word for it (core 5.1); SAML has none, so the policy itself is the word, but for guests."""
    if facts.address is None:
        return Ruling("ask_code", "no_address")
    if facts.guest:
        return Ruling("ask_code", "guest")
    if facts.idp_says is True or (facts.protocol == "saml" and facts.idp_says is None):
        return Ruling("proven", "idp_claim", "idp_claim")
    return Ruling("ask_code", "idp_says_unverified" if facts.idp_says is False else "idp_says_nothing")


def _no_address_or(facts: EmailFacts, otherwise: str) -> str:
    return "no_address" if facts.address is None else otherwise
