"""Where webhooks may go."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

import pytest

from waypost.server.jobs.notify.addresses import AddressRefused, Guard

REFUSED = [
    "0.0.0.0",  # noqa: S104 - nobody binds it
    "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "100::1", "2001::1",
    "2001:db8::1", "3fff::1", "4000::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:808:808::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "223.255.255.255",
    "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_of_the_public_internet_is_refused(address: str) -> None:
    assert Guard().refusal(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_let_through(address: str) -> None:
    assert Guard().refusal(ip_address(address)) == ""


@pytest.mark.parametrize(
    ("network", "address"),
    [
        ("10.1.0.0/16", "10.1.2.3"),
        ("10.1.0.0/16", "::ffff:10.1.2.3"),
        ("10.1.0.0/16", "64:ff9b::10.1.2.3"),
        ("::1/128", "::1"),
        ("2002::/16", "2002:7f00:1::"),
    ],
)
def test_an_allowed_network_is_let_through_and_its_neighbours_are_not(network: str, address: str) -> None:
    guard = Guard((ip_network(network),))
    assert guard.refusal(ip_address(address)) == ""
    assert guard.refusal(ip_address("10.2.0.0"))
    assert guard.refusal(ip_address("::ffff:10.2.0.0"))
    assert guard.refusal(ip_address("2002:0a01:0203::")) == ("" if network == "2002::/16" else "6to4")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "a.localhost",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "::1",
        "0",
    ],
)
def test_a_host_that_spells_a_refused_address_is_seen_without_a_resolver(host: str) -> None:
    assert Guard().refusal_of_host(host)


@pytest.mark.parametrize("host", ["example.com", "8.8.8.8", "134744072", "10.example", "2606:4700::1111"])
def test_other_hosts_are_left_to_the_connection(host: str) -> None:
    assert Guard().refusal_of_host(host) == ""


def test_a_socket_is_opened_for_allowed_addresses_alone() -> None:
    found = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 80))
    with pytest.raises(AddressRefused, match="loopback") as refused:
        Guard().open_socket(found)
    assert "127.0.0.1" not in str(refused.value)
    with Guard((ip_network("127.0.0.0/8"),)).open_socket(found) as opened:
        assert opened.family is socket.AF_INET
