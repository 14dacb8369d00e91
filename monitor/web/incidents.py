"""Incidents over the API: those that the daemon remembers, and those of long ago that only history has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from monitor.model import Incident, Result
from monitor.notify.evidence import evidence_json
from monitor.store.errors import StoreError
from monitor.web.answers import IncidentAnswer, ResultAnswer
from monitor.web.api import MAX_LIMIT, limit_of, page, parameters, sortable
from monitor.web.errors import RequestError
from monitor.web.past import ask_history, stretch
from monitor.web.reading import READING, Reading
from monitor.web.shapes import incident_json, members_of, result_json

USUAL = timedelta(days=30)
"""How far back is looked where only `until` is given."""


async def incidents(request: web.Request) -> web.Response:
    """`GET /api/v1/incidents?open=&since=&until=&limit=&cursor=`, newest first.

    With `since` or `until` those that are over and were opened then, from history; else what the daemon remembers:
    all open ones, and for 30 days those that are over.
    """
    given = parameters(request, "open", "since", "until", "limit", "cursor")
    if (wanted := given.get("open")) not in (None, "true", "false"):
        raise RequestError(400, "open must be true or false")
    if {"since", "until"} & given.keys():
        rows, following = await _past(request, given)
    else:
        known = list(request.app[READING].state().incidents.values())
        asked = [incident for incident in known if wanted is None or incident.is_open == (wanted == "true")]
        shown, following = page(asked, given, key=_newest_first, reverse=True)
        rows = [incident_json(incident, members_of(known, incident.id)) for incident in shown]
    return web.json_response({"incidents": rows, "next": following})


async def _past(request: web.Request, given: dict[str, str]) -> tuple[list[IncidentAnswer], str | None]:
    if given.get("open") == "true":
        raise RequestError(400, "since and until ask for incidents that are over: leave out open=true")
    limit = limit_of(given)
    since, until = stretch(given, request.app[READING].clock.now(), USUAL)
    found = await ask_history(
        request, lambda history: history.incidents(since, until, limit, given.get("cursor"))
    )
    return [incident_json(one, found.members.get(one.id, ())) for one in found.incidents], found.next


async def incident(request: web.Request) -> web.Response:
    """`GET /api/v1/incidents/ID`, with evidence."""
    parameters(request)
    found, kin = await recall(request, request.match_info["id"])
    members = members_of(kin.values(), found.id)
    runs = await evidence(request.app[READING], found)
    told: dict[str, ResultAnswer] = {name: result_json(run) for name, run in runs.items()}
    bundle = request.app[READING].state().evidence.get(found.id)
    taken = None if bundle is None else evidence_json(bundle)
    return web.json_response({**incident_json(found, members), "evidence": told, "bundle": taken})


async def recall(request: web.Request, id_: str) -> tuple[Incident, Mapping[str, Incident]]:
    """An incident, and by id at least the one that explains it and those it explains. RequestError 404 or 503."""
    reading = request.app[READING]
    known: Mapping[str, Incident] = reading.state().incidents
    if id_ not in known and reading.history is not None:
        past = await ask_history(request, lambda history: history.incident(id_))
        known = {one.id: one for one in past}
    if id_ not in known:
        raise RequestError(404, f"no incident {id_[:200]!r} is known")
    return known[id_], known


async def evidence(reading: Reading, incident: Incident) -> dict[str, Result]:
    """The last run of every target that it rests on, as far as still known; of one that is over, the last failing one."""
    known = reading.state().targets
    lasts = {name: known[name].last if name in known else None for name in incident.targets}
    if incident.resolved_at is not None:
        lasts = {name: await _last_failing(reading, incident, name, last) for name, last in lasts.items()}
    return {name: last for name, last in lasts.items() if last is not None}


async def _last_failing(
    reading: Reading, incident: Incident, name: str, last: Result | None
) -> Result | None:
    """The last run of a target that failed before the incident was over; None where that is no longer known."""
    end = incident.resolved_at
    if last is not None and end is not None and not last.is_ok and last.started_at < end:
        return last
    if reading.history is None or end is None:
        return None
    try:
        page = await reading.history.results(name, incident.first_failure_at, end, MAX_LIMIT)
    except StoreError:
        return None
    return next((run.result for run in page.runs if not run.result.is_ok), None)


def _newest_first(incident: Incident) -> str:
    """Sort key and cursor: the instant, then the id where two opened together."""
    return sortable(incident.opened_at, incident.id)
