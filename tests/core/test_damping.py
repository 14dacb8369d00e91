"""What is told again and again about one outage: changes to and fro, and coming back just too slowly to flap."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice

import pytest

from monitor.core.damping import of_change, of_end
from monitor.model import (
    Ack,
    Outcome,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Replan,
    Scope,
    Tick,
)
from tests.core.listening import Listener
from tests.core.notation import World, control, plan_of, target

SLUGS = ("anhui", "beijing", "fujian", "gansu")
MINUTE = timedelta(minutes=1)


def world_of(**more) -> World:
    targets = (target("reach", slug) for slug in SLUGS)
    world = World(plan_of(*targets, control("internet"), repeat=0.0, **more))
    world.warm()
    return world


def minutes(world: World, row: str) -> None:
    """A run of every target each minute; all but Anhui answer."""
    for sign in row:
        for id_ in world.plan.targets:
            world.see(id_, sign if id_ == "reach/anhui" else "+")
        world.pass_time(60)


def counted(world: World) -> Counter[str]:
    return Counter(str(note.event) for note in world.told)


def believed(world: World) -> set[str]:
    listener = Listener("oncall[0]")
    listener.hear(world.told)
    return listener.open


# --- changes to and fro ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["----rrrr", "----dddd", "----------xxxxxxxxxx", "---rrrxxx"])
def test_a_cause_that_changes_to_and_fro_for_six_hours_is_a_handful_of_messages(pattern):
    world = world_of()
    minutes(world, "".join(islice(cycle(pattern), 360)))
    assert counted(world)["incident_opened"] == 1
    assert 1 <= counted(world)["incident_changed"] <= 4


def test_with_one_run_to_confirm_it_is_a_handful_as_well():
    once = replace(target("reach", "anhui").confirm, attempts=1)
    targets = (target("reach", slug, confirm=once) for slug in SLUGS)
    world = World(plan_of(*targets, control("internet"), repeat=0.0))
    world.warm()
    minutes(world, "-r" * 180)
    assert counted(world)["incident_changed"] <= 4


def test_the_first_change_is_told_as_soon_as_it_stands_and_the_next_after_twice_as_long():
    world = world_of()
    minutes(world, "-----")
    start = world.now
    minutes(world, "r" * 10)
    minutes(world, "n" * 10)
    assert [note.at - start for note in world.told[1:]] == [
        timedelta(seconds=125 + 10),
        10 * MINUTE + timedelta(seconds=250 + 10),
    ]


def test_an_acknowledgement_is_lifted_once_for_each_depth():
    world = world_of()
    minutes(world, "---")
    lifted = 0
    for _ in range(6):
        for sign in "-r":
            if world.open[0].acknowledged_at is None:
                lifted += bool(world.open[0].lifted_depth)
                world.event(Ack(incident=world.open[0].id, author="wang"))
            minutes(world, sign * 90)
    assert counted(world)["incident_changed"] >= 4
    assert lifted == 1
    minutes(world, "n" * 270)
    assert world.open[0].acknowledged_at is None


def test_what_is_critical_again_lifts_it_however_often():
    world = world_of()
    minutes(world, "---" + "d" * 60)
    assert world.open[0].told_severity == "warning"
    world.event(Ack(incident=world.open[0].id, author="wang"))
    minutes(world, "---")
    assert world.open[0].acknowledged_at is None


def test_a_reference_that_changes_its_mind_is_a_handful_of_messages():
    world = world_of(references=(ReferenceSource(name="hq", url="http://hq", stale_after=900),))
    minutes(world, "---")
    for minute in range(360):
        said = Outcome.OK if minute // 8 % 2 else Outcome.TIMEOUT
        rows = tuple(
            ReferenceRow(
                authority=slug, outcome=said if slug == "anhui" else Outcome.OK, checked_at=world.now
            )
            for slug in SLUGS
        )
        world.event(ReferenceReading(source="hq", read_at=world.now, up=True, rows=rows))
        minutes(world, "-")
    assert 1 <= counted(world)["incident_changed"] <= 4


# --- coming back just too slowly to flap -----------------------------------------------------------------------------


@pytest.mark.parametrize("row", ["----++++", "-----+++++", "-------+++++++", "----" + "+" * 12])
def test_eight_hours_of_coming_back_too_slowly_to_flap_are_a_dozen_messages_and_its_end_is_told(row):
    world = world_of()
    minutes(world, "".join(islice(cycle(row), 480)))
    assert len(world.told) <= 12
    assert len(world.state.incidents) == 1
    minutes(world, "+" * 45)
    assert believed(world) == set()
    assert str(world.told[-1].event) == "incident_resolved"
    assert world.state.incidents[world.told[0].incidents[0].id].end_from is None


def test_the_first_three_ends_are_told_at_once():
    world = world_of()
    minutes(world, "----++++" * 3)
    assert counted(world) == {"incident_opened": 1, "incident_resolved": 3, "incident_changed": 2}


def returned(world: World, times: int = 3) -> int:
    """Down again so often that its end must stand first, and just up; how much was told."""
    minutes(world, "----++++" * times + "----++")
    assert world.open == []
    assert believed(world) != set()
    return len(world.told)


def test_the_end_that_must_stand_says_when_it_was():
    world = world_of()
    known = returned(world)
    up = world.now
    minutes(world, "+" * 10)
    (end,) = world.told[known:]
    assert str(end.event) == "incident_resolved"
    assert end.at - up <= 5 * MINUTE
    assert end.incidents[0].resolved_at is not None
    assert end.incidents[0].resolved_at <= up


def test_down_again_before_that_nothing_is_told_and_an_acknowledgement_holds():
    world = world_of()
    minutes(world, "----++++" * 3 + "----")
    world.event(Ack(incident=world.open[0].id, author="wang"))
    known = len(world.told)
    minutes(world, "++++----")
    assert world.told[known:] == []
    assert world.open[0].acknowledged_by == "wang"
    assert world.open[0].began_at > world.now - 5 * MINUTE


def test_down_again_later_than_reopen_it_goes_on_while_its_end_was_not_told():
    world = world_of(reopen=300.0)
    known = returned(world, times=9)
    minutes(world, "+" * 10 + "----")
    assert len(world.state.incidents) == 1
    assert world.told[known:] == []


def test_the_end_that_must_stand_outlives_a_restart_and_a_clock_that_is_set_back():
    world = world_of()
    known = returned(world)
    again = World(world.plan, now=world.now - timedelta(days=1), state=world.state, told=list(world.told))
    again.event(Tick())
    again.pass_time(20 * 60)
    assert [str(note.event) for note in again.told[known:]] == ["incident_resolved"]


def test_without_reopen_every_outage_is_one_of_its_own():
    world = world_of(reopen=0.0)
    minutes(world, "----++++" * 6)
    assert counted(world) == {"incident_opened": 6, "incident_resolved": 6}


def test_what_is_no_longer_watched_ends_at_once():
    world = world_of()
    minutes(world, "----++++" * 4 + "----")
    known = len(world.told)
    world.plan = replace(
        world.plan,
        targets={id_: one for id_, one in world.plan.targets.items() if one.authority != "anhui"},
    )
    world.event(Replan())
    minutes(world, "++")
    assert [str(note.event) for note in world.told[known:]] == ["incident_resolved"]


def test_what_flaps_before_its_end_was_told_is_told_by_flapping_stopped():
    world = world_of()
    minutes(world, "+" * 20)
    known = returned(world)
    minutes(world, "-+" * 8 + "+" * 30)
    assert [str(note.event) for note in world.told[known:]] == ["flapping_started", "flapping_stopped"]
    assert believed(world) == set()


# --- the numbers -----------------------------------------------------------------------------------------------------


def test_how_long_each_must_stand():
    world = world_of()
    minutes(world, "----")
    incident = world.open[0]
    ends = [of_end(replace(incident, returns=times)) // MINUTE for times in range(8)]
    assert ends == [0, 0, 0, 5, 10, 20, 30, 30]
    assert not of_end(replace(incident, scope=Scope.NATIONAL, returns=9))
    changes = [of_change(replace(incident, changes=times), 2 * MINUTE) // MINUTE for times in range(9)]
    assert changes == [2, 4, 8, 16, 32, 64, 128, 240, 240]
