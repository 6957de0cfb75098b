"""Which addresses may be connected to when somebody else named the host: public ones, and what the operator allows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, TypeAlias

from vestibule.outbound import Unusable

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Kind = Literal["loopback", "private", "link_local", "shared", "multicast", "unspecified", "metadata", "reserved"]

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
# Where machines of the large clouds learn their credentials; no allowed network opens these.
_METADATA = frozenset(
    ip_address(each) for each in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_SHARED = ip_network("100.64.0.0/10")
_RELAY = ip_network("192.88.99.0/24")
_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
_TEREDO = ip_network("2001::/32")
_DOCUMENTATION = ip_network("3fff::/20")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows beyond the public internet, as for identity providers of the intranet.

    Whatever is in here may be asked by anybody who may name a URL, on any port and without TLS: name little.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def read(cls, entries: Iterable[str]) -> "Allowed":
        """From CIDRs, addresses and host names, e.g. `10.1.0.0/16`, `127.0.0.1/32`, `idp.corp`. Raises Unusable."""
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in entries:
            name = entry.lower().removesuffix(".")
            try:
                networks.append(ip_network(name))
            except ValueError as error:
                if "/" in name or ":" in name or not _HOST_NAME.fullmatch(name) or name.rpartition(".")[2].isdigit():
                    raise Unusable(
                        f"VESTIBULE_ALLOW_NETWORKS has {entry!r}, which is no network, address or host name "
                        f"({error}); write e.g. 10.1.0.0/16,idp.corp."
                    ) from error
                hosts.add(name)
        return cls(tuple(networks), frozenset(hosts))

    def has_address(self, address: Address) -> bool:
        """Whether an address is in an allowed network; those of cloud metadata never are."""
        inner = unwrapped(address)
        return inner not in _METADATA and any(inner in network for network in self.networks)

    def has_host(self, host: str) -> bool:
        """Whether a host is allowed by its name."""
        return host in self.hosts


NOTHING_ALLOWED = Allowed()
"""The public internet only."""


def unwrapped(address: Address) -> Address:
    """The IPv4 address within an IPv4-mapped (RFC 4291), NAT64 (RFC 6052) or 6to4 (RFC 3056) one; else the same."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def not_public(address: Address) -> Kind | None:
    """Why an address is not one of the public internet (IANA special-purpose registries), or None when it is."""
    inner = unwrapped(address)
    if inner in _METADATA:
        return "metadata"
    if inner.is_unspecified:
        return "unspecified"
    if inner.is_loopback:
        return "loopback"
    if inner.is_link_local:
        return "link_local"
    if inner.is_multicast:
        return "multicast"
    if inner in _SHARED:
        return "shared"
    return _reserved(inner)


def _reserved(address: Address) -> Kind | None:
    if isinstance(address, IPv6Address) and address.is_site_local:
        return "private"
    if address.is_private:
        return "reserved" if address.is_reserved else "private"
    if isinstance(address, IPv4Address):
        return "reserved" if address.is_reserved or address in _RELAY else None
    usable = address in _GLOBAL_UNICAST and address not in _TEREDO and address not in _DOCUMENTATION
    return None if usable else "reserved"
