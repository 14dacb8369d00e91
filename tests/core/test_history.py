"""Availability by time: what runs say of the time between them. Tables are in seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.history import (
    HOUR,
    LONGEST_HOLD,
    Counts,
    Run,
    Span,
    Standing,
    Tally,
    holds,
    hours_of,
    measure,
    percentile,
    spans,
    standing,
    summary,
    tally,
    together,
    uptime,
    without,
)
from monitor.model import Cause, Flag, Repeat, Result, Target

UP, DOWN, OURS = Standing.UP, Standing.DOWN, Standing.OURS
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
REPEAT = Repeat(attempts=3, spacing=5.0)
TARGET = Target(
    id="captcha/shandong", probe="captcha", kind="captcha", authority="shandong", service="verify",
    interval=300.0, timeout=5.0, while_down=60.0, confirm=REPEAT, recover=REPEAT, host="h", port=443,
)  # fmt: skip


def a_result(cause: Cause = Cause.NONE, *flags: Flag) -> Result:
    return Result(target=TARGET.id, started_at=AT, duration=0.1, cause=cause, flags=frozenset(flags))


def runs(
    *said: tuple[int, Standing | None] | tuple[int, Standing | None, bool], hold: int = 305
) -> list[Run]:
    """(second, standing[, planned]) → runs that speak for `hold` seconds at most."""
    return [
        Run(at=at * 1000, until=(at + hold) * 1000, standing=what, planned=bool(planned))
        for at, what, *planned in said
    ]


def seconds(sums: Tally) -> tuple[float, float, float, float]:
    return sums.up / 1000, sums.down / 1000, sums.planned_up / 1000, sums.planned_down / 1000


# --- what one run says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "seen_up", "said"),
    [
        (Cause.NONE, True, UP),
        (Cause.NONE, False, UP),
        (Cause.CONNECTION_REFUSED, True, DOWN),
        (Cause.RESPONSE_TIMEOUT, True, DOWN),
        (Cause.FORMAT_DRIFT, True, DOWN),
        (Cause.BLOCKED, True, OURS),
        (Cause.CREDENTIAL, True, OURS),
        (Cause.DNS_HIJACKED, True, OURS),
        (Cause.INTERNAL, True, None),
        (Cause.CONNECTION_REFUSED, False, None),
        (Cause.BLOCKED, False, None),
    ],
)
def test_a_run_speaks_of_the_authority_only_if_its_cause_does_and_the_target_ever_answered(
    cause, seen_up, said
):
    assert standing(a_result(cause), seen_up=seen_up) is said


def test_a_run_speaks_until_the_next_was_due_and_while_throttled_eight_times_as_long():
    assert holds(TARGET, a_result()) == 305_000
    assert holds(TARGET, a_result(Cause.NONE, Flag.THROTTLED)) == 2_405_000
    assert holds(replace(TARGET, interval=30 * 86400.0), a_result()) == LONGEST_HOLD


# --- the table: runs of one target over one hour ------------------------------------------------------------------------

EVERY_FIVE_MINUTES = [(at, UP) for at in range(0, 3600, 300)]


@pytest.mark.parametrize(
    ("said", "up", "down", "planned_up", "planned_down"),
    [
        pytest.param([], 0, 0, 0, 0, id="nothing is known where nobody looked"),
        pytest.param(EVERY_FIVE_MINUTES, 3600, 0, 0, 0, id="up all the time"),
        pytest.param([(-200, UP)], 105, 0, 0, 0, id="a run before the hour speaks into it"),
        pytest.param([(-400, UP)], 0, 0, 0, 0, id="but not for ever"),
        pytest.param([(3500, UP)], 100, 0, 0, 0, id="and none speaks beyond the end"),
        pytest.param([(0, UP), (300, UP), (1800, UP)], 910, 0, 0, 0, id="the daemon was off: a gap, not up"),
        pytest.param([(0, UP), (300, DOWN), (305, UP)], 605, 5, 0, 0, id="a blip that a re-run clears costs 5 s"),
        pytest.param(
            [(0, UP), (300, DOWN), (305, DOWN), (310, DOWN), *((at, DOWN) for at in range(370, 900, 60)), (900, UP)],
            605, 600, 0, 0, id="looked at more often while down: still ten minutes",
        ),
        pytest.param([(0, UP), (300, OURS), (600, UP)], 605, 0, 0, 0, id="what speaks of us counts neither way"),
        pytest.param([(0, UP), (300, None), (600, UP)], 605, 0, 0, 0, id="a bug of ours ends what was known"),
        pytest.param([(0, None), (300, None), (600, UP)], 305, 0, 0, 0, id="out until the first ok"),
        pytest.param([(0, UP), (300, DOWN, True), (600, UP, True), (900, UP)], 605, 0, 300, 300, id="planned apart"),
        pytest.param([(0, UP), (0, DOWN)], 0, 305, 0, 0, id="of two at one instant the later one speaks"),
    ],
)  # fmt: skip
def test_a_target_over_an_hour(said, up, down, planned_up, planned_down):
    assert seconds(tally(spans(runs(*said), 0, HOUR))) == (up, down, planned_up, planned_down)


def test_what_says_the_same_is_one_span():
    assert spans(runs((0, UP), (300, UP), (600, UP)), 0, HOUR) == [Span(start=0, end=905_000, standing=UP)]


# --- several targets of a service ---------------------------------------------------------------------------------------


def one(start: int, end: int, said: Standing, *, planned: bool = False) -> Span:
    return Span(start=start, end=end, standing=said, planned=planned)


@pytest.mark.parametrize(
    ("of_targets", "said"),
    [
        ([], []),
        ([[one(0, 10, UP)]], [one(0, 10, UP)]),
        ([[one(0, 10, UP)], [one(0, 10, DOWN)]], [one(0, 10, DOWN)]),
        ([[one(0, 10, UP)], [one(4, 6, DOWN)]], [one(0, 4, UP), one(4, 6, DOWN), one(6, 10, UP)]),
        ([[one(0, 10, UP)], [one(4, 6, OURS)]], [one(0, 4, UP), one(4, 6, OURS), one(6, 10, UP)]),
        ([[one(0, 10, DOWN)], [one(4, 6, OURS)]], [one(0, 4, DOWN), one(4, 6, DOWN), one(6, 10, DOWN)]),
        ([[one(0, 3, UP)], [one(5, 8, UP)]], [one(0, 3, UP), one(5, 8, UP)]),
        ([[one(0, 4, UP)], [one(2, 6, UP, planned=True)]],
         [one(0, 2, UP), one(2, 4, UP, planned=True), one(4, 6, UP, planned=True)]),
    ],
)  # fmt: skip
def test_a_service_is_down_while_a_target_of_it_is(of_targets, said):
    assert together(of_targets) == said


def test_while_our_own_network_failed_nothing_is_known_of_others():
    assert without([one(0, 10, DOWN)], [(3, 5), (8, 20)]) == [one(0, 3, DOWN), one(5, 8, DOWN)]
    assert without([one(0, 10, DOWN)], [(0, 10)]) == []
    assert without([one(0, 10, DOWN)], [(10, 20)]) == [one(0, 10, DOWN)]
    assert measure([[one(0, 10, DOWN)], [one(0, 10, UP)]], [(0, 4)]) == Tally(down=6)


# --- properties ---------------------------------------------------------------------------------------------------------

standings = st.sampled_from([UP, DOWN, OURS, None])
some_runs = st.lists(
    st.tuples(st.integers(-40, 100).map(lambda at: at * 100), standings, st.booleans()), max_size=25
).map(lambda said: runs(*sorted(said, key=lambda run: run[0]), hold=700))


def said_at(of_target: list[Run], instant: int) -> tuple[Standing, bool] | None:
    """The definition, word by word: the latest run that began by then, while it speaks."""
    begun = [run for run in of_target if run.at <= instant]
    if not begun or instant >= begun[-1].until or begun[-1].standing is None:
        return None
    return begun[-1].standing, begun[-1].planned


@given(st.lists(some_runs, min_size=1, max_size=3))
def test_the_sums_are_what_the_definition_says_step_by_step(of_targets):
    sums = [0, 0, 0, 0]
    for second in range(0, 7200, 100):
        said = [found for run in of_targets if (found := said_at(run, second * 1000)) is not None]
        if not said or {OURS} == {what for what, _ in said} - {UP}:
            continue
        is_down, planned = any(what is DOWN for what, _ in said), any(planned for _, planned in said)
        sums[2 * planned + is_down] += 100
    assert list(seconds(measure([spans(run, 0, 2 * HOUR) for run in of_targets]))) == sums


@given(st.lists(some_runs, min_size=1, max_size=3))
def test_the_sums_of_hours_are_the_sum_of_all(of_targets):
    whole = measure([spans(run, 0, 3 * HOUR) for run in of_targets])
    parts = [measure([spans(run, at * HOUR, (at + 1) * HOUR) for run in of_targets]) for at in range(3)]
    assert sum(parts, Tally()) == whole


# --- the answer ---------------------------------------------------------------------------------------------------------


def test_an_uptime_is_a_share_of_what_is_known_and_says_how_much_that_is():
    found = uptime(Tally(up=900_000, down=100_000, planned_up=200_000, planned_down=600_000), 0, 3_600_000)
    assert found.fraction == 0.9
    assert found.fraction_with_maintenance == pytest.approx(1100 / 1800)
    assert found.coverage == 0.5


def test_of_nothing_known_there_is_no_share():
    found = uptime(Tally(), 0, 3_600_000)
    assert (found.fraction, found.fraction_with_maintenance, found.coverage) == (None, None, 0.0)
    assert uptime(Tally(), 5, 5).coverage == 0.0


def test_only_maintenance_leaves_no_share_outside_of_it():
    found = uptime(Tally(planned_down=3_600_000), 0, 3_600_000)
    assert (found.fraction, found.fraction_with_maintenance) == (None, 0.0)


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([], 0.5, None), ([7.0], 0.5, 7.0), ([7.0], 0.95, 7.0), ([1.0, 2.0], 0.5, 1.0), ([1.0, 2.0, 3.0], 0.5, 2.0),
     ([float(n) for n in range(1, 101)], 0.95, 95.0), ([float(n) for n in range(1, 21)], 0.95, 19.0)],
)  # fmt: skip
def test_percentiles_by_nearest_rank(values, share, found):
    assert percentile(values, share) == found


def test_an_hour_in_numbers():
    ended = [
        (Cause.NONE, 100.0, False),
        (Cause.NONE, 300.0, False),
        (Cause.NONE, 200.0, True),
        (Cause.CONNECT_TIMEOUT, 5000.0, True),
        (Cause.CONNECTION_REFUSED, 1.0, False),
        (Cause.CONNECTION_REFUSED, 1.0, False),
    ]
    hour = summary(7, ended, Tally(up=1))
    assert (hour.all, hour.planned) == (Counts(ok=3, error=2, timeout=1), Counts(ok=1, timeout=1))
    assert (hour.duration_sum, hour.duration_p50, hour.duration_p95, hour.duration_max) == (
        600.0,
        200.0,
        300.0,
        300.0,
    )
    assert hour.causes == {"connect_timeout": 1, "connection_refused": 2}
    assert hour.all.runs == 6


def test_the_hours_a_stretch_touches():
    assert list(hours_of(0, HOUR)) == [0]
    assert list(hours_of(HOUR - 1, HOUR + 1)) == [0, 1]
    assert list(hours_of(HOUR, HOUR)) == []
