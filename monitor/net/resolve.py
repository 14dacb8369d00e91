"""Names to addresses, every run anew: literals, localhost, /etc/hosts, then the name servers, IPv4 before IPv6."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import pycares
from pycares import errno as ares

from monitor.core.addresses import is_unspecified
from monitor.model import Answer, Cause
from monitor.net.ares import words_of
from monitor.net.asking import Channel, Raw, system_servers
from monitor.net.failures import FaultError

MAX_ADDRESSES = 32
"""Answers kept of one name; a hostile zone may hold thousands."""
MAX_ALIASES = 8
MOST_RECORDS = 1000
"""Records of one answer that are looked at; 64 KiB hold some 4,000."""
MAX_ASKED = 8
"""Name servers that are asked one by one."""
IPV6_GRACE = 0.05
"""Seconds that AAAA may take longer than A (RFC 8305 §3): many name servers in the field never answer it."""
HOSTS = Path("/etc/hosts")
LOOPBACK = ("127.0.0.1", "::1")

_NO_NAME = frozenset({ares.ARES_ENOTFOUND, ares.ARES_EBADNAME})
_NO_DATA = ares.ARES_ENODATA


class Resolver:
    """Asks for addresses. Shared by all looks; keeps nothing but the parsed hosts file."""

    def __init__(self, hosts: Path = HOSTS) -> None:
        self._hosts_file = hosts
        self._hosts_stamp: tuple[int, int] | None = None
        self._hosts: Mapping[str, tuple[str, ...]] = {}

    async def resolve(self, host: str, servers: tuple[str, ...], patience: float) -> tuple[str, ...]:
        """All addresses of `host` in order, at least one. `patience`: seconds until the caller's deadline.

        Raises FaultError with one of the `dns_*` causes, `resolve_timeout`, or `probe_misconfigured` for a server
        that is no address.
        """
        if is_literal(host):
            return (host,)
        name = plain_name(host)
        if is_this_machine(name):
            return LOOPBACK
        if not servers and (known := self.in_hosts_file(name)):
            return _somewhere(known)
        channel = Channel(servers, patience)
        try:
            return _somewhere(await _addresses(channel, name))
        finally:
            channel.close()

    async def ask_each(self, host: str, servers: tuple[str, ...], patience: float) -> tuple[Answer, ...]:
        """What each name server by itself says of `host`, all asked at once; `servers` empty: those of the system.

        Nothing where no name server is ever asked: of an address, and of this machine's own name.
        """
        if is_literal(host) or is_this_machine(host.lower().rstrip(".")):
            return ()
        asked = servers or system_servers()
        return tuple(await asyncio.gather(*(self._ask_one(host, one, patience) for one in asked[:MAX_ASKED])))

    async def _ask_one(self, host: str, server: str, patience: float) -> Answer:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        detail = ""
        try:
            async with asyncio.timeout(patience):
                addresses, cause = await self.resolve(host, (server,), patience), Cause.NONE
        except TimeoutError:
            addresses, cause = (), Cause.RESOLVE_TIMEOUT
        except FaultError as fault:
            addresses, cause, detail = (), fault.cause, fault.detail
        return Answer(
            resolver=server, name=host, addresses=addresses, cause=cause, duration=loop.time() - begun, detail=detail
        )  # fmt: skip

    def in_hosts_file(self, name: str) -> tuple[str, ...]:
        """The addresses that this machine gives a plain name by itself."""
        try:
            status = self._hosts_file.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._hosts_stamp:
                self._hosts = parse_hosts(self._hosts_file.read_text(encoding="utf-8", errors="replace"))
                self._hosts_stamp = stamp
        except OSError:
            return ()
        return self._hosts.get(name, ())


def is_literal(host: str) -> bool:
    """Whether `host` is an IPv4 or IPv6 address (without brackets) rather than a name."""
    try:
        if ":" in host:
            socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
        elif host[-1:].isdecimal():
            socket.inet_pton(socket.AF_INET, host)
        else:
            return False
    except (OSError, UnicodeError, ValueError):
        return False
    return True


def is_this_machine(name: str) -> bool:
    """Whether a plain name is this machine's own, which is never asked of anybody (RFC 6761 §6.3)."""
    return name == "localhost" or name.endswith(".localhost")


def plain_name(host: str) -> str:
    """`host` as name servers know it: lower case, ASCII, no final dot. Raises FaultError when no name can be so."""
    try:
        name = (host if host.isascii() else host.encode("idna").decode("ascii")).lower().rstrip(".")
    except UnicodeError:
        raise FaultError(Cause.DNS_NXDOMAIN, "no name can be like this") from None
    fits = 0 < len(name) <= 253 and all(0 < len(label) < 64 for label in name.split("."))
    if not fits or " " in name or not name.isprintable():
        raise FaultError(Cause.DNS_NXDOMAIN, "no name can be like this")
    return name


def parse_hosts(text: str) -> Mapping[str, tuple[str, ...]]:
    """The hosts file as name → addresses, in its order with IPv4 first, lines that make no sense left out."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if is_literal(address):
            for name in names:
                found.setdefault(name.lower(), []).append(address)
    return {name: tuple(sorted(addresses, key=_is_ipv6)) for name, addresses in found.items()}


def _is_ipv6(address: str) -> bool:
    return ":" in address


async def _addresses(channel: Channel, name: str) -> tuple[str, ...]:
    seen: set[str] = set()
    while name not in seen and len(seen) < MAX_ALIASES:
        seen.add(name)
        four, six = channel.ask(name, pycares.QUERY_TYPE_A), channel.ask(name, pycares.QUERY_TYPE_AAAA)
        found = _Answer(await four, name, pycares.QUERY_TYPE_A)
        if found.error in _NO_NAME:
            raise FaultError(Cause.DNS_NXDOMAIN, "no such name")
        await asyncio.wait({six}, timeout=None if found.is_empty else IPV6_GRACE)
        also = _Answer(six.result() if six.done() else None, name, pycares.QUERY_TYPE_AAAA)
        if found.addresses or also.addresses:
            return (found.addresses + also.addresses)[:MAX_ADDRESSES]
        _refuse(found, also)
        name = found.goes_on or also.goes_on
        if not name:
            raise FaultError(Cause.DNS_NO_ADDRESS, "the name has no address")
    raise FaultError(Cause.DNS_SERVFAIL, "aliases that lead in a circle or too far")


def _somewhere(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses. Raises FaultError where a filter answers: a connection to 0.0.0.0 would go to this machine."""
    if all(map(is_unspecified, addresses)):
        raise FaultError(Cause.DNS_HIJACKED, f"the name leads to {addresses[0]}, where no host can be")
    return addresses


def _refuse(found: _Answer, also: _Answer) -> None:
    """Raise what the first answer that is an error stands for."""
    for answer in (found, also):
        if answer.error in _NO_NAME:
            raise FaultError(Cause.DNS_NXDOMAIN, "no such name")
        if answer.error == ares.ARES_ETIMEOUT:
            raise FaultError(Cause.RESOLVE_TIMEOUT, "the name servers do not answer")
        if answer.error is not None and answer.error != _NO_DATA:
            raise FaultError(Cause.DNS_SERVFAIL, f"name server: {words_of(answer.error)}")


class _Answer:
    """What one question brought: addresses, or an error, or an alias that the server did not follow to its end."""

    __slots__ = ("addresses", "error", "goes_on")

    def __init__(self, raw: Raw | None, name: str, kind: int) -> None:
        self.addresses: tuple[str, ...] = ()
        self.goes_on = ""
        result, self.error = raw if raw is not None else (None, None)
        if result is None:
            return
        answer = result.answer[:MOST_RECORDS]
        chain = alias_chain(answer, name)
        end = chain[-1] if chain else name
        self.addresses = tuple(
            dict.fromkeys(r.data.addr for r in records_of(answer, end, kind) if isinstance(r.data, _ADDRESS))
        )
        # With a SOA beside it the server has followed the alias itself and found no address.
        if chain and not result.authority:
            self.goes_on = chain[-1]

    @property
    def is_empty(self) -> bool:
        """Whether the server says that there is nothing of this kind."""
        return not self.addresses and self.error in (None, _NO_DATA)


_ADDRESS = (pycares.ARecordData, pycares.AAAARecordData)


def records_of(answer: Sequence[pycares.DNSRecord], name: str, kind: int) -> tuple[pycares.DNSRecord, ...]:
    """The records of that type that belong to `name`: what an answer says of other names was not asked for."""
    return tuple(one for one in answer if one.type == kind and one.name.lower().rstrip(".") == name)


def alias_chain(answer: Sequence[pycares.DNSRecord], name: str) -> tuple[str, ...]:
    """The names that the aliases of one answer lead to from `name`, in order. Raises FaultError where they lead in a circle."""
    aliases = {
        record.name.lower().rstrip("."): record.data.cname.lower().rstrip(".")
        for record in answer
        if isinstance(record.data, pycares.CNAMERecordData)
    }
    path: list[str] = []
    while name in aliases:
        name = aliases[name]
        path.append(name)
        if len(path) > len(aliases):
            raise FaultError(Cause.DNS_SERVFAIL, "aliases that lead in a circle")
    return tuple(path)
