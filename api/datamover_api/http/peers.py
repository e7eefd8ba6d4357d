"""Whom a request comes from, as far as limits are concerned, and which proxies are believed about that."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network
_LONGEST: Final = 45
"""As many characters as an IPv6 address can have; what a proxy forwards may be any text."""
_SUBSCRIBER: Final = 64
"""A subscriber of IPv6 has at least the addresses of a network with this prefix."""


@lru_cache(4096)
def peer_of(host: str) -> str:
    """The key under which an address is counted: itself, or its network where one subscriber has all of that."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:_LONGEST]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address.packed, _SUBSCRIBER), strict=False))


def networks(text: str) -> tuple[Network, ...]:
    """Read a comma-separated list of addresses and networks. Raises ValueError."""
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def is_within(host: str, trusted: tuple[Network, ...]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in trusted)
