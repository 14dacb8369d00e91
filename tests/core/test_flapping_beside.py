"""Flapping beside other things: a fault of our own network meanwhile, a target of the same service that is down for good."""

from __future__ import annotations

from monitor.model import Route, Severity, When
from tests.core.listening import Listener
from tests.core.notation import World, control, plan_of, target


def minutes(world: World, **rows: str) -> None:
    """A run of every target each minute; those that are not named answer. `reach_anhui` is `reach/anhui`."""
    signs = {name.replace("_", "/"): row for name, row in rows.items()}
    for minute in range(max(map(len, signs.values()))):
        for id_ in world.plan.targets:
            world.see(id_, signs[id_][minute] if id_ in signs else "+")
        world.pass_time(60)


def world_of(**more) -> World:
    targets = (target("reach", slug) for slug in ("anhui", "beijing", "fujian", "gansu"))
    captcha = target("captcha", "anhui", interval=60.0)
    world = World(plan_of(*targets, captcha, control("internet"), repeat=0.0, **more))
    world.warm()
    minutes(world, reach_anhui="+" * 20)
    return world


def since(world: World, known: int) -> list[str]:
    return [str(note.event) for note in world.told[known:]]


def believed(world: World, receiver: str = "oncall[0]") -> set[str]:
    listener = Listener(receiver)
    listener.hear(world.told)
    return listener.open


def test_what_is_steady_while_our_network_fails_is_told_when_that_is_over():
    world = world_of()
    minutes(world, reach_anhui="-+" * 7)
    assert since(world, 0)[-1] == "flapping_started"
    known = len(world.told)
    minutes(world, internet="-" * 20)
    minutes(world, reach_anhui="+" * 30)
    assert since(world, known) == ["incident_opened", "incident_resolved", "flapping_stopped"]
    assert world.state.flaps == {}
    assert believed(world) == set()


def test_what_is_down_for_good_is_told_while_another_target_of_the_service_comes_and_goes():
    world = world_of()
    minutes(world, reach_anhui="-+" * 7)
    known = len(world.told)
    minutes(world, reach_anhui="-+" * 60, captcha_anhui="-" * 120)
    assert since(world, known) == ["incident_opened"]
    assert world.told[-1].severity is Severity.CRITICAL
    minutes(world, reach_anhui="+-" * 10)
    assert since(world, known) == ["incident_opened", "incident_resolved"]
    minutes(world, reach_anhui="+" * 30)
    assert since(world, known) == ["incident_opened", "incident_resolved", "flapping_stopped"]
    assert believed(world) == set()


def test_who_hears_of_critical_outages_only_hears_of_one_beside_flapping():
    pager = Route(to=("oncall",), when=When(severity=("critical",)))
    world = world_of(routes=(pager,))
    minutes(world, reach_anhui="-+" * 10, captcha_anhui="+" * 10 + "-" * 10)
    assert since(world, 0) == ["incident_opened"]


def test_an_outage_that_was_told_before_another_target_flaps_ends_as_ever():
    world = world_of()
    minutes(world, reach_anhui="+" * 5, captcha_anhui="-" * 5)
    minutes(world, reach_anhui="-+" * 10, captcha_anhui="-" * 20)
    minutes(world, reach_anhui="+-" * 10)
    assert since(world, 0) == ["incident_opened", "flapping_started", "incident_resolved"]


def test_a_target_that_was_down_for_good_and_then_flaps_too_is_told_once():
    world = world_of()
    minutes(world, reach_anhui="-+" * 10)
    known = len(world.told)
    minutes(world, reach_anhui="-+" * 10, captcha_anhui="-" * 20)
    minutes(world, reach_anhui="-+" * 30, captcha_anhui="+-" * 15 + "++---" * 6)
    assert since(world, known) == ["incident_opened", "incident_resolved"]
    minutes(world, reach_anhui="+" * 60)
    assert since(world, known) == ["incident_opened", "incident_resolved", "flapping_stopped"]
    assert believed(world) == set()
