"""The course of one incident: what changes about it, its coming back, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.core.incidents import FIRST_NOTED, MOST_NOTED, noted
from monitor.model import Cause, Diagnosis, Evidence, Route, Severity, When
from monitor.notify.text import title_and_text
from tests.core.notation import HOUR, World, looks, plan_of, six, target, told_down

# --- changes ---------------------------------------------------------------------------------------------------------


def test_another_cause_is_told_once_it_has_stood_as_long_as_a_confirmation_takes(world):
    told_down(world)
    looks(world, "rr")
    assert world.events == ["incident_opened"]
    looks(world, "r")
    world.pass_time(20)
    assert world.events == ["incident_opened", "incident_changed"]
    assert world.told[1].incidents[0].cause is Cause.CONNECTION_REFUSED
    assert world.told[1].to == world.told[0].to


def test_a_cause_that_flickers_is_not_told(world):
    told_down(world)
    looks(world, "r-" * 20)
    assert world.events == ["incident_opened"]


def test_a_cause_that_comes_back_to_what_was_told_is_not_told(world):
    told_down(world)
    looks(world, "rr-----")
    assert world.events == ["incident_opened"]


def test_a_rising_severity_is_told_at_once_and_whom_it_newly_reaches_hears_of_an_opening():
    routes = (
        Route(to=("oncall",), when=When(severity=("critical",)), goes_on=True),
        Route(to=("bus",)),
    )
    world = World(six(routes=routes))
    world.warm()
    told_down(world, "ddd")
    looks(world, "-")
    assert [(str(note.event), note.to) for note in world.told] == [
        ("incident_opened", ("bus[0]",)),
        ("incident_changed", ("bus[0]",)),
        ("incident_opened", ("oncall[0]",)),
    ]
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert world.told[-1].to == ("bus[0]", "oncall[0]")


def test_a_falling_severity_is_told_to_those_told_when_it_has_stood(world):
    told_down(world)
    looks(world, "ddd")
    world.pass_time(20)
    assert world.events == ["incident_opened", "incident_changed"]
    assert world.told[1].severity is Severity.WARNING


def test_a_change_is_routed_by_what_it_is_and_by_what_was_told():
    routes = (
        Route(to=("oncall",), when=When(cause=("response_timeout",)), goes_on=True),
        Route(to=("bus",), when=When(event=("incident_opened",))),
    )
    world = World(six(routes=routes))
    world.warm()
    told_down(world)
    looks(world, "rrr")
    world.pass_time(20)
    assert [(str(note.event), note.to) for note in world.told] == [
        ("incident_opened", ("bus[0]", "oncall[0]")),
        ("incident_changed", ("oncall[0]",)),
    ]


# --- down again ------------------------------------------------------------------------------------------------------


def test_down_again_within_reopen_is_the_same_incident_and_a_change(world):
    id_ = told_down(world)
    world.play({"reach/anhui": "++"})
    world.pass_time(600)
    world.play({"reach/anhui": "---"})
    world.pass_time(10)
    assert world.events == ["incident_opened", "incident_resolved", "incident_changed"]
    (incident,) = world.state.incidents.values()
    assert (incident.id, incident.reopened, incident.resolved_at) == (id_, 1, None)
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert world.events[3:] == ["incident_resolved"]
    assert len({note.key for note in world.told}) == 4


def test_down_again_is_told_with_the_time_of_this_fall_and_of_the_end_before_it(world):
    told_down(world)
    world.play({"reach/anhui": "++"})
    world.pass_time(600)
    fell = world.now
    told_down(world)
    world.pass_time(10)
    title, text = title_and_text(world.told[2], world.plan)
    assert title.startswith("[DOWN AGAIN] anhui invoice verification: ")
    incident = world.told[2].incidents[0]
    assert (incident.began_at, incident.first_failure_at < incident.mended_at < fell) == (fell, True)
    assert f"Since: {local(fell)} (China time), for 20 s so far" in text
    assert f"up again at {local(incident.mended_at)}" in text
    assert (
        "再次故障】anhui 发票查验不可用："
        in title_and_text(world.told[2], replace(world.plan, language="zh"))[0]
    )
    looks(world, "rrrrrr")
    assert title_and_text(world.told[3], world.plan)[0].startswith("[DOWN, changed] ")
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert f"From {local(fell)} to " in title_and_text(world.told[4], world.plan)[1]


def local(instant: datetime) -> str:
    """As a text shows it."""
    return f"{instant.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}"


def test_down_again_later_is_another_incident(world):
    told_down(world)
    world.play({"reach/anhui": "++"})
    world.pass_time(901)
    world.play({"reach/anhui": "---"})
    world.pass_time(10)
    assert world.events == ["incident_opened", "incident_resolved", "incident_opened"]
    assert len(world.state.incidents) == 2


def test_down_again_before_its_end_was_told_says_nothing(world):
    told_down(world)
    world.play({"reach/anhui": "++---"}, spacing=1)
    world.pass_time(60)
    assert world.events == ["incident_opened"]
    assert world.open[0].reopened == 1


def test_down_again_louder_reaches_those_who_have_not_heard_of_it():
    routes = (
        Route(to=("oncall",), when=When(severity=("critical",)), goes_on=True),
        Route(to=("bus",)),
    )
    world = World(six(routes=routes))
    world.warm()
    told_down(world, "ddd")
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    told_down(world)
    assert [(str(note.event), note.to) for note in world.told[2:]] == [
        ("incident_changed", ("bus[0]",)),
        ("incident_opened", ("oncall[0]",)),
    ]


def test_what_nobody_was_told_of_opens_as_new_for_everyone(world):
    world.play({"reach/anhui": "---++"}, spacing=1)
    world.pass_time(60)
    assert world.told == []
    told_down(world)
    assert world.events == ["incident_opened"]
    assert world.open[0].reopened == 1


# --- memory ----------------------------------------------------------------------------------------------------------


def test_the_timeline_says_what_happened_in_order_and_is_bounded(world):
    told_down(world)
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    (incident,) = world.state.incidents.values()
    assert [entry for _, entry in incident.timeline] == [
        "opened", "cause=response_timeout", "told=incident_opened", "resolved", "told=incident_resolved",
    ]  # fmt: skip
    for number in range(2 * MOST_NOTED):
        incident = noted(incident, f"cause={number}", world.now)
    assert len(incident.timeline) == MOST_NOTED
    assert incident.timeline[0][1] == "opened"
    assert incident.timeline[-1][1] == f"cause={2 * MOST_NOTED - 1}"
    assert incident.timeline[FIRST_NOTED][1] != "cause=5"


def test_a_state_of_another_address_is_forgotten(world):
    told_down(world)
    moved = [target("reach", slug, host="elsewhere" if slug == "anhui" else f"{slug}.example")
             for slug in world.plan.authorities]  # fmt: skip
    world.plan = plan_of(*moved)
    world.pass_time(24 * HOUR)
    assert "reach/anhui" not in world.state.targets
    assert world.events[-1] == "incident_resolved"


def test_an_old_belief_opens_nothing_before_a_fresh_run_says_so(world):
    told_down(world)
    world.state.incidents.clear()
    world.state.group = None
    again = World(world.plan, now=world.now + timedelta(days=2), state=world.state)
    again.pass_time(0)
    again.see("reach/gansu", "-")
    again.pass_time(60)
    assert again.open == []
    again.see("reach/anhui", "-")
    again.pass_time(30)
    assert [one.authority for one in again.open] == ["anhui"]


def test_a_row_of_our_own_bugs_is_one_warning_and_no_outage(world):
    world.play({"reach/anhui": "iii", "reach/gansu": "iii"})
    world.pass_time(30)
    assert world.heard == [("incident_opened", ("anhui", "gansu"))]
    assert {one.severity for one in world.open} == {Severity.WARNING}
    assert {one.diagnosis for one in world.open} == {Diagnosis.MISCONFIGURED}
    world.play({"reach/anhui": "++", "reach/gansu": "++"})
    world.pass_time(30)
    assert world.open == []


def test_bugs_of_ours_in_the_controls_are_no_fault_of_our_network(world):
    world.play(dict.fromkeys(("internet", "anycast"), "iiii"))
    world.pass_time(30)
    assert world.open == []


def test_a_clock_set_back_holds_the_first_word_no_longer_than_its_wait(world):
    world.play({"reach/anhui": "---"})
    world.now -= timedelta(hours=1)
    for _ in range(20):
        world.see("reach/gansu", "+")
        world.pass_time(1)
    assert world.events == ["incident_opened"]


def test_what_changes_its_cause_is_looked_at_closer_again_but_not_at_once():
    world = World(six())
    world.warm()
    known = told_down(world)
    asked = [one for commit in world.commits for one in commit.inquiries]
    assert [(one.incident, one.target) for one in asked] == [(known, "reach/anhui")]
    world.state.evidence[known] = Evidence(
        incident=known, target="reach/anhui", taken_at=world.now, duration=1.0
    )

    world.see("reach/anhui", "x")
    assert sum(len(commit.inquiries) for commit in world.commits) == 1, "a moment after"
    world.pass_time(120)
    looks(world, "rr")
    assert world.open[0].cause is Cause.CONNECTION_REFUSED
    assert sum(len(commit.inquiries) for commit in world.commits) == 2
