"""Windows: they mute the telling, not the looking, and never an end; and what is told of windows themselves."""

from __future__ import annotations

import pytest

from monitor.core.windows import window_id
from monitor.model import (
    AddWindow,
    Confirmed,
    Diagnosis,
    EndWindow,
    MaintenanceRule,
    Notification,
    Route,
    Severity,
    When,
    Window,
)
from tests.core.mutes import MINUTE, NIGHT, NIGHT_ID, until, world_with
from tests.core.notation import SLUGS, START, World, everyone, plan_of, target

GRACE = 300


@pytest.fixture
def world() -> World:
    """In the middle of anhui's window."""
    world = world_with(NIGHT)
    until(world, 15)
    return world


# --- windows ---------------------------------------------------------------------------------------------------------


def test_what_opens_in_a_window_is_an_incident_that_is_not_told(world):
    world.play({"reach/anhui": "---"})
    until(world, 30)
    assert world.told == []
    (incident,) = world.open
    assert incident.muted_by == NIGHT_ID
    assert incident.diagnosis is Diagnosis.MAINTENANCE
    assert world.state.targets["reach/anhui"].confirmed is Confirmed.DOWN


def test_what_mends_in_the_window_or_within_the_grace_is_never_told(world):
    world.play({"reach/anhui": "---"})
    until(world, 30)
    world.play({"reach/anhui": "++---"})
    until(world, 43)
    world.play({"reach/anhui": "-++"})
    until(world, 90)
    assert world.told == []
    assert world.open == []


def test_still_failing_on_a_run_after_the_grace_is_one_overrun_in_place_of_an_opening(world):
    world.play({"reach/anhui": "---"})
    until(world, 44)
    world.see("reach/anhui", "-")
    until(world, 45.5)
    assert world.told == [], "that run was within the grace"
    world.see("reach/anhui", "-")
    world.pass_time(10)
    (note,) = world.told
    assert (str(note.event), note.severity) == ("maintenance_overrun", Severity.CRITICAL)
    assert note.window is not None
    assert note.window.id == NIGHT_ID
    assert note.incidents[0].diagnosis is Diagnosis.MAINTENANCE_OVERRUN
    world.play({"reach/anhui": "-----"})
    world.pass_time(3600)
    world.play({"reach/anhui": "++"})
    world.pass_time(60)
    assert world.events == ["maintenance_overrun", "incident_resolved"]


def test_when_the_grace_is_over_a_run_is_asked_for(world):
    world.play({"reach/anhui": "---"})
    until(world, 46)
    asked = [(due.target, due.at) for commit in world.commits for due in commit.due]
    assert ("reach/anhui", START + 45 * MINUTE) in asked


def test_at_its_end_its_targets_and_no_others_are_due_at_once(world):
    until(world, 41)
    assert [(due.target, due.at) for commit in world.commits[-3:] for due in commit.due] == [
        ("reach/anhui", START + 40 * MINUTE)
    ]


def test_others_are_told_of_as_usual_while_a_window_is_open(world):
    world.play({"reach/anhui": "---", "reach/gansu": "---"})
    world.pass_time(30)
    assert world.heard == [("incident_opened", ("gansu",))]


def test_open_before_the_window_reminders_pause_and_the_end_is_told():
    world = world_with(NIGHT, repeat=600.0)
    world.play({"reach/anhui": "---"})
    until(world, 44)
    assert world.events == ["incident_opened"]
    until(world, 56)
    assert world.events == ["incident_opened", "incident_reminder", "incident_reminder"]
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert world.events[-1] == "incident_resolved"


def test_open_before_the_window_and_mended_in_it_is_told_to_have_mended():
    world = world_with(NIGHT)
    world.play({"reach/anhui": "---"})
    until(world, 20)
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert world.events == ["incident_opened", "incident_resolved"]


def test_down_again_in_the_window_is_an_overrun_for_those_who_heard_of_the_end():
    world = world_with(NIGHT)
    world.play({"reach/anhui": "---"})
    world.pass_time(60)
    world.play({"reach/anhui": "++"})
    until(world, 12)
    world.play({"reach/anhui": "---"})
    until(world, 46)
    assert world.events == ["incident_opened", "incident_resolved"]
    world.see("reach/anhui", "-")
    world.pass_time(10)
    assert world.events[2:] == ["maintenance_overrun"]


def test_a_failure_that_began_in_the_window_and_is_confirmed_after_it_belongs_to_it(world):
    until(world, 39.9)
    world.play({"reach/anhui": "---"})
    until(world, 44)
    assert len(world.open) == 1
    assert world.told == []


def test_a_failure_that_begins_after_the_window_is_told_as_any_other(world):
    until(world, 40.5)
    world.play({"reach/anhui": "---"})
    world.pass_time(10)
    assert world.events == ["incident_opened"]


def test_a_second_window_right_after_the_first_goes_on_muting():
    second = MaintenanceRule(
        name="more", authorities=None, start=START + 40 * MINUTE, end=START + 60 * MINUTE, announce=False
    )
    world = world_with(NIGHT, second)
    until(world, 15)
    world.play({"reach/anhui": "---"})
    until(world, 64)
    assert world.told == []
    assert world.open[0].muted_by == window_id("more", START + 40 * MINUTE)
    until(world, 65.5)
    world.see("reach/anhui", "-")
    world.pass_time(10)
    assert world.events == ["maintenance_overrun"]


def test_a_window_ended_early_counts_its_grace_from_then(world):
    world.play({"reach/anhui": "---"})
    until(world, 20)
    commit = world.event(EndWindow(id=NIGHT_ID))
    assert commit.refused == ""
    until(world, 24.5)
    world.see("reach/anhui", "-")
    world.pass_time(10)
    assert world.told == []
    until(world, 25.1)
    world.see("reach/anhui", "-")
    world.pass_time(10)
    assert world.events == ["maintenance_overrun"]


def test_an_early_end_makes_its_targets_due_at_once(world):
    world.event(EndWindow(id=NIGHT_ID))
    world.pass_time(0)
    assert [due.target for due in world.commits[-1].due] == ["reach/anhui"]


def test_what_maintenance_explains_makes_no_nationwide_outage():
    everywhere = MaintenanceRule(
        name="all", start=START + 10 * MINUTE, end=START + 40 * MINUTE, announce=False
    )
    world = world_with(everywhere)
    until(world, 15)
    world.play({f"reach/{slug}": "---" for slug in SLUGS})
    until(world, 30)
    assert {str(one.scope) for one in world.open} == {"authority"}
    assert world.told == []


def test_a_fault_of_ours_in_a_window_is_told():
    everywhere = MaintenanceRule(
        name="all", start=START + 10 * MINUTE, end=START + 40 * MINUTE, announce=False
    )
    world = world_with(everywhere)
    until(world, 15)
    world.play(everyone(world.plan, "---"))
    until(world, 20)
    assert world.heard == [("incident_opened", ("local",))]
    world.play({**everyone(world.plan, "++"), "reach/anhui": "---"})
    until(world, 30)
    assert world.heard[1:] == [("incident_resolved", ("local",))], "maintenance still explains anhui"


# --- what is told of windows -----------------------------------------------------------------------------------------


def windows_told(world: World) -> list[tuple[str, float]]:
    """Events of windows, and how many minutes after the start they were decided."""
    return [(str(note.event), (note.at - START) / MINUTE) for note in world.told if note.window is not None]


def test_a_window_is_announced_begun_and_ended_once_each_to_the_same_ears():
    rule = MaintenanceRule(
        name="up", authorities=("anhui",), start=START + 90 * MINUTE, end=START + 120 * MINUTE
    )
    world = world_with(rule, notify_before=3600.0)
    until(world, 200)
    assert windows_told(world) == [
        ("maintenance_announced", 0.0),
        ("maintenance_upcoming", 30.0),
        ("maintenance_started", 90.0),
        ("maintenance_ended", 120.0),
    ]
    assert {note.to for note in world.told} == {("bus[0]", "oncall[0]")}
    assert {note.severity for note in world.told} == {Severity.INFO}
    assert len({note.key for note in world.told}) == 4


def test_the_end_is_told_to_those_who_heard_of_the_beginning_whatever_the_routes_say():
    rule = MaintenanceRule(name="up", start=START + 90 * MINUTE, end=START + 120 * MINUTE)
    routes = (Route(to=("bus",), when=When(event=("maintenance_started",))),)
    world = world_with(rule, routes=routes)
    until(world, 200)
    assert [note.to for note in world.told] == [("bus[0]",), ("bus[0]",)]


def test_a_window_by_hand_begins_at_once_and_ends(world):
    window = Window(
        id="m1", name="by hand", authorities=("gansu",), services=None,
        start=world.now, end=world.now + 20 * MINUTE,
    )  # fmt: skip
    assert world.event(AddWindow(window=window)).refused == ""
    world.play({"reach/gansu": "---"})
    world.pass_time(60)
    assert windows_told(world) == [("maintenance_started", 15.0)]
    world.event(EndWindow(id="m1"))
    world.pass_time(0)
    assert [event for event, _ in windows_told(world)] == ["maintenance_started", "maintenance_ended"]


def hand_made(**given: object) -> Window:
    """A window by hand around the start."""
    usual = {"id": "m1", "name": "m1", "authorities": None, "services": None}
    return Window(**{**usual, "start": START, "end": START + 60 * MINUTE, **given})  # type: ignore[arg-type]


REFUSED_WINDOWS = {
    "ends before it starts": (hand_made(end=START), "a window must end after it starts"),
    "over already": (hand_made(start=START - 60 * MINUTE, end=START), "it would be over already"),
    "for nobody": (hand_made(authorities=()), "a window must cover something"),
    "for a stranger": (hand_made(authorities=("atlantis",)), "authority 'atlantis' is not watched"),
    "for our own network": (hand_made(authorities=("local",)), "authority 'local' is not watched"),
    "twice": (hand_made(id=NIGHT_ID), f"there is a window {NIGHT_ID} already"),
}


@pytest.mark.parametrize(("window", "why"), REFUSED_WINDOWS.values(), ids=REFUSED_WINDOWS)
def test_a_window_that_cannot_be_changes_nothing_and_says_why(world, window, why):
    commit = world.event(AddWindow(window=window))
    assert (commit.refused, commit.windows) == (why, ())


def test_an_unknown_window_cannot_be_ended(world):
    assert world.event(EndWindow(id="m1")).refused == "there is no window m1 that is not over"


# --- silences --------------------------------------------------------------------------------------------------------


def note_of(world: World) -> Notification:
    """The only notification."""
    (note,) = world.told
    return note


def test_each_service_is_muted_by_itself():
    rule = MaintenanceRule(
        name="dppt", services=("dppt",), start=START + 10 * MINUTE, end=START + 40 * MINUTE, announce=False
    )
    world = World(
        plan_of(
            target("reach", "anhui"),
            target("dppt", "anhui", service="dppt"),
            maintenance=(rule,),
            notify_before=0.0,
        )
    )
    world.warm()
    until(world, 15)
    world.play(everyone(world.plan, "---"))
    world.pass_time(30)
    assert [one.service for one in note_of(world).incidents] == ["verify"]
