"""A non-blocking TCP socket whose waits are driven by the event loop, with or without TLS on top."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from monitor.model import Cause
from monitor.net.failures import FaultError
from monitor.net.secured import Secured

CHUNK = 1 << 16
"""Bytes read from a socket in one turn of the loop: with less, a megabyte takes too many turns where many run."""
RECORD = 1 << 14
"""Bytes of one record of TLS at most."""
_T = TypeVar("_T")


class Dial:
    """A connection on its way to one literal address. `done` gets 0, or the errno it ended with. Must be closed or taken."""

    __slots__ = ("_fd", "_loop", "_sock", "address", "done")

    def __init__(self, address: str, port: int) -> None:
        """Send the first packet. Raises OSError when no socket is to be had."""
        self.address = address
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[int] = self._loop.create_future()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._fd = self._sock.fileno()
        try:
            # Nagle would hold the request back until the last handshake message is acknowledged.
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            status = self._sock.connect_ex((address, port))
        except OSError:
            self._sock.close()
            raise
        if status == errno.EINPROGRESS:
            self._loop.add_writer(self._fd, self._settle)
        else:
            self.done.set_result(status)

    def take(self) -> Wire:
        """The open connection, now the caller's to close."""
        return Wire(self._sock)

    def close(self) -> None:
        """Give up."""
        self._loop.remove_writer(self._fd)
        self._sock.close()

    def _settle(self) -> None:
        self._loop.remove_writer(self._fd)
        if not self.done.done():
            self.done.set_result(self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


class Wire:
    """One open connection, with TLS on top after `secure`. Must be closed.

    The reader stays registered from the first wait to the end: registering it anew for each wait would cost as much
    as the wait itself.
    """

    __slots__ = ("_fd", "_loop", "_reading", "_secured", "_waiter", "socket")

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._fd = sock.fileno()
        self._loop = asyncio.get_running_loop()
        self._reading = False
        self._waiter: asyncio.Future[None] | None = None
        self._secured: Secured | None = None

    @property
    def tls(self) -> ssl.SSLObject | None:
        """TLS, once it is spoken here."""
        return None if self._secured is None else self._secured.tls

    @property
    def heard(self) -> bytes:
        """How that began which came in place of TLS."""
        return b"" if self._secured is None else self._secured.heard

    @property
    def has_heard(self) -> bool:
        """Whether a byte has come since TLS was begun."""
        return self._secured is not None and self._secured.has_heard

    async def secure(self, context: ssl.SSLContext, server_name: str) -> None:
        """Shake hands. Raises OSError, of which ssl.SSLError is one, and FaultError."""
        secured = self._secured = Secured(context, server_name)
        try:
            await self._drive(secured, secured.shake)
        except ssl.SSLError as error:
            if secured.wants_certificate and "ALERT" in (error.reason or ""):
                raise _unwelcome() from error
            raise

    async def hear_refusal(self) -> None:
        """Where the server may yet refuse us for want of a certificate (TLS 1.3): wait until it says anything.

        Raises OSError, of which ssl.SSLError is one, and FaultError.
        """
        if self._secured is None or not self._secured.may_refuse:
            return
        try:
            await self.receive()
        except ssl.SSLError as error:
            if "ALERT" in (error.reason or ""):
                raise _unwelcome() from error
            raise

    async def send(self, data: bytes) -> None:
        """Write all of it. Raises OSError and FaultError."""
        secured = self._secured
        if secured is None:
            await self._write(data)
            return
        rest = memoryview(data)
        while rest:
            rest = rest[await self._drive(secured, partial(secured.tls.write, rest)) :]

    async def receive(self) -> bytes:
        """The next bytes, at most `CHUNK`; empty at the end. Raises OSError and FaultError.

        Waits before it reads from the socket, so that a stream without end cannot keep the loop.
        A peer that closes without TLS's farewell has ended all the same: many do, and a framed reply knows its length.
        """
        secured = self._secured
        if secured is None:
            return await self._read()
        try:
            return await self._drive(secured, partial(secured.read, RECORD))
        except ssl.SSLEOFError:
            return b""

    async def peek(self) -> bytes:
        """What comes next, left where it is; empty at the end. Not once TLS is spoken. Raises OSError."""
        while True:
            await self._readable()
            with contextlib.suppress(BlockingIOError):
                return self.socket.recv(CHUNK, socket.MSG_PEEK)

    def take(self, count: int) -> bytes:
        """The first `count` bytes of what `peek` has shown."""
        return self.socket.recv(count) if count else b""

    async def _drive(self, secured: Secured, step: Callable[[], _T]) -> _T:
        """Do one step of TLS, bringing it what it waits for and sending what it has to say."""
        while True:
            try:
                found = step()
            except ssl.SSLWantReadError:
                await self._say(secured)
                secured.take(await self._read())
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the alert that tells the peer why
                    self.socket.send(secured.out.read())
                raise
            else:
                await self._say(secured)
                return found

    async def _say(self, secured: Secured) -> None:
        """Send what TLS has to say. Where the peer has gone in the midst of a handshake, its last alert says why."""
        try:
            await self._write(secured.out.read())
        except ConnectionError as error:
            with contextlib.suppress(OSError):
                secured.take(self.socket.recv(CHUNK))
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                secured.tls.do_handshake()
            if isinstance(
                error, BrokenPipeError
            ):  # a FIN alone stops no writing: a reset that was met before
                raise ConnectionResetError(errno.ECONNRESET, "connection reset by peer") from error
            raise

    async def _read(self) -> bytes:
        while True:
            await self._readable()
            with contextlib.suppress(BlockingIOError):
                return self.socket.recv(CHUNK)

    async def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except BlockingIOError:
                await _writable(self._fd)

    def detach(self) -> socket.socket:
        """The bare socket, now the caller's to close."""
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False
        return self.socket

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


def _unwelcome() -> FaultError:
    return FaultError(Cause.TLS_HANDSHAKE, "asked for a certificate of ours, then refused")


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
