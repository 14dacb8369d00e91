"""Whether the daemon lives, whether it knows enough to be asked, and what it measures: for machines that watch it."""

from __future__ import annotations

from aiohttp import web

from monitor.metrics.exposition import OPENMETRICS, TEXT, wants_openmetrics
from monitor.web.errors import RequestError
from monitor.web.reading import READING

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
    response = web.StreamResponse(headers={"Content-Type": OPENMETRICS if openmetrics else TEXT})
    await response.prepare(request)
    if request.method != "HEAD":
        reading = request.app[READING]
        reading.metrics.publish(reading.plan(), reading.state(), reading.clock.now())
        async for piece in reading.metrics.stream(openmetrics=openmetrics):
            await response.write(piece)
    await response.write_eof()
    return response
