"""`GET /probe`: one run of a configured target now, for a scraper or a person, in blackbox_exporter's names.

The run is nobody else's: no judgement, no statistics, no history, no series of ours. What it does share is what the
hosts were promised: their limits, their bans and the places for runs under way.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable
from dataclasses import replace

from aiohttp import web

from monitor.metrics import blackbox
from monitor.metrics.exposition import OPENMETRICS, TEXT, wants_openmetrics
from monitor.model import Target
from monitor.probes import Observation
from monitor.probes.aside import Hindrance, NotNow
from monitor.web.api import parameters
from monitor.web.errors import RequestError
from monitor.web.probe_log import report
from monitor.web.reading import READING

SCRAPE_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"
OFFSET = 0.5
"""Seconds of the scraper's patience that are left for the answer to get there, as blackbox_exporter has it."""
LOOK_EVERY = 0.1
"""Seconds between two looks at whether the caller is still there."""

REFUSALS = {
    Hindrance.LIMIT: (
        429,
        "the host of this target has had its connections of this minute: limits.per_host, of which /probe has half",
    ),
    Hindrance.BANNED: (
        503,
        "the platform has shut us out (code 020): nothing is sent to this host for a day",
    ),
    Hindrance.BUSY: (503, "too many runs are under way (limits.concurrency)"),
    Hindrance.HAMPERED: (503, "the machine of the monitor lacks files or memory, or held the run up"),
}
"""Status and words for each hindrance. 429 is for who asks too often; a ban is nobody's fault who asks."""


async def run(request: web.Request) -> web.Response:
    """`GET /probe?target=ID[&debug=true]`: one run now; always 200 where it was made, failed or not."""
    _refuse_other_sites(request)
    given = parameters(request, "target", "debug", "module")
    debug = _is_debug(given.get("debug", "false"))
    target = _configured(request, given.get("target", ""))
    target = replace(target, timeout=deadline(request.headers.get(SCRAPE_TIMEOUT), target.timeout))
    seen = await _while_wanted(request, request.app[READING].look(target))
    if isinstance(seen, NotNow):
        status, reason = REFUSALS[seen.hindrance]
        raise RequestError(status, reason, {"Retry-After": str(max(1, math.ceil(seen.free_in)))})
    openmetrics = not debug and wants_openmetrics(request.headers.get("Accept", ""))
    text = blackbox.render(seen.target, seen.seen, seen.result, openmetrics=openmetrics)
    if debug:
        return web.Response(text=report(seen, text), headers={"Content-Type": "text/plain; charset=utf-8"})
    return web.Response(text=text, headers={"Content-Type": OPENMETRICS if openmetrics else TEXT})


def deadline(header: str | None, configured: float) -> float:
    """Seconds for the run: what the scraper waits, less `OFFSET`, never more than `configured`.

    A patience that the offset would use up is halved instead. RequestError 400 for what is no number of seconds.
    """
    if header is None:
        return configured
    try:
        patience = float(header)
    except ValueError:
        patience = math.nan
    if not 0 <= patience < math.inf:
        raise RequestError(400, f"{SCRAPE_TIMEOUT} is not a number of seconds")
    return min(configured, max(patience - OFFSET, patience / 2)) if patience else configured


def _refuse_other_sites(request: web.Request) -> None:
    """RequestError 403 where a browser says that a page of another site asks: an image there must not reach the hosts."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise RequestError(403, "a page of another site cannot have a target looked at")


def _is_debug(text: str) -> bool:
    if text not in ("true", "false"):
        raise RequestError(400, "debug must be true or false")
    return text == "true"


def _configured(request: web.Request, name: str) -> Target:
    """The target of that id. RequestError 400; an address is not repeated, it may hold a secret."""
    if not name:
        raise RequestError(400, "the parameter target is missing: the id of a configured target")
    target = request.app[READING].plan().targets.get(name)
    if target is not None:
        return target
    if "/" in name.partition("/")[2] or ":" in name:
        raise RequestError(400, "target is an address: only the id of a configured target is looked at here")
    raise RequestError(400, f"no target {name[:100]!r} is configured; /api/v1/targets lists those that are")


async def _while_wanted(request: web.Request, look: Awaitable[Observation]) -> Observation | NotNow:
    """The run, or why there was none; given up at once when the caller hangs up. Raises ConnectionError then."""
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(_attempt(look), name="probe on demand")
        while not running.done():
            await asyncio.wait([running], timeout=LOOK_EVERY)
            if request.transport is None:
                running.cancel()
    if running.cancelled():
        raise ConnectionResetError("the caller hung up")
    return running.result()


async def _attempt(look: Awaitable[Observation]) -> Observation | NotNow:
    try:
        return await look
    except NotNow as refusal:
        return refusal
