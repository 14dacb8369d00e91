"""What a report says: availability per service and how fast outages were found, told and over, from history. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from monitor.core.history import Uptime, percentile
from monitor.model import Availability, Incident, Outage, Report, ReportRule, Scope, SpeaksOf, Spread

WORST = 5
"""Services that a short report names."""
MOST_OUTAGES = 1000
"""Incidents listed one by one; all of them are counted."""

Service = tuple[str, str]
"""(authority, service)"""


def make_report(
    uptimes: Mapping[Service, Uptime], incidents: Iterable[Incident], since: datetime, until: datetime
) -> Report:
    """The report from `since` to `until`.

    Left out are incidents that were opened before and are over, drills, and addresses that never answered.
    """
    incidents = list(incidents)
    found = {one.id: one for one in incidents if since <= one.opened_at < until and _is_real(one)}
    known = sorted(found.values(), key=lambda one: (one.opened_at, one.id))
    before = _from_before(incidents, since, until)
    judged = [outage_of(one) for one in known if _counts(one)]
    count = Counter((one.authority, one.service) for one in known if one.scope is Scope.AUTHORITY)
    scopes = Counter(one.scope for one in known)
    sums = list(uptimes.values())
    up, down = sum(one.up for one in sums), sum(one.down for one in sums)
    planned_up = sum(one.planned_up for one in sums)
    return Report(
        since=since,
        until=until,
        uptime=_share(up, up + down),
        uptime_with_maintenance=_share(up + planned_up, sum(one.known for one in sums)),
        services=tuple(_availability(key, one, count[key]) for key, one in uptimes.items()),
        outages=tuple(map(outage_of, known[-MOST_OUTAGES:])),
        incidents=len(known),
        open=sum(one.is_open for one in known),
        open_before=len(before),
        before=tuple(map(outage_of, before[:MOST_OUTAGES])),
        national=scopes[Scope.NATIONAL],
        local=scopes[Scope.LOCAL],
        detect=spread(one.detected_after_seconds for one in judged),
        tell=spread(one.told_after_seconds for one in judged),
        recover=spread(one.recovered_after_seconds for one in judged),
    )


def _from_before(incidents: Iterable[Incident], since: datetime, until: datetime) -> list[Incident]:
    """Those that were open already when the stretch began and still were when it ended, the oldest first.

    Members of a nationwide or local one are left out where that is among them: it says as much.
    """
    found = {
        one.id: one
        for one in incidents
        if one.opened_at < since and (one.resolved_at is None or one.resolved_at >= until) and _is_real(one)
    }
    alone = (one for one in found.values() if one.parent not in found)
    return sorted(alone, key=lambda one: (one.opened_at, one.id))


def outage_of(incident: Incident) -> Outage:
    """One line of a report."""
    began = incident.first_failure_at
    told = next((at for at, entry in incident.timeline if entry.startswith("told=")), None)
    return Outage(
        id=incident.id,
        scope=incident.scope,
        authority=incident.authority,
        service=incident.service,
        severity=incident.severity,
        cause=incident.cause,
        diagnosis=incident.diagnosis,
        first_failure_at=began,
        resolved_at=incident.resolved_at,
        detected_after_seconds=_seconds(began, incident.opened_at) or 0.0,
        told_after_seconds=_seconds(began, told),
        recovered_after_seconds=_seconds(began, incident.resolved_at),
    )


def brief(report: Report) -> Report:
    """The same without its single incidents, and of the services only those that were down longest."""
    down = [one for one in report.services if one.down_seconds > 0]
    down.sort(key=lambda one: (-one.down_seconds, one.authority, one.service))
    return replace(report, services=tuple(down[:WORST]), outages=(), before=report.before[:WORST])


def spread(seconds: Iterable[float | None]) -> Spread:
    """Percentiles of what is known of these."""
    known = sorted(one for one in seconds if one is not None)
    return Spread(
        count=len(known),
        p50=percentile(known, 0.50),
        p95=percentile(known, 0.95),
        longest=known[-1] if known else None,
    )


def _is_real(incident: Incident) -> bool:
    """Whether something happened: not a drill, and what never answered since it was configured is no outage (contract §1)."""
    return not (incident.drill or incident.never_up)


def _counts(incident: Incident) -> bool:
    """Whether it says how good the monitor is: an authority's own outage, not one of ours."""
    return incident.scope is Scope.AUTHORITY and incident.cause.speaks_of is SpeaksOf.AUTHORITY


def _availability(key: Service, known: Uptime, incidents: int) -> Availability:
    return Availability(
        authority=key[0],
        service=key[1],
        uptime=known.fraction,
        uptime_with_maintenance=known.fraction_with_maintenance,
        coverage=known.coverage,
        up_seconds=known.up,
        down_seconds=known.down,
        maintenance_up_seconds=known.planned_up,
        maintenance_down_seconds=known.planned_down,
        incidents=incidents,
    )


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _seconds(start: datetime, end: datetime | None) -> float | None:
    """From one to the other, not less than nothing: clocks are set back."""
    return None if end is None else max(0.0, (end - start).total_seconds())


# --- when one is due -------------------------------------------------------------------------------------------------


def last_due(rule: ReportRule, timezone: str, now: datetime) -> datetime:
    """When a report was due last, at `now` or before."""
    local = now.astimezone(ZoneInfo(timezone)) + timedelta(minutes=1)
    due: datetime = next(CronSim(rule.schedule, local, reverse=True))
    while due > now:
        due = next(CronSim(rule.schedule, due, reverse=True))
    return due.astimezone(now.tzinfo)


def stretch(rule: ReportRule, timezone: str, due: datetime, told: datetime) -> tuple[datetime, datetime]:
    """From when to when the report of `due` goes: from the one before, or from that which was told last if that is longer ago."""
    before = last_due(rule, timezone, due - timedelta(seconds=1))
    return min(before, told), due
