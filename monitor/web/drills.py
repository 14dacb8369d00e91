"""Drills over the API: started, listed, ended, and the report of who was told after how long."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from aiohttp import web

from monitor.core.state import Drill
from monitor.model import PSEUDO_AUTHORITIES, EndDrill, EventName, StartDrill, as_json, rfc3339
from monitor.store.errors import StoreError
from monitor.store.file import Delivery
from monitor.web.answers import DeliveryAnswer, DrillAnswer, DrillReportAnswer
from monitor.web.api import page, parameters, sortable
from monitor.web.bodies import DrillBody, read_body, refusal
from monitor.web.changes import have_decided, unknown
from monitor.web.errors import RequestError
from monitor.web.reading import READING, Reading


async def drills(request: web.Request) -> web.Response:
    """`GET /api/v1/drills?limit=&cursor=`: those that are on and the latest that are over, newest first."""
    given = parameters(request, "limit", "cursor")
    known = request.app[READING].state().drills.values()
    shown, following = page(known, given, key=lambda one: sortable(one.started_at, one.id), reverse=True)
    return web.json_response({"drills": [_json(one) for one in shown], "next": following})


async def start(request: web.Request) -> web.Response:
    """`POST /api/v1/drills`: play an outage of these authorities' main services."""
    parameters(request)
    reading = request.app[READING]
    body = await read_body(request, DrillBody)
    watched = [slug for slug in reading.plan().by_authority if slug not in PSEUDO_AUTHORITIES]
    slugs = watched if body.authorities is None else list(dict.fromkeys(body.authorities))
    if mistakes := unknown(reading, slugs, "authorities", ()):
        raise refusal(mistakes)
    if strange := [slug for slug in slugs if slug not in watched]:
        raise RequestError(422, f"authority {strange[0]!r} is not watched")
    id_ = f"drill-{secrets.token_hex(6)}"
    command = StartDrill(id=id_, authorities=tuple(slugs), duration=body.duration_seconds)
    await have_decided(request, command, refused=409)
    return web.json_response(_json(reading.state().drills[id_]), status=201)


async def drill(request: web.Request) -> web.Response:
    """`GET /api/v1/drills/ID`: one drill with who was told after how long."""
    parameters(request)
    reading = request.app[READING]
    found = _known(reading, request.match_info["id"])
    told = await _deliveries(reading, found)
    answer: DrillReportAnswer = {**_json(found), "told": [_told(found, one) for one in told]}
    return web.json_response(answer)


async def end(request: web.Request) -> web.Response:
    """`DELETE /api/v1/drills/ID`: it is over now."""
    parameters(request)
    reading = request.app[READING]
    known = _known(reading, request.match_info["id"])
    await have_decided(request, EndDrill(id=known.id), refused=409)
    ended = replace(known, ended_at=reading.clock.now())
    return web.json_response(_json(ended))


def _known(reading: Reading, id_: str) -> Drill:
    found = reading.state().drills.get(id_)
    if found is None:
        raise RequestError(404, f"no drill {id_[:200]!r} is known")
    return found


async def _deliveries(reading: Reading, drill: Drill) -> Sequence[Delivery]:
    if reading.deliveries is None or not drill.keys:
        return ()
    try:
        return await reading.deliveries(drill.keys)
    except StoreError as problem:
        raise RequestError(503, f"the outbox does not answer: {problem}", {"Retry-After": "10"}) from None


def _json(drill: Drill) -> DrillAnswer:
    return {
        "id": drill.id,
        "authorities": list(drill.authorities),
        "state": "active" if drill.is_on else "over",
        "started_at": rfc3339(drill.started_at),
        "ends_at": rfc3339(drill.until),
        "ended_at": as_json(drill.ended_at),
        "incidents": [one.id for one in drill.incidents],
    }


def _told(drill: Drill, one: Delivery) -> DeliveryAnswer:
    event = EventName(one.key.rpartition("/")[2])
    since = drill.started_at if event is EventName.INCIDENT_OPENED else drill.ended_at
    return {
        "event": event,
        "receiver": one.receiver,
        "result": one.status,
        "attempts": one.attempts,
        "sent_at": as_json(one.sent_at),
        "after_seconds": _after(since, one.sent_at),
    }


def _after(since: datetime | None, at: datetime | None) -> float | None:
    return None if since is None or at is None else max(0.0, (at - since).total_seconds())
