"""References that misbehave on purpose: raw servers on loopback that answer whatever they are asked."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

from tests.net.peers import Handler
from tests.reference.examples import own_document

PLENTY = 64 << 20
"""Bytes that a bomb unfolds to."""


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole HTTP reply."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def answers(*replies: bytes, asked: list[bytes] | None = None) -> Handler:
    """Answers each connection with the next of `replies`, the last one for ever; keeps the requests in `asked`."""
    left = list(replies)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(request)
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()
        writer.close()

    return handle


def drips(start: bytes, piece: bytes, pause: float = 0.0) -> Handler:
    """Begins well, then sends `piece` for ever."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return handle


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, reads, never answers."""
    await reader.read(-1)


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads the request and closes."""
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


def good(**more: Any) -> bytes:
    """A healthy reply of our own format."""
    return reply(json.dumps(own_document(**more)).encode(), "Content-Type: application/json")


def bomb() -> bytes:
    """A small body that unfolds to a large one."""
    return reply(gzip.compress(b" " * PLENTY, compresslevel=9), "Content-Encoding: gzip")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SECRET = "S3cr3t-T0ken-0123456789"
HOSTILE: dict[str, tuple[Handler, str]] = {
    "never answers": (hangs, "no answer in time"),
    "hangs up": (hangs_up, "hung up"),
    "is no HTTP": (answers(b"SSH-2.0-OpenSSH\r\n"), "not valid HTTP"),
    "headers without end": (drips(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 60_000), "not valid HTTP"),
    "drips for ever": (drips(CHUNKED, b"1\r\n \r\n", pause=0.01), "no answer in time"),
    "never ends": (drips(CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n"), "larger than"),
    "says it is huge": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b" " * 65_536), "larger"),
    "is a bomb": (answers(bomb()), "larger than"),
    "compresses in a way nobody asked for": (answers(reply(b"x", "Content-Encoding: br")), "not asked for"),
    "says gzip and is not": (answers(reply(b"{}", "Content-Encoding: gzip")), "cannot be undone"),
    "breaks off": (answers(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"), "broke off"),
    "redirects": (answers(reply(b"", "Location: http://127.0.0.1:1/", status="302 Found")), "answered 302"),
    "refuses": (answers(reply(b"", status="401 Unauthorized")), "answered 401"),
    "is broken": (answers(reply(b"oops", status="500 Internal Server Error")), "answered 500"),
    "is empty": (answers(reply(b"")), "empty"),
    "is half a document": (answers(reply(good().partition(b"\r\n\r\n")[2][:99])), "not JSON"),
    "is a page": (answers(reply(b"<html>login</html>")), "not JSON"),
    "repeats our token": (answers(reply(SECRET.encode(), f"X-Echo: {SECRET}", status=f"418 {SECRET}")), "answered 418"),
}  # fmt: skip
"""What a reference may do to us → what the failed reading says."""
