"""A proxy that opens tunnels (CONNECT), and every way in which one does not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from monitor.model import Proxies, Proxy
from tests.net.peers import Handler, answers, peer, then_resets

USER, PASSWORD = "monitor", "S3cret-of-the-pr0xy"
CREDENTIAL = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass
class Tunnels:
    """A running proxy. It resolves `names` and what is below localhost; else it answers 502, also for who refuses."""

    port: int = 0
    wants: str | None = None
    """The `Proxy-Authorization` without which it answers 407."""
    names: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    """Name → the port that is gone to in place of the one asked for."""
    asked: list[str] = field(default_factory=list)
    """The targets of all CONNECTs, in order."""
    heads: list[str] = field(default_factory=list)
    carried: bytearray = field(default_factory=bytearray)
    """What went through all tunnels from client to target."""
    greeting: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n"

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def proxies(self, authorization: str | None = None, *, direct: tuple[str, ...] = ()) -> Proxies:
        """This proxy for everything."""
        proxy = Proxy(host="127.0.0.1", port=self.port, authorization=authorization)
        return Proxies(http=proxy, https=proxy, direct=direct)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        if method != "CONNECT":
            writer.write(b"HTTP/1.1 405 Only tunnels\r\nContent-Length: 0\r\n\r\n")
            return
        self.asked.append(target)
        if self.wants is not None and f"Proxy-Authorization: {self.wants}\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        name = "127.0.0.1" if host.endswith(".localhost") else self.names.get(host.strip("[]"))
        try:
            there = self.ports.get(host, int(port))
            far, back = await asyncio.open_connection(name, there) if name else (None, None)
        except OSError:
            far, back = None, None
        if far is None or back is None:
            writer.write(b"HTTP/1.1 502 No way\r\nContent-Length: 7\r\n\r\nno way.")
            return
        writer.write(self.greeting)
        try:
            await asyncio.gather(self._copy(reader, back, keep=True), self._copy(far, writer))
        finally:
            back.transport.abort()

    async def _copy(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, keep: bool = False
    ) -> None:
        try:
            while data := await source.read(65536):
                if keep:
                    self.carried += data
                sink.write(data)
                await sink.drain()
            sink.write_eof()
        except OSError:  # a reset at one end is a reset at the other
            sock = sink.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sink.transport.abort()


@contextlib.asynccontextmanager
async def proxy(**more: object) -> AsyncIterator[Tunnels]:
    """A proxy on loopback that resolves `localhost` and `behind.example` to 127.0.0.1."""
    names = {"localhost": "127.0.0.1", "behind.example": "127.0.0.1", "127.0.0.1": "127.0.0.1", "::1": "::1"}
    tunnels = Tunnels(**{"names": names, **more})  # type: ignore[arg-type]
    async with peer(tunnels.serve) as port:
        tunnels.port = port
        yield tunnels


async def _endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"m" * 1000 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0)


BROKEN: dict[str, tuple[Handler, str]] = {
    "wants a password": (answers(b"HTTP/1.1 407 Who?\r\n\r\n"), "name and password, or others (407)"),
    "does not allow it": (answers(b"HTTP/1.1 403 No\r\n\r\n"), "refused the tunnel (403)"),
    "finds no way": (answers(b"HTTP/1.1 502 No\r\nContent-Length: 3\r\n\r\nno."), "refused the tunnel (502)"),
    "is overloaded": (answers(b"HTTP/1.0 503 Busy\r\n\r\n"), "refused the tunnel (503)"),
    "waited too long itself": (answers(b"HTTP/1.1 504 Late\r\n\r\n"), "refused the tunnel (504)"),
    "sends elsewhere": (
        answers(b"HTTP/1.1 302 Go\r\nLocation: http://login.example/\r\n\r\n"),
        "refused the tunnel (302)",
    ),
    "speaks another language": (answers(b"SSH-2.0-OpenSSH_9.2\r\n"), "makes no sense"),
    "speaks TLS": (answers(b"\x15\x03\x01\x00\x02\x02\x46"), "makes no sense"),
    "answers half": (
        answers(b"HTTP/1.1 200 OK\r\nX-Half: "),
        "hung up before its answer to CONNECT was whole",
    ),
    "hangs up": (answers(), "hung up before its answer to CONNECT was whole"),
    "resets": (then_resets(), "connection reset by peer, asked for a tunnel"),
    "never stops": (_endless, "longer than 16384 bytes"),
    "is never ready": (answers(b"HTTP/1.1 100 Go on\r\n\r\n" * 20), "makes no sense"),
    "sends many headers": (answers(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300 + b"\r\n"), "makes no sense"),
}
"""What a proxy may do wrong → how, and words of the detail."""
