"""Notices from a feed: kept until a person decides, approved, rejected, forgotten, and the windows that follow from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.core.feeds import MOST
from monitor.core.notices import Doubt, Unclear
from monitor.core.state import State
from monitor.model import (
    AddWindow,
    Diagnosis,
    EndWindow,
    NoticeStatus,
    RejectNotice,
    Replan,
    Route,
    TakeNotice,
    When,
    Window,
)
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
from tests.core.notation import World, six

# --- waiting and approved --------------------------------------------------------------------------------------------


def test_a_notice_waits_for_a_person_and_is_told_once(world):
    take(world, said(LATER, unclear=(DOUBT,)))
    assert planned(world) == []
    (hint,) = world.told
    assert (str(hint.event), hint.window, [one.id for one in hint.notices]) == (
        "maintenance_announced",
        None,
        ["a1"],
    )
    assert hint.notices[0].unclear == (("no_scope", "停机"),)
    world.pass_time(3600)
    assert len(world.told) == 1


def test_once_approved_its_windows_are_announced_and_mute(world):
    take(world, said(SOON))
    assert approve(world) == ""
    assert status(world) == {"a1": "approved"}
    assert world.state.notices["a1"].decided_by == "wang"
    assert told(world) == ["announced", "upcoming"]
    world.pass_time(2.5 * 3600)
    world.play({"reach/anhui": "---"})
    world.pass_time(60)
    assert told(world)[2:] == ["started"]
    (incident,) = world.open
    assert incident.diagnosis is Diagnosis.MAINTENANCE
    world.pass_time(2 * 3600)
    world.play({"reach/anhui": "--"}, spacing=60)
    assert told(world)[3:] == ["ended", "overrun"]


def test_a_window_far_ahead_is_announced_when_approved_and_again_when_it_is_near(world):
    take(world, said(LATER))
    approve(world)
    world.pass_time(2 * 86400)
    assert told(world) == ["announced", "announced", "upcoming"]


def test_what_is_read_with_certainty_counts_at_once_where_that_is_asked_for(world):
    take(world, said(SOON), approve=True)
    assert status(world) == {"a1": "approved"}
    assert told(world) == ["upcoming"]


def test_what_is_unclear_waits_in_any_case(world):
    take(world, said(SOON, unclear=(DOUBT,)), approve=True)
    take(world, said(), "b2", approve=True, file="b.txt")
    assert planned(world) == []
    assert status(world) == {"a1": "waiting"}, "a text that says nothing of maintenance is of no use"


def test_a_text_that_could_not_be_read_waits_too(world):
    take(world, said(unclear=(Unclear(kind=Doubt.NO_TIME, text="停机"),)))
    assert status(world) == {"a1": "waiting"}
    assert "by hand" in approve(world)
    assert status(world) == {"a1": "waiting"}


def test_whom_it_is_about_can_be_said_where_it_does_not(world):
    nobody = replace(SOON, authorities=())
    take(world, said(nobody, unclear=(Unclear(kind=Doubt.NO_AUTHORITY, text=""),)))
    assert "which authority" in approve(world)
    assert "'anhu' is not watched" in approve(world, authorities=("anhu",))
    assert approve(world, authorities=("anhui", "beijing")) == ""
    (window,) = [record.window for record in world.state.windows.values()]
    assert window.authorities == ("anhui", "beijing")


CANNOT = {
    "an unknown one": ("zz", "no notice zz"),
    "one that is approved": ("a1", "approved already"),
}


@pytest.mark.parametrize(("id_", "why"), CANNOT.values(), ids=CANNOT)
def test_what_cannot_be_approved(world, id_, why):
    take(world, said(SOON), approve=True)
    assert why in approve(world, id_)


def test_a_notice_whose_time_is_over_is_not_kept(world):
    take(world, said(stretch(-3 * HOUR, -HOUR)))
    assert world.state.notices == {}


def test_a_notice_on_which_nobody_decided_in_time_stays_listed_as_missed_for_a_week(world):
    take(world, said(SOON))
    world.pass_time(4 * 3600 + 60)
    assert status(world) == {"a1": "missed"}
    assert "over already" in approve(world)
    take(world, said(LATER), "a2")
    assert status(world) == {"a1": "missed", "a2": "waiting"}, (
        "what comes into the same file is a notice of its own"
    )
    assert world.event(RejectNotice(id="a1")).refused == ""
    assert status(world)["a1"] == "rejected"


def test_a_notice_about_nobody_who_is_watched_is_not_kept(world):
    take(world, said(stretch(HOUR, 2 * HOUR, "yunnan")))
    assert world.state.notices == {}


def test_only_the_windows_of_those_who_are_watched_are_kept_each_with_its_words(world):
    ours = replace(LATER, quote="安徽")
    take(world, said(stretch(HOUR, 2 * HOUR, "yunnan"), ours))
    kept = world.state.notices["a1"]
    assert [(window.authorities, quote) for window, quote in zip(kept.windows, kept.quotes, strict=True)] == [
        (("anhui",), "安徽")
    ]


def test_the_hint_goes_where_the_routes_say():
    route = Route(to=("bus",), when=When(event=("maintenance_announced",), authority=("anhui",)))
    world = World(six(routes=(route,)))
    world.warm()
    take(world, said(LATER))
    take(world, said(stretch(DAY, 2 * DAY, "beijing")), "b2", file="b.txt")
    assert [note.to for note in world.told] == [("bus[0]",)]


def test_several_that_come_at_once_are_one_message(world):
    for number in range(5):
        found = notice(said(stretch(number * HOUR + DAY, 2 * DAY)), f"n{number}", f"{number}.txt")
        world.event(TakeNotice(notice=found))
    world.pass_time(1)
    (hint,) = world.told
    assert len(hint.notices) == 5


def test_those_of_one_look_are_one_message_whatever_time_the_reading_takes(world):
    for number in range(3):
        found = notice(said(stretch(number * HOUR + DAY, 2 * DAY)), f"n{number}", f"{number}.txt")
        commit = world.event(TakeNotice(notice=found, more=number < 2))
        assert (commit.alarm is None) is (number < 2)
    world.pass_time(1)
    (hint,) = world.told
    assert len(hint.notices) == 3


def test_one_that_changes_another_names_what_it_may_be_about(world):
    take(world, said(SOON), approve=True)
    take(world, said(LATER, unclear=(DOUBT,), title="三天后"), "b2", file="b.txt")
    take(world, said(stretch(DAY, 2 * DAY, "beijing")), "c3", file="c.txt", approve=True)
    take(world, said(unclear=(Unclear(kind=Doubt.CHANGE, text="取消"),)), "d4", file="d.txt")
    (changing,) = world.told[-1].notices
    (window,) = [id_ for id_, one in world.state.windows.items() if one.window.notice == "a1"]
    assert [(one.id, one.name, one.is_notice) for one in changing.affects] == [
        (window, "停机通告", False),
        ("b2", "三天后", True),
    ]


# --- rejected, by hand, forgotten ------------------------------------------------------------------------------------


def test_what_is_rejected_counts_no_more(world):
    take(world, said(SOON), approve=True)
    assert world.event(RejectNotice(id="a1", author="wang")).refused == ""
    world.pass_time(3 * 3600)
    assert planned(world) == []
    assert status(world) == {"a1": "rejected"}
    assert "rejected already" in world.event(RejectNotice(id="a1")).refused
    take(world, said(SOON), approve=True)
    assert planned(world) == [], "the file is still there: it stays rejected"


def test_a_window_of_a_notice_can_be_ended_by_hand(world):
    take(world, said(SOON), approve=True)
    (id_,) = world.state.windows
    assert world.event(EndWindow(id=id_)).refused == ""
    world.pass_time(3 * 3600)
    assert told(world) == ["upcoming"]


def test_they_outlive_a_restart_and_a_new_configuration(world):
    take(world, said(SOON), approve=True)
    take(world, said(LATER, unclear=(DOUBT,)), "b2", file="b.txt")
    before = len(world.told)
    world.state = State(notices=dict(world.state.notices), windows=dict(world.state.windows))
    world.event(Replan())
    world.pass_time(60)
    assert planned(world) == [(2 * HOUR, 4 * HOUR)]
    assert status(world) == {"a1": "approved", "b2": "waiting"}
    assert len(world.told) == before


def test_what_is_over_is_forgotten_after_a_week(world):
    take(world, said(SOON), approve=True)
    take(world, said(LATER, unclear=(DOUBT,)), "b2", file="b.txt")
    world.pass_time(3.5 * 86400)
    assert status(world) == {"a1": "approved", "b2": "missed"}
    world.pass_time(7.5 * 86400)
    world.event(
        AddWindow(
            window=Window(
                id="h", name="h", authorities=None, services=None, start=world.now, end=world.now + HOUR
            )
        )
    )
    world.pass_time(1)
    assert world.state.notices == {}


def test_no_more_are_kept_than_people_can_read(world):
    for number in range(MOST):
        found = notice(said(stretch(HOUR, (number + 2) * HOUR)), f"n{number}", f"{number}.txt")
        world.event(TakeNotice(notice=found))
    assert "200 notices wait" in take(world, said(LATER), "more", file="more.txt")
    assert "more" not in world.state.notices
    world.event(RejectNotice(id="n0"))
    assert take(world, said(LATER), "more", file="more.txt") == ""
    assert len(world.state.notices) == MOST


def test_no_more_windows_are_in_force_than_can_be_followed(world):
    for number in range(11):
        windows = (stretch((n + 1) * HOUR, (n + number + 2) * HOUR) for n in range(100))
        take(world, said(*windows), f"n{number}", file=f"{number}.txt", approve=True)
    assert len(planned(world)) == 1000
    assert world.state.notices["n10"].status is NoticeStatus.WAITING
    assert "1000 windows" in approve(world, "n10")
