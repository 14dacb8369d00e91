"""The first byte of a connection to an encrypted port: TLS, or somebody who came without."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress

from monitor.web.headers import HEADERS

HANDSHAKE_RECORD = b"\x16"
"""RFC 8446, 5.1: every TLS connection begins with a record of this type."""
LINGER = 1.0
"""Seconds in which the refused client may read its answer."""
_BODY = json.dumps({"error": "this port speaks HTTPS: write https:// in the address"}).encode()


async def speaks_tls(client: socket.socket) -> bool:
    """Whether the first byte is that of TLS. It is left for the handshake. Raises OSError."""
    arrived, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(client, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(client)
    return client.recv(1, socket.MSG_PEEK) in (HANDSHAKE_RECORD, b"")


async def refuse_plain(client: socket.socket) -> None:
    """Tell a client that spoke plain HTTP what is meant, and close. Raises OSError."""
    loop = asyncio.get_running_loop()
    headers = {
        **HEADERS,
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(_BODY)),
        "Connection": "close",
    }
    lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    with client:
        await loop.sock_sendall(client, "\r\n".join(lines).encode() + _BODY)
        client.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while await loop.sock_recv(client, 1 << 16):  # unread bytes would turn the close into a reset
                    pass
