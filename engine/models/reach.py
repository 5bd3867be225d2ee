"""Which machines an endpoint may be on. What is asked is the number a connection goes to, never the name.

An address that the operator configured is reached wherever it is. One that somebody typed is reached on the internet,
and on this machine unless the server is open to others (NOISEFLOOR_PUBLIC=1). Whatever else (private and link-local
ranges, where clouds keep their credentials) has to be named in NOISEFLOOR_ENDPOINT_HOSTS.
"""

from __future__ import annotations

import ipaddress
import os
import socket

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
ALLOWED = "NOISEFLOOR_ENDPOINT_HOSTS"
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
NOT_PUBLIC = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # some Pythons count most of it as public; Oracle's metadata are there
    ipaddress.IPv4Network("168.63.129.16/32"),  # a public number that means the machine's own host on Azure
)
MOST_ADDRESSES = 4
"""Of one name that are tried."""


class OutOfReach(OSError):
    """A name stands for a machine that may not be asked, or for none."""


def resolve(host: str, port: int, *, trusted: bool) -> list[str]:
    """The numbers that a host may be connected to under: all it stands for, if every one of them is allowed.

    host     by name or by number, however that is written
    port     with it
    trusted  whether the operator configured the address

    Raises:
        OutOfReach: one of them is not allowed.
        OSError: nobody knows the name.
    """
    name = host.strip("[]")
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    numbers = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not numbers or not (trusted or all(_allowed(name, ipaddress.ip_address(number)) for number in numbers)):
        raise OutOfReach(f"{host} may not be asked")
    return numbers[:MOST_ADDRESSES]


def _allowed(name: str, number: IP) -> bool:
    return all(_public(ip) or _listed(name, ip) or (_own(ip) and not _open_to_others()) for ip in _meant(number))


def _meant(ip: IP) -> tuple[IP, ...]:
    """The address itself, or the IPv4 ones that an IPv6 one is another way to write or to reach."""
    if isinstance(ip, ipaddress.IPv4Address):
        return (ip,)
    if ip in NAT64:
        return (ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF),)
    if embedded := ip.ipv4_mapped or ip.sixtofour:
        return (embedded,)
    return ip.teredo or (ip,)


def _public(ip: IP) -> bool:
    unicast = ip.version == 4 or ip in GLOBAL_UNICAST
    return unicast and ip.is_global and not ip.is_multicast and not any(ip in net for net in NOT_PUBLIC)


def _own(ip: IP) -> bool:
    """This machine; 0.0.0.0 leads to it as well."""
    return ip.is_loopback or ip.is_unspecified


def _open_to_others() -> bool:
    return os.environ.get("NOISEFLOOR_PUBLIC", "").strip() not in ("", "0")


def _listed(name: str, ip: IP) -> bool:
    """Whether the operator allows a host by its name, its number or its network."""
    listed = os.environ.get(ALLOWED, "").lower().replace(",", " ").split()
    return name.lower() in listed or any(ip in network for network in map(_network, listed) if network)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
