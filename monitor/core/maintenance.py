"""Maintenance within a draft: what is told of windows, and looking at once at their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.core import feeds, flaps, planned, returning, routes
from monitor.core.draft import Draft
from monitor.core.looking import look_after
from monitor.core.planned import WindowEvent
from monitor.core.routes import of_window, receivers
from monitor.core.windows import next_edge
from monitor.model import EventName, Notification, Scope

SEQUENCE = (
    EventName.MAINTENANCE_ANNOUNCED,
    EventName.MAINTENANCE_UPCOMING,
    EventName.MAINTENANCE_STARTED,
    EventName.MAINTENANCE_ENDED,
)


def keep_calendar(draft: Draft) -> None:
    """Take over what happened to windows since the last Tick: tell it, and look at what they covered at their end."""
    returning.keep(draft)
    feeds.tell(draft)
    changed, events = planned.announce(draft.plan, draft.windows, draft.now)
    for window in planned.ended(draft.windows, changed):
        look_after(draft, window)
        flaps.count_anew(draft, window)
    draft.windows.update((record.window.id, record) for record in changed)
    for event in events:
        _tell(draft, event)
    for id_ in planned.forgettable(draft.windows, draft.now):
        del draft.windows[id_]


def moments(draft: Draft) -> tuple[datetime | None, ...]:
    """When something happens to a window next, and when the hours of routes change while there is something to tell."""
    told = (
        *(one.told for one in draft.certificates.values()),
        *(bool(one.told) for one in draft.flaps.values()),
        *(bool(drill.keys) for drill in draft.drills.values() if drill.is_on),
    )
    waiting = bool(draft.open) or not all(told)
    edge = routes.next_edge(draft.plan, draft.now) if waiting else None
    return next_edge(draft.plan, draft.windows, draft.now), edge, *returning.moments(draft), *feeds.moments(draft)


def _tell(draft: Draft, said: WindowEvent) -> None:
    severity = draft.plan.judgement.severity_maintenance
    window = said.window
    to = said.to
    if to is None:
        to = receivers(draft.plan, of_window(said.event, window, severity), draft.now)
    if not to:
        return
    if said.event is EventName.MAINTENANCE_STARTED:
        draft.windows[window.id] = replace(draft.windows[window.id], told=to)
    draft.notifications.append(
        Notification(
            key=f"{window.id}/{SEQUENCE.index(said.event)}/{said.event}",
            event=said.event,
            at=draft.now,
            severity=severity,
            scope=Scope.AUTHORITY,
            incidents=(),
            to=tuple(sorted(to)),
            window=window,
        )
    )
