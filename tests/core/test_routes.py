"""Whom the routes name: every part of `when`, hours across midnight, and when that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from monitor.core.filing import CHINA
from monitor.core.routes import Matter, next_edge, of_incident, of_window, receivers
from monitor.knowledge import load_calendar
from monitor.model import Cause, Diagnosis, EventName, Route, Scope, Severity, When, Window
from tests.core.notation import six

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
"""Saturday, 16:00 in Shanghai."""
MATTER = Matter(
    event=EventName.INCIDENT_OPENED,
    severity=Severity.CRITICAL,
    scope=Scope.AUTHORITY,
    authorities=("anhui",),
    services=("verify",),
    diagnosis=Diagnosis.PROVINCIAL_OUTAGE,
    cause=Cause.RESPONSE_TIMEOUT,
)
ONCALL, BUS, BOTH, NOBODY = {"oncall[0]"}, {"bus[0]"}, {"oncall[0]", "bus[0]"}, set[str]()


def named(*routes: Route, at: datetime = AT, matter: Matter = MATTER) -> set[str]:
    """Whom these routes name."""
    return set(receivers(six(routes=routes), matter, at))


PARTS = {
    "severity": (When(severity=("critical", "warning")), When(severity=("info",))),
    "event": (When(event=("incident_opened",)), When(event=("incident_reminder",))),
    "scope": (When(scope=("authority",)), When(scope=("local", "national"))),
    "authority": (When(authority=("gansu", "anhui")), When(authority=("gansu",))),
    "service": (When(service=("verify",)), When(service=("dppt",))),
    "diagnosis": (When(diagnosis=("provincial_outage",)), When(diagnosis=("cdn_node",))),
    "cause": (When(cause=("response_timeout",)), When(cause=("tls_expired",))),
    "hours": (When(hours=("16:00", "16:01")), When(hours=("08:00", "16:00"))),
    "hours across midnight": (When(hours=("15:00", "02:00")), When(hours=("22:00", "15:59"))),
    "all day": (When(hours=("00:00", "00:00")), When(hours=("00:00", "00:01"))),
    "weekdays": (When(weekdays=(6, 7)), When(weekdays=(1, 2, 3, 4, 5))),
    "all parts must match": (
        When(severity=("critical",), authority=("anhui",)),
        When(severity=("critical",), authority=("gansu",)),
    ),
}


@pytest.mark.parametrize(("yes", "no"), PARTS.values(), ids=PARTS)
def test_every_part_of_when(yes, no):
    assert named(Route(to=("bus",), when=yes)) == BUS
    assert named(Route(to=("bus",), when=no)) == NOBODY


def test_the_first_that_matches_wins_unless_it_goes_on():
    first, second = Route(to=("oncall",)), Route(to=("bus",))
    assert named(first, second) == ONCALL
    assert named(Route(to=("oncall",), goes_on=True), second) == BOTH
    assert named(Route(to=("oncall",), when=When(severity=("info",))), second) == BUS


def test_none_matches_nobody_is_told_and_without_routes_everyone_is():
    assert named(Route(to=("bus",), when=When(scope=("daemon",)))) == NOBODY
    assert named() == BOTH


def test_hours_go_by_the_wall_clock_of_the_plan():
    midnight = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    assert named(Route(to=("bus",), when=When(hours=("00:00", "01:00"))), at=midnight) == BUS
    assert named(Route(to=("bus",), when=When(weekdays=(7,))), at=midnight) == BUS


def on(text: str, when: When, matter: Matter = MATTER, timezone: str = "Asia/Shanghai") -> bool:
    """Whether a route tells of it at this time of China, by the days off as published."""
    late = {("shenzhen", 2026, 12): date(2026, 12, 17)}
    calendar = load_calendar()
    calendar = replace(calendar, deadlines={**calendar.deadlines, **late})
    plan = replace(six(routes=(Route(to=("bus",), when=when),)), calendar=calendar, timezone=timezone)
    at = datetime.fromisoformat(text).replace(tzinfo=CHINA)
    return set(receivers(plan, matter, at.astimezone(UTC))) == BUS


@pytest.mark.parametrize(
    ("text", "works"),
    [
        pytest.param("2026-10-01 09:00", False, id="a holiday in the week"),
        pytest.param("2026-10-10 09:00", True, id="a Saturday that is worked on"),
        pytest.param("2026-11-21 09:00", False, id="a plain Saturday"),
        pytest.param("2026-11-20 09:00", True, id="a plain Friday"),
    ],
)
def test_working_days_are_those_of_the_calendar(text, works):
    assert on(text, When(workdays=True)) is works
    assert on(text, When(workdays=False)) is not works


def test_working_days_go_by_the_wall_clock_of_the_plan():
    assert on("2026-11-21 02:00", When(workdays=True), timezone="UTC"), "there it is Friday still"


@pytest.mark.parametrize(
    ("text", "slug", "runs"),
    [
        pytest.param("2026-12-15 23:59", "anhui", True, id="the last minute"),
        pytest.param("2026-12-16 00:00", "anhui", False, id="over"),
        pytest.param("2026-12-16 00:00", "shenzhen", True, id="where it ends later"),
        pytest.param("2026-12-17 00:00", "national", False, id="of the country, for what is no authority"),
    ],
)
def test_the_filing_period_is_that_of_the_place(text, slug, runs):
    matter = replace(MATTER, authorities=(slug,))
    assert on(text, When(filing_period=True), matter) is runs
    assert on(text, When(filing_period=False), matter) is not runs


def test_of_several_places_any_that_files_counts():
    wide = When(filing_period=True)
    assert on("2026-12-16 09:00", wide, replace(MATTER, authorities=("national", "anhui", "shenzhen")))
    assert on("2026-12-16 09:00", wide, replace(MATTER, authorities=None)), "all of them, shenzhen too"
    assert not on("2026-12-18 09:00", wide, replace(MATTER, authorities=None))


@pytest.mark.parametrize("scope", [Scope.NATIONAL, Scope.LOCAL, Scope.DAEMON])
def test_a_nationwide_outage_goes_by_the_date_of_the_whole_country_whoever_is_in_it(scope):
    members = ("national", "anhui", "shenzhen")
    matter = replace(MATTER, scope=scope, authorities=members)
    assert on("2026-12-15 09:00", When(filing_period=True), matter)
    assert not on("2026-12-16 09:00", When(filing_period=True), matter)


def test_what_has_no_diagnosis_matches_no_route_that_asks_for_one():
    window = Window(id="w", name="w", authorities=None, services=None, start=AT, end=AT)
    begun = of_window(EventName.MAINTENANCE_STARTED, window, Severity.INFO)
    assert named(Route(to=("bus",), when=When(diagnosis=("healthy",))), matter=begun) == NOBODY
    assert named(Route(to=("bus",), when=When(authority=("anhui",))), matter=begun) == BUS, (
        "it concerns them all"
    )


def test_a_nationwide_outage_concerns_the_places_of_its_members():
    from tests.core.test_incidents import OPEN

    matter = of_incident(EventName.INCIDENT_OPENED, OPEN, [OPEN])
    assert (matter.authorities, matter.services) == (("shandong", "shandong"), ("verify", "verify"))


EDGES = {
    "none": ((), None),
    "the end of the hours": ((When(hours=("08:00", "18:00")),), datetime(2026, 11, 21, 10, 0, tzinfo=UTC)),
    "tomorrow": ((When(hours=("08:00", "16:00")),), datetime(2026, 11, 22, 0, 0, tzinfo=UTC)),
    "midnight": ((When(weekdays=(1,)),), datetime(2026, 11, 21, 16, 0, tzinfo=UTC)),
    "24:00": ((When(hours=("20:00", "24:00")),), datetime(2026, 11, 21, 12, 0, tzinfo=UTC)),
    "a day off or not": ((When(workdays=False),), datetime(2026, 11, 21, 16, 0, tzinfo=UTC)),
    "a filing period or not": ((When(filing_period=True),), datetime(2026, 11, 21, 16, 0, tzinfo=UTC)),
}


@pytest.mark.parametrize(("whens", "edge"), EDGES.values(), ids=EDGES)
def test_when_it_may_make_a_difference_next(whens, edge):
    plan = six(routes=tuple(Route(to=("bus",), when=when) for when in whens))
    assert next_edge(plan, AT) == edge


def test_a_filing_period_turns_at_midnight_in_china_wherever_the_plan_is():
    plan = replace(six(routes=(Route(to=("bus",), when=When(filing_period=True)),)), timezone="UTC")
    assert next_edge(plan, AT) == datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
