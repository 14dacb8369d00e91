"""What kind of place an address is, by itself."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, ip_address

_THIS_NETWORK = IPv4Network("0.0.0.0/8")


@lru_cache(maxsize=4096)
def is_habitable(address: str) -> bool:
    """Whether a host can have it: not 0.0.0.0/8, `::`, a group's, 240.0.0.0/4 or 255.255.255.255 (RFC 6890, RFC 4291).

    Loopback and private networks are habitable: names inside a company lead there.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    reserved = isinstance(ip, IPv4Address) and ip.is_reserved
    return not (is_unspecified(address) or ip.is_multicast or reserved)


@lru_cache(maxsize=4096)
def is_unspecified(address: str) -> bool:
    """Whether it is of 0.0.0.0/8 or `::`, with which filters answer, and which a connection takes for this machine."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return ip.is_unspecified or (isinstance(ip, IPv4Address) and ip in _THIS_NETWORK)


@lru_cache(maxsize=4096)
def is_nobodys(address: str) -> bool:
    """Whether it is private, reserved or of this machine: no site of the internet lives there."""
    try:
        return not ip_address(address).is_global
    except ValueError:
        return True
