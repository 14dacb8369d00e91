"""The listening socket of the page: bounded in connections and in how long one may dawdle, encrypted where it is asked for.

Without it a thousand clients that never finish their request would take every file descriptor, and the probes and
receivers could connect no more. It accepts by itself so that a new certificate needs no new socket.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

from monitor.web.answerer import Answerer
from monitor.web.greeting import refuse_plain, speaks_tls
from monitor.web.rates import client_of

log = structlog.get_logger()

MOST_CONNECTIONS = 256
MOST_OF_ONE = 0.5
"""Of them, how many one client may have: room for all live listeners behind one reverse proxy."""
MOST_GREETED = 64
"""Connections whose TLS handshake is not done; one more takes the place of the oldest."""
PATIENCE = 15.0
"""Seconds that a connection may be open without a request being served on it."""
HANDSHAKE = 10.0
"""Seconds from the connection to the end of the TLS handshake."""
GOODBYE = 1.0
"""Seconds in which a client may answer the end of TLS."""
FAREWELL = 0.5
"""Seconds in which answers that are under way may end when the gate closes, streams among them."""
GLANCE = 0.01
LOOK_EVERY = 1.0
BACKLOG = 128


class Gate:
    """Lets clients in to one application. `open` first, `run` until cancelled, `close` last.

    `context` is asked at every connection: None serves plain HTTP.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        context: Callable[[], ssl.SSLContext | None] = lambda: None,
        most: int = MOST_CONNECTIONS,
        patience: float = PATIENCE,
        handshake: float = HANDSHAKE,
    ) -> None:
        app.middlewares.append(self._note)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        self._context = context
        self._most = most
        self._most_of_one = max(1, int(MOST_OF_ONE * most))
        self._patience = patience
        self._handshake = handshake
        self._listeners: list[socket.socket] = []
        self._greeted: dict[asyncio.Task[None], tuple[str, socket.socket]] = {}
        """Who is at the door, the oldest first: client and socket."""
        self._idle_since: dict[RequestHandler, float] = {}
        """Connections on which no request is served, and since when; the one idle for longest first."""
        self.address = ("", 0)
        """What is listened on, with the real port where 0 was asked for."""

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Remember that a request is served on this connection: a stream may stay as long as it likes."""
        self._idle_since.pop(request.protocol, None)
        try:
            return await handler(request)
        finally:
            self._begin_idling(request.protocol)

    @property
    def connected(self) -> int:
        """How many clients are let in."""
        return len(self._connections())

    async def open(self, host: str, port: int) -> None:
        """Listen; whoever comes waits until `run`. Raises OSError."""
        await self._runner.setup()
        try:
            self._listeners = await listeners(host, port)
        except OSError:
            await self._runner.cleanup()
            raise
        self.address = self._listeners[0].getsockname()[:2]

    async def run(self) -> None:
        """Let clients in, and close connections that hold a place without asking anything."""
        async with asyncio.TaskGroup() as tasks:
            for listener in self._listeners:
                tasks.create_task(self._accept(listener, tasks), name="gate")
            while True:
                await asyncio.sleep(LOOK_EVERY)
                self._close_idle(_now())

    async def _accept(self, listener: socket.socket, tasks: asyncio.TaskGroup) -> None:
        while True:
            try:
                client, address = await asyncio.get_running_loop().sock_accept(listener)
            except ConnectionError:  # it left before it was let in
                continue
            except OSError as problem:  # above all: no file descriptor is left
                if listener.fileno() < 0:
                    return
                log.warning("web.cannot_accept", reason=problem.strerror)
                await asyncio.sleep(LOOK_EVERY)
                continue
            if not self._make_room(name := client_of(address[0])):
                client.close()
                continue
            greeting = tasks.create_task(self._greet(client), name="greeting")
            self._greeted[greeting] = name, client
            greeting.add_done_callback(self._greeted.pop)
            await asyncio.sleep(0)  # a crowd that is waiting must not hold the loop

    def _make_room(self, client: str) -> bool:
        """Whether there is a place for one more of `client`, when somebody who keeps one for nothing has left.

        That is the oldest who has not finished its handshake, and who has been idle for longest: of `client`, where it has
        its share, else of whoever has most.
        """
        if len(self._greeted) >= MOST_GREETED:
            _, oldest = next(iter(self._greeted.values()))
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)  # its greeting reads the end and leaves
        held = Counter(self._holders())
        if held[client] >= self._most_of_one:
            return self._send_idle_away(client)
        return held.total() < self._most or self._send_idle_away(held.most_common(1)[0][0])

    def _holders(self) -> Iterator[str]:
        """The client of each place that is taken."""
        yield from (client for client, _ in self._greeted.values())
        yield from (one.client for one in self._connections() if isinstance(one, Answerer))

    def _send_idle_away(self, client: str) -> bool:
        for one in self._idle_since:
            if isinstance(one, Answerer) and one.client == client and one.transport is not None:
                del self._idle_since[one]
                _cut(one)
                return True
        return False

    async def _greet(self, client: socket.socket) -> None:
        """Hand a client to aiohttp, after the TLS handshake where there is one. Nothing it does is an error of ours."""
        context = self._context()
        try:
            if context is None:
                await asyncio.get_running_loop().connect_accepted_socket(self._answerer, client)
            elif await self._wants_tls(client):
                await asyncio.get_running_loop().connect_accepted_socket(
                    self._answerer,
                    client,
                    ssl=context,
                    ssl_handshake_timeout=self._handshake,
                    ssl_shutdown_timeout=GOODBYE,
                )
        except OSError as problem:  # also ssl.SSLError; the transport has closed the socket
            log.debug("web.not_let_in", reason=type(problem).__name__)
        except Exception:  # whoever is not let in must not take the daemon along
            log.exception("web.greeting_failed")

    async def _wants_tls(self, client: socket.socket) -> bool:
        """Whether a client begins with TLS. One that says nothing is left, one that speaks plain HTTP is told and left."""
        try:
            async with asyncio.timeout(self._handshake):
                if await speaks_tls(client):
                    return True
                await refuse_plain(client)
        except BaseException:
            client.close()
            raise
        return False

    def _answerer(self) -> RequestHandler:
        server = self._runner.server
        assert server is not None
        return Answerer(server, patience=self._patience, arrived=self._begin_idling)

    def _begin_idling(self, connection: RequestHandler) -> None:
        self._idle_since.pop(connection, None)  # to the end: the order is that of the time
        self._idle_since[connection] = _now()

    def _connections(self) -> list[RequestHandler]:
        server = self._runner.server
        return server.connections if server else []

    def _close_idle(self, now: float) -> None:
        here = set(self._connections())
        self._idle_since = {one: since for one, since in self._idle_since.items() if one in here}
        for connection, since in self._idle_since.items():
            if now - since >= self._patience:
                _cut(connection)

    async def close(self) -> None:
        """Stop listening, let answers end for a moment, then close every connection. May be called twice."""
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        self._listeners = []
        await self._let_end()
        for connection in self._connections():
            _cut(connection)
        await self._runner.cleanup()

    async def _let_end(self) -> None:
        """Tell streams to end, and wait while any request is served: whoever does not read is cut."""
        await self._runner.shutdown()
        for _ in range(round(FAREWELL / GLANCE)):
            if self._idle_since.keys() >= set(self._connections()):
                return
            await asyncio.sleep(GLANCE)


def _cut(connection: RequestHandler) -> None:
    """End a connection also where its client reads nothing: what it was sent waits no longer for that."""
    if connection.transport is not None:
        connection.transport.abort()
    connection.force_close()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def listeners(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of `host` (empty: all of this machine). Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    opened: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((each[0], each[4]) for each in found):
            listener = socket.socket(family, socket.SOCK_STREAM)
            opened.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setblocking(False)
            listener.bind(address)
            listener.listen(BACKLOG)
    except OSError:
        for listener in opened:
            listener.close()
        raise
    return opened
