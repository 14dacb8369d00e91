"""Whether the daemon lives, whether it knows enough to be asked, and what it measures: for machines that watch it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from monitor.metrics.exposition import OPENMETRICS, TEXT, wants_openmetrics
from monitor.web.errors import RequestError
from monitor.web.packing import packed, wants_gzip
from monitor.web.reading import READING

PATIENCE = 10.0
"""Seconds in which a caller must have read a piece of the metrics."""
MISSING_SHOWN = 20
"""Ids that /-/ready names; their number is always said."""


async def healthy(_request: web.Request) -> web.Response:
    """`GET /-/healthy`: the loop answers."""
    return web.Response(text="fapiao-monitor is healthy.\n")


async def ready(request: web.Request) -> web.Response:
    """`GET /-/ready`: 200 once every target has a result, restored ones counted; else 503 with what is missing."""
    reading = request.app[READING]
    known = reading.state().targets
    missing = sorted(name for name in reading.plan().targets if name not in known or known[name].last is None)
    if missing:
        some = ", ".join(missing[:MISSING_SHOWN]) + (", …" if len(missing) > MISSING_SHOWN else "")
        raise RequestError(
            503, f"{len(missing)} of {len(reading.plan().targets)} targets have no result yet: {some}"
        )
    return web.Response(text="fapiao-monitor is ready.\n")


async def metrics(request: web.Request) -> web.StreamResponse:
    """`GET /metrics`, written piece by piece so that a large exposition does not hold the probes up."""
    openmetrics = wants_openmetrics(request.headers.get("Accept", ""))
    gzip = wants_gzip(request.headers.get("Accept-Encoding", ""))
    headers = {"Content-Type": OPENMETRICS if openmetrics else TEXT, "Vary": "Accept, Accept-Encoding"}
    response = web.StreamResponse(headers=headers | ({"Content-Encoding": "gzip"} if gzip else {}))
    await response.prepare(request)
    if request.method != "HEAD":
        reading = request.app[READING]
        for _ in reading.metrics.publish_in_steps(reading.plan(), reading.state(), reading.clock.now()):
            await asyncio.sleep(0)
        pieces = reading.metrics.stream(openmetrics=openmetrics)
        try:
            await _write(response, packed(pieces) if gzip else pieces)
        except TimeoutError:  # half an answer must not look whole
            if request.transport is not None:
                request.transport.abort()
    return response


async def _write(response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> None:
    """Raises TimeoutError for a caller who does not read."""
    async for piece in pieces:
        async with asyncio.timeout(PATIENCE):
            await response.write(piece)
    async with asyncio.timeout(PATIENCE):
        await response.write_eof()
