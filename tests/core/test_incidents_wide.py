"""Nationwide outages and faults of our own network: who joins, what is told, and who is still down at their end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from monitor.core.facts import Fact
from monitor.model import (
    Cause,
    Diagnosis,
    EventName,
    Incident,
    Outcome,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Repeat,
    Route,
    Scope,
    Severity,
    When,
)
from tests.core.notation import CONTROLS, SLUGS, World, control, everyone, plan_of, six, target

NINE = ("anhui", "beijing", "fujian", "gansu", "hebei", "jilin", "ningxia", "shandong", "tianjin")


def down(*slugs: str, row: str = "---") -> dict[str, str]:
    """This row for the cheap targets of these."""
    return {f"reach/{slug}": row for slug in slugs}


@pytest.fixture
def world() -> World:
    """Nine authorities and two controls, all of them up: three down are a third."""
    world = World(plan_of(*(target("reach", slug) for slug in NINE), *map(control, CONTROLS)))
    world.warm()
    return world


def national(world: World) -> Incident:
    """The one nationwide incident."""
    (incident,) = (one for one in world.state.incidents.values() if one.scope is Scope.NATIONAL)
    return incident


# --- it begins -------------------------------------------------------------------------------------------------------


def test_a_third_down_is_one_message_and_none_per_member(world):
    world.play(down(*NINE[:3]))
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("national", *NINE[:3]))]
    (note,) = world.told
    assert (note.scope, note.severity) == (Scope.NATIONAL, Severity.CRITICAL)
    incident = national(world)
    assert (incident.authority, incident.service) == ("national", "")
    assert (incident.diagnosis, incident.cause) == (Diagnosis.NATIONAL_OUTAGE, Cause.RESPONSE_TIMEOUT)
    assert incident.facts == ("down=3/9", "controls_failing=0/2")
    members = [one for one in world.open if one.scope is Scope.AUTHORITY]
    assert {one.parent for one in members} == {incident.id}
    assert {one.told for one in members} == {frozenset()}


def test_it_counts_from_when_so_many_were_down_and_not_from_the_first_of_them(world):
    world.play(down("anhui"))
    world.pass_time(600)
    world.play(down("beijing"))
    world.pass_time(60)
    fell = world.now
    world.play(down("fujian"))
    world.pass_time(60)
    incident = national(world)
    assert (incident.first_failure_at, incident.began_at) == (fell, fell)
    assert [one.first_failure_at < fell for one in world.open if one.authority == "anhui"] == [True]


def test_two_of_nine_are_no_nationwide_outage(world):
    world.play(down(*NINE[:2]))
    world.pass_time(60)
    assert world.heard == [("incident_opened", NINE[:2])]


def test_what_joins_later_is_not_told_and_those_told_before_stay_told(world):
    world.play(down("anhui"))
    world.pass_time(60)
    world.play(down("beijing", "fujian", "gansu"))
    world.pass_time(60)
    assert world.heard == [
        ("incident_opened", ("anhui",)),
        ("incident_opened", ("national", "anhui", "beijing", "fujian", "gansu")),
    ]
    world.play(down("anhui", row="++"))
    world.pass_time(30)
    assert world.heard[2:] == [("incident_resolved", ("anhui",))]


def test_a_member_that_nobody_was_told_of_mends_in_silence(world):
    world.play(down(*NINE[:5]))
    world.pass_time(60)
    world.play(down("hebei", row="++"))
    world.pass_time(60)
    assert len(world.told) == 1
    assert [one.is_open for one in world.state.incidents.values() if one.authority == "hebei"] == [False]


def test_the_first_word_waits_while_many_more_fail_unconfirmed(world):
    world.play({"reach/anhui": "---", **down("beijing", "fujian", "gansu", row="...---")}, spacing=4)
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("national", "anhui", "beijing", "fujian", "gansu"))]


def test_the_first_word_does_not_wait_for_ever_for_what_stays_unconfirmed():
    slow = [target("reach", slug, confirm=Repeat(attempts=9, spacing=5)) for slug in NINE[1:]]
    world = World(plan_of(target("reach", "anhui"), *slow, *map(control, CONTROLS)))
    world.warm()
    world.play({"reach/anhui": "---", **down(*NINE[1:5], row="--")})
    world.pass_time(150)
    assert world.heard == [("incident_opened", ("anhui",))]


def test_the_national_page_is_watched_beside_a_nationwide_outage():
    page = target("national-page", "national", id="national-page", kind="http", service="")
    world = World(plan_of(*(target("reach", slug) for slug in NINE), page, *map(control, CONTROLS)))
    world.warm()
    world.play({"national-page": "---"})
    world.pass_time(60)
    world.play(down(*NINE[:3]))
    world.pass_time(60)
    assert [note.scope for note in world.told] == [Scope.AUTHORITY, Scope.NATIONAL]
    assert len({one.id for one in world.open if one.authority == "national"}) == 2


def test_the_commonest_cause_of_a_nationwide_outage_may_flicker_untold_and_is_told_once_it_stands(world):
    world.play(down(*NINE[:3]))
    world.pass_time(60)
    for _ in range(10):
        world.play(down(*NINE[:3], row="r"), spacing=10)
        world.play(down(*NINE[:3], row="-"), spacing=10)
    assert len(world.told) == 1
    world.play(down(*NINE[:3], row="r"))
    world.pass_time(60)
    assert [event for event, _ in world.heard] == ["incident_opened", "incident_changed"]
    assert world.told[1].incidents[0].cause is Cause.CONNECTION_REFUSED


# --- it ends ---------------------------------------------------------------------------------------------------------


def test_its_end_lists_who_is_still_down_and_their_mending_is_told(world):
    world.play(down(*NINE[:5]))
    world.pass_time(60)
    world.play(down(*NINE[1:5], row="++"))
    world.pass_time(120)
    assert world.heard[1:] == [("incident_resolved", ("national", "anhui"))]
    assert world.told[1].still_down == ("anhui",)
    world.play(down("anhui", row="++"))
    world.pass_time(30)
    assert world.heard[2:] == [("incident_resolved", ("anhui",))]
    assert world.told[2].to == world.told[1].to


def test_two_still_down_of_three_end_it_after_as_long_as_a_confirmation_takes(world):
    world.play(down(*NINE[:3]))
    world.pass_time(60)
    world.play(down("anhui", row="++"))
    world.pass_time(15)
    assert national(world).is_open
    world.pass_time(45)
    assert world.told[1].still_down == ("beijing", "fujian")


def test_a_number_that_goes_up_and_down_around_the_threshold_is_one_outage(world):
    world.play(down(*NINE[:3]))
    world.pass_time(60)
    for _ in range(6):
        world.play(down("anhui", row="++"))
        world.pass_time(5)
        world.play(down("anhui"))
        world.pass_time(30)
    assert world.heard == [("incident_opened", ("national", *NINE[:3]))]


def test_each_return_makes_it_more_patient(world):
    for _ in range(2):
        world.play(down(*NINE[:3]))
        world.pass_time(60)
        world.play(down("anhui", row="++"))
        world.pass_time(45)
    assert [event for event, _ in world.heard] == ["incident_opened", "incident_resolved", "incident_changed"]
    assert national(world).reopened == 1
    world.pass_time(45)
    assert world.heard[-1] == ("incident_resolved", ("national", "beijing", "fujian"))


def test_over_before_anyone_was_told_the_others_are_told_as_usual(world):
    world.play({**down(*NINE[:3]), **down("anhui", "beijing", row="---++")}, spacing=2)
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("fujian",))]


def test_who_did_not_hear_of_the_nationwide_outage_hears_of_who_is_down_after_it():
    routes = (
        Route(to=("bus",), when=When(scope=("national",))),
        Route(to=("oncall",)),
    )
    world = World(plan_of(*(target("reach", slug) for slug in NINE), *map(control, CONTROLS), routes=routes))
    world.warm()
    world.play(down(*NINE[:4]))
    world.pass_time(60)
    assert [note.to for note in world.told] == [("bus[0]",)]
    world.play(down(*NINE[1:4], row="++"))
    world.pass_time(60)
    assert [(str(note.event), note.to) for note in world.told[1:]] == [
        ("incident_resolved", ("bus[0]",)),
        ("incident_opened", ("oncall[0]",)),
    ]
    world.play(down("anhui", row="++"))
    world.pass_time(60)
    assert world.told[-1].to == ("bus[0]", "oncall[0]")


def test_a_route_for_one_province_hears_of_a_nationwide_outage_that_takes_it():
    routes = (Route(to=("bus",), when=When(authority=("anhui",)), goes_on=True),)
    world = World(plan_of(*(target("reach", slug) for slug in NINE), *map(control, CONTROLS), routes=routes))
    world.warm()
    world.play(down(*NINE[:4]))
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("national", *NINE[:4]))]


# --- a fault of ours beside it ----------------------------------------------------------------------------------------


def test_a_fault_of_ours_freezes_it_and_neither_is_told_twice(world):
    world.play(down(*NINE[:4]))
    world.pass_time(60)
    world.play(dict.fromkeys(CONTROLS, "nnn"))
    world.pass_time(60)
    local = next(one for one in world.open if one.scope is Scope.LOCAL)
    assert national(world).parent == local.id
    world.play(everyone(world.plan, "++"))
    world.pass_time(180)
    assert world.open == []
    assert [(str(note.event), str(note.scope)) for note in world.told] == [
        ("incident_opened", "national"),
        ("incident_opened", "local"),
        ("incident_resolved", "local"),
        ("incident_resolved", "national"),
    ]


def test_all_mended_at_one_instant_lists_nobody_however_slowly_the_runs_come_in():
    """A false page of the demo: 36 and the controls came back together, and 23 were called down nationwide."""
    slugs = [f"a{number:02}" for number in range(36)]
    quick = {
        "timeout": 1.0,
        "confirm": Repeat(attempts=2, spacing=0.5),
        "recover": Repeat(attempts=2, spacing=0.5),
    }
    targets = [target(probe, slug, **quick) for slug in slugs for probe in ("reach", "captcha")]
    world = World(plan_of(*targets, *(control(name, **quick) for name in CONTROLS), group_wait=1.0))
    world.warm()
    world.play(everyone(world.plan, "---"), spacing=1)
    world.pass_time(10)
    for _ in range(2):
        for name in CONTROLS:
            world.see(name, "+")
        world.pass_time(0.5)
    waiting = [one.id for one in targets for _ in range(2)]
    for place, id_ in enumerate(waiting):
        world.see(id_, "+")
        if place % 7 == 0:
            world.pass_time(0.5)
    world.pass_time(60)
    assert [(str(note.event), str(note.scope), note.still_down) for note in world.told] == [
        ("incident_opened", "local", ()),
        ("incident_resolved", "local", ()),
    ]
    assert world.open == []


def test_who_fails_again_after_our_fault_is_told_even_where_the_end_did_not_know_yet():
    world = World(six())
    world.warm()
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    world.play(dict.fromkeys(CONTROLS, "++"))
    world.play(down(*SLUGS[1:], row="++"))
    world.pass_time(31)
    assert world.told[-1].still_down == ()
    world.see("reach/anhui", "-")
    world.pass_time(30)
    assert world.heard[-1] == ("incident_opened", ("anhui",))


def test_who_is_never_looked_at_again_is_believed_down_after_a_while():
    world = World(six())
    world.warm()
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    world.play({**dict.fromkeys(CONTROLS, "++"), **down(*SLUGS[1:], row="++")})
    world.pass_time(300)
    assert world.heard[-1] == ("incident_opened", ("anhui",))
    assert world.state.doubt is None


def test_a_ban_from_before_is_not_explained_by_our_fault_and_stands_in_its_end(world):
    world.play({"reach/anhui": "!"})
    world.pass_time(30)
    world.play(dict.fromkeys(CONTROLS, "---"))
    world.pass_time(30)
    (anhui,) = (one for one in world.open if one.authority == "anhui")
    assert anhui.parent is None
    world.play(dict.fromkeys(CONTROLS, "++"))
    world.pass_time(60)
    assert world.heard[2:] == [("incident_resolved", ("local", "anhui"))]


def test_what_was_told_as_something_is_told_to_have_been_what_was_said_last(world):
    world.play(down("anhui"))
    world.pass_time(60)
    assert world.told[0].incidents[0].diagnosis is Diagnosis.PROVINCIAL_OUTAGE
    world.play(down(*NINE[1:5]))
    world.pass_time(60)
    world.play(down("anhui", row="++"))
    world.pass_time(30)
    said = {one.authority: one.diagnosis for one in world.told[1].incidents}["anhui"]
    assert world.told[-1].incidents[0].diagnosis is said is Diagnosis.NATIONAL_OUTAGE


def test_most_failing_while_references_say_they_work_is_us():
    world = World(six(references=(ReferenceSource(name="hq", url="http://hq"),)))
    world.warm()
    rows = tuple(
        ReferenceRow(authority=slug, outcome=Outcome.OK, checked_at=world.now + timedelta(minutes=1))
        for slug in SLUGS
    )
    world.event(ReferenceReading(source="hq", read_at=world.now + timedelta(minutes=1), up=True, rows=rows))
    world.play(down(*SLUGS[:5]))
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("local",))]
    assert f"{Fact.FAILING_TOGETHER}=5/6" in world.told[0].incidents[0].facts
    world.play(down(*SLUGS[:5], row="++"))
    world.pass_time(60)
    assert [(str(note.event), note.still_down) for note in world.told[1:]] == [("incident_resolved", ())]
    assert world.told[1].event is EventName.INCIDENT_RESOLVED


@pytest.mark.parametrize("row", ["++", "--++"], ids=["before us", "long before us"])
def test_a_nationwide_outage_that_a_reference_sees_over_first_is_no_fault_of_ours(row):
    world = World(six(references=(ReferenceSource(name="hq", url="http://hq"),)))
    world.warm()
    saying(world, down=SLUGS[:5])
    world.play(down(*SLUGS[:5]))
    world.pass_time(60)
    saying(world, down=SLUGS[:1])
    world.play({**down(*SLUGS[1:5], row=row), **down(SLUGS[0], row="----"[: len(row)])})
    world.pass_time(200)
    assert world.heard[1:] == [("incident_resolved", ("national", SLUGS[0]))]
    assert world.told[1].still_down == (SLUGS[0],)


def saying(world: World, *, down: Sequence[str] = ()) -> None:
    """The reference looks now: these are down, the others work."""
    rows = tuple(
        ReferenceRow(
            authority=slug, outcome=Outcome.TIMEOUT if slug in down else Outcome.OK, checked_at=world.now
        )
        for slug in SLUGS
    )
    world.event(ReferenceReading(source="hq", read_at=world.now, up=True, rows=rows))
