"""The JSON API under /api/v1: what is known, as the contract spells it. Times are RFC 3339 in UTC, spans seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from aiohttp import web

from monitor.core.routing import InvoiceCodeError, InvoiceRoute, UnknownRegionError, find
from monitor.core.status import status_rows
from monitor.model import Certificate, Incident, Result, Target, TargetState, as_json, rfc3339
from monitor.web.errors import RequestError
from monitor.web.reading import READING, Reading

DEFAULT_LIMIT = 200
MAX_LIMIT = 500
"""Rows per answer: 500 targets are half a megabyte and about 15 ms of work."""

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


def limit_of(given: dict[str, str]) -> int:
    """`limit`, 1 to `MAX_LIMIT`."""
    text = given.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MAX_LIMIT):
        raise RequestError(400, f"limit must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


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


# --- values as JSON --------------------------------------------------------------------------------------------------


def certificate_json(certificate: Certificate) -> dict[str, Any]:
    """What the peer presented."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "names": list(certificate.names),
        "fingerprint": certificate.fingerprint,
        "chain_length": certificate.chain_length,
        "verified": certificate.verified,
        "verify_error": certificate.verify_error,
    }


def result_json(result: Result) -> dict[str, Any]:
    """One run."""
    return {
        "outcome": result.outcome.value,
        "cause": result.cause.value,
        "phase": result.phase,
        "flags": as_json(result.flags),
        "started_at": rfc3339(result.started_at),
        "duration_seconds": result.duration,
        "phases": as_json(result.phases),
        "address": result.address,
        "addresses": list(result.addresses),
        "status_code": result.status_code,
        "tls_version": result.tls_version,
        "certificate": None if result.certificate is None else certificate_json(result.certificate),
        "code": result.code,
        "detail": result.detail,
        "restored": result.restored,
    }


def target_json(reading: Reading, target: Target) -> dict[str, Any]:
    """One target: what is believed of it, its last run, when the next one is due."""
    state = reading.state().targets.get(target.id) or TargetState(id=target.id)
    return {
        "id": target.id,
        "probe": target.probe,
        "kind": target.kind,
        "authority": target.authority,
        "service": target.service,
        "confirmed": state.confirmed.value,
        "since": as_json(state.since),
        "seen_up": state.seen_up,
        "interval_seconds": target.interval,
        "timeout_seconds": target.timeout,
        "next_run": as_json(reading.next_run(target.id)),
        "last": None if state.last is None else result_json(state.last),
    }


def incident_json(incident: Incident, members: Sequence[str]) -> dict[str, Any]:
    """One outage; `members` are the ids of the incidents it explains."""
    return {
        "id": incident.id,
        "parent": incident.parent,
        "members": list(members),
        "scope": incident.scope.value,
        "authority": incident.authority,
        "service": incident.service,
        "severity": incident.severity.value,
        "outcome": incident.cause.outcome.value,
        "cause": incident.cause.value,
        "phase": incident.phase,
        "diagnosis": incident.diagnosis.value,
        "facts": list(incident.facts),
        "first_failure_at": rfc3339(incident.first_failure_at),
        "opened_at": rfc3339(incident.opened_at),
        "resolved_at": as_json(incident.resolved_at),
        "never_up": incident.never_up,
        "targets": list(incident.targets),
        "timeline": timeline(incident),
    }


def timeline(incident: Incident) -> list[dict[str, str]]:
    """What happened when, oldest first."""
    events = [("first_failure", incident.first_failure_at), ("opened", incident.opened_at)]
    if incident.resolved_at is not None:
        events.append(("resolved", incident.resolved_at))
    return [{"at": rfc3339(at), "event": name} for name, at in events]


def evidence(reading: Reading, incident: Incident) -> dict[str, Any]:
    """The last run of every target the incident rests on, as far as they are still known."""
    known = reading.state().targets
    lasts = {name: known[name].last for name in incident.targets if name in known}
    return {name: result_json(last) for name, last in lasts.items() if last is not None}


def newest_first(incident: Incident) -> str:
    """Sort key and cursor of incidents: the instant, then the id where two opened together."""
    return f"{int(incident.opened_at.timestamp() * 1_000_000):020d}.{incident.id}"


def members_of(incidents: Iterable[Incident], parent: str) -> list[str]:
    """Ids of the incidents that `parent` explains."""
    return sorted(incident.id for incident in incidents if incident.parent == parent)


# --- handlers --------------------------------------------------------------------------------------------------------


async def targets(request: web.Request) -> web.Response:
    """`GET /api/v1/targets?limit=&cursor=`."""
    reading = request.app[READING]
    shown, following = page(
        reading.plan().targets.values(), parameters(request, "limit", "cursor"), key=lambda target: target.id
    )
    return web.json_response(
        {"targets": [target_json(reading, target) for target in shown], "next": following}
    )


async def target(request: web.Request) -> web.Response:
    """`GET /api/v1/targets/ID`, the slash of the id raw or as %2F."""
    parameters(request)
    reading = request.app[READING]
    found = reading.plan().targets.get(request.match_info["id"])
    if found is None:
        raise RequestError(404, f"no target {request.match_info['id'][:200]!r} is configured")
    return web.json_response(target_json(reading, found))


async def incidents(request: web.Request) -> web.Response:
    """`GET /api/v1/incidents?open=true|false&limit=&cursor=`, newest first."""
    given = parameters(request, "open", "limit", "cursor")
    if (wanted := given.get("open")) not in (None, "true", "false"):
        raise RequestError(400, "open must be true or false")
    known = list(request.app[READING].state().incidents.values())
    asked = [incident for incident in known if wanted is None or incident.is_open == (wanted == "true")]
    shown, following = page(asked, given, key=newest_first, reverse=True)
    rows = [incident_json(incident, members_of(known, incident.id)) for incident in shown]
    return web.json_response({"incidents": rows, "next": following})


async def incident(request: web.Request) -> web.Response:
    """`GET /api/v1/incidents/ID`, with evidence."""
    parameters(request)
    reading = request.app[READING]
    known = reading.state().incidents
    found = known.get(request.match_info["id"])
    if found is None:
        raise RequestError(404, f"no incident {request.match_info['id'][:200]!r} is known")
    members = members_of(known.values(), found.id)
    return web.json_response({**incident_json(found, members), "evidence": evidence(reading, found)})


async def status(request: web.Request) -> web.Response:
    """`GET /api/v1/status`: every authority's row, the national one, this machine."""
    parameters(request)
    reading = request.app[READING]
    rows = status_rows(reading.plan(), reading.state(), reading.clock.now())
    return web.json_response(as_json(asdict(rows)))


async def route(request: web.Request) -> web.Response:
    """`GET /api/v1/route?invoice=CODE`: who holds this invoice, where it is asked for, and whether that works now."""
    given = parameters(request, "invoice")
    if "invoice" not in given:
        raise RequestError(400, "invoice is missing: /api/v1/route?invoice=CODE")
    reading = request.app[READING]
    try:
        found = find(given["invoice"], {**reading.registry, **reading.plan().authorities})
    except InvoiceCodeError as mistake:
        raise RequestError(400, str(mistake)) from mistake
    except UnknownRegionError as mistake:
        raise RequestError(404, str(mistake)) from mistake
    return web.json_response(route_json(reading, found))


def route_json(reading: Reading, found: InvoiceRoute) -> dict[str, Any]:
    """A route; `watched` and `state` are of the service that answers for this invoice (null: nothing of it is watched)."""
    plan, slug = reading.plan(), found.authority.slug
    rows = status_rows(plan, reading.state(), reading.clock.now()).authorities
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
        "advice": " ".join(part for part in (found.warning, found.advice) if part),
    }
