"""What is told of a service that comes and goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.core.state import State
from monitor.model import (
    Ack,
    AddSilence,
    Escalation,
    Judgement,
    MaintenanceRule,
    Repeat,
    Replan,
    Route,
    Severity,
    Silence,
    When,
)
from monitor.store.rows import kinds
from tests.core.listening import Listener
from tests.core.notation import CONTROLS, START, World, control, plan_of, target

MINUTE = timedelta(minutes=1)


def world_of(**more) -> World:
    """Three authorities and two controls, confirmed by one run and recovered by one, so that each change is an incident's."""
    once = {"confirm": Repeat(attempts=1, spacing=5.0), "recover": Repeat(attempts=1, spacing=5.0)}
    targets = [target("reach", slug, **once) for slug in ("anhui", "beijing", "fujian")]
    world = World(plan_of(*targets, *map(control, CONTROLS), **{"reopen": 900.0, **more}))
    world.warm()
    return world


def minutes(world: World, row: str, id_: str = "reach/anhui") -> None:
    """A run of one target each minute, and of the others, which are well."""
    for sign in row:
        for other in world.plan.targets:
            world.see(other, sign if other == id_ else "+")
        world.pass_time(60)


def heard(world: World) -> list[tuple[str, bool]]:
    """What was told so far: the event, and whether its incident is open."""
    return [(str(note.event), note.incidents[0].is_open) for note in world.told]


def believes(world: World) -> Listener:
    """What one who hears everything believes in the end."""
    listener = Listener("oncall[0]")
    listener.hear(world.told)
    return listener


def test_it_is_told_once_that_it_comes_and_goes_and_once_that_it_is_steady():
    world = world_of()
    minutes(world, "+" * 20 + "-+" * 8)
    begun = [event for event, _ in heard(world)]
    assert begun[-1] == "flapping_started"
    assert begun.count("flapping_started") == 1
    minutes(world, "-+" * 5)
    assert [event for event, _ in heard(world)] == begun
    minutes(world, "+" * 20)
    assert heard(world)[len(begun) :] == [("flapping_stopped", False)]
    assert believes(world).open == set()
    assert world.open == []
    assert world.state.flaps == {}


def test_who_was_told_of_the_outage_hears_by_flapping_stopped_that_it_is_over_and_not_twice():
    world = world_of()
    minutes(world, "+" * 20 + "-+" * 2 + "-")
    minutes(world, "-+" * 3 + "+" * 20)
    opened = world.told[0].incidents[0].id
    stopped = world.told[-1]
    assert str(stopped.event) == "flapping_stopped"
    assert [(one.id, one.is_open) for one in stopped.incidents] == [(opened, False)]
    world.pass_time(3600)
    assert world.told[-1] is stopped
    assert believes(world).open == set()


def begun(world: World) -> int:
    """Let one service flap until that is told; how much was told by then."""
    minutes(world, "+" * 20 + "-+" * 5)
    assert heard(world)[-1][0] == "flapping_started"
    return len(world.told)


def test_it_is_told_with_its_own_severity_and_how_often_it_changed():
    world = world_of(judgement=Judgement(severity_flapping=Severity.INFO))
    begun(world)
    note = world.told[-1]
    assert (str(note.severity), note.key.split("/")[1:]) == ("info", ["1", "flapping_started"])
    assert "flapping=6/20" in note.incidents[0].facts


def test_down_in_the_end_counts_as_told_and_its_end_is_told_as_usual():
    world = world_of()
    known = begun(world)
    minutes(world, "-" * 20)
    assert heard(world)[known:] == [("flapping_stopped", True)]
    assert world.open[0].told == {"bus[0]", "oncall[0]"}
    minutes(world, "++")
    assert heard(world)[known + 1 :] == [("incident_resolved", False)]
    assert believes(world).open == set()


def test_down_in_the_end_it_counts_from_its_last_fall_and_so_does_escalation():
    step = Escalation(after=300.0, to=("bus",))
    world = world_of(routes=(Route(to=("oncall",), escalate=(step,)),))
    minutes(world, "+" * 20 + "-")
    assert heard(world) == [("incident_opened", True)]
    minutes(world, "+-+-+-+")
    fell = world.now
    minutes(world, "-" * 20)
    (stopped,) = (note for note in world.told if str(note.event) == "flapping_stopped")
    shown = stopped.incidents[0]
    assert (shown.first_failure_at < fell, shown.began_at) == (True, fell)
    assert shown.mended_at == fell - MINUTE
    world.pass_time(600)
    (escalated,) = (note for note in world.told if str(note.event) == "incident_escalated")
    assert (escalated.at - stopped.at).total_seconds() == 300


def test_who_did_not_hear_of_the_flapping_hears_of_the_outage_and_of_its_end_as_usual():
    silent = ("incident_opened", "incident_changed", "incident_resolved")
    routes = (
        Route(to=("oncall",), goes_on=True),
        Route(to=("bus",), when=When(event=silent)),
    )
    for row, last in (("+" * 20, ["incident_resolved"]), ("-" * 20, ["incident_changed"])):
        world = world_of(routes=routes, reopen=7200.0)
        minutes(world, "+" * 20 + "-+" * 5)
        known = len(world.told)
        minutes(world, row)
        told = [str(note.event) for note in world.told[known:] if "bus[0]" in note.to]
        assert told in (last, []), (row, told)
        listener = Listener("bus[0]")
        listener.hear(world.told)
        assert bool(listener.open) == bool(world.open)
        assert [str(n.event) for n in world.told[known:] if "oncall[0]" in n.to] == ["flapping_stopped"]


def test_a_service_that_flaps_without_being_confirmed_down_is_told_without_an_incident():
    targets = [target("reach", slug) for slug in ("anhui", "beijing")]
    world = World(plan_of(*targets, *map(control, CONTROLS)))
    world.warm()
    minutes(world, "+" * 20 + "-+" * 5)
    assert [(str(note.event), note.incidents[0].authority) for note in world.told] == [
        ("flapping_started", "anhui")
    ]
    assert world.state.incidents == {}
    minutes(world, "+" * 20)
    stopped = world.told[-1]
    assert str(stopped.event) == "flapping_stopped"
    assert not stopped.incidents[0].is_open
    assert len(world.told) == 2


def test_an_acknowledgement_holds_while_it_comes_and_goes():
    world = world_of(repeat=120.0)
    minutes(world, "+" * 20 + "-+" * 2 + "-")
    world.event(Ack(incident=world.open[0].id, author="wang"))
    minutes(world, "+-+-+-")
    assert world.open[0].acknowledged_by == "wang"
    assert "incident_reminder" not in [event for event, _ in heard(world)]


def test_reminders_rest_while_it_flaps():
    world = world_of(repeat=180.0)
    known = begun(world)
    minutes(world, "-" * 4 + "+-" * 6)
    assert world.state.flaps
    assert heard(world)[known:] == []


def test_what_flaps_only_inside_a_window_is_never_told():
    window = MaintenanceRule(
        name="upgrade",
        authorities=("anhui",),
        start=START + 20 * MINUTE,
        end=START + 60 * MINUTE,
        announce=False,
    )
    world = world_of(maintenance=(window,), notify_before=0.0)
    minutes(world, "+" * 20 + "-+" * 10 + "+" * 5)
    assert world.state.flaps
    minutes(world, "+" * 40)
    assert world.told == []
    assert world.state.flaps == {}


def test_a_silence_holds_it_back_and_it_is_told_when_that_ends():
    world = world_of()
    muted = Silence(
        id="s", matchers={"authority": ("anhui",)}, starts_at=world.now, ends_at=world.now + 40 * MINUTE
    )
    world.event(AddSilence(silence=muted))
    minutes(world, "+" * 20 + "-+" * 9)
    assert world.told == []
    minutes(world, "-+" * 5)
    assert heard(world) == [("flapping_started", False)] or heard(world) == [("flapping_started", True)]


def test_what_is_steady_before_anyone_was_told_is_told_as_an_outage_alone():
    world = world_of()
    muted = Silence(
        id="s", matchers={"authority": ("anhui",)}, starts_at=world.now, ends_at=world.now + 60 * MINUTE
    )
    world.event(AddSilence(silence=muted))
    minutes(world, "+" * 20 + "-+" * 5 + "-" * 40)
    assert heard(world) == [("incident_opened", True)]


def test_our_own_network_that_comes_and_goes_makes_nobody_flap():
    world = world_of()
    minutes(world, "+" * 20)
    for _ in range(6):
        world.play(dict.fromkeys(world.plan.targets, "---"))
        world.pass_time(30)
        world.play(dict.fromkeys(world.plan.targets, "++"))
        world.pass_time(30)
    assert world.state.flaps == {}
    assert not [event for event, _ in heard(world) if event.startswith("flapping")]
    assert {str(note.scope) for note in world.told} == {"local"}


def test_controls_do_not_flap():
    world = world_of()
    minutes(world, "+" * 20 + "-+" * 10, "internet")
    assert world.told == []
    assert world.state.flaps == {}


def test_several_that_begin_together_are_one_message():
    world = world_of()
    for sign in "+" * 20 + "-+" * 5:
        for other in world.plan.targets:
            world.see(other, sign if other in ("reach/anhui", "reach/beijing") else "+")
        world.pass_time(60)
    started = [note for note in world.told if str(note.event) == "flapping_started"]
    assert [sorted(one.authority for one in note.incidents) for note in started] == [["anhui", "beijing"]]


def test_what_is_kept_over_a_restart_goes_on():
    world = world_of()
    known = begun(world)
    rows = {name: kind.adapter for name, kind in kinds().items()}
    kept = {
        name: rows[name].validate_json(rows[name].dump_json(flap)) for name, flap in _values(world).items()
    }
    again = State(
        targets=dict(world.state.targets),
        incidents=dict(world.state.incidents),
        flaps={"anhui/verify": kept["flaps"]},
        alarm=world.state.alarm,
    )
    after = World(world.plan, now=world.now, state=again, told=list(world.told))
    minutes(after, "+" * 20)
    assert heard(after)[known:] == [("flapping_stopped", False)]


def _values(world: World) -> dict[str, object]:
    return {"flaps": world.state.flaps["anhui/verify"], "targets": world.state.targets["reach/anhui"]}


def test_what_is_no_longer_configured_stops_flapping():
    world = world_of()
    begun(world)
    plan = world.plan
    gone = {id_: one for id_, one in plan.targets.items() if one.authority != "anhui"}
    world.plan = replace(plan, targets=gone)
    world.event(Replan())
    world.pass_time(60)
    assert str(world.told[-1].event) == "flapping_stopped"
    assert "no_longer_watched" in world.told[-1].incidents[0].facts
    assert believes(world).open == set()
    assert world.state.flaps == {}


def test_windows_that_come_often_do_not_keep_it_from_being_steady_again():
    rules = tuple(
        MaintenanceRule(
            name=f"w{hour}",
            start=START + hour * 10 * MINUTE,
            end=START + (hour * 10 + 2) * MINUTE,
            announce=False,
        )
        for hour in range(4, 12)
    )
    world = world_of(maintenance=rules, notify_before=0.0, overrun_grace=0.0)
    known = begun(world)
    minutes(world, "+" * 30)
    assert heard(world)[known:] == [("flapping_stopped", False)]
