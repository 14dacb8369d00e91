"""Windows that end before their planned end because all is back, and go on where it fails again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.windows import current, window_id
from monitor.model import (
    Diagnosis,
    EndWindow,
    MaintenanceRule,
    Plan,
    Replan,
)
from tests.core.notation import START, World, plan_of, six, target

MINUTE = timedelta(minutes=1)
UPGRADE = MaintenanceRule(
    name="upgrade", authorities=("anhui",), start=START + 10 * MINUTE, end=START + 250 * MINUTE
)
"""Four hours for anhui, ten minutes after the start."""
ID = window_id("upgrade", UPGRADE.start) if UPGRADE.start else ""


def world_with(plan: Plan) -> World:
    """All up; nobody is told ahead, nor reminded."""
    world = World(replace(plan, notify_before=0.0, repeat=0.0))
    world.warm()
    return world


def anhui(*rules: MaintenanceRule, **more: object) -> World:
    return world_with(six(maintenance=rules or (UPGRADE,), **more))


def until(world: World, minutes: float) -> None:
    """Let time pass until so many minutes after the start, everything looked at every five minutes as it last was."""
    end = START + timedelta(minutes=minutes)
    while world.now < end:
        world.pass_time(min(300.0, (end - world.now).total_seconds()))
        for id_, state in list(world.state.targets.items()):
            world.see(id_, "+" if state.last is None or state.last.is_ok else "-")
    world.pass_time(1)


def told(world: World) -> list[tuple[str, int]]:
    """What was told so far, and how many minutes after the start."""
    return [(str(note.event), round((note.at - START).total_seconds() / 60)) for note in world.told]


def fall(world: World, *ids: str) -> None:
    """These are confirmed down."""
    world.play(dict.fromkeys(ids or ("reach/anhui",), "---"))


def rise(world: World, *ids: str) -> None:
    """These are confirmed up."""
    world.play(dict.fromkeys(ids or ("reach/anhui",), "++"))


def down_and_back(world: World, first: float = 20, then: float = 60) -> None:
    until(world, first)
    fall(world)
    until(world, then)
    rise(world)


def test_a_window_ends_once_all_has_been_back_for_half_an_hour():
    world = anhui()
    down_and_back(world)
    until(world, 89)
    assert told(world) == [("maintenance_started", 10)]
    until(world, 240)
    assert told(world) == [("maintenance_started", 10), ("maintenance_ended", 90)]
    window = world.told[-1].window
    assert window is not None
    assert window.planned_end == UPGRADE.end
    assert window.early == "back"
    assert current(world.plan, world.state.windows, world.now) == ()
    until(world, 400)
    assert len(world.told) == 2, "it ends once"


def test_what_fails_again_in_the_planned_time_is_maintenance_again_and_pages_nobody():
    world = anhui()
    down_and_back(world)
    until(world, 120)
    fall(world)
    until(world, 200)
    assert told(world) == [
        ("maintenance_started", 10),
        ("maintenance_ended", 90),
        ("maintenance_started", 120),
    ]
    (incident,) = world.open
    assert incident.diagnosis is Diagnosis.MAINTENANCE
    assert incident.muted_by == f"{ID}-again-1"
    rest = world.told[-1].window
    assert rest is not None
    assert (rest.resumes, rest.end) == (ID, UPGRADE.end)
    assert len({note.key for note in world.told}) == 3


def test_the_rest_of_a_window_overruns_as_the_window_would_have():
    world = anhui()
    down_and_back(world)
    until(world, 120)
    fall(world)
    until(world, 280)
    assert told(world)[3:] == [("maintenance_ended", 250), ("maintenance_overrun", 255)]
    assert str(world.told[-1].severity) == "critical"


def test_a_failure_after_the_planned_end_is_an_outage_like_any_other():
    world = anhui()
    down_and_back(world)
    until(world, 252)
    fall(world)
    until(world, 260)
    assert told(world)[2:] == [("incident_opened", 252)]


def test_a_failure_that_began_in_the_planned_time_and_is_confirmed_after_it_is_an_overrun():
    world = anhui()
    down_and_back(world)
    until(world, 249.8)
    fall(world)
    until(world, 290)
    assert told(world)[2][0] in ("maintenance_overrun", "maintenance_started")
    assert told(world)[-1] == ("maintenance_overrun", 255)


def test_an_upgrade_that_is_tried_again_and_again_is_not_told_all_night():
    world = anhui(replace(UPGRADE, end=START + 2000 * MINUTE))
    until(world, 20)
    for hour in range(1, 20):
        fall(world)
        until(world, hour * 100 + 20)
        rise(world)
        until(world, hour * 100 + 60)
    begun = [at for event, at in told(world) if event == "maintenance_started"]
    assert len(begun) == 4, "the window and three rests of it"
    assert {event for event, _ in told(world)} == {"maintenance_started", "maintenance_ended"}


STAYS = {
    "what was never down": "",
    "what fails still": "---",
    "what answers, but is not confirmed up": "---+",
}


@pytest.mark.parametrize("row", STAYS.values(), ids=STAYS)
def test_a_window_lasts_over(row):
    world = anhui()
    until(world, 20)
    world.play({"reach/anhui": row})
    world.pass_time(3600)
    assert [event for event, _ in told(world)] == ["maintenance_started"]


def test_all_that_it_covers_must_have_been_down_and_be_back():
    """One of two provinces is back, or was never away: the other's work may go on."""
    both = replace(UPGRADE, authorities=("anhui", "beijing"))
    world = anhui(both)
    until(world, 20)
    fall(world)
    rise(world)
    until(world, 100)
    fall(world, "reach/beijing")
    until(world, 140)
    assert [event for event, _ in told(world)] == ["maintenance_started"]
    rise(world, "reach/beijing")
    until(world, 180)
    assert told(world)[1:] == [("maintenance_ended", 170)]


def test_all_services_that_it_covers_must_be_back():
    world = world_with(
        plan_of(
            target("reach", "anhui"),
            target("dppt", "anhui", service="dppt"),
            target("etax", "anhui", service="etax"),
            maintenance=(replace(UPGRADE, services=("verify", "dppt")),),
        )
    )
    until(world, 20)
    fall(world, "reach/anhui", "dppt/anhui")
    until(world, 40)
    rise(world)
    until(world, 100)
    assert [event for event, _ in told(world)] == ["maintenance_started"]
    rise(world, "dppt/anhui")
    until(world, 140)
    assert told(world)[1:] == [("maintenance_ended", 130)]


def test_what_never_answered_does_not_hold_it_open():
    world = World(
        replace(
            plan_of(
                target("reach", "anhui"), target("dppt", "anhui", service="dppt"), maintenance=(UPGRADE,)
            ),
            notify_before=0.0,
        )
    )
    world.play({"reach/anhui": "++", "dppt/anhui": "---"})
    world.pass_time(60)
    world.told.clear()
    down_and_back(world)
    until(world, 100)
    assert told(world) == [("maintenance_started", 10), ("maintenance_ended", 90)]


def test_it_does_not_end_while_our_own_network_fails():
    world = anhui()
    down_and_back(world)
    until(world, 80)
    world.play(dict.fromkeys(("internet", "anycast"), "---"))
    until(world, 120)
    assert "maintenance_ended" not in [event for event, _ in told(world)]


def test_it_can_be_switched_off():
    world = anhui(early_end=0.0)
    down_and_back(world)
    until(world, 251)
    assert told(world) == [("maintenance_started", 10), ("maintenance_ended", 250)]


def test_shortly_before_its_end_it_just_ends():
    world = anhui()
    down_and_back(world, then=230)
    until(world, 251)
    assert told(world) == [("maintenance_started", 10), ("maintenance_ended", 250)]


def test_a_rest_can_be_ended_by_hand_and_what_fails_still_overran():
    world = anhui()
    down_and_back(world)
    until(world, 120)
    fall(world)
    until(world, 130)
    assert world.event(EndWindow(id=f"{ID}-again-1")).refused == ""
    until(world, 140)
    assert told(world)[3:] == [("maintenance_ended", 130), ("maintenance_overrun", 135)]


def test_a_window_that_was_ended_by_hand_does_not_come_back():
    world = anhui()
    until(world, 20)
    assert world.event(EndWindow(id=ID)).refused == ""
    until(world, 40)
    fall(world)
    until(world, 50)
    assert [event for event, _ in told(world)] == [
        "maintenance_started",
        "maintenance_ended",
        "incident_opened",
    ]


def test_a_rest_ends_with_the_rule_that_it_is_of():
    world = anhui()
    down_and_back(world)
    until(world, 120)
    fall(world)
    until(world, 130)
    world.plan = replace(world.plan, maintenance=())
    world.event(Replan())
    until(world, 140)
    assert told(world)[3][0] == "maintenance_ended"


def test_a_window_of_every_night_ends_early_too_and_the_next_one_begins_as_planned():
    nightly = MaintenanceRule(name="n", authorities=("anhui",), schedule="10 16 * * *", duration=240 * 60.0)
    world = anhui(nightly)
    down_and_back(world)
    until(world, 1451)
    assert told(world) == [
        ("maintenance_started", 10),
        ("maintenance_ended", 90),
        ("maintenance_started", 1450),
    ]
