"""Who is told: routes are tried in order, the first that matches wins unless it goes on; none matches: nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.core import filing
from monitor.model import (
    Calendar,
    Cause,
    Diagnosis,
    EventName,
    Incident,
    Plan,
    Route,
    Scope,
    Severity,
    When,
    Window,
)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What is to be told, as far as routes ask about it. None: it has no such thing, or (places) it concerns them all."""

    event: EventName
    severity: Severity
    scope: Scope = Scope.AUTHORITY
    authorities: tuple[str, ...] | None = None
    services: tuple[str, ...] | None = None
    diagnosis: Diagnosis | None = None
    cause: Cause | None = None
    drill: bool = False
    escalated: frozenset[str] = frozenset()
    """Ids of the receiver URLs whom an escalation reached: the steps of its routes count for them."""


def of_incident(event: EventName, incident: Incident, members: Iterable[Incident] = ()) -> Matter:
    """An event of an incident. A national one concerns the authorities and services of its `members` as well."""
    members = list(members)
    return Matter(
        event=event,
        severity=incident.severity,
        scope=incident.scope,
        authorities=(incident.authority, *(member.authority for member in members)),
        services=(incident.service, *(member.service for member in members)),
        diagnosis=incident.diagnosis,
        cause=incident.cause,
        drill=incident.drill,
        escalated=incident.escalated,
    )


def of_window(event: EventName, window: Window, severity: Severity) -> Matter:
    """An event of a maintenance window."""
    return Matter(event=event, severity=severity, authorities=window.authorities, services=window.services)


def receivers(plan: Plan, matter: Matter, now: datetime) -> frozenset[str]:
    """Ids of the receiver URLs that are told of it at `now`; without routes, everyone's."""
    if not plan.routes:
        return frozenset(receiver.id for receiver in plan.receivers)
    routes = list(_matching(plan, matter, now))
    names = {name for route in routes for name in route.to}
    joined = {name for route in routes for step in route.escalate for name in step.to}
    return frozenset(
        receiver.id
        for receiver in plan.receivers
        if receiver.name in names or (receiver.name in joined and receiver.id in matter.escalated)
    )


def can_reach(plan: Plan, matter: Matter) -> bool:
    """Whether anybody is told of it at some time, now or at another hour or day."""
    if not plan.routes:
        return bool(plan.receivers)
    names = {name for route in plan.routes if _matches(route.when, matter) for name in route.to}
    return any(receiver.name in names for receiver in plan.receivers)


def steps(plan: Plan, matter: Matter, now: datetime) -> list[tuple[float, frozenset[str]]]:
    """The escalation of the routes that take it at `now`: seconds after the first word → ids of receiver URLs."""
    return [
        (step.after, frozenset(receiver.id for receiver in plan.receivers if receiver.name in step.to))
        for route in _matching(plan, matter, now)
        for step in route.escalate
    ]


def asking(plan: Plan, matter: Matter, now: datetime) -> frozenset[str]:
    """Ids of the receiver URLs of those routes alone that name this very event."""
    routes = (route for route in _matching(plan, matter, now) if matter.event in route.when.event)
    names = {name for route in routes for name in route.to}
    return frozenset(receiver.id for receiver in plan.receivers if receiver.name in names)


def _matching(plan: Plan, matter: Matter, now: datetime) -> Iterator[Route]:
    local = now.astimezone(ZoneInfo(plan.timezone))
    for route in plan.routes:
        if _matches(route.when, matter) and _is_time(route.when, matter, local, plan.calendar):
            yield route
            if not route.goes_on:
                return


def _matches(when: When, matter: Matter) -> bool:
    return (
        _is_among(matter.event, when.event)
        and _is_among(matter.severity, when.severity)
        and _is_among(matter.scope, when.scope)
        and _is_among(matter.diagnosis, when.diagnosis)
        and _is_among(matter.cause, when.cause)
        and when.drill in (None, matter.drill)
        and _concerns(matter.authorities, when.authority)
        and _concerns(matter.services, when.service)
    )


def _is_time(when: When, matter: Matter, local: datetime, calendar: Calendar) -> bool:
    """Whether the route takes anything at this time. Days are those of `Plan.timezone`, filing periods those of China."""
    return (
        (not when.weekdays or local.isoweekday() in when.weekdays)
        and (when.workdays is None or when.workdays is not filing.is_day_off(calendar, local.date()))
        and (when.hours is None or _within(local.strftime("%H:%M"), *when.hours))
        and (when.filing_period is None or when.filing_period is _is_filing(matter, local, calendar))
    )


def _is_filing(matter: Matter, now: datetime, calendar: Calendar) -> bool:
    """Whether the filing period runs where it happened; of several places, in any of them; of what is everywhere, that of the country."""
    if matter.scope is not Scope.AUTHORITY:
        return filing.is_filing(calendar, "", now)
    places = matter.authorities or {"", *(slug for slug, _, _ in calendar.deadlines)}
    return any(filing.is_filing(calendar, place, now) for place in places)


def _is_among(word: str | None, asked: tuple[str, ...]) -> bool:
    return not asked or (word is not None and word in asked)


def _concerns(places: tuple[str, ...] | None, asked: tuple[str, ...]) -> bool:
    return not asked or places is None or any(place in asked for place in places)


def _within(clock: str, start: str, end: str) -> bool:
    """Whether a wall-clock time lies in these hours. They may cross midnight; the same time twice is all day."""
    return start <= clock < end if start < end else clock >= start or clock < end


def next_edge(plan: Plan, now: datetime) -> datetime | None:
    """When hours or days of a route may next make a difference; None: no route asks for them."""
    asked = [route.when for route in plan.routes]
    clocks = {clock for when in asked for clock in when.hours or ()}
    if any(when.weekdays or when.workdays is not None for when in asked):
        clocks.add("00:00")
    edges = [*_times(now, clocks, ZoneInfo(plan.timezone))]
    if any(when.filing_period is not None for when in asked):
        edges += _times(now, {"00:00"}, filing.CHINA)
    return min((edge for edge in edges if edge > now), default=None)


def _times(now: datetime, clocks: Iterable[str], zone: ZoneInfo) -> Iterator[datetime]:
    """When clocks of this zone show these times today and on the two days to come."""
    today = now.astimezone(zone).date()
    for clock in clocks:
        for days in (0, 1, 2):
            yield datetime.combine(today + DAY * days, _time(clock), zone).astimezone(now.tzinfo)


def _time(clock: str) -> time:
    hour, minute = clock.split(":")
    return time(int(hour) % 24, int(minute))
