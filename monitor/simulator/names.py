"""Two name servers on loopback that know the stand-ins by name, over UDP and TCP, with faults of names.

The first is the provider's, whom a machine usually asks; the second a public one. What an authority's own zone gets wrong
both say; a hijacked name and a rewritten NXDOMAIN are the first one's alone, so that the two disagree.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from monitor.simulator.faults import Fault, FaultError, Stage

ZONE = "test"
"""Reserved for testing by RFC 6761 §6.2: no name server of the internet knows names under it."""
AD_ADDRESS = "127.0.0.66"
"""Where a hijacked name leads."""
DEAD_ADDRESS = "127.0.0.2"
"""A node of a content network that is down: nothing listens there."""
NO_WAY = "255.255.255.255"
"""An address to which no kernel opens a connection: ENETUNREACH at once, and no packet leaves."""

TTL = 0
MAX_TCP_MESSAGES = 100
TCP_TIMEOUT = 10.0
MAX_WAITING = 1000
"""Late answers that are still to be sent; further questions stay without one."""
_TRIES_FOR_A_PORT = 20

Known = Callable[[str], tuple[str, Fault | None] | None]
"""Lower-case name without its last dot → its address and its fault; None where there is no such name."""


class NameServers:
    """Both servers. Start and stop with `async with`."""

    def __init__(self, known: Known, host: str, ports: tuple[int, int] = (0, 0)) -> None:
        """Serve what `known` knows, on `host`; port 0 is any that is free for both UDP and TCP."""
        self.fault: Fault | None = None
        """What befalls every name at the first server; set it with `break_with`."""
        self.asked = 0
        """Questions so far."""
        self._known = known
        self._host = host
        self._wanted = ports
        self._servers: list[_Server] = []

    async def __aenter__(self) -> Self:
        """Raises OSError where a port is taken."""
        try:
            for number, port in enumerate(self._wanted):
                server = _Server(self, is_first=number == 0)
                self._servers.append(server)
                await server.start(self._host, port)
        except OSError:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Close both."""
        for server in self._servers:
            await server.stop()
        self._servers.clear()

    @property
    def addresses(self) -> tuple[str, str]:
        """`127.0.0.1:40001` of the first and of the second."""
        first, second = self._servers
        return f"{self._host}:{first.port}", f"{self._host}:{second.port}"

    def break_with(self, fault: Fault) -> None:
        """Let it befall every name at the first server. Raises FaultError for a fault that is not one of names."""
        self.check(fault)
        self.fault = fault

    def check(self, fault: Fault) -> None:
        """Raises FaultError for a fault that is not one of names."""
        if fault.kind.stage is not Stage.NAME:
            raise FaultError(f"a name server cannot have {fault.text}")

    def mend(self) -> None:
        """Let the first server be honest again; what single names have stays."""
        self.fault = None

    def reply(
        self, query: dns.message.Message, *, is_first: bool, is_udp: bool
    ) -> tuple[bytes | None, float]:
        """What is said, None for nothing, and after how many seconds."""
        self.asked += 1
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        known = self._known(name)
        everywhere = self.fault if is_first else None
        fault = everywhere or (known[1] if known else None)
        if fault is None or (fault.kind.name == "dns_hijacked" and not is_first):
            return _honest(query, known and known[0]).to_wire(want_shuffle=False), 0.0
        if fault.kind.name == "dns_slow":
            return _honest(query, known and known[0]).to_wire(want_shuffle=False), fault.number
        return _faulty(query, known and known[0], fault.kind.name, is_udp=is_udp), 0.0


def _honest(query: dns.message.Message, address: str | None) -> dns.message.Message:
    """The address, NOERROR without one where the type is another, NXDOMAIN where `address` is None."""
    if address is None:
        return _empty(query, dns.rcode.NXDOMAIN)
    if query.question[0].rdtype != dns.rdatatype.A:
        return _empty(query, dns.rcode.NOERROR)
    return _addresses(query, address)


def _faulty(query: dns.message.Message, address: str | None, fault: str, *, is_udp: bool) -> bytes | None:
    match fault:
        case "dns_silence":
            return None
        case "dns_garbage":
            return query.to_wire()[:2] + b"\x84\x00" + b"\xff" * 24
        case "dns_truncated" if is_udp:
            message = _empty(query, dns.rcode.NOERROR)
            message.flags |= dns.flags.TC
        case "nxdomain":
            message = _empty(query, dns.rcode.NXDOMAIN)
        case "no_address":
            message = _empty(query, dns.rcode.NOERROR)
        case "dns_servfail":
            message = _empty(query, dns.rcode.SERVFAIL)
        case "dns_refused":
            message = _empty(query, dns.rcode.REFUSED)
        case "cname_loop":
            message = _loop(query)
        case "bad_node" if address is not None:
            message = _a_or_nothing(query, DEAD_ADDRESS, address)
        case "unreachable":
            message = _a_or_nothing(query, NO_WAY)
        case "dns_hijacked":
            message = _a_or_nothing(query, AD_ADDRESS)
        case "dns_rewrite" if address is None:
            message = _a_or_nothing(query, AD_ADDRESS)
        case _:
            message = _honest(query, address)
    return message.to_wire(want_shuffle=False)  # the order means something: which address is tried first


def _a_or_nothing(query: dns.message.Message, *addresses: str) -> dns.message.Message:
    if query.question[0].rdtype != dns.rdatatype.A:
        return _empty(query, dns.rcode.NOERROR)
    return _addresses(query, *addresses)


def _addresses(query: dns.message.Message, *addresses: str) -> dns.message.Message:
    message = _begun(query)
    name = query.question[0].name
    message.answer.append(dns.rrset.from_text(name, TTL, dns.rdataclass.IN, dns.rdatatype.A, *addresses))
    return message


def _empty(query: dns.message.Message, code: dns.rcode.Rcode) -> dns.message.Message:
    """Without an answer; where that is the zone's word and no failure, with its SOA (RFC 2308 §2)."""
    message = _begun(query)
    message.set_rcode(code)
    if code in (dns.rcode.NXDOMAIN, dns.rcode.NOERROR):
        soa = f"ns.{ZONE}. hostmaster.{ZONE}. 1 3600 600 86400 0"
        message.authority.append(
            dns.rrset.from_text(f"{ZONE}.", TTL, dns.rdataclass.IN, dns.rdatatype.SOA, soa)
        )
    return message


def _loop(query: dns.message.Message) -> dns.message.Message:
    message = _begun(query)
    name = query.question[0].name
    other = dns.name.from_text("alias", name)
    for owner, leads_to in ((name, other), (other, name)):
        message.answer.append(
            dns.rrset.from_text(owner, TTL, dns.rdataclass.IN, dns.rdatatype.CNAME, leads_to.to_text())
        )
    return message


def _begun(query: dns.message.Message) -> dns.message.Message:
    message = dns.message.make_response(query, recursion_available=True)
    message.flags |= dns.flags.AA
    return message


class _Server(asyncio.DatagramProtocol):
    """One of the two: a UDP socket and a TCP listener on the same port."""

    def __init__(self, servers: NameServers, *, is_first: bool) -> None:
        self.port = 0
        self._servers = servers
        self._is_first = is_first
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._late: set[asyncio.TimerHandle] = set()
        self._talking: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        """Listen on both. Raises OSError where the port, or every one that was tried, is taken for one of them."""
        loop = asyncio.get_running_loop()
        for left in reversed(range(1 if port else _TRIES_FOR_A_PORT)):
            udp, tcp = socket.socket(type=socket.SOCK_DGRAM), socket.socket()
            try:
                udp.bind((host, port))
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                tcp.bind(udp.getsockname())
            except OSError:
                udp.close()
                tcp.close()
                if not left:
                    raise
                continue
            self.port = udp.getsockname()[1]
            self._udp, _ = await loop.create_datagram_endpoint(lambda: self, sock=udp)
            self._tcp = await asyncio.start_server(self._talk, sock=tcp)
            return

    async def stop(self) -> None:
        """Close both sockets and every conversation."""
        for timer in self._late:
            timer.cancel()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            for task in self._talking:
                task.cancel()
            await asyncio.gather(*self._talking, return_exceptions=True)
            await self._tcp.wait_closed()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One question over UDP."""
        wire, delay = self._reply(data, is_udp=True)
        if wire is None or self._udp is None:
            return
        if not delay:
            self._udp.sendto(wire, addr)
        elif len(self._late) < MAX_WAITING:
            self._send_late(wire, addr, delay)

    def error_received(self, exc: Exception) -> None:
        """A client that closed its socket before the answer came: its business."""

    def _send_late(self, wire: bytes, addr: tuple[str, int], delay: float) -> None:
        def send() -> None:
            self._late.discard(timer)
            if self._udp is not None:
                self._udp.sendto(wire, addr)

        timer = asyncio.get_running_loop().call_later(delay, send)
        self._late.add(timer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talking.add(task)
        try:
            # Clients hang up when they like: no news.
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                await self._answer_all(reader, writer)
        finally:
            self._talking.discard(task)
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(MAX_TCP_MESSAGES):
            async with asyncio.timeout(TCP_TIMEOUT):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                wire, delay = self._reply(await reader.readexactly(length), is_udp=False)
            await asyncio.sleep(delay)
            if wire is not None:
                writer.write(struct.pack("!H", len(wire)) + wire)
                await writer.drain()

    def _reply(self, data: bytes, *, is_udp: bool) -> tuple[bytes | None, float]:
        """What to say to these bytes; nothing to what is no question."""
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return None, 0.0
        if len(query.question) != 1 or query.flags & dns.flags.QR or query.opcode() != dns.opcode.QUERY:
            return None, 0.0
        return self._servers.reply(query, is_first=self._is_first, is_udp=is_udp)
