"""The application behind its real gate on loopback, and clients that write bytes."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from monitor.web.gate import Gate
from monitor.web.server import make_app
from tests.web.conftest import World


@asynccontextmanager
async def gated(
    world: World, context: Callable[[], ssl.SSLContext | None] = lambda: None, **bounds: Any
) -> AsyncIterator[Gate]:
    """What the daemon serves, as it serves it."""
    gate = Gate(make_app(world.reading()), context=context, **bounds)
    await gate.open("127.0.0.1", 0)
    async with asyncio.TaskGroup() as tasks:
        keeper = tasks.create_task(gate.run())
        try:
            yield gate
        finally:
            keeper.cancel()
            await gate.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, taken apart."""

    status: int
    headers: dict[str, str]
    """Names in lower case; one that came twice is an error of the test."""
    body: bytes

    @property
    def error(self) -> str:
        """What a refusal says. Fails where it is no JSON of that form."""
        assert self.headers["content-type"].startswith("application/json"), self
        found = json.loads(self.body)
        assert set(found) == {"error"}, found
        return str(found["error"])


async def send(gate: Gate, sent: bytes, trust: ssl.SSLContext | None = None) -> list[Reply]:
    """All answers to some bytes, until the server closes or, once it has answered, keeps silent."""
    name = "localhost" if trust else None
    reader, writer = await asyncio.open_connection(*gate.address, ssl=trust, server_hostname=name)
    writer.write(sent)
    heard = bytearray()
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(10):
            while part := await reader.read(1 << 16):
                heard += part
                if (replies := taken_apart(bytes(heard))) and replies[-1].headers.get(
                    "connection"
                ) != "close":
                    break
    writer.close()
    with suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()
    return taken_apart(bytes(heard))


def taken_apart(heard: bytes) -> list[Reply]:
    """The whole answers in some bytes; one that is not whole is left out."""
    replies = []
    while b"\r\n\r\n" in heard:
        head, _, rest = heard.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(": ")[::2] for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs), f"a header came twice: {lines}"
        size = int(headers.get("content-length", len(rest)))
        if len(rest) < size:
            break
        status = int(first.split(" ")[1])
        if status != 100:
            replies.append(Reply(status=status, headers=headers, body=rest[:size]))
        heard = rest[size:]
    return replies


def get(path: str, *headers: str) -> bytes:
    """A GET as bytes; the path stands there as it is."""
    lines = [f"GET {path} HTTP/1.1", "Host: monitor.example", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode()
