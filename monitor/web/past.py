"""The API over history: the runs of a target and the sums of its hours, and how much of the time a service was up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from aiohttp import web

from monitor.core.services import main_service
from monitor.model import as_json
from monitor.store.errors import StoreError
from monitor.web.answers import PastResultAnswer, UptimeAnswer
from monitor.web.api import instant, limit_of, parameters
from monitor.web.errors import RequestError
from monitor.web.reading import READING, History
from monitor.web.shapes import hour_json, result_json

LONGEST = timedelta(days=3660)
"""No stretch is longer."""
DEFAULT_UPTIME = timedelta(days=30)

T = TypeVar("T")


async def ask_history(request: web.Request, question: Callable[[History], Awaitable[T]]) -> T:
    """What history answers. RequestError 503 where it does not, 400 for a cursor that is none of its own."""
    history = request.app[READING].history
    if history is None:
        raise RequestError(503, "nothing is kept: this daemon has no history")
    try:
        return await question(history)
    except StoreError as problem:
        raise RequestError(503, f"history does not answer: {problem}", {"Retry-After": "30"}) from None
    except ValueError as problem:
        raise RequestError(400, str(problem)[:200]) from None


def stretch(given: dict[str, str], now: datetime, usual: timedelta) -> tuple[datetime, datetime]:
    """`since` and `until` of a request; without them the `usual` time up to now, this instant included."""
    until = instant(given, "until") or now + timedelta(seconds=1)
    since = instant(given, "since") or until - usual
    if since >= until:
        raise RequestError(400, "since must be before until")
    if until - since > LONGEST:
        raise RequestError(400, f"since and until may lie at most {LONGEST.days} days apart")
    return since, until


async def results(request: web.Request) -> web.Response:
    """`GET /api/v1/targets/ID/results?since=&until=&limit=&cursor=`, newest first; everything that is kept by default."""
    id_, given, since, until, limit = _asked(request)
    page = await ask_history(
        request, lambda history: history.results(id_, since, until, limit, given.get("cursor"))
    )
    runs: list[PastResultAnswer] = [
        {**result_json(run.result), "maintenance": run.in_window} for run in page.runs
    ]
    return web.json_response({"results": runs, "next": page.next})


async def hours(request: web.Request) -> web.Response:
    """`GET /api/v1/targets/ID/hours?since=&until=&limit=&cursor=`, newest first; everything that is kept by default."""
    id_, given, since, until, limit = _asked(request)
    page = await ask_history(
        request, lambda history: history.hours(id_, since, until, limit, given.get("cursor"))
    )
    return web.json_response({"hours": [hour_json(hour) for hour in page.hours], "next": page.next})


def _asked(request: web.Request) -> tuple[str, dict[str, str], datetime, datetime, int]:
    """Target, parameters, the stretch of time and the number of rows that are asked for."""
    given = parameters(request, "since", "until", "limit", "cursor")
    reading, id_ = request.app[READING], request.match_info["id"]
    if id_ not in reading.plan().targets:
        raise RequestError(404, f"no target {id_[:200]!r} is configured")
    limit = limit_of(given)
    return id_, given, *stretch(given, reading.clock.now(), LONGEST), limit


async def uptime(request: web.Request) -> web.Response:
    """`GET /api/v1/uptime?authority=SLUG&service=&since=&until=`; the main service and 30 days by default."""
    given = parameters(request, "authority", "service", "since", "until")
    reading = request.app[READING]
    plan, slug = reading.plan(), given.get("authority", "")
    if slug not in plan.by_authority:
        raise RequestError(404, f"no authority {slug[:100]!r} is watched")
    service = given.get("service", main_service(plan, slug) or "")
    if service not in {target.service for target in plan.by_authority[slug]}:
        raise RequestError(404, f"no service {service[:100]!r} of {slug} is watched")
    since, until = stretch(given, reading.clock.now(), DEFAULT_UPTIME)
    found = await ask_history(request, lambda history: history.uptime(slug, service, since, until))
    answer: UptimeAnswer = {
        "authority": slug,
        "service": service,
        "since": as_json(since),
        "until": as_json(until),
        "uptime": found.fraction,
        "uptime_with_maintenance": found.fraction_with_maintenance,
        "coverage": found.coverage,
        "up_seconds": found.up,
        "down_seconds": found.down,
        "maintenance_up_seconds": found.planned_up,
        "maintenance_down_seconds": found.planned_down,
    }
    return web.json_response(answer)
