"""Names to addresses, every run anew: literals, localhost, /etc/hosts, then the name servers, IPv4 before IPv6.

c-ares (pycares) is asked through a channel of its own per look, 0.05 ms each. A shared one, which aiodns would keep,
answers from its cache for as long as a record lives, goes on asking a dead server after the run has ended, and has
one timeout for all; a probe has to see what the name servers say now, and its deadline is the only one.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

import pycares
from pycares import errno as ares

from monitor.model import Answer, Cause
from monitor.net.failures import FaultError

MAX_ADDRESSES = 32
"""Answers kept of one name; a hostile zone may hold thousands."""
MAX_ALIASES = 8
MAX_ASKED = 8
"""Name servers that are asked one by one."""
IPV6_GRACE = 0.05
"""Seconds that AAAA may take longer than A (RFC 8305 §3): many name servers in the field never answer it."""
HOSTS = Path("/etc/hosts")
LOOPBACK = ("127.0.0.1", "::1")

_TRIES = 3
# c-ares doubles the wait with each round and takes up to half of it off again: rounds of 1 + (1…2) + (2…4) waits.
_SHORTEST_SUM = 4

_NO_NAME = frozenset({ares.ARES_ENOTFOUND, ares.ARES_EBADNAME})
_NO_DATA = ares.ARES_ENODATA


class Resolver:
    """Asks for addresses. Shared by all looks; keeps nothing but the parsed hosts file."""

    def __init__(self, hosts: Path = HOSTS) -> None:
        self._hosts_file = hosts
        self._hosts_stamp: tuple[int, int] | None = None
        self._hosts: Mapping[str, tuple[str, ...]] = {}
        self._system_servers = 1

    async def resolve(self, host: str, servers: tuple[str, ...], patience: float) -> tuple[str, ...]:
        """All addresses of `host` in order, at least one. `patience`: seconds until the caller's deadline.

        Raises FaultError with one of the `dns_*` causes, `resolve_timeout`, or `probe_misconfigured` for a server
        that is no address.
        """
        if is_literal(host):
            return (host,)
        name = plain_name(host)
        if name == "localhost" or name.endswith(".localhost"):  # RFC 6761: never asked of anybody
            return LOOPBACK
        if not servers and (known := self._from_hosts(name)):
            return known
        channel = self._channel(servers, patience)
        try:
            return await _addresses(channel, name)
        finally:
            channel.close()

    async def ask_each(self, host: str, servers: tuple[str, ...], patience: float) -> tuple[Answer, ...]:
        """What each name server by itself says of `host`, all asked at once; `servers` empty: those of the system."""
        asked = servers or self.system_servers()
        return tuple(await asyncio.gather(*(self._ask_one(host, one, patience) for one in asked[:MAX_ASKED])))

    async def _ask_one(self, host: str, server: str, patience: float) -> Answer:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(patience):
                addresses, cause = await self.resolve(host, (server,), patience), Cause.NONE
        except TimeoutError:
            addresses, cause = (), Cause.RESOLVE_TIMEOUT
        except FaultError as fault:
            addresses, cause = (), fault.cause
        return Answer(
            resolver=server, name=host, addresses=addresses, cause=cause, duration=loop.time() - begun
        )

    def system_servers(self) -> tuple[str, ...]:
        """`host:port` of the system's name servers, as they stand now."""
        channel = _Channel((), 1.0)
        try:
            return channel.names
        finally:
            channel.close()

    def _channel(self, servers: tuple[str, ...], patience: float) -> _Channel:
        if servers:
            return _Channel(servers, _wait(patience, len(servers)))
        channel = _Channel((), _wait(patience, self._system_servers))
        if channel.servers == self._system_servers:
            return channel
        self._system_servers = max(channel.servers, 1)  # resolv.conf is read anew by every channel
        channel.close()
        return _Channel((), _wait(patience, self._system_servers))

    def _from_hosts(self, name: str) -> tuple[str, ...]:
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


def _wait(patience: float, servers: int) -> float:
    """Seconds of the first wait such that all rounds together outlast the caller's deadline."""
    return max(patience, 0.01) / (_SHORTEST_SUM * servers)


async def _addresses(channel: _Channel, name: str) -> tuple[str, ...]:
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


def _refuse(found: _Answer, also: _Answer) -> None:
    """Raise what the first answer that is an error stands for."""
    for answer in (found, also):
        if answer.error in _NO_NAME:
            raise FaultError(Cause.DNS_NXDOMAIN, "no such name")
        if answer.error == ares.ARES_ETIMEOUT:
            raise FaultError(Cause.RESOLVE_TIMEOUT, "the name servers do not answer")
        if answer.error is not None and answer.error != _NO_DATA:
            raise FaultError(Cause.DNS_SERVFAIL, f"name server: {_words(answer.error)}")


def _words(error: int) -> str:
    return str(pycares.errno.strerror(error)).lower()


_Raw = tuple[pycares.DNSResult | None, int | None]


class _Answer:
    """What one question brought: addresses, or an error, or an alias that the server did not follow to its end."""

    __slots__ = ("addresses", "error", "goes_on")

    def __init__(self, raw: _Raw | None, name: str, kind: int) -> None:
        self.addresses: tuple[str, ...] = ()
        self.goes_on = ""
        result, self.error = raw if raw is not None else (None, None)
        if result is None:
            return
        answer = result.answer[:1000]
        self.addresses = tuple(
            dict.fromkeys(r.data.addr for r in answer if r.type == kind and isinstance(r.data, _ADDRESS))
        )
        end = _end_of_aliases(answer, name)
        # With a SOA beside it the server has followed the alias itself and found no address.
        if end != name and not result.authority:
            self.goes_on = end

    @property
    def is_empty(self) -> bool:
        """Whether the server says that there is nothing of this kind."""
        return not self.addresses and self.error in (None, _NO_DATA)


_ADDRESS = (pycares.ARecordData, pycares.AAAARecordData)


def _end_of_aliases(answer: list[pycares.DNSRecord], name: str) -> str:
    """Where the aliases of one answer lead from `name`. Raises FaultError where they lead in a circle."""
    aliases = {
        record.name.lower().rstrip("."): record.data.cname.lower().rstrip(".")
        for record in answer
        if isinstance(record.data, pycares.CNAMERecordData)
    }
    for _ in range(len(aliases) + 1):
        if name not in aliases:
            return name
        name = aliases[name]
    raise FaultError(Cause.DNS_SERVFAIL, "aliases that lead in a circle")


class _Channel:
    """A c-ares channel driven by the running loop: its sockets as readers and writers, its waits by one timer."""

    def __init__(self, servers: tuple[str, ...], wait: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._readers: set[int] = set()
        self._writers: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        try:
            self._ares = pycares.Channel(
                servers=servers or None, timeout=wait, tries=_TRIES, sock_state_cb=self._on_state
            )
        except (pycares.AresError, UnicodeError) as error:
            raise FaultError(
                Cause.PROBE_MISCONFIGURED, "resolver: not an address of a name server"
            ) from error

    @property
    def names(self) -> tuple[str, ...]:
        """`host:port` of the name servers it asks."""
        return tuple(self._ares.servers)

    @property
    def servers(self) -> int:
        """How many name servers it asks."""
        return len(self._ares.servers)

    def ask(self, name: str, kind: int) -> asyncio.Future[_Raw]:
        """Ask one question; the future gets (answer, None) or (None, error)."""
        future: asyncio.Future[_Raw] = self._loop.create_future()

        def settle(result: pycares.DNSResult | None, error: int | None) -> None:
            if not future.done():
                future.set_result((result, error))

        try:
            self._ares.query(name, kind, callback=settle)
        except pycares.AresError as error:
            settle(None, error.args[0])
        self._set_timer()
        return future

    def close(self) -> None:
        """Drop unanswered questions and all sockets."""
        self._ares.cancel()
        self._closed = True  # what c-ares closes from now on, it closes in another thread
        if self._timer is not None:
            self._timer.cancel()
        for fd in self._readers:
            self._loop.remove_reader(fd)
        for fd in self._writers:
            self._loop.remove_writer(fd)
        self._ares.close()

    def _on_state(self, fd: int, readable: bool, writable: bool) -> None:
        if self._closed:
            return
        bad = pycares.ARES_SOCKET_BAD
        if readable and fd not in self._readers:
            self._readers.add(fd)
            self._loop.add_reader(fd, self._process, fd, bad)
        if not readable and fd in self._readers:
            self._readers.discard(fd)
            self._loop.remove_reader(fd)
        if writable and fd not in self._writers:
            self._writers.add(fd)
            self._loop.add_writer(fd, self._process, bad, fd)
        if not writable and fd in self._writers:
            self._writers.discard(fd)
            self._loop.remove_writer(fd)

    def _process(self, read: int, write: int) -> None:
        self._ares.process_fd(read, write)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None and (self._readers or self._writers):
            wait = self._ares.timeout()  # type: ignore[no-untyped-call]
            self._timer = self._loop.call_later(max(wait, 0.01), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._process(pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD)
