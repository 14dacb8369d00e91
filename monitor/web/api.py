"""The JSON API under /api/v1: what is known, as the contract spells it. Times are RFC 3339 in UTC, spans seconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from aiohttp import web

from monitor.core.reference import reference_document
from monitor.core.routing import InvoiceCodeError, InvoiceRoute, UnknownRegionError, find
from monitor.core.status import status_rows
from monitor.core.windows import upcoming
from monitor.model import NoticeStatus, Target, TargetState, as_json
from monitor.notify.dates import advice_with, rush_line
from monitor.notify.words import LANGUAGES
from monitor.web.answers import RouteAnswer, TargetAnswer, WindowsAnswer
from monitor.web.bodies import read_instant
from monitor.web.errors import RequestError
from monitor.web.reading import READING, Reading
from monitor.web.shapes import (
    silence_json,
    target_json,
    window_json,
    window_stage,
)

DEFAULT_LIMIT = 200
MAX_LIMIT = 500
"""Rows per answer: 500 targets are half a megabyte and about 15 ms of work."""

DEFAULT_DAYS, MAX_DAYS = 14, 400
"""How far ahead windows are shown."""

_BLANK_OFFSET = re.compile(r" (\d\d:\d\d)$")

Item = TypeVar("Item")


# --- requests --------------------------------------------------------------------------------------------------------


def parameters(request: web.Request, *known: str) -> dict[str, str]:
    """The query as one value per name. RequestError: a name that is not `known`, or one that is given twice."""
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in known:
            raise RequestError(
                400, f"unknown parameter {name!r}" + (f"; known: {', '.join(known)}" if known else "")
            )
        if name in given:
            raise RequestError(400, f"parameter {name!r} is given twice")
        given[name] = value
    return given


def whole_number(given: dict[str, str], name: str, *, default: int, most: int) -> int:
    """The parameter `name`, 1 to `most`."""
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise RequestError(400, f"{name} must be a whole number from 1 to {most}")
    return int(text)


def limit_of(given: dict[str, str]) -> int:
    """The parameter `limit`, from 1 on; more than `MAX_LIMIT` is that."""
    text = given.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= 1):
        raise RequestError(400, "limit must be a whole number from 1 on")
    return min(int(text), MAX_LIMIT)


def instant(given: dict[str, str], name: str) -> datetime | None:
    """The parameter `name`, a time of RFC 3339; None where it is not given."""
    if name not in given:
        return None
    try:
        return read_instant(_BLANK_OFFSET.sub(r"+\1", given[name]))  # a + that was not written as %2B
    except ValueError as problem:
        raise RequestError(400, f"{name}: {problem}") from None


def language_of(given: dict[str, str], reading: Reading) -> str:
    """`?lang=zh|en`, else the configured language."""
    language = given.get("lang", reading.plan().language)
    if language not in LANGUAGES:
        raise RequestError(400, f"lang must be one of {', '.join(LANGUAGES)}")
    return language


def page(
    items: Iterable[Item], given: dict[str, str], *, key: Callable[[Item], str], reverse: bool = False
) -> tuple[Sequence[Item], str | None]:
    """The asked-for stretch of `items` in the order of `key`, and the cursor of what follows (None: nothing).

    A cursor is the key of the last item shown, so that it stays right while items come and go.
    """
    limit, cursor = limit_of(given), given.get("cursor")
    ordered = sorted(items, key=key, reverse=reverse)
    if cursor is not None:
        ordered = [item for item in ordered if (key(item) < cursor if reverse else key(item) > cursor)]
    shown = ordered[:limit]
    return shown, key(shown[-1]) if len(ordered) > limit else None


# --- what several answers share ---------------------------------------------------------------------------------------


def target_answer(reading: Reading, target: Target) -> TargetAnswer:
    """A target with its present state."""
    state = reading.state().targets.get(target.id) or TargetState(id=target.id)
    return target_json(target, state, reading.next_run(target.id))


def sortable(instant: datetime, id_: str) -> str:
    """A sort key and cursor: the instant, then the id where two are equal."""
    return f"{int(instant.timestamp() * 1_000_000):020d}.{id_}"


# --- handlers --------------------------------------------------------------------------------------------------------


async def targets(request: web.Request) -> web.Response:
    """`GET /api/v1/targets?limit=&cursor=`."""
    reading = request.app[READING]
    shown, following = page(
        reading.plan().targets.values(), parameters(request, "limit", "cursor"), key=lambda target: target.id
    )
    return web.json_response(
        {"targets": [target_answer(reading, target) for target in shown], "next": following}
    )


async def target(request: web.Request) -> web.Response:
    """`GET /api/v1/targets/ID`, the slash of the id raw or as %2F."""
    parameters(request)
    reading = request.app[READING]
    found = reading.plan().targets.get(request.match_info["id"])
    if found is None:
        raise RequestError(404, f"no target {request.match_info['id'][:200]!r} is configured")
    return web.json_response(target_answer(reading, found))


async def status(request: web.Request) -> web.Response:
    """`GET /api/v1/status`: every authority's row, the national one, this machine."""
    parameters(request)
    reading = request.app[READING]
    rows = status_rows(reading.plan(), reading.state(), reading.clock.now())
    return web.json_response(as_json(rows))


async def reference(request: web.Request) -> web.Response:
    """`GET /api/v1/reference`: our own confirmed view, for other monitors."""
    parameters(request)
    reading = request.app[READING]
    return web.json_response(reference_document(reading.plan(), reading.state(), reading.clock.now()))


async def windows(request: web.Request) -> web.Response:
    """`GET /api/v1/windows?days=14&at=&limit=&cursor=`: the windows open at `at` (now) and those that begin within `days`.

    Those by hand and of notices are listed however far ahead they begin.
    """
    given = parameters(request, "days", "at", "limit", "cursor")
    reading = request.app[READING]
    now = instant(given, "at") or reading.clock.now()
    until = now + timedelta(days=whole_number(given, "days", default=DEFAULT_DAYS, most=MAX_DAYS))
    known = upcoming(reading.plan(), reading.state().windows, now, until)
    known = [window for window in known if window_stage(window, now) != "ended"]
    shown, following = page(known, given, key=lambda window: sortable(window.start, window.id))
    waiting = [one for one in reading.state().notices.values() if one.status is NoticeStatus.WAITING]
    answer: WindowsAnswer = {
        "windows": [window_json(window, now) for window in shown],
        "notices_waiting": len(waiting),
        "next": following,
    }
    return web.json_response(answer)


async def silences(request: web.Request) -> web.Response:
    """`GET /api/v1/silences?limit=&cursor=`: those of now and to come, and the ended ones still kept."""
    given = parameters(request, "limit", "cursor")
    reading = request.app[READING]
    now = reading.clock.now()
    known = reading.state().silences.values()
    shown, following = page(known, given, key=lambda one: sortable(one.ends_at, one.id), reverse=True)
    return web.json_response({"silences": [silence_json(one, now) for one in shown], "next": following})


async def route(request: web.Request) -> web.Response:
    """`GET /api/v1/route?invoice=CODE&lang=`: who holds this invoice, where it is asked for, and whether that works now."""
    given = parameters(request, "invoice", "lang")
    if "invoice" not in given:
        raise RequestError(400, "invoice is missing: /api/v1/route?invoice=CODE")
    reading = request.app[READING]
    known = {**reading.registry, **reading.plan().authorities}
    try:
        found = find(given["invoice"], known, language_of(given, reading))
    except InvoiceCodeError as mistake:
        raise RequestError(400, str(mistake)) from mistake
    except UnknownRegionError as mistake:
        raise RequestError(404, str(mistake)) from mistake
    return web.json_response(route_json(reading, found, language_of(given, reading)))


def route_json(reading: Reading, found: InvoiceRoute, language: str) -> RouteAnswer:
    """A route; `watched` and `state` are of the service that answers for this invoice (null: nothing of it is watched).

    In the last days to file the advice says so: there the platforms are slower than usual.
    """
    now = reading.clock.now()
    plan, slug = reading.plan(), found.authority.slug
    rows = status_rows(plan, reading.state(), now).authorities
    row = next((row for row in rows if row.authority == slug), None)
    service = None if row is None else row.services.get(found.service)
    return {
        "invoice": found.invoice,
        "authority": slug,
        "code": found.authority.code,
        "name": found.authority.name,
        "kind": found.kind.value,
        "service": found.service,
        "endpoint": found.endpoint,
        "state": None if service is None else service.state.value,
        "watched": [
            target.id for target in plan.by_authority.get(slug, ()) if target.service == found.service
        ],
        "advice": advice_with(found.explained, rush_line(plan.calendar, slug, now, language), language),
    }
