"""What is done on one accepted connection: the raw faults, TLS, and the request.

One exchange per connection, then it is closed, as the provinces' old front ends do with clients that ask for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from monitor.simulator.kinds import Fault
from monitor.simulator.replies import Reply

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

MAX_REQUEST = 64 * 1024
REQUEST_TIMEOUT = 60.0
"""Seconds a client has for its handshake and its request before the stand-in gives up on it."""
CLOSE_TIMEOUT = 0.5
LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a RST."""
_RECORD_HEAD = bytes.fromhex("160303007a020000760303")
"""Begins a TLS handshake record of 122 bytes and the ServerHello in it."""
HANDSHAKE_FAILURE = bytes.fromhex("15030300020228")
PROTOCOL_VERSION = bytes.fromhex("15030100020246")
"""TLS records with one fatal alert each (RFC 5246 §7.2)."""


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
        if fault.kind.name == "close_accept":
            connection.shutdown(socket.SHUT_WR)
            await _drain(connection)  # closing with unread bytes would be a RST
            return
        loop = asyncio.get_running_loop()
        if not await loop.sock_recv(connection, MAX_REQUEST):
            return
        if fault.kind.name == "reset_tls":
            _close_with_reset(connection)
        elif fault.kind.name == "plain_on_tls":
            answer = b"<html><body>The plain HTTP request was sent to HTTPS port</body></html>"
            await loop.sock_sendall(connection, Reply(status=400, body=answer).head() + answer)
        elif fault.kind.name in ("alert_tls", "tls_on_plain"):
            await loop.sock_sendall(connection, HANDSHAKE_FAILURE)
        elif fault.kind.name == "garbage_tls":
            await loop.sock_sendall(connection, b"SSH-2.0-OpenSSH_9.2p1\r\n")
        elif fault.kind.name == "stall_tls":
            await loop.sock_sendall(connection, _RECORD_HEAD)
            await _drain(connection)


async def _drain(connection: socket.socket) -> None:
    """Read until the client has closed its side."""
    loop = asyncio.get_running_loop()
    while await loop.sock_recv(connection, MAX_REQUEST):
        pass


@contextlib.asynccontextmanager
async def streams(
    connection: socket.socket, context: ssl.SSLContext | None, alert: bytes = b""
) -> AsyncIterator[Streams]:
    """Reader and writer on an accepted socket, after the TLS handshake if there is a context.

    `alert` is sent where the handshake fails. Raises OSError (ssl.SSLError among them) where the client breaks it off.
    Closed politely but not patiently.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_REQUEST)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = await _transport(protocol, connection, context, alert)
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


async def _transport(
    protocol: asyncio.StreamReaderProtocol,
    connection: socket.socket,
    context: ssl.SSLContext | None,
    alert: bytes,
) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    if context is None:
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection)
        return transport
    # asyncio throws away the alert that OpenSSL has written when a handshake fails; other servers send it.
    with connection.dup() as spare:
        spare.setblocking(False)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=context,
                ssl_handshake_timeout=REQUEST_TIMEOUT,
                ssl_shutdown_timeout=CLOSE_TIMEOUT,
            )
        except ssl.SSLError:
            if alert:
                await loop.sock_sendall(spare, alert)
            raise
    return transport


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


def _close_with_reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    connection.close()
