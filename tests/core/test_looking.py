"""What is looked at next: the sweep that a first failure asks for, re-runs, other intervals, and who shut us out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.facts import Fact
from monitor.model import Cause, Diagnosis, EventName, Result, Severity, Tick
from tests.core.notation import CONTROLS, SLUGS, START, World, control, hasty, plan_of, result, six, target

# --- what is looked at next ------------------------------------------------------------------------------------------


def test_a_routine_result_changes_its_target_and_nothing_else(world):
    commit = world.see("reach/anhui", "+")
    assert [state.id for state in commit.targets] == ["reach/anhui"]
    assert (commit.incidents, commit.notifications, commit.due, commit.intervals) == ((), (), (), {})
    assert not commit.durable
    assert commit.next_wakeup is None


def test_a_restored_result_and_one_of_a_stranger_change_nothing(world):
    kept = Result(target="reach/anhui", started_at=START, duration=1, cause=Cause.UNREACHABLE, restored=True)
    for event in (kept, result("reach/nowhere", "-", START)):
        commit = world.event(event)
        assert (commit.targets, commit.incidents, commit.due, commit.durable) == ((), (), (), False)


def test_an_unconfirmed_row_asks_for_the_next_run(world):
    world.see("reach/anhui", "-")
    assert world.wanted["reach/anhui"] == 5
    world.see("reach/anhui", "-")
    assert world.wanted == {"reach/anhui": 5}
    world.see("reach/anhui", "-")
    assert world.wanted == {}


def test_the_interval_changes_with_the_belief_and_back():
    world = World(plan_of(target("captcha", "anhui")))
    world.warm()
    world.play({"captcha/anhui": "---"})
    assert {"captcha/anhui": 60.0} in [commit.intervals for commit in world.commits]
    world.play({"captcha/anhui": "++"})
    assert {"captcha/anhui": 300.0} in [commit.intervals for commit in world.commits[-3:]]


def test_after_a_restart_the_first_tick_says_every_unusual_interval(world):
    world.play({"reach/anhui": "---", "reach/gansu": "t"})
    again = World(world.plan, now=world.now, state=world.state)
    assert again.event(Tick()).intervals == {"reach/anhui": 60.0, "reach/gansu": 120.0}


def test_the_first_failing_run_asks_the_controls_and_the_cheapest_of_every_other_authority():
    plan = plan_of(
        target("reach", "anhui"), target("captcha", "anhui"), target("captcha", "gansu"), target("reach", "gansu"),
        target("web", "hebei", kind="http"), target("quick", "hebei", kind="http", timeout=1.0),
        *map(control, CONTROLS),
    )  # fmt: skip
    world = World(plan)
    world.warm()
    world.see("captcha/anhui", "-")
    now = {id_ for id_, seconds in world.wanted.items() if seconds == 0}
    assert now == {"internet", "anycast", "reach/gansu", "quick/hebei"}


def test_a_cold_start_does_not_look_at_anyone_twice():
    world = World(six())
    world.see("reach/gansu", "+")
    world.now += timedelta(seconds=0.5)
    world.see("reach/anhui", "r")
    assert world.wanted == {"reach/anhui": 5}, "gansu has just spoken, the others are on their way"
    assert world.state.sweep is not None
    assert world.state.sweep.awaiting == {*CONTROLS, *(f"reach/{slug}" for slug in SLUGS)} - {
        "reach/anhui", "reach/gansu"
    }  # fmt: skip


def test_there_is_at_most_one_sweep_a_minute(world):
    world.see("reach/anhui", "-")
    world.pass_time(30)
    world.see("reach/gansu", "-")
    assert world.wanted.keys() == {"reach/gansu", *CONTROLS}
    world.pass_time(30)
    world.see("reach/hebei", "-")
    assert len(world.wanted) == 8


def test_a_second_cut_within_a_minute_asks_the_controls_again_before_the_first_word():
    world = World(hasty())
    world.warm()
    world.see("reach/gansu", "-")
    world.play(dict.fromkeys((*CONTROLS, *(f"reach/{slug}" for slug in SLUGS)), "+"))
    world.pass_time(20)
    world.see("reach/anhui", "-")
    assert [id_ for id_, seconds in world.wanted.items() if seconds == 0] == list(CONTROLS)
    world.pass_time(1)
    assert world.told == [], "it may be us again"
    world.play(dict.fromkeys(CONTROLS, "---"))
    assert world.heard == [("incident_opened", ("local",))]


def test_a_control_that_has_just_spoken_is_asked_again_after_six_seconds(world):
    world.see("reach/anhui", "-")
    world.play(dict.fromkeys(CONTROLS, "+"), spacing=1)
    world.pass_time(3)
    world.see("reach/gansu", "-")
    due = world.wanted
    assert due.pop("reach/gansu") == 5
    assert due.keys() == set(CONTROLS)
    assert all(0 < seconds <= 6 for seconds in due.values())


def test_the_first_word_waits_for_a_control_that_spoke_well_just_before_the_second_cut():
    world = World(hasty())
    world.warm()
    world.see("reach/gansu", "-")
    world.play(dict.fromkeys((*CONTROLS, *(f"reach/{slug}" for slug in SLUGS)), "+"))
    world.pass_time(20)
    world.play(dict.fromkeys(CONTROLS, "+"))
    world.pass_time(1)
    for slug in SLUGS:
        world.see(f"reach/{slug}", "-")
    world.pass_time(3)
    assert world.told == [], "the controls were well before it, not since"
    world.play(dict.fromkeys(CONTROLS, "---"))
    assert world.heard == [("incident_opened", ("local",))]


def test_a_change_of_mind_wakes_those_that_wait_for_it():
    woken = target("captcha", "anhui", wake_on=("reach",))
    stranger = target("captcha", "gansu", wake_on=("reach",))
    world = World(plan_of(target("reach", "anhui"), woken, stranger))
    world.warm()
    world.play({"reach/anhui": "--"})
    assert "captcha/anhui" not in world.wanted
    world.see("reach/anhui", "-")
    assert world.wanted == {"captcha/anhui": 0}
    world.see("reach/anhui", "+")
    world.see("reach/anhui", "+")
    assert world.wanted == {"captcha/anhui": 0}


# --- being shut out --------------------------------------------------------------------------------------------------


@pytest.fixture
def shut_out() -> World:
    """Anhui's captcha has just answered 020; its handshake and another page share the host."""
    world = World(
        plan_of(
            target("reach", "anhui"),
            target("captcha", "anhui"),
            target("page", "anhui", kind="http"),
            control("c"),
        )
    )
    world.warm()
    world.see("captcha/anhui", "!")
    return world


def test_shut_out_stops_the_host_for_a_day_and_is_told_once_as_a_warning(shut_out):
    (ban,) = shut_out.commits[-1].bans
    assert (ban.host_key, ban.until) == ("anhui.example:443", shut_out.now + timedelta(hours=24))
    assert shut_out.commits[-1].durable
    assert "captcha/anhui" not in shut_out.wanted
    shut_out.see("page/anhui", "!")
    shut_out.pass_time(3600)
    (note,) = shut_out.told
    assert (note.event, note.severity) == (EventName.INCIDENT_OPENED, Severity.WARNING)
    assert note.incidents[0].diagnosis is Diagnosis.BLOCKED
    assert f"{Fact.CODE}=020" in note.incidents[0].facts


def test_only_requests_are_held_by_a_ban(shut_out):
    shut_out.see("page/anhui", "-")
    assert "page/anhui" not in shut_out.wanted
    shut_out.see("reach/anhui", "-")
    assert "reach/anhui" in shut_out.wanted


def test_a_ban_is_lifted_by_the_tick_it_asked_for(shut_out):
    shut_out.plan = replace(shut_out.plan, repeat=0.0)
    shut_out.pass_time(60)
    assert shut_out.commits[-1].next_wakeup == shut_out.state.bans["anhui.example:443"]
    shut_out.pass_time(24 * 3600)
    assert shut_out.state.bans == {}
    assert shut_out.commits[-1].next_wakeup is None
