"""`GET /api/v1/events`: the live stream as server-sent events, resumed where a listener left off."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from monitor.web.api import parameters
from monitor.web.errors import RequestError
from monitor.web.live import Listener, TooManyListenersError
from monitor.web.reading import READING

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that no proxy takes the stream for dead."""
PATIENCE = 10.0
"""Seconds a listener may take to read what it was sent; a slower one is dropped and may come back."""
RETRY = 3000
"""Milliseconds that a browser waits before it comes back."""
HEADERS = {"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
GLANCE = 1.0
"""Seconds between two looks whether a silent listener is still there."""
MOST = 256
"""Events in one write."""


async def events(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/events?after=ID`: what happens from now on, or from behind `Last-Event-ID` (or `after`) on.

    What was missed is sent first as far as it is kept; an event `gap` says that more was missed than that.
    """
    after = _after(request)
    response = web.StreamResponse(headers=HEADERS)
    try:
        with request.app[READING].live.listen(after) as listener:
            await response.prepare(request)
            if request.method == "HEAD":
                return response
            # The listener left, or was too slow to be waited for. It comes back with the id of what it read last.
            with suppress(ConnectionError, TimeoutError):
                await _stream(request, response, listener)
            if request.transport is not None and not request.app[READING].live.closed:
                request.transport.abort()
    except TooManyListenersError:
        raise RequestError(503, "too many listeners; ask again later", {"Retry-After": "60"}) from None
    return response


def _after(request: web.Request) -> int | None:
    """The id behind which the caller wants to go on. The header of a browser that comes back outranks its first address."""
    given = parameters(request, "after").get("after")
    if given is not None and not _is_id(given):
        raise RequestError(400, "after must be the id of an event")
    header = request.headers.get("Last-Event-ID")
    if header is not None:
        return int(header) if _is_id(header) else -1
    return None if given is None else int(given)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


async def _stream(request: web.Request, response: web.StreamResponse, listener: Listener) -> None:
    """Send what happens until the listener leaves or falls behind, or the daemon stops."""
    live, time = request.app[READING].live, asyncio.get_running_loop().time
    await _send(response, f"retry: {RETRY}\n\n".encode())
    if listener.missed:
        listener.rewind()
        await _send(response, _gap(live.oldest - 1))
    spoke = time()
    while not (live.closed or listener.missed or request.transport is None):
        if news := listener.take():
            for start in range(0, len(news), MOST):
                await _send(response, b"".join(one.frame for one in news[start : start + MOST]))
        elif time() - spoke >= HEARTBEAT:
            await _send(response, b": still here\n\n")
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(GLANCE):
                    await listener.arrived.wait()
            continue
        spoke = time()


def _gap(upto: int) -> bytes:
    data = json.dumps({"upto": upto, "advice": "events were missed: read /api/v1/status anew"})
    return f"event: gap\ndata: {data}\n\n".encode()


async def _send(response: web.StreamResponse, frames: bytes) -> None:
    """Raises TimeoutError when the listener does not read."""
    async with asyncio.timeout(PATIENCE):
        await response.write(frames)
