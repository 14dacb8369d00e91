"""What is there: small raw servers that misbehave on purpose, name servers, proxies; all on loopback, one set for each case."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, cast

import dns.flags
import dns.message
import dns.rrset

from monitor.model import NameRules, Proxies, Proxy
from tests.matrix.case import Surroundings, There, Where
from tests.net.peers import (
    OK,
    Handler,
    Zone,
    answers,
    deaf_port,
    name_server,
    openssl_peer,
    peer,
    terse_name_server,
    then_hangs,
    then_resets,
)
from tests.net.proxy import proxy
from tests.net.sites import moved

NAME = "verify.example"


# --- connections -----------------------------------------------------------------------------------------------------


def serves(handler: Handler, presents: str | None = None, *, on: str = "127.0.0.1", **where: object) -> There:
    """A server; with TLS and that certificate where `presents` names one. Looked at as `localhost` then."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        tls = None if presents is None else around.ca.context(presents)
        async with peer(handler, tls, host=on) as port:
            yield {"host": on if tls is None else "localhost", "port": port, **where}

    return there


def refuses_tls(presents: str, **where: object) -> There:
    """A TLS server that refuses by alert, as OpenSSL's own programs do."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        with openssl_peer(around.ca.context(presents), connections=1) as port:
            yield {"host": "localhost", "port": port, **where}

    return there


@asynccontextmanager
async def nobody(around: Surroundings) -> AsyncIterator[Where]:
    """A port that is taken, and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield {"port": taken.getsockname()[1]}


@asynccontextmanager
async def deaf(around: Surroundings) -> AsyncIterator[Where]:
    """A port that drops every SYN."""
    with deaf_port() as port:
        yield {"port": port}


@asynccontextmanager
async def unheard(around: Surroundings) -> AsyncIterator[Where]:
    """A port whose program never accepts: the kernel completes the handshake, nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {"port": server.getsockname()[1]}


def at(host: str, port: int = 80) -> There:
    """An address and a port, whatever is there."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        yield {"host": host, "port": port}

    return there


def of_nginx(name: str, path: str = "/", **where: object) -> There:
    """That server of nginx."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        yield {"host": "localhost", "port": around.ports[name], "path": path, **where}

    return there


async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says that it has nothing to say, and waits until the other side has gone too: no RST comes of it."""
    writer.write_eof()
    await reader.read()


def bounces(to: str, status: int = 302) -> Handler:
    """Sends `/` on to `/there` of another host with this server's port; there all is well."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        port = writer.get_extra_info("sockname")[1]
        first = head.split()[1] == b"/"
        writer.write(moved(f"http://{to}:{port}/there", status) if first else OK)
        await writer.drain()

    return handle


# --- names -----------------------------------------------------------------------------------------------------------


def named(*zones: Zone, then: There | None = None, host: str = NAME) -> There:
    """`host` is looked for at one name server for each zone; `then` is what its addresses lead to."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        async with contextlib.AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(name_server(zone)) for zone in zones]
            where = await stack.enter_async_context(then(around)) if then else {"port": 80}
            yield {**where, "host": host, "resolver": tuple(servers)}

    return there


def resolved(entry: list[str] | str | None, then: There | None = None) -> There:
    """What the one name server says of the name."""
    return named({NAME: entry}, then=then)


class Rewriting(dict[str, list[str] | str | None]):
    """A zone in which whatever does not exist leads to an advertisement."""

    def get(self, name: str, default: Any = None) -> Any:
        """The entry of a name."""
        return super().get(name, ["127.0.0.66"] if default == "NXDOMAIN" else default)


def compares(*zones: Zone, **rules: Any) -> There:
    """A name server for each zone, all asked for the same name."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        async with contextlib.AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(name_server(zone)) for zone in zones]
            yield {"host": NAME, "port": 0, "names": NameRules(resolvers=tuple(servers), **rules)}

    return there


def nodes(*handlers: Handler | None) -> There:
    """One name with an address for each of them, on one port; None: nobody listens there."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        addresses = [f"127.0.0.{last}" for last, _ in enumerate(handlers, 1)]
        port = 0
        async with contextlib.AsyncExitStack() as stack:
            for address, handler in zip(addresses, handlers, strict=True):
                if handler is not None:
                    port = await stack.enter_async_context(peer(handler, host=address, port=port))
            server = await stack.enter_async_context(name_server({NAME: addresses}))
            yield {"host": NAME, "port": port, "resolver": (server,)}

    return there


def truncated(entry: list[str] | str, then: There) -> There:
    """Truncated over UDP, whole over TCP."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        async with terse_name_server({NAME: entry}) as server, then(around) as where:
            yield {**where, "host": NAME, "resolver": (server,)}

    return there


def by_dnsmasq(name: str) -> There:
    """dnsmasq, which knows some names below `.test` and has nobody else to ask."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        yield {"host": name, "port": 80, "resolver": (f"127.0.0.1:{around.ports['dnsmasq']}",)}

    return there


def name_server_says(
    reply: Callable[[bytes], Iterable[bytes]], after: float = 0.0, then: There | None = None
) -> There:
    """A name server that answers each question's bytes with these datagrams, so many seconds later."""

    class Odd(asyncio.DatagramProtocol):
        transport: asyncio.DatagramTransport

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.DatagramTransport, transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            asyncio.get_running_loop().call_later(after, self.send, [*reply(data)], addr)

        def send(self, parts: list[bytes], addr: tuple[str, int]) -> None:
            for part in parts:
                if not self.transport.is_closing():
                    self.transport.sendto(part, addr)

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Odd, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        try:
            async with contextlib.AsyncExitStack() as stack:
                where = await stack.enter_async_context(then(around)) if then else {"port": 80}
                yield {**where, "host": NAME, "resolver": (f"127.0.0.1:{port}",)}
        finally:
            transport.close()
            await asyncio.sleep(0)

    return there


def garbage(query: bytes) -> Iterable[bytes]:
    """The right id, and bytes that are no message behind it."""
    yield query[:2] + b"\x81\x80" + b"\xff" * 40


def other_number(query: bytes) -> Iterable[bytes]:
    """The true answer under a number that nobody gave."""
    for answer in truthful(query):
        yield bytes((answer[0] ^ 0xFF, answer[1])) + answer[2:]


def other_question(query: bytes) -> Iterable[bytes]:
    """The answer to another question under this one's id: what one who guesses ids would send."""
    asked = dns.message.from_wire(query)
    forged = dns.message.make_response(dns.message.make_query("other.example", asked.question[0].rdtype))
    forged.id = asked.id
    yield forged.to_wire()


def truthful(query: bytes) -> Iterable[bytes]:
    """127.0.0.1, and no IPv6."""
    asked = dns.message.from_wire(query)
    answer = dns.message.make_response(asked)
    answer.flags |= dns.flags.RA
    if asked.question[0].rdtype == dns.rdatatype.A:
        answer.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", "A", "127.0.0.1"))
    yield answer.to_wire()


# --- the handshake of TLS, in part -----------------------------------------------------------------------------------


def shakes(most: int, then: str) -> There:
    """The server's true half of the handshake, cut after `most` bytes: `fin`, `rst`, `hang`; or `trickle` all of it."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        context = around.ca.context("good")

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            flight = _flight(context, await reader.read(16_384))
            await _ENDS[then](flight[:most])(reader, writer)

        async with peer(handle) as port:
            yield {"host": "localhost", "port": port}

    return there


def _flight(context: ssl.SSLContext, hello: bytes) -> bytes:
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    into.write(hello)
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(into, out, server_side=True).do_handshake()
    return out.read()


def trickles(data: bytes, pause: float = 0.1, asks: bool = True) -> Handler:
    """One byte at a time."""
    return answers(*(data[i : i + 1] for i in range(len(data))), pause=pause, asks=asks)


_ENDS: dict[str, Callable[[bytes], Handler]] = {
    "fin": lambda data: answers(data, asks=False),
    "rst": lambda data: then_resets(data, reads=0),
    "hang": lambda data: then_hangs(data, reads=0),
    "trickle": lambda data: trickles(data, asks=False),
}


def hello(version: bytes = b"\x03\x03", extensions: bytes = b"") -> bytes:
    """The ServerHello of an old server, as a record."""
    body = version + bytes(range(32)) + b"\x00\xc0\x2f\x00"
    if extensions:
        body += len(extensions).to_bytes(2, "big") + extensions
    return record(handshake(2, body), version)


def handshake(kind: int, body: bytes) -> bytes:
    """A message of the handshake."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def record(body: bytes, version: bytes = b"\x03\x03", kind: int = 22) -> bytes:
    """Records of at most 16 KiB that hold `body`."""
    parts = [body[i : i + 16_384] for i in range(0, len(body), 16_384)]
    return b"".join(bytes([kind]) + version + len(part).to_bytes(2, "big") + part for part in parts)


def certificates(*ders: bytes) -> bytes:
    """The Certificate message of TLS 1.2, as records."""
    listed = b"".join(len(der).to_bytes(3, "big") + der for der in ders)
    return record(handshake(11, len(listed).to_bytes(3, "big") + listed))


SAFE = b"\xff\x01\x00\x01\x00"
"""The extension of RFC 5746, without which OpenSSL 3 goes no further."""


def alert(number: int) -> bytes:
    """A fatal alert."""
    return record(bytes([2, number]), kind=21)


def raw(*parts: bytes) -> There:
    """Reads something, sends these bytes, and waits for the other side to have enough of them."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16_384)
        writer.writelines(parts)
        await writer.drain()
        await reader.read()

    return serves(handle, host="localhost")


# --- proxies ---------------------------------------------------------------------------------------------------------


def by_proxy(
    handler: Handler | None = None, then: There | None = None, host: str = "behind.example"
) -> There:
    """A proxy that does that, or (None) a good one with `then` behind it."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        if handler is not None:
            async with peer(handler) as port:
                way = Proxy(host="127.0.0.1", port=port)
                yield {"host": host, "port": 443, "proxies": Proxies(http=way, https=way)}
            return
        async with proxy() as tunnels, (then or nobody)(around) as where:
            yield {**where, "proxies": tunnels.proxies()}

    return there


def proxy_at(place: There) -> There:
    """What is at `place` is meant to be a proxy."""

    @asynccontextmanager
    async def there(around: Surroundings) -> AsyncIterator[Where]:
        async with place(around) as where:
            way = Proxy(host=where.get("host", "127.0.0.1"), port=where["port"])
            yield {"host": "behind.example", "port": 443, "proxies": Proxies(http=way, https=way)}

    return there
