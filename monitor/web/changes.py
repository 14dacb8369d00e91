"""What changes something: reload, acknowledgements, silences, windows. Each asks the pipeline; nothing is changed here.

The token is required by the table of routes, before any of these is called.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog
from aiohttp import web

from monitor.core.windows import find
from monitor.model import (
    LOCAL,
    NATIONAL,
    Ack,
    AddSilence,
    AddWindow,
    Command,
    EndSilence,
    EndWindow,
    Silence,
    Window,
)
from monitor.web.api import parameters
from monitor.web.bodies import AckBody, Matchers, SilenceBody, WindowBody, meant, read_body, refusal
from monitor.web.errors import RequestError
from monitor.web.reading import READING, Reading
from monitor.web.shapes import incident_json, members_of, silence_json, window_json

log = structlog.get_logger()

NOBODY = "API"
"""Who takes an incident without saying so."""
MOST_NAMED = 20
"""Services that a refusal names."""
PATIENCE = 10.0
"""Seconds that a decision may take; it waits for the disk for one of them."""


async def have_decided(request: web.Request, command: Command, *, refused: int) -> None:
    """Have a command decided. RequestError with the status `refused` and the reason when it changed nothing, 503 when late."""
    try:
        async with asyncio.timeout(PATIENCE):
            commit = await request.app[READING].ask(command)
    except TimeoutError:
        raise RequestError(
            503, "not decided in time; it may still come into force", {"Retry-After": "10"}
        ) from None
    if commit.refused:
        raise RequestError(refused, commit.refused)
    log.info("web.changed", command=type(command).__name__, caller=request.remote)


async def reload(request: web.Request) -> web.Response:
    """`POST /-/reload`: apply the configuration file anew. With a mistake in it nothing changes, and all are told."""
    parameters(request)
    mistakes = await request.app[READING].reload()
    if mistakes:
        raise RequestError(500, "nothing was changed: " + "; ".join(mistakes))
    return web.json_response({"status": "reloaded"})


async def reload_by_put(request: web.Request) -> web.Response:
    """`PUT /-/reload`: the same."""
    return await reload(request)


async def ack(request: web.Request) -> web.Response:
    """`POST /api/v1/incidents/ID/ack`: reminders stop until it is resolved or gets worse. The body may be left out."""
    parameters(request)
    reading, id_ = request.app[READING], request.match_info["id"]
    body = await read_body(request, AckBody) if request.body_exists else AckBody(author=NOBODY)
    if id_ not in reading.state().incidents:
        raise RequestError(404, f"no incident {id_[:200]!r} is known")
    await have_decided(request, Ack(incident=id_, author=body.author, comment=body.comment), refused=409)
    known = reading.state().incidents
    return web.json_response(incident_json(known[id_], members_of(known.values(), id_)))


# --- silences --------------------------------------------------------------------------------------------------------


async def add_silence(request: web.Request) -> web.Response:
    """`POST /api/v1/silences`."""
    parameters(request)
    reading = request.app[READING]
    body = await read_body(request, SilenceBody)
    now = reading.clock.now()
    matchers = _matchers(body.matchers)
    start = body.starts_at or now
    mistakes = [] if matchers else ["matchers: name at least one of authority, service, severity, diagnosis"]
    mistakes += unknown(reading, matchers.get("authority", ()), "matchers.authority", (NATIONAL, LOCAL))
    mistakes += _unwatched(reading, matchers.get("service", ()), "matchers.service")
    mistakes += _span_mistakes(start, body.ends_at, now, "ends_at")
    if mistakes:
        raise refusal(mistakes)
    silence = Silence(
        id=secrets.token_hex(6),
        matchers=matchers,
        starts_at=start,
        ends_at=body.ends_at,
        author=body.author,
        comment=body.comment,
    )
    await have_decided(request, AddSilence(silence=silence), refused=422)
    return web.json_response(silence_json(silence, now), status=201)


def _matchers(given: Matchers) -> dict[str, tuple[str, ...]]:
    return {name: tuple(words) for name, words in given.model_dump(exclude_none=True, mode="json").items()}


async def end_silence(request: web.Request) -> web.Response:
    """`DELETE /api/v1/silences/ID`: it ends now."""
    parameters(request)
    reading, id_ = request.app[READING], request.match_info["id"]
    known = reading.state().silences.get(id_)
    if known is None:
        raise RequestError(404, f"no silence {id_[:200]!r} is known")
    await have_decided(request, EndSilence(id=id_), refused=409)
    now = reading.clock.now()
    ended = replace(known, ends_at=min(known.ends_at, now))
    return web.json_response(silence_json(ended, now))


# --- windows ---------------------------------------------------------------------------------------------------------


async def add_window(request: web.Request) -> web.Response:
    """`POST /api/v1/windows`."""
    parameters(request)
    reading = request.app[READING]
    body = await read_body(request, WindowBody)
    now = reading.clock.now()
    start = body.start or now
    mistakes = unknown(reading, body.authorities or (), "authorities", (NATIONAL,))
    mistakes += _unwatched(reading, body.services or (), "services")
    mistakes += _span_mistakes(start, body.end, now, "end")
    if mistakes:
        raise refusal(mistakes)
    window = Window(
        id=f"hand-{secrets.token_hex(6)}",
        name=body.name,
        authorities=None if body.authorities is None else tuple(body.authorities),
        services=None if body.services is None else tuple(body.services),
        start=start,
        end=body.end,
        by_hand=True,
    )
    await have_decided(request, AddWindow(window=window), refused=422)
    return web.json_response(window_json(window, now), status=201)


async def end_window(request: web.Request) -> web.Response:
    """`DELETE /api/v1/windows/ID`: it ends now; one that has not begun does not come."""
    parameters(request)
    reading, id_ = request.app[READING], request.match_info["id"]
    known = find(reading.plan(), reading.state().windows, id_)
    if known is None:
        raise RequestError(404, f"no window {id_[:200]!r} is known")
    await have_decided(request, EndWindow(id=id_), refused=409)
    after = find(reading.plan(), reading.state().windows, id_) or known
    return web.json_response(window_json(after, reading.clock.now()))


# --- what both check -------------------------------------------------------------------------------------------------


def unknown(reading: Reading, slugs: Iterable[str], place: str, besides: Iterable[str]) -> list[str]:
    """A mistake for each of these slugs that is no authority."""
    known = {*reading.registry, *reading.plan().authorities, *besides}
    return [f"{place}: unknown authority {slug!r}{meant(slug, known)}" for slug in slugs if slug not in known]


def _unwatched(reading: Reading, services: Iterable[str], place: str) -> list[str]:
    """A mistake for each of these that no target watches: people would be told of what nobody looks at."""
    known = sorted({target.service for target in reading.plan().targets.values() if target.service})
    listed = f"known here: {', '.join(known[:MOST_NAMED]) or 'none'}"
    return [
        f"{place}: unknown service {service!r}{meant(service, known)}; {listed}"
        for service in services
        if service not in known
    ]


def _span_mistakes(start: datetime, end: datetime, now: datetime, place: str) -> list[str]:
    if end <= start:
        return [f"{place}: must be after the start"]
    return [f"{place}: is already over"] if end <= now else []
