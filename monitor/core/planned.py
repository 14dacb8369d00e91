"""What is told of windows, each thing once: planned, coming, begun, over. And what is remembered of them for that.

A window that becomes known long before its start is told then (`maintenance_announced`) and again `notify_before` ahead
of it (`maintenance_upcoming`); one that becomes known later than that is told once. Those of a rule that repeats are known
as long as the rule is: they are told only when they are near.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.core.state import WindowRecord
from monitor.core.windows import ahead, current, find, known_ahead
from monitor.model import Early, EventName, Plan, Window

MOST_ANNOUNCED = 8
"""Of one rule that repeats at most so many windows are told ahead; the others follow as these begin."""
INSTANT = timedelta(microseconds=1)
KEPT = timedelta(days=7)
"""How long a window that is over stays in the state."""
MOST_KEPT = 500
"""How many windows that are over stay in the state at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEvent:
    """One thing to tell about a window."""

    event: EventName
    """`maintenance_announced`, `…_upcoming`, `…_started` or `…_ended`."""
    window: Window
    to: frozenset[str] | None
    """Ids of the receiver URLs that are to hear it; None: those the routes name."""


def announce(
    plan: Plan, records: Mapping[str, WindowRecord], now: datetime
) -> tuple[tuple[WindowRecord, ...], tuple[WindowEvent, ...]]:
    """The records that change at `now`, and what is to be told.

    Whoever decides the receivers of `maintenance_started` writes them into the record's `told`. A window that passed
    entirely while nobody asked is not told; a late start is, an end only to those who heard of the start.
    """
    changed: list[WindowRecord] = []
    told: list[WindowEvent] = []
    for record in _in_question(plan, records, now):
        after, event = _step(plan, record, now)
        if after != records.get(after.window.id, WindowRecord(window=after.window)):
            changed.append(after)
        if event is not None:
            told.append(event)
    return tuple(changed), tuple(told)


def ended(records: Mapping[str, WindowRecord], changed: Iterable[WindowRecord]) -> tuple[Window, ...]:
    """The windows that were seen to end just now: of `changed` records those that `records` has as not over.

    Their targets are due at once.
    """
    return tuple(
        record.window
        for record in changed
        if record.ended_told
        and (known := records.get(record.window.id)) is not None
        and known.started_told
        and not known.ended_told
    )


def end_early(
    plan: Plan,
    records: Mapping[str, WindowRecord],
    id_: str,
    now: datetime,
    early: Early = Early.BY_HAND,
) -> WindowRecord | None:
    """The record of that window, ended `now`; one that has not begun never will. None: unknown, over, or called off already."""
    window = find(plan, records, id_)
    if window is None or window.end <= max(now, window.start):
        return None
    record = records.get(id_) or WindowRecord(window=window)
    end, planned = max(now, window.start), record.planned_end or window.end
    after = replace(window, end=end, early=early, planned_end=planned)
    return replace(record, window=after, planned_end=planned)


def forgettable(records: Mapping[str, WindowRecord], now: datetime) -> list[str]:
    """Ids of records that need not be kept: long over, and all but the newest of the others."""
    over = [
        (record.planned_end or record.window.end, id_)
        for id_, record in records.items()
        if (record.planned_end or record.window.end) <= now and (record.ended_told or not record.started_told)
    ]
    over.sort(reverse=True)
    return [id_ for place, (end, id_) in enumerate(over) if place >= MOST_KEPT or now - end > KEPT]


def _in_question(plan: Plan, records: Mapping[str, WindowRecord], now: datetime) -> Iterable[WindowRecord]:
    """The records of all windows that are open, to be announced or remembered, as they are planned now."""
    notice = now + timedelta(seconds=plan.notify_before)
    coming = ahead(plan, records, now, notice + INSTANT, MOST_ANNOUNCED)
    known = known_ahead(plan, records, now)
    windows = {window.id: window for window in (*current(plan, records, now), *coming, *known)}
    for id_, record in records.items():
        if id_ not in windows and not record.ended_told:
            windows[id_] = _as_planned(plan, records, record, now)
    for id_, window in windows.items():
        known_as = records.get(id_) or WindowRecord(window=window)
        yield replace(known_as, window=window)


def _as_planned(
    plan: Plan, records: Mapping[str, WindowRecord], record: WindowRecord, now: datetime
) -> Window:
    """The remembered window as its rule has it now; one whose rule is gone ends now."""
    window = find(plan, records, record.window.id)
    if window is not None:
        return window
    return replace(record.window, end=max(record.window.start, min(record.window.end, now)))


def _step(plan: Plan, record: WindowRecord, now: datetime) -> tuple[WindowRecord, WindowEvent | None]:
    """What has happened to one window since it was remembered last."""
    window = record.window
    if window.end <= now:
        ended = WindowEvent(event=EventName.MAINTENANCE_ENDED, window=window, to=record.told)
        heard = bool(record.told) and not record.ended_told
        return replace(record, ended_told=True), ended if heard else None
    if window.start <= now:
        started = WindowEvent(event=EventName.MAINTENANCE_STARTED, window=window, to=None)
        silent = record.started_told or not window.announce
        return replace(record, started_told=True), None if silent else started
    event = _ahead(plan, record, now)
    if event is None:
        return record, None
    told = WindowEvent(event=event, window=window, to=None)
    return replace(record, announced_told=True, upcoming_told=event is EventName.MAINTENANCE_UPCOMING), told


def _ahead(plan: Plan, record: WindowRecord, now: datetime) -> EventName | None:
    """What is to be told of a window that has not begun. Nothing at all where `notify_before` is 0."""
    window = record.window
    is_called_off = window.end <= window.start
    if plan.notify_before <= 0 or not window.announce or is_called_off or record.upcoming_told:
        return None
    if window.start <= now + timedelta(seconds=plan.notify_before):
        return EventName.MAINTENANCE_UPCOMING
    return None if record.announced_told else EventName.MAINTENANCE_ANNOUNCED
