"""Those who wait for a service to be back: taken in, listed, let go. Where they are told is never shown."""

from __future__ import annotations

import secrets

from aiohttp import web

from monitor.core.services import main_service
from monitor.model import NATIONAL, Leave, Wait, Waiting, rfc3339
from monitor.web.answers import WaitingAnswer
from monitor.web.api import page, parameters, sortable
from monitor.web.bodies import WaitingBody, read_body, refusal
from monitor.web.changes import have_decided, unknown
from monitor.web.errors import RequestError
from monitor.web.reading import READING, Reading


async def waitings(request: web.Request) -> web.Response:
    """`GET /api/v1/waiting?limit=&cursor=`: who waits, the longest first."""
    given = parameters(request, "limit", "cursor")
    known = request.app[READING].state().expected.values()
    shown, following = page(known, given, key=lambda one: sortable(one.since, one.id))
    return web.json_response({"waiting": [_json(one) for one in shown], "next": following})


async def wait(request: web.Request) -> web.Response:
    """`POST /api/v1/waiting`: tell me once when it is back. Asked again the same is the same one."""
    parameters(request)
    reading = request.app[READING]
    body = await read_body(request, WaitingBody)
    if mistakes := unknown(reading, (body.authority,), "authority", (NATIONAL,)):
        raise refusal(mistakes)
    if (known := _same(reading, body)) is not None:
        return web.json_response(_json(known), status=201)
    now = reading.clock.now()
    asked = Waiting(
        id=secrets.token_hex(6),
        authority=body.authority,
        service=body.service or "",
        ticket=body.ticket,
        webhook=body.webhook,
        since=now,
        until=now,
    )
    await have_decided(request, Wait(waiting=asked), refused=409)
    kept = reading.state().expected.get(asked.id, asked)
    return web.json_response(_json(kept), status=201)


async def leave(request: web.Request) -> web.Response:
    """`DELETE /api/v1/waiting/ID`: nobody is to be told any more."""
    parameters(request)
    reading, id_ = request.app[READING], request.match_info["id"]
    known = reading.state().expected.get(id_)
    if known is None:
        raise RequestError(404, f"nobody waits as {id_[:200]!r}")
    await have_decided(request, Leave(id=id_), refused=409)
    return web.json_response(_json(known))


def _same(reading: Reading, body: WaitingBody) -> Waiting | None:
    """One who waits for the same already and is told in the same way."""
    service = body.service or main_service(reading.plan(), body.authority)
    asked = (body.authority, service, body.ticket, body.webhook)
    known = reading.state().expected.values()
    return next((w for w in known if (w.authority, w.service, w.ticket, w.webhook) == asked), None)


def _json(one: Waiting) -> WaitingAnswer:
    return {
        "id": one.id,
        "authority": one.authority,
        "service": one.service,
        "ticket": one.ticket,
        "told_by": "routes" if one.webhook is None else "webhook",
        "since": rfc3339(one.since),
        "until": rfc3339(one.until),
    }
