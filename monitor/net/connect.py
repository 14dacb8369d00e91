"""A non-blocking TCP socket whose waits are driven by the event loop, with or without TLS on top."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl

CHUNK = 16384
"""Bytes read at once: one TLS record at most."""


async def connect(address: str, port: int) -> Wire:
    """Open a connection to a literal address. Raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        # Nagle would hold the request back until the last handshake message is acknowledged.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await _establish(sock, address, port)
    except BaseException:
        sock.close()
        raise
    return Wire(sock)


async def _establish(sock: socket.socket, address: str, port: int) -> None:
    failed = sock.connect_ex((address, port))
    if failed == errno.EINPROGRESS:
        await _writable(sock.fileno())
        failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failed:
        raise OSError(failed, os.strerror(failed))


class Wire:
    """One open connection. `socket` becomes an SSLSocket with `secure`. Must be closed.

    The reader stays registered from the first wait to the end: registering it anew for each wait would cost as much
    as the wait itself.
    """

    __slots__ = ("_fd", "_loop", "_reading", "_waiter", "socket")

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._fd = sock.fileno()
        self._loop = asyncio.get_running_loop()
        self._reading = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The socket once TLS is spoken on it."""
        return self.socket if isinstance(self.socket, ssl.SSLSocket) else None

    async def secure(self, context: ssl.SSLContext, server_name: str) -> None:
        """Shake hands. Raises OSError, of which ssl.SSLError is one."""
        tls = context.wrap_socket(self.socket, do_handshake_on_connect=False, server_hostname=server_name)
        self.socket = tls
        while True:
            try:
                tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                await self._readable()
            except ssl.SSLWantWriteError:
                await _writable(self._fd)

    async def send(self, data: bytes) -> None:
        """Write all of it. Raises OSError."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                await _writable(self._fd)
            except ssl.SSLWantReadError:
                await self._readable()

    async def receive(self) -> bytes:
        """The next bytes, at most `CHUNK`; empty at the end. Raises OSError.

        Waits first unless TLS holds decrypted bytes back, so that a stream without end cannot keep the loop.
        """
        tls = self.tls
        if tls is None or not tls.pending():
            await self._readable()
        while True:
            try:
                return self.socket.recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                await self._readable()
            except ssl.SSLWantWriteError:
                await _writable(self._fd)

    def close(self) -> None:
        """Let go of the connection at once, without a farewell. May be called twice."""
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False
        self.socket.close()

    async def _readable(self) -> None:
        self._waiter = self._loop.create_future()
        if not self._reading:
            self._loop.add_reader(self._fd, self._wake)
            self._reading = True
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        else:  # nobody waits for bytes just now: without this the loop would spin
            self._loop.remove_reader(self._fd)
            self._reading = False


async def _writable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()
    loop.add_writer(fd, _settle, waiter)
    try:
        await waiter
    finally:
        loop.remove_writer(fd)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
