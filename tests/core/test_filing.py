"""The tax calendar: the rule against every published deadline, days off, make-up days, peaks, and years nobody knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import filing
from monitor.core.filing import Deadline, Peak
from monitor.knowledge import load_calendar
from monitor.model import Calendar
from tests.core.notation import World, six

KNOWN = load_calendar()
NOTHING = Calendar()
OFFICIAL = {(year, month): day for (_, year, month), day in KNOWN.deadlines.items()}


def day(text: str) -> date:
    """`2026-10-01`."""
    return date.fromisoformat(text)


@pytest.mark.parametrize(("month", "official"), OFFICIAL.items(), ids=lambda value: str(value))
def test_the_rule_gives_every_published_deadline(month, official):
    assert filing.by_rule(KNOWN, *month) == official


def test_there_are_four_years_of_published_deadlines():
    assert sorted(OFFICIAL) == [(year, month) for year in range(2023, 2027) for month in range(1, 13)]


@pytest.mark.parametrize(
    ("text", "off"),
    [
        pytest.param("2026-10-01", True, id="a holiday"),
        pytest.param("2026-10-10", False, id="a make-up Saturday"),
        pytest.param("2026-11-21", True, id="a plain Saturday"),
        pytest.param("2026-11-23", False, id="a plain Monday"),
        pytest.param("2027-01-01", False, id="a holiday of a year that nobody knows: a plain Friday"),
    ],
)
def test_days_off(text, off):
    assert filing.is_day_off(KNOWN, day(text)) is off


def test_a_deadline_says_whether_it_is_published_derived_or_assumed():
    assert filing.deadline(KNOWN, "beijing", 2026, 12) == Deadline(day=day("2026-12-15"), official=True)
    assert filing.deadline(KNOWN, "beijing", 2022, 12) == Deadline(day=day("2022-12-15"))
    assert filing.deadline(KNOWN, "beijing", 2027, 1) == Deadline(day=day("2027-01-15"), assumed=True)


def test_a_deadline_of_one_authority_beats_that_of_the_country():
    own = Calendar(
        days=KNOWN.days,
        years=KNOWN.years,
        deadlines={**KNOWN.deadlines, ("shenzhen", 2026, 12): day("2026-12-17")},
    )
    assert filing.deadline(own, "shenzhen", 2026, 12).day == day("2026-12-17")
    assert filing.deadline(own, "guangdong", 2026, 12).day == day("2026-12-15")


@pytest.mark.parametrize(
    ("text", "open_", "left"),
    [
        pytest.param("2026-12-01", True, 14, id="from the first of the month"),
        pytest.param("2026-12-15", True, 0, id="its last day belongs to it"),
        pytest.param("2026-12-16", False, -1, id="and no day behind it"),
        pytest.param("2026-10-26", True, 0, id="put off by a week of holidays"),
        pytest.param("2026-10-31", False, -5, id="over"),
    ],
)
def test_the_filing_period(text, open_, left):
    period = filing.period(KNOWN, "anhui", day(text))
    assert (period.is_open, period.days_left) == (open_, left)


def test_a_deadline_put_off_into_the_next_month_keeps_the_period_open():
    late = Calendar(years=frozenset({2026}), deadlines={("", 2026, 2): day("2026-03-06")})
    assert filing.period(late, "hubei", day("2026-03-06")).deadline.day == day("2026-03-06")
    assert filing.period(late, "hubei", day("2026-03-07")).deadline.day == day("2026-03-16")


def test_the_day_is_that_of_china():
    assert filing.is_filing(KNOWN, "anhui", datetime(2026, 12, 15, 15, 59, 59, tzinfo=UTC))
    assert not filing.is_filing(KNOWN, "anhui", datetime(2026, 12, 15, 16, 0, tzinfo=UTC))


def test_the_next_period_over_the_end_of_a_year():
    following = filing.following(KNOWN, "anhui", day("2026-12-20"))
    assert (following.start, following.is_open) == (day("2027-01-01"), False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-20", [], id="an ordinary day"),
        pytest.param("2026-12-10", [], id="four working days before the deadline"),
        pytest.param(
            "2026-12-11", [Peak.FILING_LAST_DAYS], id="the last three working days, a weekend between"
        ),
        pytest.param("2026-12-15", [Peak.FILING_LAST_DAY], id="the last day"),
        pytest.param(
            "2026-10-26",
            [Peak.FILING_LAST_DAY, Peak.QUARTERLY_FILING],
            id="the last day of a month with quarterly returns",
        ),
        pytest.param("2026-07-02", [Peak.QUARTERLY_FILING], id="in such a month"),
        pytest.param("2026-11-26", [Peak.MONTH_END], id="three working days to the end of the month"),
        pytest.param("2026-11-25", [], id="four"),
        pytest.param("2026-09-30", [Peak.QUARTER_END], id="the end of a quarter"),
        pytest.param("2026-12-31", [Peak.YEAR_END], id="the end of the year"),
    ],
)
def test_peaks(text, expected):
    assert list(filing.peaks(KNOWN, "anhui", day(text))) == expected


def test_an_unknown_year_is_said_sixty_days_before_it_is_needed():
    assert filing.unknown_years(KNOWN, day("2026-11-01")) == ()
    assert filing.unknown_years(KNOWN, day("2026-11-02")) == (2027,)
    assert filing.unknown_years(KNOWN, day("2027-03-01")) == (2027,)
    assert filing.unknown_years(NOTHING, day("2026-11-22")) == (2026, 2027)


@given(
    today=st.dates(date(2000, 1, 1), date(2040, 12, 31)),
    off=st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 31))),
)
def test_a_deadline_by_the_rule_is_a_working_day_from_the_15th_on(today, off):
    calendar = Calendar(days=dict.fromkeys(off, True), years=frozenset({2026}))
    found = filing.by_rule(calendar, today.year, today.month)
    assert found >= date(today.year, today.month, 15)
    assert not filing.is_day_off(calendar, found)


@given(today=st.dates(date(2005, 1, 1), date(2026, 12, 31)))
def test_a_period_runs_from_the_first_to_the_deadline_without_a_gap(today):
    now = filing.period(KNOWN, "", today)
    assert now.start <= today
    assert now.is_open == (today <= now.deadline.day)
    yesterday = filing.period(KNOWN, "", today - timedelta(days=1))
    assert now.is_open or not yesterday.is_open or yesterday.days_left == 0


# --- what an incident says of it -------------------------------------------------------------------------------------


def outage(text: str, calendar: Calendar = KNOWN) -> World:
    """A world in which one authority went down at this time of China."""
    at = datetime.fromisoformat(text).replace(tzinfo=filing.CHINA).astimezone(UTC)
    world = World(plan=six(calendar=calendar), now=at)
    world.warm()
    world.play({"reach/anhui": "---"})
    return world


def said(world: World) -> list[str]:
    """The facts about filing of the one open incident."""
    [incident] = world.open
    return [fact for fact in incident.facts if fact.startswith("filing_deadline")]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        pytest.param("2026-12-10 09:00", [], id="early in the period"),
        pytest.param(
            "2026-12-11 09:00", ["filing_deadline=2026-12-15"], id="three working days before its end"
        ),
        pytest.param("2026-12-15 09:00", ["filing_deadline=2026-12-15"], id="on the last day"),
        pytest.param("2026-12-16 09:00", [], id="behind it"),
        pytest.param("2027-01-15 09:00", [], id="where the days off are not known nothing is said"),
    ],
)
def test_an_outage_in_the_last_days_to_file_says_so(text, facts):
    assert said(outage(text)) == facts


def test_that_the_period_ends_meanwhile_is_no_news():
    world = outage("2026-12-15 23:50")
    world.pass_time(60)
    heard = len(world.heard)
    world.play({"reach/anhui": "-" * 20}, spacing=60)
    assert len(world.heard) == heard == 1
