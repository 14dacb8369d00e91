"""What is done on one accepted connection: the raw faults, TLS, one HTTP exchange, and the faults of its writing.

One exchange per connection, then it is closed, as the provinces' old front ends do with clients that ask for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from monitor.simulator.faults import Fault
from monitor.simulator.replies import Reply

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

MAX_REQUEST = 64 * 1024
REQUEST_TIMEOUT = 60.0
"""Seconds a client has for its handshake and its request before the stand-in gives up on it."""
CLOSE_TIMEOUT = 0.5
_RECORD_HEAD = bytes.fromhex("160303007a020000760303")
"""Begins a TLS handshake record of 122 bytes and the ServerHello in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. `headers` has lower-case names; of repeated ones the last."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    def argument(self, name: str) -> str | None:
        """The first value of that name in the query string or a form. Both reached the platform [S5][S8]."""
        for text in (urlsplit(self.target).query, self.body.decode("latin-1")):
            if values := parse_qs(text, keep_blank_values=True).get(name):
                return values[0]
        return None


async def raw_fault(connection: socket.socket, fault: Fault) -> None:
    """Do on the bare socket what a fault of stage `raw` asks for, and close it."""
    with contextlib.closing(connection):
        if fault.kind.name == "reset":
            _close_with_reset(connection)
            return
        loop = asyncio.get_running_loop()
        if not await loop.sock_recv(connection, MAX_REQUEST):
            return
        if fault.kind.name == "reset_tls":
            _close_with_reset(connection)
        elif fault.kind.name == "plain_on_tls":
            answer = b"<html><body>The plain HTTP request was sent to HTTPS port</body></html>"
            await loop.sock_sendall(connection, Reply(status=400, body=answer).head() + answer)
        elif fault.kind.name == "stall_tls":
            await loop.sock_sendall(connection, _RECORD_HEAD)
            while await loop.sock_recv(connection, MAX_REQUEST):
                pass


@contextlib.asynccontextmanager
async def streams(connection: socket.socket, context: ssl.SSLContext | None) -> AsyncIterator[Streams]:
    """Reader and writer on an accepted socket, after the TLS handshake if there is a context.

    Raises OSError (ssl.SSLError among them) where the client breaks it off. Closed politely but not patiently.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_REQUEST)
    protocol = asyncio.StreamReaderProtocol(reader)
    patience = (
        {"ssl_handshake_timeout": REQUEST_TIMEOUT, "ssl_shutdown_timeout": CLOSE_TIMEOUT} if context else {}
    )
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=context, **patience)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    try:
        yield reader, writer
        if not writer.is_closing():  # a second close() would take the TLS transport apart (CPython 3.11)
            writer.close()
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await writer.wait_closed()
    finally:
        transport.abort()
        # Also takes the exception of a client that broke off, which asyncio else complains about later.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await writer.wait_closed()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request. Raises EOFError, ValueError or TimeoutError where none comes."""
    async with asyncio.timeout(REQUEST_TIMEOUT):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as problem:
            raise ValueError("the request's head is too long") from problem
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(min(int(headers.get("content-length", 0)), MAX_REQUEST))
    return Request(method=method, target=target, headers=headers, body=body)


async def write_reply(stream: Streams, reply: Reply, fault: Fault | None) -> None:
    """Send `reply`, in the way that a fault of stage `wire` asks for."""
    if fault is not None and fault.kind.name in _WAYS:
        await _WAYS[fault.kind.name](stream, reply, fault)
        return
    _, writer = stream
    writer.write(reply.head() + reply.body)
    await writer.drain()


async def _hang(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _wait_for_leaving(stream[0])


async def _slow(stream: Streams, reply: Reply, fault: Fault) -> None:
    await asyncio.sleep(fault.number)
    await write_reply(stream, reply, None)


async def _trickle_headers(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _drip(stream, reply.head() + reply.body, fault.number)


async def _trickle(stream: Streams, reply: Reply, fault: Fault) -> None:
    stream[1].write(reply.head())
    await _drip(stream, reply.body, fault.number)


async def _drip(stream: Streams, data: bytes, spacing: float) -> None:
    reader, writer = stream
    for byte in data:
        writer.write(bytes([byte]))
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(spacing):
                await _wait_for_leaving(reader)
                return


async def _wait_for_leaving(reader: asyncio.StreamReader) -> None:
    """Wait until the client has closed its side, so that nothing is held for one who went away."""
    while await reader.read(MAX_REQUEST):
        pass


async def _half(stream: Streams, reply: Reply) -> None:
    stream[1].write(reply.head() + reply.body[: len(reply.body) // 2])
    await stream[1].drain()


async def _close_body(stream: Streams, reply: Reply, fault: Fault) -> None:
    await _half(stream, reply)


async def _reset_body(stream: Streams, reply: Reply, fault: Fault) -> None:
    reader, writer = stream
    await _half(stream, reply)
    # A RST overtakes what the client has not read yet; a moment lets the half arrive first.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await _wait_for_leaving(reader)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    raise ConnectionResetError("reset on purpose")  # leaving the exchange in this way aborts the transport


async def _close(stream: Streams, reply: Reply, fault: Fault) -> None:
    """Close without a word: leaving the exchange does it."""


async def _garbage(stream: Streams, reply: Reply, fault: Fault) -> None:
    stream[1].write(b"\x00\xffSSH-2.0-this is no HTTP\r\n" * 20)
    await stream[1].drain()


_WAYS: dict[str, Callable[[Streams, Reply, Fault], Awaitable[None]]] = {
    "hang": _hang,
    "slow": _slow,
    "trickle_headers": _trickle_headers,
    "trickle": _trickle,
    "reset_body": _reset_body,
    "close": _close,
    "close_body": _close_body,
    "garbage": _garbage,
}

_LINGER_ZERO = struct.pack("ii", 1, 0)


def _close_with_reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    connection.close()
