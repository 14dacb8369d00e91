"""Maintenance within a draft: what is told of windows, and looking at once at their end."""

from __future__ import annotations

from collections.abc import Sequence
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
    for event in (*events, *_late_starts(draft, events)):
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
    waiting = bool(draft.open) or not all(told) or _is_untold(draft)
    edge = routes.next_edge(draft.plan, draft.now) if waiting else None
    return (
        next_edge(draft.plan, draft.windows, draft.now),
        edge,
        *returning.moments(draft),
        *feeds.moments(draft),
    )


def _is_untold(draft: Draft) -> bool:
    """Whether a notice, a window or one who waits is still to be told of, once the hours of a route come."""
    return (
        any(map(feeds.is_untold, draft.notices.values()))
        or any(draft.expected)
        or any(not record.told and record.window.end > draft.now for record in draft.windows.values())
    )


def _late_starts(draft: Draft, told: Sequence[WindowEvent]) -> list[WindowEvent]:
    """The starts of windows that are open still and of which no route took the start so far."""
    just = {event.window.id for event in told}
    return [
        WindowEvent(event=EventName.MAINTENANCE_STARTED, window=record.window, to=None)
        for id_, record in draft.windows.items()
        if record.started_told and not record.told and id_ not in just
        if record.window.announce and record.window.start <= draft.now < record.window.end
    ]


def _tell(draft: Draft, said: WindowEvent) -> None:
    severity = draft.plan.judgement.severity_maintenance
    window = said.window
    to = said.to
    if to is None:
        to = receivers(draft.plan, of_window(said.event, window, severity), draft.now)
    if not to:
        _ask_again(draft, said)
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


def _ask_again(draft: Draft, said: WindowEvent) -> None:
    """Let what no route takes at this hour be asked for again, as long as the window has not begun."""
    record = draft.windows[said.window.id]
    if said.event is EventName.MAINTENANCE_ANNOUNCED:
        draft.windows[said.window.id] = replace(record, announced_told=False)
    elif said.event is EventName.MAINTENANCE_UPCOMING:
        draft.windows[said.window.id] = replace(record, upcoming_told=False)
