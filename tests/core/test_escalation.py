"""Escalation: who else hears of what nobody takes (contract §3 `ack`, §4 `escalate`, §7 rule 3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from monitor.core.state import State, apply
from monitor.model import (
    Ack,
    AddSilence,
    AddWindow,
    Escalation,
    Receiver,
    Route,
    Silence,
    When,
    Window,
)
from tests.core.listening import Listener
from tests.core.notation import SLUGS, World, everyone, six

MINUTE = timedelta(minutes=1)
NAMES = ("oncall", "boss", "chief", "bus")
STEPS = (Escalation(after=1800.0, to=("boss",)), Escalation(after=3600.0, to=("chief", "boss")))
DOWN, UP = {"reach/anhui": "---"}, {"reach/anhui": "++"}


def a_world(*routes: Route, **more: Any) -> World:
    """Six authorities; unless routes are given one route to `oncall` with two steps. No reminders."""
    given: dict[str, Any] = {
        "receivers": tuple(
            Receiver(id=f"{name}[0]", name=name, kind="webhook", url="http://127.0.0.1:9/") for name in NAMES
        ),
        "routes": routes or (Route(to=("oncall",), escalate=STEPS),),
        "repeat": 0.0,
    }
    world = World(six(**{**given, **more}))
    world.warm()
    return world


def told(world: World) -> list[tuple[str, tuple[str, ...]]]:
    """Event and receivers of each notification."""
    return [(str(note.event), tuple(name.removesuffix("[0]") for name in note.to)) for note in world.told]


@pytest.fixture
def world() -> World:
    """One route to `oncall`, after 30 minutes to `boss`, after an hour to `chief`."""
    return a_world()


def fall(world: World) -> None:
    """`anhui` goes down and that is told, ten seconds after it was confirmed."""
    world.play(DOWN)
    world.pass_time(20)


def test_each_step_is_told_once_to_those_who_did_not_hear_and_counts_from_the_first_word(world):
    fall(world)
    first = world.told[0].at
    world.pass_time(4 * 3600)
    assert told(world) == [
        ("incident_opened", ("oncall",)),
        ("incident_escalated", ("boss",)),
        ("incident_escalated", ("chief",)),
    ]
    assert [note.at - first for note in world.told[1:]] == [30 * MINUTE, 60 * MINUTE]
    assert [note.key.split("/", 1)[1] for note in world.told[1:]] == [
        "2/incident_escalated",
        "3/incident_escalated",
    ]


def test_the_timeline_says_to_whom_it_was_escalated(world):
    fall(world)
    world.pass_time(4 * 3600)
    (incident,) = world.state.incidents.values()
    story = [event for _, event in incident.timeline]
    assert [(event, to) for event, to in pairwise(story) if event == "told=incident_escalated"] == [
        ("told=incident_escalated", "to=boss"),
        ("told=incident_escalated", "to=chief"),
    ]


def test_whoever_heard_of_the_escalation_hears_how_it_goes_on_and_that_it_ended(world):
    fall(world)
    world.pass_time(1800)
    world.play({"reach/anhui": "rrr"})
    world.pass_time(600)
    world.play(UP)
    world.pass_time(20)
    assert told(world)[1:] == [
        ("incident_escalated", ("boss",)),
        ("incident_changed", ("boss", "oncall")),
        ("incident_resolved", ("boss", "oncall")),
    ]


def test_a_change_in_between_does_not_put_it_off(world):
    fall(world)
    world.play({"reach/anhui": "rrr"})
    world.pass_time(600)
    assert told(world)[1:] == [("incident_changed", ("oncall",))]
    world.pass_time(1800)
    assert told(world)[2:] == [("incident_escalated", ("boss",))]
    assert world.told[2].at - world.told[0].at == 30 * MINUTE


def test_what_mended_in_time_is_not_escalated(world):
    fall(world)
    world.pass_time(1700)
    world.play(UP)
    world.pass_time(3600)
    assert told(world) == [("incident_opened", ("oncall",)), ("incident_resolved", ("oncall",))]


def test_an_acknowledgement_stops_it_until_it_is_worse_and_the_time_begins_anew(world):
    fall(world)
    world.event(Ack(incident=world.open[0].id, author="wang"))
    world.pass_time(3 * 3600)
    assert told(world) == [("incident_opened", ("oncall",))]
    world.play({"reach/anhui": "nnn"})
    world.pass_time(600)
    assert told(world)[1:] == [("incident_changed", ("oncall",))], (
        "not at once: oncall has half an hour again"
    )
    world.pass_time(1800)
    assert told(world)[2:] == [("incident_escalated", ("boss",))]


def test_an_acknowledgement_between_two_steps_stops_the_second(world):
    fall(world)
    world.pass_time(1800)
    world.event(Ack(incident=world.open[0].id, author="boss"))
    world.pass_time(7200)
    assert told(world)[1:] == [("incident_escalated", ("boss",))]


def test_what_fell_again_is_told_to_whom_it_was_escalated_and_the_other_steps_count_anew(world):
    fall(world)
    world.pass_time(2400)
    world.play(UP)
    world.pass_time(60)
    fall(world)
    again = world.told[-1]
    assert told(world)[2:] == [
        ("incident_resolved", ("boss", "oncall")),
        ("incident_changed", ("boss", "oncall")),
    ]
    world.pass_time(7200)
    assert told(world)[4:] == [("incident_escalated", ("chief",))]
    assert world.told[-1].at - again.at == 60 * MINUTE


def test_a_window_or_a_silence_holds_it_back_and_it_is_told_when_that_is_over(world):
    fall(world)
    now = world.now
    window = Window(id="w", name="w", authorities=None, services=None, start=now, end=now + 60 * MINUTE)
    world.event(AddWindow(window=replace(window, announce=False)))
    world.pass_time(3600)
    assert told(world) == [("incident_opened", ("oncall",))]
    world.pass_time(world.plan.overrun_grace + 60)
    assert told(world)[1:] == [("incident_escalated", ("boss", "chief"))], "both steps came due meanwhile"


def test_a_silence_holds_it_back(world):
    fall(world)
    now = world.now
    silence = Silence(
        id="s", matchers={"authority": ("anhui",)}, starts_at=now, ends_at=now + 40 * MINUTE, author="w"
    )
    world.event(AddSilence(silence=silence))
    world.pass_time(2399)
    assert told(world) == [("incident_opened", ("oncall",))]
    world.pass_time(2)
    assert told(world)[1:] == [("incident_escalated", ("boss",))]


def test_a_nationwide_outage_escalates_as_one(world):
    world.play({f"reach/{slug}": "---" for slug in SLUGS[:4]})
    world.pass_time(3000)
    escalated = [note for note in world.told if note.event == "incident_escalated"]
    assert [(note.scope, note.to) for note in escalated] == [("national", ("boss[0]",))]
    assert len(escalated[0].incidents) == 5, "with its members"


def test_what_opened_together_escalates_in_one_message(world):
    world.play({"reach/anhui": "---", "reach/beijing": "---"})
    world.pass_time(2000)
    assert told(world) == [("incident_opened", ("oncall",)), ("incident_escalated", ("boss",))]
    assert {one.authority for one in world.told[1].incidents} == {"anhui", "beijing"}


def test_it_goes_on_after_a_restart_at_any_commit(world):
    fall(world)
    world.pass_time(1800)
    for cut in range(1, len(world.commits) + 1):
        state = State()
        for commit in world.commits[:cut]:
            apply(state, commit)
        again = World(world.plan, now=world.now, state=state)
        again.told = [note for commit in world.commits[:cut] for note in commit.notifications]
        again.play(DOWN)
        again.pass_time(7200)
        keys = [note.key for note in again.told]
        assert len(keys) == len(set(keys))
        assert [note.to for note in again.told if note.event == "incident_escalated"] == [
            ("boss[0]",),
            ("chief[0]",),
        ]


def test_the_route_of_now_decides_whether_it_is_escalated_and_a_rising_severity_may_bring_one():
    by_day = When(hours=("08:00", "22:00"))
    world = a_world(Route(to=("oncall",), when=by_day, escalate=STEPS[:1]), Route(to=("oncall",)))
    world.pass_time(5 * 3600 + 3500)  # 21:59 in Shanghai
    world.play(everyone(world.plan, "+"))
    fall(world)
    world.pass_time(9 * 3600)
    assert told(world) == [("incident_opened", ("oncall",))]
    world.pass_time(2 * 3600)
    assert told(world)[1:] == [("incident_escalated", ("boss",))]
    assert world.told[-1].at.hour == 0, "08:00 in Shanghai"


def test_whom_a_route_tells_of_escalations_by_name_hears_them_and_their_end():
    world = a_world(
        Route(to=("bus",), when=When(event=("incident_escalated",)), goes_on=True),
        Route(to=("oncall",), escalate=STEPS[:1]),
    )
    fall(world)
    world.pass_time(2000)
    world.play(UP)
    world.pass_time(20)
    assert told(world) == [
        ("incident_opened", ("oncall",)),
        ("incident_escalated", ("boss", "bus")),
        ("incident_resolved", ("boss", "bus", "oncall")),
    ]


def test_reminders_go_on_to_those_it_was_escalated_to():
    world = a_world(repeat=3 * 3600.0)
    fall(world)
    world.pass_time(3 * 3600 + 10)
    assert told(world)[3:] == [("incident_reminder", ("boss", "chief", "oncall"))]


def test_nobody_hears_of_an_end_without_a_beginning(world):
    listeners = [Listener(f"{name}[0]") for name in NAMES]
    for _ in range(4):
        fall(world)
        world.pass_time(2500)
        world.play(UP)
        world.pass_time(120)
    for one in listeners:
        one.hear(world.told)
        assert not one.open
