"""Peers to look at: raw TCP and TLS servers that misbehave on purpose, certificates, and a tiny name server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from monitor.clock import SystemClock
from monitor.model import Seen
from monitor.net import HttpRequest, Net, Request

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def look(
    request: Request, *, timeout: float = 5.0, admit: Callable[[str], bool] = lambda key: True
) -> Seen:
    """One look with a client of its own."""
    net = Net(SystemClock())
    try:
        return await net.look(request, timeout=timeout, admit=admit)
    finally:
        await net.close()


def get(target: str = "/", **more: object) -> HttpRequest:
    """A plain GET."""
    return HttpRequest(target=target, host_header="localhost", **more)  # type: ignore[arg-type]


# --- servers ---------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def peer(
    handler: Handler, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[int]:
    """Serve `handler` on loopback; yields the port. Connections still open at the end are cut."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await handler(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, host, port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # lets aborted transports close their sockets


@contextlib.contextmanager
def openssl_peer(context: ssl.SSLContext, connections: int) -> Iterator[int]:
    """Answer OK over TLS from a thread: asyncio's own server swallows the alert that OpenSSL sends when it refuses."""

    def serve() -> None:
        for _ in range(connections):
            raw, _ = server.accept()
            with raw, contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as sock:
                sock.recv(10_000)
                sock.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def answers(*parts: bytes, pause: float = 0.0, asks: bool = True) -> Handler:
    """Read a request, write `parts` with pauses between them, close."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asks:
            await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        writer.close()
        await writer.wait_closed()

    return handle


def then_hangs(*parts: bytes, reads: int = 1) -> Handler:
    """Read something, write `parts`, then say nothing for ever."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reads:
            await reader.read(reads)
        for part in parts:
            writer.write(part)
        await writer.drain()
        await asyncio.Event().wait()

    return handle


def then_resets(*parts: bytes, reads: int = 1) -> Handler:
    """Read something, write `parts`, then send RST."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reads:
            await reader.read(reads)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.05)  # RST throws away what was not read yet
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return handle


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """A port whose backlog is full: the kernel drops every further SYN."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield server.getsockname()[1]


# --- certificates ----------------------------------------------------------------------------------------------------


def serving(leaf: trustme.LeafCert, *, chain: bool = True) -> ssl.SSLContext:
    """A server's context that presents `leaf`, with its intermediates or without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pems = leaf.cert_chain_pems if chain else leaf.cert_chain_pems[:1]
    with (
        leaf.private_key_pem.tempfile() as key,
        trustme.Blob(b"".join(p.bytes() for p in pems)).tempfile() as c,
    ):
        context.load_cert_chain(c, key)
    return context


def self_made(
    names: tuple[str, ...] = ("localhost",),
    *,
    issuer: str | None = None,
    aia: bool = False,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    extra: tuple[bytes, ...] = (),
) -> ssl.SSLContext:
    """A server's context with a leaf that trustme would not make: self-signed, or issued by nobody we know."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    der = make_leaf(key, names, issuer=issuer, aia=aia)
    pem = der.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with trustme.Blob(pem + b"".join(extra)).tempfile() as c, trustme.Blob(private).tempfile() as k:
        context.load_cert_chain(c, k)
    return context


def make_leaf(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    names: tuple[str, ...],
    *,
    issuer: str | None = None,
    aia: bool = False,
) -> x509.Certificate:
    """A certificate signed with its own key, whatever issuer it names."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "leaf of the tests")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]) if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    )
    if aia:
        where = x509.UniformResourceIdentifier("http://ca.example/issuer.crt")
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return builder.sign(key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


# --- a name server ---------------------------------------------------------------------------------------------------

Zone = dict[str, list[str] | str | None]
"""name → addresses, or an rcode's name, or `alias NAME`, or None for silence. Names not in it do not exist."""


class _NameServer(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone, asked: list[str]) -> None:
        self._zone = zone
        self._asked = asked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        reply = answer(query, self._zone)
        self._asked.append(str(query.question[0].name).rstrip("."))
        if reply is not None:
            self._transport.sendto(reply.to_wire(want_shuffle=False), addr)


def answer(query: dns.message.Message, zone: Zone) -> dns.message.Message | None:
    """What the zone says to this question."""
    question = query.question[0]
    kind = dns.rdatatype.to_text(question.rdtype)
    name = str(question.name).rstrip(".")
    entry = zone.get(f"{name} {kind}", zone.get(name, "NXDOMAIN"))
    if entry is None:
        return None
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    if isinstance(entry, list):
        wanted = [address for address in entry if (":" in address) == (kind == "AAAA")]
        if wanted:
            reply.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, *wanted))
    elif entry.startswith("alias "):
        reply.answer.append(dns.rrset.from_text(question.name, 300, "IN", "CNAME", f"{entry[6:]}."))
    else:
        reply.set_rcode(dns.rcode.from_text(entry))
    return reply


@contextlib.asynccontextmanager
async def terse_name_server(zone: Zone) -> AsyncIterator[str]:
    """Serve `zone` over TCP; over UDP every answer is truncated. Yields `host:port`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            reply = answer(dns.message.from_wire(await reader.readexactly(size)), zone)
            assert reply is not None
            wire = reply.to_wire(
                want_shuffle=False, max_size=65535
            )  # over TCP what the question says of UDP does not count
            writer.write(len(wire).to_bytes(2, "big") + wire)

    class Terse(_NameServer):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            reply = dns.message.make_response(dns.message.from_wire(data))
            reply.flags |= dns.flags.TC
            self._transport.sendto(reply.to_wire(), addr)

    async with peer(handle) as port:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Terse(zone, []), local_addr=("127.0.0.1", port)
        )
        try:
            yield f"127.0.0.1:{port}"
        finally:
            transport.close()
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def name_server(zone: Zone, asked: list[str] | None = None) -> AsyncIterator[str]:
    """Serve `zone` over UDP on loopback; yields `host:port`. Names asked for are added to `asked`."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _NameServer(zone, asked if asked is not None else []), local_addr=("127.0.0.1", 0)
    )
    try:
        host, port = transport.get_extra_info("sockname")
        yield f"{host}:{port}"
    finally:
        transport.close()
        await asyncio.sleep(0)
