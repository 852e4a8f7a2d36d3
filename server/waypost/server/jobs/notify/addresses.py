"""Which network addresses a webhook may be on, so that nobody reaches through this server what only it can reach.

A connection is judged by the address that it is about to be made to: after the name was resolved, once, and whatever
was written in its place. A name that answers differently the second time, or an address in an odd spelling, gets no
further than a plain one.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from types import MappingProxyType
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: What is no address of a host of the public internet. From IANA's registries of special-purpose addresses, written
#: out because the flags of `ipaddress` differ between Python's versions.
SPECIAL_NETWORKS: Final[Mapping[Network, str]] = MappingProxyType({
    ip_network(network): kind
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "private"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        # 6to4 carries any IPv4 address inside, by relays that nobody should need any more.
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
})  # fmt: skip
#: The only part of IPv6 that is assigned to hosts of the public internet.
_PUBLIC_IPV6: Final = IPv6Network("2000::/3")
#: NAT64 (RFC 6052): the last 32 bits are the IPv4 address that the gateway connects to.
_NAT64: Final = IPv6Network("64:ff9b::/96")


class AddressRefused(OSError):
    """A connection was not made because of where it would have gone."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets connections out to public addresses, and to the networks that the operator allowed."""

    allowed: Sequence[Network] = ()

    def refusal(self, address: Address) -> str:
        """Why no connection may go there, as an adjective; empty where it may."""
        reached = _reached(address)
        if any(each in network for each in (address, reached) for network in self.allowed):
            return ""
        kind = next((kind for network, kind in SPECIAL_NETWORKS.items() if reached in network), "")
        if not kind and reached.version == 6 and reached not in _PUBLIC_IPV6:
            return "reserved"
        return kind

    def refusal_of_host(self, host: str) -> str:
        """The same for a host as written in a URI, where it tells its address without being resolved."""
        if host == "localhost" or host.endswith(".localhost"):  # RFC 6761
            return self.refusal(IPv4Address("127.0.0.1"))
        try:
            return self.refusal(ip_address(host))
        except ValueError:
            pass
        try:
            # What the resolver takes for an address too: 127.1, 0x7f.1, 017700000001, 2130706433.
            return self.refusal(IPv4Address(socket.inet_aton(host)))
        except OSError:
            return ""

    def open_socket(self, found: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """A socket for this answer of `getaddrinfo`. Raises AddressRefused, whose message does not tell the address."""
        family, kind, protocol, _, where = found
        refusal = self.refusal(ip_address(str(where[0])))
        if refusal:
            message = f"the address is {refusal}, and the operator has not allowed its network"
            raise AddressRefused(errno.EACCES, message)
        return socket.socket(family, kind, protocol)


def _reached(address: Address) -> Address:
    """The host that a connection to `address` ends at: an IPv4 address that is wrapped in IPv6 is unwrapped."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
