"""The calendar of maintenance against one that looks at every minute: clocks that are set, midnights, month ends, overlaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from monitor.core.state import WindowRecord
from monitor.core.windows import covering, current, next_edge, upcoming
from monitor.model import MaintenanceRule, Plan, Window
from tests.core.notation import plan_of

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
DAYS = 5
"""Length of the stretch that is looked at minute by minute."""

STRETCHES = {
    "Berlin, an hour is skipped": ("Europe/Berlin", datetime(2026, 3, 27, tzinfo=UTC)),
    "Berlin, an hour comes twice": ("Europe/Berlin", datetime(2026, 10, 23, tzinfo=UTC)),
    "New York, an hour is skipped": ("America/New_York", datetime(2026, 3, 6, tzinfo=UTC)),
    "New York, an hour comes twice": ("America/New_York", datetime(2026, 10, 30, tzinfo=UTC)),
    "Shanghai, end of a year": ("Asia/Shanghai", datetime(2026, 12, 29, tzinfo=UTC)),
    "Shanghai, a leap day": ("Asia/Shanghai", datetime(2028, 2, 27, tzinfo=UTC)),
    "Shanghai, end of a short month": ("Asia/Shanghai", datetime(2027, 2, 26, tzinfo=UTC)),
    "UTC": ("UTC", datetime(2026, 4, 28, tzinfo=UTC)),
}
SCHEDULES = (
    "0 23 * * *", "30 2 * * *", "0 2 * * *", "15 1,2,3 * * *", "0,30 2 * * *", "0 0 * * *", "59 23 * * *", "0 3 * * 0",
    "0 22 * * 1-5", "0 12 1 * *", "0 1 L * *", "0 2 29 2 *", "45 2 28 * 6", "0 2 * * 0#5", "*/30 * * * *", "0 */6 * * *",
    "10 * * * *", "*/20 2 * * *", "0 1-3 * * *",
)  # fmt: skip
DURATIONS = (1, 30, 60, 90, 120, 600, 1440, 1500, 3000)
"""Minutes. The last ones are longer than the period of most schedules."""


@cache
def named(field: str, low: int, high: int) -> frozenset[int]:
    """The values that one field of numbers, stars, lists, ranges and steps names."""
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        begin, end = (low, high) if first == "*" else (int(first), int(last or first))
        found.update(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def day_matches(schedule: str, day: datetime) -> bool:
    """Whether the day, month and weekday fields name this day; both or either, as Debian's cron has it."""
    _, _, dom, month, dow = schedule.split()
    if day.month not in named(month, 1, 12):
        return False
    by_date = (day + timedelta(days=1)).day == 1 if dom == "L" else day.day in named(dom, 1, 31)
    weekday, _, nth = dow.partition("#")
    by_week = day.isoweekday() % 7 in named(weekday, 0, 6) and (not nth or (day.day + 6) // 7 == int(nth))
    starred = dom.startswith("*") or dow.startswith("*")
    return by_date and by_week if starred else by_date or by_week


def wall_matches(schedule: str, wall: datetime) -> bool:
    """Whether the schedule names this minute of the wall clock."""
    minute, hour, *_ = schedule.split()
    on_time = wall.minute in named(minute, 0, 59) and wall.hour in named(hour, 0, 23)
    return on_time and day_matches(schedule, wall)


@cache
def clock(stretch: str) -> tuple[tuple[datetime, datetime, int], ...]:
    """Every minute of the stretch and of three days before it: the instant, the wall clock, how many it jumped over."""
    name, start = STRETCHES[stretch]
    zone, found = ZoneInfo(name), []
    before = (start - 3 * DAY - MINUTE).astimezone(zone).replace(tzinfo=None)
    for n in range(-3 * 1440, DAYS * 1440):
        wall = (start + MINUTE * n).astimezone(zone)
        plain = wall.replace(tzinfo=None)
        found.append((start + MINUTE * n, wall, max(0, (plain - before) // MINUTE - 1)))
        before = plain
    return tuple(found)


def begins(schedule: str, wall: datetime, skipped: int) -> bool:
    """Whether a window begins in this minute, before which the clock jumped over `skipped` minutes."""
    minute, hour, *_ = schedule.split()
    if minute.startswith("*") or hour.startswith("*"):
        return wall_matches(schedule, wall)  # by the time that passes
    plain = wall.replace(tzinfo=None, fold=0)
    if any(wall_matches(schedule, plain - MINUTE * n) for n in range(1, skipped + 1)):
        return True  # what was jumped over begins now
    return wall.fold == 0 and wall_matches(schedule, wall)


@cache
def brute(stretch: str, schedule: str) -> tuple[datetime, ...]:
    """Every begin within the stretch and the days before it, by looking at every minute."""
    minutes = named(schedule.split()[0], 0, 59)
    return tuple(
        instant
        for instant, wall, skipped in clock(stretch)
        if (skipped or wall.minute in minutes) and begins(schedule, wall, skipped)
    )


def plan_with(stretch: str, schedule: str, minutes: int) -> Plan:
    """A plan whose only maintenance is this."""
    rule = MaintenanceRule(
        name="rule", schedule=schedule, duration=minutes * 60.0, timezone=STRETCHES[stretch][0]
    )
    return plan_of(maintenance=(rule,))


def instant_of(stretch: str, seconds: float) -> datetime:
    """An instant of the stretch."""
    return STRETCHES[stretch][1] + timedelta(seconds=seconds)


stretches, schedules, durations = (
    st.sampled_from(list(STRETCHES)),
    st.sampled_from(SCHEDULES),
    st.sampled_from(DURATIONS),
)
moments = st.one_of(
    st.integers(0, DAYS * 1440 - 1).map(lambda minute: minute * 60.0),
    st.floats(0, DAYS * 86400 - 1, allow_nan=False),
)


@example("Berlin, an hour comes twice", "30 2 * * *", 120, (2 * 1440 + 70) * 60.0)
@settings(max_examples=100, deadline=None)
@given(stretches, schedules, durations, moments)
def test_the_open_windows_are_those_of_a_calendar_that_looks_at_every_minute(
    stretch, schedule, minutes, moment
):
    now, lasts = instant_of(stretch, moment), MINUTE * minutes
    open_then = [start for start in brute(stretch, schedule) if start <= now < start + lasts]
    assume(len(open_then) < 64)
    windows = current(plan_with(stretch, schedule, minutes), {}, now)
    assert [window.start for window in windows] == open_then
    assert {window.end - window.start for window in windows} <= {lasts}
    assert (covering(windows, "anhui", "verify", now) is not None) is bool(open_then)


@settings(max_examples=100, deadline=None)
@given(stretches, schedules, durations, moments)
def test_the_preview_names_every_window_once_and_in_order(stretch, schedule, minutes, moment):
    now, until = instant_of(stretch, moment), instant_of(stretch, DAYS * 86400)
    wanted = [start for start in brute(stretch, schedule) if start + MINUTE * minutes > now and start < until]
    assume(len(wanted) < 64)
    shown = upcoming(plan_with(stretch, schedule, minutes), {}, now, until)
    assert [window.start for window in shown] == wanted


@settings(max_examples=100, deadline=None)
@given(stretches, schedules, durations, moments)
def test_the_next_edge_is_ahead_and_is_the_first_that_there_is(stretch, schedule, minutes, moment):
    plan, now = plan_with(stretch, schedule, minutes), instant_of(stretch, moment)
    assume(len(current(plan, {}, now)) < 32)
    lasts, grace, notice = MINUTE * minutes, timedelta(minutes=5), timedelta(days=1)
    edges = [
        edge
        for start in brute(stretch, schedule)
        for edge in (start - notice, start, start + lasts, start + lasts + grace)
        if now < edge
    ]
    known_until = instant_of(
        stretch, (DAYS - 1) * 86400
    )  # a begin after the stretch may be announced earlier
    edge = next_edge(plan, {}, now)
    assert edge is None or edge > now
    if edges and min(edges) < known_until:
        assert edge == min(edges)
    elif edge is not None:
        assert edge >= known_until


@settings(max_examples=100, deadline=None)
@given(stretches, schedules, durations, moments)
def test_walking_from_edge_to_edge_meets_every_change_of_what_is_covered(stretch, schedule, minutes, moment):
    """Between two edges nothing changes."""
    plan, now = plan_with(stretch, schedule, minutes), instant_of(stretch, moment)
    assume(len(current(plan, {}, now)) < 32)
    edge = next_edge(plan, {}, now)
    assert edge is not None
    between = now + (min(edge, now + timedelta(days=400)) - now) * 0.999
    assert current(plan, {}, between) == current(plan, {}, now)


@settings(max_examples=100, deadline=None)
@given(stretches, schedules, moments)
def test_ids_are_the_same_whenever_they_are_asked_for(stretch, schedule, moment):
    plan, now = plan_with(stretch, schedule, 120), instant_of(stretch, moment)
    ids = [window.id for window in upcoming(plan, {}, now, now + timedelta(days=2))]
    assert len(set(ids)) == len(ids)
    for window in upcoming(plan, {}, now, now + timedelta(days=2)):
        assert window in current(plan, {}, window.start)


windows_by_hand = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 300), st.sampled_from([None, ("anhui",), ("beijing",)])),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(windows_by_hand, st.integers(0, 700))
def test_covers_agrees_with_the_plain_list_of_stretches(given_windows, minute):
    _, start = STRETCHES["UTC"]
    now = start + MINUTE * minute
    windows = [
        Window(
            id=str(place), name="w", authorities=who, services=None,
            start=start + MINUTE * begin, end=start + MINUTE * (begin + length), by_hand=True,
        )
        for place, (begin, length, who) in enumerate(given_windows)
    ]  # fmt: skip
    records = {window.id: WindowRecord(window=window) for window in windows}
    found = covering(current(plan_of(), records, now), "anhui", "verify", now)
    mine = [
        start + MINUTE * (begin + length)
        for begin, length, who in given_windows
        if begin <= minute < begin + length and who in (None, ("anhui",))
    ]
    assert (found.end if found else None) == max(mine, default=None)


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=40_000), timedelta(days=2_900_000)])
def test_a_clock_that_jumps_far_costs_no_more_than_one_that_does_not(jump):
    plan = plan_with("UTC", "* * * * *", 90)
    now = datetime(2026, 1, 1, tzinfo=UTC) + jump
    assert len(current(plan, {}, now)) >= 64
    edge = next_edge(plan, {}, now)
    assert edge is not None
    assert edge > now
