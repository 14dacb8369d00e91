"""What hostile servers do: each a handler for `tests.net.peers.peer`, or a name server. Each does it to whoever comes, for ever."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from tests.net.peers import Handler, peer

HEAD = b"HTTP/1.1 200 OK\r\n"


def floods(begin: bytes, more: bytes, asks: bool = True) -> Handler:
    """`begin`, and `more` of it without end, as fast as it is read."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (reader.readuntil(b"\r\n\r\n") if asks else reader.read(16_384))
        writer.write(begin)
        while True:
            writer.write(more)
            await writer.drain()

    return handle


def drips(data: bytes, then: bytes = b"x", asks: bool = True) -> Handler:
    """One byte at a time, with a pause that no timeout between two reads would notice."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (reader.readuntil(b"\r\n\r\n") if asks else reader.read(16_384))
        for place in range(len(data)):
            await _drip(writer, data[place : place + 1])
        while True:
            await _drip(writer, then)

    return handle


async def _drip(writer: asyncio.StreamWriter, one: bytes) -> None:
    writer.write(one)
    await writer.drain()
    await asyncio.sleep(0.2)


def says(*parts: bytes, asks: bool = True) -> Handler:
    """This, and then waits for the other side to have enough of it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (reader.readuntil(b"\r\n\r\n") if asks else reader.read(16_384))
        writer.writelines(parts)
        await writer.drain()
        await reader.read()

    return handle


def replies(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> Handler:
    """A whole reply."""
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers, b"", body]
    return says(b"\r\n".join(lines))


def echoes(status: bytes) -> Handler:
    """Sends back what it was sent, in headers and body, with markup around it."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        line = asked.replace(b"\r\n", b" ")
        body = b"<title><script>alert(1)</script></title>" + asked
        head = [b"HTTP/1.1 " + status, b"Server: <script>alert(1)</script> " + line, b"X-Cache: " + line]
        writer.write(b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"", body]))
        await writer.drain()
        await reader.read()

    return handle


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RST as soon as it may, and a little later by turns."""
    port = writer.get_extra_info("peername")[1]
    if port % 2:
        await reader.read(1)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def is_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes everything and says nothing."""
    while await reader.read(16_384):
        pass


async def drops_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """After a sound handshake it goes on in the clear."""
    await reader.readuntil(b"\r\n\r\n")
    with contextlib.suppress(OSError):
        os.write(writer.get_extra_info("socket").fileno(), HEAD + b"Content-Length: 2\r\n\r\nok" * 100)
    await reader.read()


def leads_on(where: Callable[[str], bytes]) -> Handler:
    """A redirect, made of the path that was asked for."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        location = where(asked.split()[1])
        writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")
        await writer.drain()

    return handle


def tunnels_into(nothing: bytes) -> Handler:
    """A proxy that says yes to every tunnel and speaks for the other side itself."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await reader.read(16_384)
        writer.write(nothing)
        await writer.drain()
        await reader.read()

    return handle


def flight(context: ssl.SSLContext, hello: bytes) -> bytes:
    """A server's true half of a handshake."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    into.write(hello)
    with contextlib.suppress(ssl.SSLError):
        context.wrap_bio(into, out, server_side=True).do_handshake()
    return out.read()


def crumbles(context: ssl.SSLContext) -> Handler:
    """TLS 1.2 as it should be, but every byte of the handshake in a record of its own; then nothing more."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rest, pieces = flight(context, await reader.read(16_384)), []
        while len(rest) > 5:
            size = int.from_bytes(rest[3:5], "big")
            pieces += [rest[:3] + b"\x00\x01" + rest[i : i + 1] for i in range(5, 5 + size)]
            rest = rest[5 + size :]
        writer.writelines(pieces)
        await writer.drain()
        await reader.read()

    return handle


def drips_tls(context: ssl.SSLContext) -> Handler:
    """A sound handshake, one byte at a time."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in flight(context, await reader.read(16_384)):
            await _drip(writer, bytes([byte]))

    return handle


@asynccontextmanager
async def garbled_names() -> AsyncIterator[str]:
    """A name server that answers with the right number and bytes that are no message behind it, ten times; `host:port`."""

    class Garbled(asyncio.DatagramProtocol):
        transport: asyncio.DatagramTransport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.DatagramTransport, transport)  # 3.11's own is no instance of it

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            for _ in range(10):
                self.transport.sendto(data[:2] + b"\x81\x80\xff\xff\xff\xff" + os.urandom(1200), addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Garbled, local_addr=("127.0.0.1", 0))
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()
        await asyncio.sleep(0)


@asynccontextmanager
async def crowded_names(count: int = 3_000) -> AsyncIterator[str]:
    """A name server that gives every name thousands of addresses, by TCP; by UDP it says that it has too much to say."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            size = int.from_bytes(await reader.readexactly(2), "big")
            wire = crowded(await reader.readexactly(size), count)
            writer.write(len(wire).to_bytes(2, "big") + wire)

    class Cut(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.DatagramTransport, transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            self.transport.sendto(data[:2] + b"\x83\x80\0\1\0\0\0\0\0\0" + question(data), addr)

    async with peer(handle) as port:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Cut, local_addr=("127.0.0.1", port))
        try:
            yield f"127.0.0.1:{port}"
        finally:
            transport.close()
            await asyncio.sleep(0)


def question(query: bytes) -> bytes:
    """The question of a query: its name, type and class (RFC 1035 §4.1.2)."""
    return query[12 : query.index(b"\0", 12) + 5]


def crowded(query: bytes, count: int) -> bytes:
    """So many addresses of 127/8; none of IPv6."""
    asked = question(query)
    count = count if asked[-4:-2] == b"\0\1" else 0
    records = (b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f" + (n + 2).to_bytes(3, "big") for n in range(count))
    head = query[:2] + b"\x81\x80\0\1" + count.to_bytes(2, "big") + b"\0\0\0\0"
    return head + asked + b"".join(records)
