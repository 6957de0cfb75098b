"""Which names can be an enterprise's mail domain: not those under which anybody may register or open a mailbox."""

from functools import cache
from pathlib import Path

from publicsuffixlist import PublicSuffixList

from vestibule.claims import NotAnAddress
from vestibule.claims.address import read_domain
from vestibule.domains.refusal import DomainRefused

MOST = 253 - len("_vestibule-challenge.")
"""The longest domain whose challenge still is a name of the DNS (RFC 1035 section 2.3.4)."""

# Providers under whose name anybody opens a mailbox. A brand is a provider under every public suffix.
_BRANDS = frozenset({"gmx", "hotmail", "yahoo", "yandex"})
_PROVIDERS = frozenset(
    line for line in Path(__file__).with_name("public_mail.txt").read_text().splitlines() if not line.startswith("#")
)


def read_claim(text: str) -> str:
    """The domain that somebody wants to claim, in lower-case A-labels. Raises DomainRefused."""
    domain = text.strip().removesuffix(".")
    if "@" in domain:
        raise DomainRefused("not_a_domain", f"{text!r} is an address: claim the part behind the @.")
    if "*" in domain:
        raise DomainRefused(
            "wildcard", f"{text!r} has a star in it: claim the domain itself, together with its subdomains."
        )
    try:
        domain = read_domain(domain)
    except NotAnAddress as error:
        raise DomainRefused(
            "not_a_domain",
            f"{text!r} is no mail domain ({error}): write it as in acme.com, without https:// or a path.",
        ) from error
    if len(domain) > MOST:
        raise DomainRefused("too_long", f"{domain} is too long for a record below it: {MOST} characters at most.")
    _check_ownable(domain)
    return domain


def _check_ownable(domain: str) -> None:
    registrable = _suffixes().privatesuffix(domain)
    if registrable is None:
        raise DomainRefused(
            "public_suffix",
            f"Under {domain} anybody may register names (publicsuffix.org), so nobody's addresses are proven by it: "
            "claim the name that was registered there.",
        )
    if registrable in _PROVIDERS or registrable.partition(".")[0] in _BRANDS:
        raise DomainRefused(
            "public_mail",
            f"At {registrable} anybody may open a mailbox, so it can be no enterprise's domain: claim your own one.",
        )


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
