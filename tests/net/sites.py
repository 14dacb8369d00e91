"""Servers that answer by path, and replies that lead elsewhere."""

from __future__ import annotations

import asyncio

from tests.net.peers import Handler


def site(pages: dict[str, bytes], seen: list[str] | None = None) -> Handler:
    """Answer by path; what is not a page is 404. Requests are written down whole."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if seen is not None:
            seen.append(request)
        writer.write(pages.get(request.split()[1], b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
        await writer.drain()

    return handle


def moved(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 9\r\n\r\n".encode()
