"""Receivers that take a message and then behave as no receiver should, written on bare sockets; until they are mended."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Manner = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What follows once a message has come in whole."""

MEGABYTE = b"0" * (1 << 20)


async def hang(_writer: asyncio.StreamWriter) -> None:
    """Say nothing, for ever."""
    await asyncio.sleep(3600)


async def hang_up(_writer: asyncio.StreamWriter) -> None:
    """Cut the connection without a word."""


async def say_ok_and_hang_up(writer: asyncio.StreamWriter) -> None:
    """200, the beginning of a body that promises more, and a cut."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"errcode":')
    await writer.drain()


async def deny_with_200(writer: asyncio.StreamWriter) -> None:
    """200 with an error inside, as bots answer; a plain webhook has no such rule, so it counts as taken."""
    body = b'{"errcode": 93000, "errmsg": "invalid webhook url"}'
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    await writer.drain()


async def flood_with_body(writer: asyncio.StreamWriter) -> None:
    """200 and a body without end, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"100000\r\n" + MEGABYTE + b"\r\n")
        await writer.drain()


async def drip_a_megabyte_a_second(writer: asyncio.StreamWriter) -> None:
    """200 and a body without end, at a pace that no timeout between two reads would notice."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(MEGABYTE[: 1 << 17])
        await writer.drain()
        await asyncio.sleep(0.125)


async def flood_with_headers(writer: asyncio.StreamWriter) -> None:
    """Headers without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 1000)
        await writer.drain()


async def speak_nonsense(writer: asyncio.StreamWriter) -> None:
    """Bytes that are no HTTP, without end."""
    while True:
        writer.write(b"\x16\x03\x01 \xff\x00 no protocol at all " * 1000)
        await writer.drain()


async def take_well(writer: asyncio.StreamWriter) -> None:
    """What a receiver should do."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    await writer.drain()


MANNERS: Mapping[str, Manner] = {
    manner.__name__: manner
    for manner in (
        hang, hang_up, say_ok_and_hang_up, deny_with_200, flood_with_body, drip_a_megabyte_a_second,
        flood_with_headers, speak_nonsense,
    )
}  # fmt: skip


@dataclass
class Rude:
    """One such receiver. `heard` has every message that came in whole; `accepted` those that were answered with a 200."""

    manner: Manner
    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await self._take(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split()[0])
        message = json.loads(await reader.readexactly(length))
        self.heard.append(message)
        if self.manner in (
            take_well,
            say_ok_and_hang_up,
            deny_with_200,
            flood_with_body,
            drip_a_megabyte_a_second,
        ):
            self.accepted.append(message)
        await self.manner(writer)

    def mend(self) -> None:
        """Behave from now on; who still waits is let go."""
        self.manner = take_well
        for task in self._tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def rude_receivers() -> AsyncIterator[dict[str, Rude]]:
    """One of each manner, by its name, on loopback."""
    made = {name: Rude(manner) for name, manner in MANNERS.items()}
    servers = []
    for one in made.values():
        server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
        one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        servers.append(server)
    try:
        yield made
    finally:
        for server, one in zip(servers, made.values(), strict=True):
            server.close()
            one.mend()
            await server.wait_closed()
        await asyncio.sleep(0.05)
