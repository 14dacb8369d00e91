"""Due times: spread, stable, drift-free; and the promise of connections per host."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.schedule import Agenda, HostLimit, first_due, missed, next_due, offset

START = 1_790_000_000.0


def test_the_offset_of_an_id_is_the_same_in_every_process():
    assert offset("captcha/shandong", 300.0) == pytest.approx(271.8762, abs=1e-3)


def test_a_thousand_targets_are_spread_evenly_over_their_interval():
    tenths = [0] * 10
    for number in range(1000):
        tenths[int(offset(f"reach/{number}", 60.0) // 6)] += 1
    assert min(tenths) > 60
    assert max(tenths) < 140


@given(interval=st.floats(0.5, 86_400), after=st.floats(START, START + 1e6))
def test_due_times_follow_each_other_at_the_interval_without_drift(interval: float, after: float):
    first = next_due("reach/beijing", interval, after)
    tenth = first
    for _ in range(9):
        tenth = next_due("reach/beijing", interval, tenth)
    assert after < first <= after + interval + 0.2
    assert tenth - first == pytest.approx(9 * interval, abs=0.3)


def test_due_times_do_not_depend_on_when_a_run_ended():
    assert next_due("a", 60.0, START) == next_due("a", 60.0, next_due("a", 60.0, START) - 0.5)


@pytest.mark.parametrize(
    ("last_run", "expected"),
    [
        pytest.param(None, START, id="a cold start sweeps at once"),
        pytest.param(START - 61, START, id="what last ran an interval ago is due at once"),
        pytest.param(START + 500, START, id="a last run in the future is not believed"),
        pytest.param(
            START - 10, next_due("a", 60.0, START), id="what ran just before the restart keeps its time"
        ),
    ],
)
def test_the_first_due_time_after_a_start(last_run: float | None, expected: float):
    assert first_due("a", 60.0, last_run, START) == expected


def test_due_times_that_passed_are_skipped_and_counted_not_caught_up():
    assert missed(START, 60.0, START + 59) == 0
    assert missed(START, 60.0, START + 185) == 3


def test_planning_again_replaces_the_planned_time():
    agenda = Agenda()
    agenda.plan("a", 10.0)
    agenda.plan("b", 5.0)
    agenda.plan("a", 3.0)
    assert agenda.next_due() == 3.0
    assert list(agenda.take(10.0)) == [("a", 3.0), ("b", 5.0)]
    assert agenda.next_due() is None


def test_what_is_forgotten_is_not_handed_out():
    agenda = Agenda()
    agenda.plan("a", 1.0)
    agenda.forget("a")
    assert list(agenda.take(2.0)) == []


def test_no_sliding_minute_ever_holds_more_connections_than_allowed():
    limit = HostLimit(12, 60.0)
    admitted = [at for at in (START + step / 2 for step in range(600)) if limit.admit("h:443", at)]
    for at in admitted:
        assert sum(1 for other in admitted if at <= other < at + 60.0) <= 12
    assert len(admitted) == 60


def test_hosts_do_not_share_their_limit():
    limit = HostLimit(1, 60.0)
    assert limit.admit("a:443", START)
    assert not limit.admit("a:443", START + 1)
    assert limit.admit("a:8443", START + 1)
    assert limit.free_at("a:443", START + 1) == pytest.approx(START + 60, abs=0.3)


def test_none_lifts_the_limit():
    limit = HostLimit(None, 60.0)
    assert all(limit.admit("a:443", START) for _ in range(1000))
    assert limit.free_at("a:443", START) == START


def test_who_asks_beside_the_schedule_has_half_of_the_window_and_the_schedule_always_the_rest():
    limit = HostLimit(5, 60.0)
    assert [limit.admit_aside("h:443", START) for _ in range(3)] == [True, True, False]
    assert limit.free_aside_at("h:443", START) == pytest.approx(START + 60, abs=0.3)
    assert limit.free_at("h:443", START) == START
    assert [limit.admit("h:443", START + 1) for _ in range(4)] == [True, True, True, False]
    assert limit.admit_aside("h:443", START + 61)


def test_a_window_that_the_schedule_has_filled_is_full_for_who_asks_too():
    limit = HostLimit(2, 60.0)
    assert limit.admit("h:443", START)
    assert limit.admit("h:443", START + 5)
    assert not limit.admit_aside("h:443", START + 6)
    assert limit.free_aside_at("h:443", START + 6) == pytest.approx(START + 60, abs=0.3)


def test_a_limit_of_one_is_the_schedules():
    limit = HostLimit(1, 60.0)
    assert not limit.admit_aside("h:443", START)
    assert limit.free_aside_at("h:443", START) > START
    assert limit.admit("h:443", START)


def test_without_a_limit_nobody_is_held_up():
    limit = HostLimit(None, 60.0)
    assert all(limit.admit_aside("a:443", START) for _ in range(1000))
    assert limit.free_aside_at("a:443", START) == START
