"""Contract §7, the rules that hold always, as far as deciding keeps them; one named test each.

Rule 1 (probing never waits for telling) is the courier's and rule 6 (no secret appears) everybody's: they are tested in
tests/test_courier.py, tests/flow and tests/chaos.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.core.state import State, apply
from monitor.model import (
    AddSilence,
    MaintenanceRule,
    Route,
    Silence,
    When,
)
from tests.core.listening import Listener
from tests.core.notation import CONTROLS, SLUGS, START, World, control, everyone, plan_of, six, target

MINUTE = timedelta(minutes=1)


def test_rule_2_nothing_decided_is_lost_by_a_crash_between_any_two_commits(world):
    """Whatever was applied comes back as state; what follows from it is decided again, with the same keys."""
    world.play({"reach/anhui": "---"})
    for cut in range(1, len(world.commits) + 1):
        state = State()
        for commit in world.commits[:cut]:
            apply(state, commit)
        again = World(world.plan, now=world.now, state=state)
        again.pass_time(0)
        again.play({"reach/anhui": "---"})
        again.pass_time(60)
        assert [note.key.split("/", 1)[1] for note in again.told] == ["1/incident_opened"]


def test_rule_2_keys_are_equal_for_all_receivers_and_never_used_twice(world):
    for _ in range(3):
        world.play({"reach/anhui": "---"})
        world.pass_time(5 * 3600)
        world.play({"reach/anhui": "++"})
        world.pass_time(60)
    keys = [note.key for note in world.told]
    assert len(keys) == len(set(keys)) == 9
    assert all(note.to == ("bus[0]", "oncall[0]") for note in world.told)


def test_rule_3_who_was_told_that_it_broke_is_told_that_it_mended_whatever_routes_silences_and_windows_say(
    world,
):
    world.play({"reach/anhui": "---"})
    world.pass_time(20)
    now = world.now
    rule = MaintenanceRule(name="all", start=now, end=now + 90 * MINUTE, announce=False)
    world.plan = six(routes=(Route(to=("nobody",)),), maintenance=(rule,), notify_before=0.0)
    muted = Silence(
        id="s", matchers={"authority": ("anhui",)}, starts_at=now, ends_at=now + 90 * MINUTE, author="w"
    )
    world.event(AddSilence(silence=muted))
    world.play({"reach/anhui": "++"})
    world.pass_time(20)
    assert world.heard == [("incident_opened", ("anhui",)), ("incident_resolved", ("anhui",))]
    assert world.told[0].to == world.told[1].to


def test_rule_3_whom_a_rising_severity_newly_reaches_gets_an_opening():
    routes = (
        Route(to=("oncall",), when=When(severity=("critical",)), goes_on=True),
        Route(to=("bus",)),
    )
    world = World(six(routes=routes))
    world.warm()
    world.play({"reach/anhui": "bbb"})
    world.pass_time(20)
    world.play({"reach/anhui": "---"})
    world.pass_time(20)
    assert [(str(note.event), note.to) for note in world.told] == [
        ("incident_opened", ("bus[0]",)),
        ("incident_changed", ("bus[0]",)),
        ("incident_opened", ("oncall[0]",)),
    ]


def test_rule_4_each_service_has_an_incident_of_its_own_and_what_opens_together_is_one_message():
    world = World(plan_of(target("reach", "anhui"), target("dppt", "anhui", service="dppt")))
    world.warm()
    world.play(everyone(world.plan, "---"))
    world.pass_time(20)
    assert {one.service for one in world.open} == {"verify", "dppt"}
    assert [note.key.split("/")[0][:6] for note in world.told] == ["group-"]


@pytest.mark.parametrize("scope", ["national", "local"])
def test_rule_4_a_parent_speaks_for_its_members_and_its_end_lists_who_is_still_down(scope):
    world = World(plan_of(*(target("reach", slug) for slug in SLUGS), *map(control, CONTROLS)))
    world.warm()
    rows = dict.fromkeys((f"reach/{slug}" for slug in SLUGS), "---")
    rows |= dict.fromkeys(CONTROLS, "---" if scope == "local" else "+++")
    world.play(rows)
    world.pass_time(60)
    assert [(str(note.event), str(note.scope)) for note in world.told] == [("incident_opened", scope)]
    world.play({**everyone(world.plan, "++"), "reach/anhui": "---"})
    world.pass_time(60)
    assert [(str(note.event), str(note.scope), note.still_down) for note in world.told[1:]] == [
        ("incident_resolved", scope, ("anhui",))
    ]
    world.play({"reach/anhui": "++"})
    world.pass_time(60)
    assert world.heard[2:] == [("incident_resolved", ("anhui",))]
    for receiver in ("bus[0]", "oncall[0]"):
        listener = Listener(receiver)
        listener.hear(world.told)
        assert listener.open == set()


def test_rule_5_a_window_mutes_what_opens_inside_it_and_an_overrun_is_told_once_with_the_services_severity():
    rule = MaintenanceRule(
        name="up",
        authorities=("anhui",),
        services=("dppt",),
        start=START + 10 * MINUTE,
        end=START + 20 * MINUTE,
    )
    plan = plan_of(
        target("reach", "anhui"),
        target("dppt", "anhui", service="dppt"),
        maintenance=(rule,),
        notify_before=0.0,
        repeat=0.0,
    )
    world = World(plan)
    world.warm()
    world.pass_time((START + 12 * MINUTE - world.now).total_seconds())
    world.play({"dppt/anhui": "---"})
    world.pass_time((START + 26 * MINUTE - world.now).total_seconds())
    world.play({"dppt/anhui": "-----"}, spacing=60)
    world.pass_time(3600)
    world.play({"dppt/anhui": "++"})
    world.pass_time(60)
    assert [(str(note.event), str(note.severity)) for note in world.told] == [
        ("maintenance_started", "info"),
        ("maintenance_ended", "info"),
        ("maintenance_overrun", "warning"),
        ("incident_resolved", "warning"),
    ]
