"""Rules of iCalendar: what they mean, clocks that are set, and that nothing makes them search for long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.core.rrules import Recurrence, begins, parse, why_not
from monitor.core.windows import current, find, next_edge, upcoming
from monitor.model import MaintenanceRule
from tests.core.notation import plan_of

SHANGHAI = "Asia/Shanghai"


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def recurrence(rule: str, start: str = "2026-12-01 10:00", timezone: str = SHANGHAI) -> Recurrence:
    return Recurrence(rule=rule, start=at(start), timezone=timezone)


def some(rule: str, since: str = "2026-12-01 00:00", most: int = 3, **more: str) -> list[str]:
    """The first beginnings from `since` on, in UTC."""
    return [f"{each:%Y-%m-%d %H:%M}" for each in islice(begins(recurrence(rule, **more), at(since)), most)]


MEANT = {
    "the second Saturday": ("FREQ=MONTHLY;BYDAY=2SA", ["2026-12-12 10:00", "2027-01-09 10:00", "2027-02-13 10:00"]),
    "the last day": ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-12-31 10:00", "2027-01-31 10:00", "2027-02-28 10:00"]),
    "every second week from the start's": ("FREQ=WEEKLY;INTERVAL=2", ["2026-12-01 10:00", "2026-12-15 10:00", "2026-12-29 10:00"]),
    "the last working day": ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-12-31 10:00", "2027-01-29 10:00", "2027-02-26 10:00"]),
    "by its own hour": ("FREQ=DAILY;BYHOUR=2", ["2026-12-01 18:00", "2026-12-02 18:00", "2026-12-03 18:00"]),
    "a number of times": ("FREQ=DAILY;COUNT=2", ["2026-12-01 10:00", "2026-12-02 10:00"]),
    "until a day, that day included": ("FREQ=DAILY;UNTIL=20261202", ["2026-12-01 10:00", "2026-12-02 10:00"]),
    "until an instant in UTC": ("FREQ=DAILY;UNTIL=20261202T095959Z", ["2026-12-01 10:00"]),
    "until a time of the wall clock": ("FREQ=DAILY;UNTIL=20261202T180000", ["2026-12-01 10:00", "2026-12-02 10:00"]),
    "months without that day are left out": ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-12-31 10:00", "2027-01-31 10:00", "2027-03-31 10:00"]),
    "leap days": ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29 10:00", "2032-02-29 10:00", "2036-02-29 10:00"]),
    "the start's own day, where nothing else is said": ("FREQ=YEARLY", ["2026-12-01 10:00", "2027-12-01 10:00", "2028-12-01 10:00"]),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "beginnings"), MEANT.values(), ids=MEANT)
def test_what_a_rule_means(rule, beginnings):
    assert some(rule) == beginnings


def test_a_time_that_clocks_skip_comes_an_hour_later_and_one_that_comes_twice_is_the_first():
    assert some("FREQ=DAILY", "2026-03-28 12:00", start="2026-03-01 01:30", timezone="Europe/Berlin") == [
        "2026-03-29 01:30", "2026-03-30 00:30", "2026-03-31 00:30",
    ]  # fmt: skip
    assert some("FREQ=DAILY", "2026-10-24 12:00", start="2026-10-01 00:30", timezone="Europe/Berlin") == [
        "2026-10-25 00:30", "2026-10-26 01:30", "2026-10-27 01:30",
    ]  # fmt: skip


RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;BYDAY=SA,SU", "FREQ=DAILY;BYHOUR=1,13;BYMINUTE=0,30",
    "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU", "FREQ=WEEKLY;INTERVAL=3",
    "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=5", "FREQ=MONTHLY;BYDAY=2SA", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;INTERVAL=2;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR", "FREQ=YEARLY",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=1,7;BYDAY=1MO", "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO", "FREQ=YEARLY;BYYEARDAY=1,-1",
    "FREQ=YEARLY;BYMONTH=3", "FREQ=DAILY;COUNT=40", "FREQ=MONTHLY;BYDAY=2SA;UNTIL=20281231T000000",
)  # fmt: skip


@example(rule="FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU", day=27, ahead=500.0)
@settings(max_examples=150, deadline=None)
@given(rule=st.sampled_from(RULES), day=st.integers(0, 40), ahead=st.floats(0, 1500, allow_nan=False))
def test_it_is_what_dateutil_says_when_it_walks_from_the_start(rule, day, ahead):
    """Asked for one month at a time, in another century, it gives the same as all of it from the start."""
    start = at("2026-11-20 10:00") + timedelta(days=day)
    plain = rrulestr(rule, dtstart=start.replace(tzinfo=None) + timedelta(hours=8))
    since = start + timedelta(days=ahead)
    walls = plain.xafter((since + timedelta(hours=8)).replace(tzinfo=None), inc=True, count=20)
    wanted = [(wall - timedelta(hours=8)).replace(tzinfo=UTC) for wall in walls]
    asked = Recurrence(rule=rule, start=start, timezone=SHANGHAI)
    assert list(islice(begins(asked, since), 20)) == wanted


NEVER = (
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11", "FREQ=YEARLY;BYMONTH=1;BYYEARDAY=300",
    "FREQ=WEEKLY;BYDAY=MO;UNTIL=20261202", "FREQ=DAILY;INTERVAL=7;BYDAY=WE", "FREQ=MONTHLY;BYDAY=5SA;BYSETPOS=2",
)  # fmt: skip


@pytest.mark.timeout(20)
def test_what_never_comes_true_is_found_out_in_bounded_time():
    """All together in a second or two. dateutil alone takes ten for the first of them: it walks to the year 9999."""
    for rule in NEVER:
        assert "never" in why_not(recurrence(rule))
        assert some(rule) == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=40_000), timedelta(days=2_910_000)])
def test_a_clock_that_jumps_far_costs_no_more_than_one_that_does_not(rule, jump):
    made = MaintenanceRule(
        name="w", rrule=rule, start=at("2026-12-01 10:00"), duration=7200.0, timezone=SHANGHAI
    )
    plan, now = plan_of(maintenance=(made,)), at("2026-12-01 10:00") + jump
    current(plan, {}, now)
    edge = next_edge(plan, {}, now)
    assert edge is None or edge > now


def test_a_rule_makes_windows_like_any_other():
    made = MaintenanceRule(
        name="patch", rrule="FREQ=MONTHLY;BYDAY=2SA", start=at("2026-12-01 10:00"), duration=7200.0
    )
    plan = plan_of(maintenance=(made,))
    (open_now,) = current(plan, {}, at("2026-12-12 11:00"))
    assert open_now.id == "patch-20261212T100000Z"
    assert open_now.end == at("2026-12-12 12:00")
    assert current(plan, {}, at("2026-12-12 12:00")) == ()
    assert find(plan, {}, open_now.id) == open_now
    ahead = upcoming(plan, {}, at("2026-12-13 00:00"), at("2027-03-01 00:00"))
    assert [window.start for window in ahead] == [at("2027-01-09 10:00"), at("2027-02-13 10:00")]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text("FREQBYDAILMOTNHUWKSCP=;,0123456789-+", max_size=80))
def test_no_text_does_harm(text):
    try:
        parts = parse(text)
    except ValueError:
        return
    assert parts.interval >= 1
