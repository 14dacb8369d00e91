"""The way to a host, router by router, without privileges: TCP connections that may go only so far (tcptraceroute).

A SYN whose TTL runs out is answered by the router where it did (ICMP time exceeded). Linux hands that to the socket that
asked (`IP_RECVERR`, ip(7)); elsewhere the way is not known.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from monitor.model import Hop

MOST_HOPS = 20
AT_ONCE = 5
"""Places on the way that are asked about at the same time."""
SILENT = 5
"""After so many places in a row that nobody answers for, the rest is not asked."""
PATIENCE = 1.0
"""Seconds that a router has."""
_ERROR = struct.Struct("=IBBBBII")
"""`sock_extended_err` (linux/errqueue.h): errno, origin, type, code, pad, info, data; the router's sockaddr follows."""
_FROM_ROUTER = (2, 3)
"""`SO_EE_ORIGIN_ICMP`, `SO_EE_ORIGIN_ICMP6`."""
_OPTIONS = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL, 11),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 25),
}
"""Family → level, the option of the hop limit, `IP_RECVERR` / `IPV6_RECVERR`."""


async def trace(address: str, port: int, admit: Callable[[], bool]) -> Sequence[Hop]:
    """The hops towards `address`, nearest first; empty where this system does not say. Never raises OSError.

    `admit` is asked before every SYN, for the one that arrives is a connection to the host.
    """
    hops: list[Hop] = []
    for first in range(1, MOST_HOPS + 1, AT_ONCE):
        places = [ttl for ttl in range(first, first + AT_ONCE) if admit()]
        hops += await asyncio.gather(*(_ask(address, port, ttl) for ttl in places))
        end = next((place for place, hop in enumerate(hops) if hop.reached), None)
        if end is not None:
            return hops[: end + 1]
        if len(places) < AT_ONCE or _is_silent(hops):
            break
    return _without_silent_end(hops)


def _is_silent(hops: Sequence[Hop]) -> bool:
    return len(hops) >= SILENT and all(hop.address is None for hop in hops[-SILENT:])


def _without_silent_end(hops: list[Hop]) -> Sequence[Hop]:
    while hops and hops[-1].address is None:
        hops.pop()
    return hops


async def _ask(address: str, port: int, ttl: int) -> Hop:
    """One place on the way: who says that the TTL ran out there, or whether it is the host."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    level, limit, receive_errors = _OPTIONS[family]
    begun = loop.time()
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            sock.setsockopt(level, limit, ttl)
            sock.setsockopt(level, receive_errors, 1)
            reached = await _connect(sock, (address, port))
            seconds = loop.time() - begun
            if reached:
                return Hop(ttl=ttl, address=address, seconds=seconds, reached=True)
            router = _router(sock)
            return Hop(ttl=ttl, address=router, seconds=seconds if router else None)
    except OSError:
        return Hop(ttl=ttl, address=None)


async def _connect(sock: socket.socket, to: tuple[str, int]) -> bool:
    """Whether the host itself answered, be it by refusing."""
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_connect(sock, to)
    except TimeoutError:
        return False
    except OSError as problem:
        return problem.errno == errno.ECONNREFUSED
    return True


def _router(sock: socket.socket) -> str | None:
    """Who sent the error that waits at this socket."""
    try:
        _, extra, _, _ = sock.recvmsg(1, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for _, _, data in extra:
        if len(data) >= _ERROR.size and _ERROR.unpack_from(data)[1] in _FROM_ROUTER:
            return _address(data[_ERROR.size :])
    return None


def _address(sockaddr: bytes) -> str | None:
    if len(sockaddr) < 8:
        return None
    family = struct.unpack_from("=H", sockaddr)[0]
    if family == socket.AF_INET:
        return str(ip_address(sockaddr[4:8]))
    if family == socket.AF_INET6 and len(sockaddr) >= 24:
        return str(ip_address(sockaddr[8:24]))
    return None
