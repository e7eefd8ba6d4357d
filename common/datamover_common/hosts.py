"""Which hosts may be connected to: what the setting's patterns name, and never addresses that serve the machine itself.

A name is resolved here, every address is checked, and exactly those are connected to: what the name leads to a moment
later does not matter.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from datamover_common.threads import DaemonPool

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

RESOLVE_TIMEOUT: Final = 10.0
"""Seconds."""
_resolvers: Final = DaemonPool(64, "resolver")
"""Not the event loop's own few threads: names that nobody answers for would keep those from everything else."""
_NEVER: Final[tuple[Network, ...]] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",  # link-local: the metadata services of AWS, Azure, Google and others
            "100.100.100.200/32",  # Alibaba Cloud's metadata service
            "168.63.129.16/32",  # Azure's platform services
            "192.0.0.192/32",  # Oracle Cloud's metadata service
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "fe80::/10",
            "fd00:ec2::/32",  # AWS's link-local services by IPv6: metadata, DNS, time, pod identity
            "fd20:ce::254/128",  # Google's metadata service by IPv6
            "ff00::/8",
        ),
    )
)
_NAT64: Final = ip_network("64:ff9b::/96")
_SIX_TO_FOUR: Final = ip_network("2002::/16")
_NUMERIC: Final = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)")


class ForbiddenHostError(Exception):
    """A host may not be connected to; the message says why, and what would allow it."""


class UnknownHostError(Exception):
    """A name has no address."""


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """What a setting allows: names with `*` for any characters, addresses and networks (CIDR).

    Loopback addresses are the operator's own pod: only a pattern without `*` allows them.
    """

    patterns: Sequence[str]
    setting: str = "databaseHosts"

    def check_name(self, host: str) -> None:
        """See that a host is one by its looks, and not forbidden by its name. Raises ForbiddenHostError."""
        literal = _literal(host)
        if literal is not None:
            self.check_addresses(host, (literal,))
            return
        if _NUMERIC.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise ForbiddenHostError(f"'{host}' is neither a host name nor an IP address")
        if not self._may_lead_somewhere(host):
            raise ForbiddenHostError(self._refusal(host))

    def check_unresolved(self, host: str) -> None:
        """See that a name that others resolve is allowed by itself. Raises ForbiddenHostError."""
        if not any(_matches_name(each, host) for each in self.patterns):
            raise ForbiddenHostError(self._refusal(host))

    def check_addresses(self, host: str, addresses: Sequence[Address]) -> None:
        """See that a host may be connected to at these addresses. Raises ForbiddenHostError."""
        for address in addresses:
            inner = embedded(address)
            if _reserved(inner) is not None:
                raise ForbiddenHostError(f"'{host}' leads to {address}, a link-local, metadata or reserved address")
            if not self._allows(host, inner):
                raise ForbiddenHostError(self._refusal(host))

    def _allows(self, host: str, address: Address) -> bool:
        if address.is_loopback:
            return any(each in {host, str(address)} for each in self.patterns)
        return any(_matches_name(each, host) or _holds(each, address) for each in self.patterns)

    def _may_lead_somewhere(self, host: str) -> bool:
        return any(_matches_name(each, host) or _network(each) is not None for each in self.patterns)

    def _refusal(self, host: str) -> str:
        allowed = ", ".join(self.patterns) or "none"
        return f"'{host}' is not allowed by the operator's setting {self.setting} (now: {allowed})"


async def resolve(host: str, port: int) -> tuple[Address, ...]:
    """Return the addresses of a host, in the resolver's order. Raises UnknownHostError."""
    literal = _literal(host)
    if literal is not None:
        return (literal,)
    pending = _resolvers.submit(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT):
            found = await asyncio.wrap_future(pending)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise UnknownHostError(f"host '{host}' can't be resolved") from error
    addresses = (ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found)
    return tuple(dict.fromkeys(addresses))


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, NAT64, 6to4), else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour if address in _SIX_TO_FOUR and address.sixtofour is not None else address


def reserved_network(host: str) -> Network | None:
    """The network of link-local, metadata or reserved addresses that a host is in; None for others, and for names."""
    literal = _literal(host)
    return _reserved(embedded(literal)) if literal is not None else None


def _reserved(address: Address) -> Network | None:
    return next((each for each in _NEVER if address.version == each.version and address in each), None)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _matches_name(pattern: str, host: str) -> bool:
    """Whether a name fits a pattern, in time that grows with the name's length alone."""
    first, *others = pattern.lower().split("*")
    rest = host.lower().rstrip(".")
    if not others:
        return rest == first
    *middle, last = others
    if not rest.startswith(first):
        return False
    rest = rest[len(first) :]
    for part in middle:
        _, found, rest = rest.partition(part) if part else ("", "*", rest)
        if not found:
            return False
    return rest.endswith(last)


def _holds(pattern: str, address: Address) -> bool:
    network = _network(pattern)
    return network is not None and network.version == address.version and address in network


@lru_cache(maxsize=1024)
def _network(pattern: str) -> Network | None:
    try:
        return ip_network(pattern)
    except ValueError:
        return None
