"""A receiver that takes a message and then goes on talking: it was told, and is not told again."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from monitor.notify.apprise import AppriseDeliverer
from tests.notify.examples import by_apprise

PAYLOAD = {"title": "t", "text": "x", "url": "", "event": "incident_opened", "severity": "critical"}


async def test_a_reply_that_drips_is_cut_off_and_counts_as_taken(monkeypatch):
    monkeypatch.setattr("monitor.notify.replies.PATIENCE", 0.2)
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Accept at once, then send a byte now and then without end."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    deliverer = AppriseDeliverer(deadline=10.0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await deliverer.deliver(by_apprise(f"json://127.0.0.1:{port}/"), PAYLOAD) == "200"
        await deliverer.close()
        async with asyncio.timeout(5):
            await gone.wait()
