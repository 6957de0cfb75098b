"""Who calls, as far as an address tells: those who may share a limit have one name."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def client_of(host: str | None) -> str:
    """Who calls from an address: the address, or the network of 64 bits that an IPv6 host has to itself (RFC 4291)."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return ""
    match address:
        case IPv4Address():
            return str(address)
        case IPv6Address(ipv4_mapped=None):
            return str(IPv6Address(int(address) >> 64 << 64))
        case _:
            return str(address.ipv4_mapped)
