"""Notices that come again: the same, corrected, withdrawn, and approved once more."""

from __future__ import annotations

import pytest

from monitor.core.windows import current
from monitor.model import Confirmed, EndWindow, RejectNotice, Route, TakeNotice, When
from tests.core.feeds import (
    DAY,
    DOUBT,
    HOUR,
    LATER,
    SOON,
    approve,
    notice,
    planned,
    said,
    status,
    stretch,
    take,
    told,
)
from tests.core.notation import START, World, six

# --- the same again, and corrected -----------------------------------------------------------------------------------


def test_the_same_again_changes_nothing(world):
    take(world, said(SOON))
    approve(world)
    before = len(world.told)
    commit = world.event(TakeNotice(notice=notice(said(SOON), file="copy.txt"), approve=True))
    assert (commit.notices, commit.windows, commit.notifications) == ((), (), ())
    world.pass_time(60)
    assert len(world.told) == before


def test_two_notices_of_the_same_window_make_one(world):
    take(world, said(SOON), approve=True)
    take(world, said(SOON, title="转发：停机通告"), "b2", file="b.txt", approve=True)
    assert planned(world) == [(2 * HOUR, 4 * HOUR)]
    assert told(world) == ["upcoming"]
    world.event(RejectNotice(id="b2"))
    world.pass_time(1)
    assert planned(world) == [(2 * HOUR, 4 * HOUR)], "the other one announces it still"


def test_a_corrected_notice_replaces_what_it_changes_and_keeps_what_it_repeats(world):
    take(world, said(SOON, LATER), approve=True)
    moved = stretch(5 * HOUR, 7 * HOUR)
    take(world, said(moved, LATER), "a2", approve=True)
    assert planned(world) == [(5 * HOUR, 7 * HOUR), (3 * DAY, 3 * DAY + 8 * HOUR)]
    assert status(world) == {"a1": "replaced", "a2": "approved"}
    assert told(world) == ["upcoming", "announced", "upcoming"], "what it repeats is not told again"


def test_until_the_corrected_one_is_approved_the_first_stands(world):
    take(world, said(SOON), approve=True)
    take(world, said(stretch(5 * HOUR, 7 * HOUR), unclear=(DOUBT,)), "a2", approve=True)
    assert planned(world) == [(2 * HOUR, 4 * HOUR)]
    assert status(world) == {"a1": "approved", "a2": "waiting"}
    approve(world, "a2")
    assert planned(world) == [(5 * HOUR, 7 * HOUR)]
    assert status(world) == {"a1": "replaced", "a2": "approved"}


def test_a_waiting_one_gives_way_to_its_correction_at_once(world):
    take(world, said(SOON, unclear=(DOUBT,)))
    take(world, said(LATER, unclear=(DOUBT,)), "a2")
    assert status(world) == {"a1": "replaced", "a2": "waiting"}
    assert "replaced already" in approve(world, "a1")


def test_a_window_that_is_under_way_goes_on_where_the_correction_repeats_it(world):
    take(world, said(SOON), approve=True)
    world.pass_time(2.5 * 3600)
    take(world, said(SOON, LATER), "a2", approve=True)
    assert [window.end for window in current(world.plan, world.state.windows, world.now)] == [
        START + 4 * HOUR
    ]
    world.pass_time(2 * 3600)
    assert told(world).count("started") == told(world).count("ended") == 1


def test_one_that_was_prolonged_overruns_at_its_new_end(world):
    take(world, said(SOON), approve=True)
    world.pass_time(2.5 * 3600)
    world.play({"reach/anhui": "---"})
    take(world, said(stretch(2 * HOUR, 8 * HOUR)), "a2", approve=True)
    world.pass_time(3 * 3600)
    world.play({"reach/anhui": "--"}, spacing=60)
    assert "overrun" not in told(world)
    assert world.state.targets["reach/anhui"].confirmed is Confirmed.DOWN
    world.pass_time(3 * 3600)
    world.play({"reach/anhui": "--"}, spacing=60)
    assert told(world)[-1] == "overrun"


BY_DAY = Route(to=("oncall",), when=When(hours=("20:00", "22:00")))  # in Shanghai: from 12:00 UTC


def test_what_is_found_at_night_is_told_at_the_hours_of_the_route_if_it_still_matters():
    world = World(six(routes=(BY_DAY,)))
    world.warm()
    take(world, said(LATER, unclear=(DOUBT,)))
    take(world, said(SOON, unclear=(DOUBT,)), "b2", file="b.txt")
    assert world.told == []
    world.pass_time(20 * 3600)
    assert [[one.id for one in note.notices] for note in world.told] == [["a1"]], "the other one is over"


def test_a_window_that_begins_at_night_is_told_when_a_route_takes_it_unless_it_is_over():
    world = World(six(routes=(BY_DAY,)))
    world.warm()
    take(world, said(stretch(HOUR, 2 * HOUR), stretch(3 * HOUR, 12 * HOUR)), approve=True)
    assert world.told == []
    world.pass_time(4.5 * 3600)
    assert [(note.event, note.window and note.window.start - START) for note in world.told] == [
        ("maintenance_started", 3 * HOUR)
    ]
    world.pass_time(10 * 3600)
    assert told(world) == ["started", "ended"]


# --- withdrawn, and in force again -----------------------------------------------------------------------------------


@pytest.mark.parametrize("window", [SOON, stretch(-HOUR, 4 * HOUR)])
def test_what_was_withdrawn_is_in_force_and_told_again_once_it_is_approved_again(world, window):
    take(world, said(window), approve=True)
    take(world, said(LATER), "b2", approve=True)
    assert planned(world) == [(LATER.start - START, LATER.end - START)]
    take(world, said(window), approve=True)
    assert planned(world) == [(window.start - START, window.end - START)]
    keys = [note.key for note in world.told]
    assert len(keys) == len(set(keys)), "a receiver drops what it had"
    assert world.event(RejectNotice(id="a1")).refused == ""
    world.pass_time(1)
    assert planned(world) == []
    take(world, said(window), "c3")
    assert approve(world, "c3") == ""
    assert planned(world) == [(window.start - START, window.end - START)]


def test_what_a_person_ended_stays_ended_when_the_feed_repeats_it(world):
    take(world, said(SOON), approve=True)
    (id_,) = world.state.windows
    world.event(EndWindow(id=id_))
    take(world, said(SOON, LATER), "b2", approve=True)
    assert planned(world) == [(LATER.start - START, LATER.end - START)]
