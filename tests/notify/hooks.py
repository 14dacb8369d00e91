"""Receivers that behave and misbehave: an HTTP server on loopback whose manner is switched while it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Hook:
    """One HTTP receiver. `manner` is a status, `hang`, `drip`, `accept and drip`, `close`, or a JSON body answered with 200."""

    port: int = 0
    manner: int | str | dict[str, Any] = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """JSON bodies in order of arrival, whatever was answered."""
    heads: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self.port}"

    @property
    def keys(self) -> list[str]:
        """Keys of the notifications that arrived."""
        return [body["key"] for body in self.bodies]

    async def until(self, count: int) -> None:
        """Wait until that many requests have arrived."""
        while len(self.bodies) < count:
            self.arrived.clear()
            await self.arrived.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and answer as the manner is now."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:")
            )
            self.bodies.append(_read(await reader.readexactly(length)))
            self.heads.append(head)
            self.arrived.set()
            await self._answer(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.manner == "hang":
            await asyncio.sleep(3600)
        elif self.manner in ("drip", "accept and drip"):
            accepted = self.manner == "accept and drip"
            writer.write(
                b"HTTP/1.1 202 Fine\r\n" + (b"Content-Length: 100000\r\n\r\n" if accepted else b"X-Slow: ")
            )
            for _ in range(3600):
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.2)
        elif self.manner != "close":
            writer.write(self._reply())
            await writer.drain()

    def _reply(self) -> bytes:
        status = self.manner if isinstance(self.manner, int) else 200
        body = json.dumps(self.manner if isinstance(self.manner, dict) else {}).encode()
        where = f"Location: http://{self.address}/elsewhere\r\n" if 300 <= status < 400 else ""
        head = f"HTTP/1.1 {status} Whatever\r\n{where}Content-Type: application/json\r\nConnection: close\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _read(body: bytes) -> dict[str, Any]:
    """The JSON object, or what else was sent under `raw`."""
    try:
        read: dict[str, Any] = json.loads(body)
    except ValueError:
        return {"raw": body.decode()}
    return read


@asynccontextmanager
async def hook(manner: int | str | dict[str, Any] = 200) -> AsyncIterator[Hook]:
    """A receiver on a port of loopback."""
    it = Hook(manner=manner)
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await it.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            with suppress(OSError):
                await writer.wait_closed()
            handlers.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()
        for task in tuple(handlers):
            task.cancel()
        if handlers:
            await asyncio.wait(tuple(handlers), timeout=2)
        await server.wait_closed()
