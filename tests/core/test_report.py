"""A report: what counts, how long things took, what is due when, and that each is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.decide import decide
from monitor.core.history import Uptime
from monitor.core.report import brief, last_due, make_report, outage_of, spread, stretch
from monitor.core.state import State, apply
from monitor.model import (
    Cause,
    EventName,
    Incident,
    Plan,
    Report,
    ReportRule,
    Route,
    Scope,
    Severity,
    Spread,
    TellReport,
    When,
)
from tests.core.notation import six
from tests.core.test_incidents import OPEN

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
RULE = ReportRule(schedule="0 8 1 * *", to=("oncall",))
DAY = 86400.0


def incident(id_: str, minutes: float = 10.0, **more) -> Incident:
    """An outage that was confirmed after 10 s, told after 20 s and over after so many minutes."""
    began = datetime(2026, 11, 10, 4, 0, tzinfo=UTC)
    given = {
        "id": id_,
        "first_failure_at": began,
        "opened_at": began + timedelta(seconds=10),
        "resolved_at": began + timedelta(minutes=minutes),
        "timeline": ((began + timedelta(seconds=20), "told=incident_opened"),),
    }
    return replace(OPEN, **{**given, **more})


def uptime(up: float, down: float, planned_down: float = 0.0) -> Uptime:
    """So many seconds of 30 days."""
    return Uptime(asked=30 * DAY, up=up, down=down, planned_up=0.0, planned_down=planned_down)


KNOWN = {
    ("shandong", "verify"): uptime(90.0, 10.0, planned_down=100.0),
    ("beijing", "verify"): uptime(300.0, 0.0),
    ("gansu", "verify"): Uptime(asked=30 * DAY, up=0.0, down=0.0, planned_up=0.0, planned_down=0.0),
}


def report(*incidents: Incident) -> Report:
    """Of November."""
    return make_report(KNOWN, incidents, SINCE, UNTIL)


def test_availability_without_and_with_maintenance_of_each_and_of_all():
    found = report(incident("a"))
    shandong, beijing, gansu = found.services
    assert (shandong.uptime, shandong.uptime_with_maintenance, shandong.incidents) == (0.9, 0.45, 1)
    assert (beijing.uptime, beijing.incidents) == (1.0, 0)
    assert (gansu.uptime, gansu.coverage) == (None, 0.0)
    assert (found.uptime, found.uptime_with_maintenance) == (390 / 400, 390 / 500)


def test_times_count_from_the_first_failing_run():
    found = outage_of(incident("a"))
    assert (found.detected_after_seconds, found.told_after_seconds, found.recovered_after_seconds) == (
        10.0,
        20.0,
        600.0,
    )


def test_nobody_was_told_and_it_is_not_over():
    found = report(incident("a", timeline=(), resolved_at=None))
    assert (found.open, found.tell.count, found.recover.p50, found.detect.count) == (1, 0, None, 1)


def test_percentiles_are_times_that_happened():
    assert spread([4.0, None, 1.0, 2.0]) == Spread(count=3, p50=2.0, p95=4.0, longest=4.0)
    assert spread([]) == Spread()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"drill": True}, id="a drill"),
        pytest.param({"never_up": True}, id="an address that never answered"),
        pytest.param({"opened_at": SINCE - timedelta(seconds=1)}, id="opened before"),
        pytest.param({"opened_at": UNTIL}, id="opened after"),
    ],
)
def test_what_is_left_out(more):
    assert report(incident("a", **more)).incidents == 0


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"cause": Cause.CREDENTIAL}, id="a fault of ours"),
        pytest.param({"scope": Scope.NATIONAL, "authority": "national"}, id="the parent of others"),
    ],
)
def test_what_is_listed_and_says_nothing_of_how_fast_we_are(more):
    found = report(incident("a", **more))
    assert (found.incidents, found.detect.count) == (1, 0)


def test_a_nationwide_outage_is_not_counted_as_one_of_the_national_page():
    nationwide = incident("a", scope=Scope.NATIONAL, authority="national", service="")
    page = ("national", "")
    found = make_report(
        {page: uptime(9.0, 1.0)}, [nationwide, incident("b", authority="national", service="")], SINCE, UNTIL
    )
    assert [(one.authority, one.incidents) for one in found.services] == [("national", 1)]
    assert (found.incidents, found.national) == (2, 1)


def test_the_same_incident_twice_is_one():
    assert report(incident("a"), incident("a")).incidents == 1


def test_in_short_it_names_those_that_were_down_longest():
    found = brief(report(incident("a")))
    assert [(one.authority, one.down_seconds) for one in found.services] == [("shandong", 10.0)]
    assert (found.outages, found.incidents) == ((), 1)


# --- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "due"),
    [
        pytest.param("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", id="to the second"),
        pytest.param("2026-11-30T23:59:59Z", "2026-11-01T00:00:00Z", id="a second before"),
        pytest.param("2026-12-24T12:00:00Z", "2026-12-01T00:00:00Z", id="long after"),
    ],
)
def test_when_one_was_due_last(now, due):
    assert last_due(RULE, "Asia/Shanghai", datetime.fromisoformat(now)) == datetime.fromisoformat(due)


def test_a_report_goes_from_the_one_before_and_further_back_where_some_were_missed():
    due = datetime(2026, 12, 1, tzinfo=UTC)
    november, september = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
    assert stretch(RULE, "Asia/Shanghai", due, november) == (november, due)
    assert stretch(RULE, "Asia/Shanghai", due, datetime(2026, 11, 20, tzinfo=UTC)) == (november, due)
    assert stretch(RULE, "Asia/Shanghai", due, september) == (september, due)


# --- told once -------------------------------------------------------------------------------------------------------


def begin(plan: Plan | None = None) -> tuple[State, Plan]:
    """A state in which the schedule has begun."""
    plan = plan or six(report=RULE)
    state = State()
    command = TellReport(schedule=RULE.schedule, due=datetime(2026, 11, 20, tzinfo=UTC))
    apply(state, decide(command, state, command.due, plan))
    return state, plan


def tell(state: State, plan: Plan, due: datetime = UNTIL, now: datetime | None = None):
    """What is decided of the report that was due then."""
    command = TellReport(schedule=RULE.schedule, due=due, report=report(incident("a")))
    commit = decide(command, state, now or due + timedelta(seconds=5), plan)
    apply(state, commit)
    return commit


def test_the_first_sight_of_a_schedule_tells_nothing_and_is_remembered():
    state, plan = begin()
    assert state.reported is not None
    again = TellReport(schedule=RULE.schedule, due=datetime(2026, 11, 21, tzinfo=UTC))
    assert decide(again, state, again.due, plan).refused


def test_a_report_is_told_once_to_those_of_the_rule():
    state, plan = begin()
    commit = tell(state, plan)
    [told] = commit.notifications
    assert (told.event, told.to, told.severity, told.scope) == (
        EventName.REPORT,
        ("oncall[0]",),
        Severity.INFO,
        Scope.DAEMON,
    )
    assert told.key == "report-20261201T0000Z/1/report"
    assert told.report is not None
    assert commit.durable
    assert not tell(state, plan).notifications, "not again after a restart"
    assert tell(state, plan, due=UNTIL + timedelta(days=31)).notifications


def test_a_route_that_names_the_event_is_told_as_well_and_others_are_not():
    asks = Route(to=("bus",), when=When(event=("report",)))
    assert tell(*begin(six(report=RULE, routes=(asks,)))).notifications[0].to == ("bus[0]", "oncall[0]")


def test_a_report_that_is_no_longer_configured_is_not_told():
    state, _ = begin()
    assert tell(state, six()).refused


def test_another_schedule_begins_anew():
    state, _ = begin()
    plan = six(report=ReportRule(schedule="0 8 * * *", to=("oncall",)))
    commit = decide(TellReport(schedule="0 8 * * *", due=UNTIL), state, UNTIL, plan)
    assert not commit.refused
    assert commit.reported is not None


def test_a_clock_that_was_years_ahead_does_not_keep_reports_away():
    state, plan = begin()
    tell(state, plan, due=datetime(2036, 1, 1, tzinfo=UTC))
    assert tell(state, plan).notifications


def test_what_was_open_before_and_still_is_stands_beside_those_of_the_stretch():
    before = datetime(2026, 10, 30, 4, 0, tzinfo=UTC)
    since_then = incident("a", first_failure_at=before, opened_at=before, resolved_at=None)
    parent = replace(since_then, id="n", scope=Scope.NATIONAL, authority="national", service="")
    mended = replace(since_then, id="b", resolved_at=SINCE + timedelta(days=3))
    later = replace(since_then, id="c", resolved_at=UNTIL + timedelta(days=1))
    found = report(since_then, mended, later, incident("d"))
    assert (found.incidents, found.open, found.open_before) == (1, 0, 2)
    assert [one.id for one in found.before] == ["a", "c"]
    assert [one.id for one in report(replace(since_then, parent="n"), parent).before] == ["n"]
    assert report(replace(since_then, drill=True)).open_before == 0
    assert len(brief(report(*(replace(since_then, id=f"i{n}") for n in range(9)))).before) == 5
