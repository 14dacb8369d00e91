"""Echo requests to a host without privileges, and a TCP connection in their place where the system does not allow them.

Linux gives ICMP sockets of type SOCK_DGRAM to the groups in `net.ipv4.ping_group_range` (icmp(7)): the kernel fills in
identifier and checksum, and hands over the answers to this socket alone.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

import structlog

from monitor.core.ping import REFUSED
from monitor.model import Attempt, Cause, Failure, Phase, Reading, Seen
from monitor.net.attention import Attention
from monitor.net.connect import Dial
from monitor.net.failures import FaultError, failure_of, shortage_of
from monitor.net.request import Admit, LimitReached
from monitor.net.resolve import Resolver
from monitor.net.stopwatch import Stopwatch

MAX_TRIED = 8
"""Addresses of one name that are tried before giving up."""
SPACING = 0.1
"""Seconds between two requests of one run."""
GRACE = 0.2
"""Seconds that a packet has at least once others have come back; three times the slowest of them where that is more."""
PAYLOAD = 56
"""Bytes that follow the header, as ping sends them."""
LARGEST = 2048
_HEADER = struct.Struct("!BBHHH")
"""Type, code, checksum, identifier, sequence number (RFC 792, RFC 4443)."""
_FAMILIES = {
    socket.AF_INET: (socket.IPPROTO_ICMP, 8, 0, socket.IPPROTO_IP, 11),
    socket.AF_INET6: (socket.IPPROTO_ICMPV6, 128, 129, socket.IPPROTO_IPV6, 25),
}
"""Family → protocol, echo request, echo reply, level and number of `IP_RECVERR` / `IPV6_RECVERR` (linux/in.h, in6.h)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PingRequest:
    """Whom to ping: `packets` requests; `port` is connected to where pings are not allowed."""

    host: str
    port: int
    packets: int = 3
    resolver: tuple[str, ...] = ()
    every_address: bool = False

    @property
    def host_key(self) -> str:
        """What leave is asked for."""
        return f"{self.host.lower().rstrip('.')}:{self.port}"


class Ping:
    """One run: the addresses in order, until one of them lives."""

    __slots__ = (
        "_address",
        "_addresses",
        "_admit",
        "_attempts",
        "_failure",
        "_known",
        "_lost",
        "_request",
        "_resolver",
        "_timeout",
        "_times",
        "_watch",
        "_way",
    )  # fmt: skip

    def __init__(
        self,
        request: PingRequest,
        timeout: float,
        admit: Admit,
        resolver: Resolver,
        attention: Attention,
        known: tuple[str, ...] = (),
    ) -> None:
        """`known`: the addresses, where they are not to be asked for."""
        self._request = request
        self._timeout = timeout
        self._admit = admit
        self._resolver = resolver
        self._known = known
        self._watch = Stopwatch(attention.time)
        self._addresses: tuple[str, ...] = ()
        self._address: str | None = None
        self._attempts: list[Attempt] = []
        self._times: tuple[float, ...] = ()
        self._lost = 0
        self._way = ""
        self._failure: Failure | None = None

    async def run(self) -> None:
        """Raises FaultError and OSError where nobody answers, LimitReached where leave is not given."""
        asked = self._request
        self._addresses = self._known or await self._resolver.resolve(
            asked.host, asked.resolver, self._timeout
        )
        self._watch.enter(Phase.CONNECT)
        tried = self._addresses[:MAX_TRIED]
        for left, address in zip(range(len(tried), 0, -1), tried, strict=True):
            if not self._admit(asked.host_key):
                break
            self._address = address
            share = (self._timeout - self._watch.elapsed) / left if left > 1 else None
            if await self._answers(address, share):
                return
        if not self._attempts:
            raise LimitReached(asked.host_key)
        first = self._attempts[0].failure
        raise FaultError(first.cause, first.detail)

    def fail(self, error: Exception) -> None:
        """Where an address has failed before the deadline, what it failed with stands."""
        self._failure = failure_of(error, self._watch.phase)
        if isinstance(error, TimeoutError) and self._attempts:
            self._failure = self._attempts[0].failure
        if self._failure.cause is Cause.INTERNAL:
            log.error("ping.failed", exc_info=error)

    def close(self) -> None:
        """Nothing is kept open beyond an address."""

    def seen(self, started_at: datetime) -> Seen:
        """Everything this run has seen. The phase `connect` lasted until the first answer."""
        self._watch.stop()
        phases = dict(self._watch.spent)
        if self._times:
            phases[Phase.CONNECT] = self._times[0]
        return Seen(
            started_at=started_at,
            duration=self._watch.elapsed,
            phases=phases,
            addresses=self._addresses,
            address=self._address,
            attempts=tuple(one for one in self._attempts if one.address != self._address),
            failure=self._failure,
            readings=tuple(self._readings()),
        )

    def _readings(self) -> list[Reading]:
        if not self._way:
            return []
        found = [Reading(name="way", text=self._way)]
        if self._way == "icmp":
            found.append(Reading(name="packets", value=self._request.packets))
            found.append(Reading(name="lost", value=self._lost))
        if self._times:
            mean = sum(self._times) / len(self._times)
            values = {"rtt_min": min(self._times), "rtt_mean": mean, "rtt_max": max(self._times)}
            found += [Reading(name=name, value=value) for name, value in values.items()]
        return found

    async def _answers(self, address: str, share: float | None) -> bool:
        """Whether it lives; it has `share` seconds to say so. Raises OSError for what this machine lacks."""
        try:
            async with asyncio.timeout(share):
                await self._ask(address)
        except OSError as error:  # a TimeoutError is one
            if shortage_of(error) is not None:
                raise
            self._attempts.append(Attempt(address=address, failure=failure_of(error, Phase.CONNECT)))
            return False
        return True

    async def _ask(self, address: str) -> None:
        sock = _open(address)
        if sock is None:
            self._way = f"tcp {self._request.port}"
            took, refused = await self._connect(address)
            self._times = (took,)
            self._way += REFUSED if refused else ""
            return
        self._way = "icmp"
        self._lost = self._request.packets
        with sock:
            echo = Echo(sock, self._request.packets, self._watch.time)
            try:
                await echo.run()
            finally:
                self._times, self._lost = tuple(echo.times), echo.missing

    async def _connect(self, address: str) -> tuple[float, bool]:
        """Seconds until the host said yes or no to a connection, and whether no: both show that it lives. Raises OSError."""
        begun = self._watch.time()
        dial = Dial(address, self._request.port)
        try:
            status = await dial.done
        finally:
            dial.close()
        if status not in (0, errno.ECONNREFUSED):
            raise OSError(status, os.strerror(status))
        return self._watch.time() - begun, status != 0


def _open(address: str) -> socket.socket | None:
    """A socket for echoes to `address`; None where this system does not give us one. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    protocol, _, _, level, receive_errors = _FAMILIES[family]
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, protocol)
    except OSError as problem:
        if problem.errno in (errno.EACCES, errno.EPERM, errno.EPROTONOSUPPORT):
            return None
        raise
    try:
        sock.setsockopt(level, receive_errors, 1)  # so that a router's "unreachable" is heard
        sock.connect((address, 0))
    except OSError:
        sock.close()
        raise
    return sock


class Echo:
    """The requests of one run to one address, and what came back."""

    def __init__(self, sock: socket.socket, packets: int, now: Callable[[], float]) -> None:
        _, self._request, self._reply, _, _ = _FAMILIES[sock.family]
        self._sock = sock
        self._packets = packets
        self._now = now
        self._token = token_bytes(16).ljust(PAYLOAD, b"\0")
        self._sent: dict[int, float] = {}
        """Sequence number → when it was sent, of those that have not come back."""
        self.times: list[float] = []
        """Seconds that each took, in the order in which they came back."""

    @property
    def missing(self) -> int:
        """How many did not come back."""
        return self._packets - len(self.times)

    async def run(self) -> None:
        """Returns once all are back, or those that are not have had their time. Raises OSError where a router says no."""
        loop = asyncio.get_running_loop()
        for number in range(1, self._packets + 1):
            header = _HEADER.pack(self._request, 0, 0, 0, number)
            self._sent[number] = self._now()
            await loop.sock_sendall(self._sock, header + self._token)
            until = loop.time() + SPACING
            while number < self._packets and await self._hear(until):
                pass
        sent = loop.time()
        while self.missing and await self._hear(sent + self._grace() if self.times else None):
            pass

    def _grace(self) -> float:
        return max(GRACE, 3 * max(self.times))

    async def _hear(self, until: float | None) -> bool:
        """Take one packet; False when none came until then."""
        try:
            async with asyncio.timeout_at(until):
                data = await asyncio.get_running_loop().sock_recv(self._sock, LARGEST)
        except TimeoutError:
            return False
        except OSError:
            if not self.times:
                raise
            return True
        self._take(data)
        await asyncio.sleep(0)  # a flood of packets, each of which is there already, must not keep the loop
        return True

    def _take(self, data: bytes) -> None:
        if len(data) < _HEADER.size or data[_HEADER.size :] != self._token:
            return
        kind, _, _, _, number = _HEADER.unpack_from(data)
        if kind == self._reply and (begun := self._sent.pop(number, None)) is not None:
            self.times.append(self._now() - begun)
