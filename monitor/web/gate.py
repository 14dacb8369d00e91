"""The listening socket of the page: bounded in connections and in how long one may dawdle.

Without it a thousand clients that never finish their request would take every file descriptor, and the probes and
receivers could connect no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

MOST_CONNECTIONS = 256
PATIENCE = 15.0
"""Seconds that a connection may be open without a request being served on it."""
LOOK_EVERY = 1.0


class Gate:
    """Lets clients in to one application. `open` first, `run` until cancelled, `close` last."""

    def __init__(
        self, app: web.Application, *, most: int = MOST_CONNECTIONS, patience: float = PATIENCE
    ) -> None:
        self._serving: set[object] = set()
        app.middlewares.append(self._note)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, keepalive_timeout=patience)
        self._most = most
        self._patience = patience
        self._listener: asyncio.Server | None = None
        self.address = ("", 0)
        """What is listened on, with the real port where 0 was asked for."""
        self._idle_since: dict[RequestHandler, float] = {}

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Remember that a request is served on this connection: a stream may stay as long as it likes."""
        self._serving.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._serving.discard(request.protocol)

    async def open(self, host: str, port: int) -> None:
        """Listen. Raises OSError."""
        await self._runner.setup()
        try:
            self._listener = await asyncio.get_running_loop().create_server(self._admit(), host, port)
        except OSError:
            await self._runner.cleanup()
            raise
        self.address = self._listener.sockets[0].getsockname()[:2]

    def _admit(self) -> Callable[[], asyncio.BaseProtocol]:
        server = self._runner.server
        assert server is not None

        def admit() -> asyncio.BaseProtocol:
            return server() if len(server.connections) < self._most else TurnedAway()

        return admit

    async def run(self) -> None:
        """Close connections that hold a place without asking anything."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self._close_idle(asyncio.get_running_loop().time())

    def _close_idle(self, now: float) -> None:
        server = self._runner.server
        idle = [one for one in (server.connections if server else ()) if one not in self._serving]
        self._idle_since = {one: self._idle_since.get(one, now) for one in idle}
        for connection, since in self._idle_since.items():
            if now - since >= self._patience:
                connection.force_close()

    async def close(self) -> None:
        """Stop listening and close every connection, streams and slow readers included, at once. May be called twice."""
        if self._listener is not None:
            self._listener.close()
        server = self._runner.server
        for connection in server.connections if server else ():
            if connection.transport is not None:
                connection.transport.abort()
            connection.force_close()
        await self._runner.cleanup()


class TurnedAway(asyncio.Protocol):
    """What a client beyond the bound gets: its connection is closed before anything is read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
