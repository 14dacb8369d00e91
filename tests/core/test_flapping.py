"""Flapping of one target: the weighted window, when it begins and when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core import flapping
from monitor.model import Cause, Flapping, TargetState
from tests.core.notation import START, result, target

RULES = Flapping()


def course_of(row: str) -> int:
    """A row of signs as a course, the oldest first."""
    course = flapping.NOTHING
    for sign in row:
        course = flapping.longer(course, RULES.runs, ok=sign == "+")
    return course


def from_slots(slots: set[int]) -> int:
    """The course whose changes lie in these of Icinga's 20 slots, 0 being the oldest."""
    row, ok = "+", True
    for slot in range(20):
        ok = not ok if slot in slots else ok
        row += "+" if ok else "-"
    return course_of(row)


def test_the_example_of_icinga_2s_documentation_is_39_1_percent():
    """Changes that weigh 0.84, 0.86, 0.88, 0.9, 0.98, 1.06, 1.12 and 1.18: 7.82 of 20 (doc/08-advanced-topics.md)."""
    assert flapping.share(from_slots({2, 3, 4, 5, 9, 13, 16, 19}), 20) == pytest.approx(39.1)


@pytest.mark.parametrize(("slot", "weight"), [(0, 0.80), (10, 1.00), (19, 1.18)])
def test_an_old_change_weighs_less_than_a_new_one(slot, weight):
    assert flapping.share(from_slots({slot}), 20) == pytest.approx(weight * 5)


def test_nothing_is_said_before_enough_runs_are_known():
    assert flapping.share(course_of("+-" * 9 + "+"), 20) is None
    assert flapping.share(course_of("+-" * 10), 20) == pytest.approx(95.0)


def test_no_more_is_kept_than_is_looked_at():
    assert course_of("+-" * 500) == course_of("+-" * 11)
    assert course_of("+" * 50).bit_length() == 22


def after(row: str, known: TargetState | None = None, **more) -> TargetState:
    """What is known of a target after these scheduled runs, a minute apart."""
    one = target("reach", "anhui")
    state = known or TargetState(id=one.id)
    for minute, sign in enumerate(row):
        seen = replace(result(one.id, sign, START + timedelta(minutes=minute)), **more)
        state = flapping.advance(one, state, replace(state, last=seen), seen, RULES)
    return state


def test_it_flaps_from_high_on_and_until_it_is_below_low():
    steady = after("+" * 20)
    shares = []
    state = steady
    for sign in "-+-+-+" + "+" * 20:
        before = state
        state = after(sign, before)
        shares.append((flapping.share(state.course, 20) or 0.0, state.flapping))
    begins = next(value for value, flaps in shares if flaps)
    ends = next(value for value, flaps in reversed(shares) if flaps)
    assert begins >= 30 > 25 <= ends
    assert [flaps for _, flaps in shares].index(True) == 5
    assert not state.flapping
    assert all(value < 25 for value, flaps in shares[6:] if not flaps)


def test_only_scheduled_runs_count():
    assert after("+-" * 30, scheduled=False).course == flapping.NOTHING
    assert not after("+-" * 30, scheduled=False).flapping
    assert after("+-" * 10).flapping


def test_a_run_that_a_bug_of_ours_broke_off_is_not_counted():
    assert after("+i" * 30, None).course == course_of("+" * 30)


def test_an_authority_that_is_down_for_good_does_not_flap():
    assert not after("+" * 10 + "-" * 30).flapping


def test_after_a_long_stop_nothing_older_counts():
    flaps = after("+-" * 10)
    late = result("reach/anhui", "+", START + timedelta(hours=3))
    state = flapping.advance(target("reach", "anhui"), flaps, replace(flaps, last=late), late, RULES)
    assert (state.course, state.flapping) == (course_of("+"), False)


def test_fewer_runs_may_be_looked_at():
    one, few = target("reach", "anhui"), Flapping(high=50, low=30, runs=5)
    state = TargetState(id=one.id)
    flaps = []
    for minute, sign in enumerate("+-+-++++++"):
        seen = result(one.id, sign, START + timedelta(minutes=minute))
        state = flapping.advance(one, state, replace(state, last=seen), seen, few)
        flaps.append(state.flapping)
    assert flaps == [False] * 4 + [True] * 4 + [False] * 2


def test_a_steady_target_is_left_as_it_is():
    steady = after("+" * 40)
    seen = result("reach/anhui", "+", START)
    untouched = replace(steady, last=seen)
    assert flapping.advance(target("reach", "anhui"), steady, untouched, seen, RULES) is untouched
    assert seen.cause is Cause.NONE
