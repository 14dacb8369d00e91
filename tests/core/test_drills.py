"""Drills: played outages that are told by the real routes, marked, and are part of nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.core.reference import reference_document
from monitor.core.state import State
from monitor.core.status import status_rows
from monitor.model import AddSilence, EndDrill, Replan, Route, Silence, StartDrill, Tick, When
from tests.core.notation import World, six


def start(world: World, *slugs: str, duration: float = 600.0, id_: str = "d1") -> str:
    """Begin a drill; what was said against it."""
    refused = world.event(StartDrill(id=id_, authorities=slugs or ("anhui",), duration=duration)).refused
    world.pass_time(0)
    return refused


def test_a_drill_opens_and_is_over_in_time_and_both_are_told_and_marked(world):
    assert start(world, "anhui", "beijing") == ""
    world.pass_time(599)
    assert [str(note.event) for note in world.told] == ["incident_opened"]
    world.pass_time(2)
    assert world.heard == [
        ("incident_opened", ("anhui", "beijing")),
        ("incident_resolved", ("anhui", "beijing")),
    ]
    assert all(note.drill for note in world.told)
    assert all(one.drill for note in world.told for one in note.incidents)
    assert world.told[0].to == world.told[1].to == ("bus[0]", "oncall[0]")
    assert world.state.drills["d1"].keys == tuple(note.key for note in world.told)
    world.pass_time(86400)
    assert len(world.told) == 2


def test_a_drill_can_be_ended_early_and_only_once(world):
    start(world)
    world.pass_time(60)
    assert world.event(EndDrill(id="d1")).refused == ""
    world.pass_time(0)
    assert [str(note.event) for note in world.told] == ["incident_opened", "incident_resolved"]
    assert world.state.drills["d1"].ended_at == world.now
    assert "is over" in world.event(EndDrill(id="d1")).refused
    assert "no drill" in world.event(EndDrill(id="d2")).refused


def test_nothing_else_knows_of_a_drill(world):
    before = status_rows(world.plan, world.state, world.now)
    published = reference_document(world.plan, world.state, world.now)
    start(world, "anhui", "beijing", "fujian", "gansu")
    assert status_rows(world.plan, world.state, world.now) == before
    assert reference_document(world.plan, world.state, world.now) == published
    assert world.state.incidents == {}


def test_a_real_outage_during_a_drill_is_told_as_real(world):
    start(world)
    world.play({"reach/anhui": "---"})
    world.pass_time(20)
    assert [(str(note.event), note.drill) for note in world.told] == [
        ("incident_opened", True),
        ("incident_opened", False),
    ]
    world.event(EndDrill(id="d1"))
    world.pass_time(30)
    assert [(str(note.event), note.drill) for note in world.told[2:]] == [("incident_resolved", True)]
    assert len(world.open) == 1
    assert len({note.key for note in world.told}) == 3


def test_routes_ask_for_drills_or_for_what_is_real():
    routes = (
        Route(to=("oncall",), when=When(drill=True)),
        Route(to=("bus",), when=When(drill=False)),
    )
    world = World(six(routes=routes))
    world.warm()
    start(world)
    world.play({"reach/beijing": "---"})
    world.pass_time(20)
    assert [(note.drill, note.to) for note in world.told] == [(True, ("oncall[0]",)), (False, ("bus[0]",))]


def test_what_nobody_hears_because_of_the_hour_is_told_when_the_hours_begin():
    world = World(six(routes=(Route(to=("oncall",), when=When(hours=("16:10", "18:00"))),)))
    world.warm()
    start(world, duration=1800)
    assert world.told == []
    world.pass_time(1200)
    assert [note.at.strftime("%H:%M") for note in world.told] == ["08:10"]


def test_a_drill_of_which_nobody_was_told_ends_in_silence(world):
    world.plan = six(routes=(Route(to=("oncall",), when=When(drill=False)),))
    start(world)
    world.pass_time(900)
    assert world.told == []
    assert not world.state.drills["d1"].is_on


def test_a_silence_does_not_hold_a_drill_back(world):
    until = world.now + timedelta(hours=1)
    silence = Silence(id="s", matchers={"authority": ("anhui",)}, starts_at=world.now, ends_at=until)
    world.event(AddSilence(silence=silence))
    start(world)
    assert [note.drill for note in world.told] == [True]


@pytest.mark.parametrize(
    ("slugs", "duration", "said"),
    [
        (("atlantis",), 600.0, "'atlantis' is not watched"),
        (("local",), 600.0, "'local' is not watched"),
        (("anhui", "anhui"), 600.0, "each once"),
        (("anhui",), 0.5, "1 s to 4 h"),
        (("anhui",), 86400.0, "1 s to 4 h"),
        (("beijing", "fujian"), 600.0, "a drill of fujian is going on"),
    ],
)
def test_what_cannot_be_played_is_refused_with_the_reason(world, slugs, duration, said):
    start(world, "fujian", id_="d0")
    assert said in start(world, *slugs, duration=duration)
    assert list(world.state.drills) == ["d0"]


def test_a_drill_goes_on_over_a_restart_and_a_reload(world):
    start(world)
    again = World(world.plan, now=world.now, state=State(**{
        name: getattr(world.state, name) for name in ("targets", "drills", "alarm", "incidents")
    }))  # fmt: skip
    again.plan = six(routes=(Route(to=("nobody",)),))
    again.event(Replan())
    again.pass_time(700)
    assert [(str(note.event), note.to) for note in again.told] == [
        ("incident_resolved", ("bus[0]", "oncall[0]"))
    ]


def test_only_the_latest_drills_are_remembered(world):
    for number in range(30):
        assert start(world, duration=1, id_=f"d{number}") == ""
        world.pass_time(2)
    assert list(world.state.drills) == [f"d{number}" for number in range(10, 30)]


def test_the_end_is_told_once_although_much_happens_at_that_instant(world):
    start(world)
    world.event(EndDrill(id="d1"))
    for _ in range(3):
        world.event(Tick())
    assert [str(note.event) for note in world.told] == ["incident_opened", "incident_resolved"]


def test_two_drills_within_one_second_have_keys_of_their_own(world):
    start(world)
    world.event(EndDrill(id="d1"))
    world.pass_time(0.3)
    start(world, id_="d2")
    world.pass_time(1000)
    keys = [note.key for note in world.told]
    assert len(keys) == len(set(keys)) == 4
