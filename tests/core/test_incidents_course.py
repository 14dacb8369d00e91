"""The course of one incident: what changes about it, who takes it, who is reminded, and its coming back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.core.incidents import FIRST_NOTED, MOST_NOTED, noted
from monitor.model import (
    Ack,
    Cause,
    Diagnosis,
    Receiver,
    Route,
    Severity,
    When,
)
from monitor.notify.text import title_and_text
from tests.core.notation import World, plan_of, six, target

HOUR = 3600


def told_down(world: World, row: str = "---") -> str:
    """Break anhui and let it be told; the id of its incident."""
    world.play({"reach/anhui": row})
    world.pass_time(10)
    return world.open[0].id


def looks(world: World, signs: str, every: float = 60) -> None:
    """Scheduled runs of anhui, one a minute as while it is down."""
    world.play({"reach/anhui": signs}, spacing=every)


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


# --- reminders and acknowledgements ----------------------------------------------------------------------------------


def test_it_is_reminded_of_every_repeat_until_it_mends(world):
    told_down(world)
    world.pass_time(4 * HOUR - 20)
    assert world.events == ["incident_opened"]
    world.pass_time(8 * HOUR + 20)
    assert world.events == ["incident_opened", *["incident_reminder"] * 3]
    world.play({"reach/anhui": "++"})
    world.pass_time(24 * HOUR)
    assert world.events[4:] == ["incident_resolved"]
    assert len({note.key for note in world.told}) == 5


def test_no_repeat_no_reminder():
    world = World(six(repeat=0.0))
    world.warm()
    told_down(world)
    world.pass_time(48 * HOUR)
    assert world.events == ["incident_opened"]
    assert world.commits[-1].next_wakeup is None


def test_what_is_due_at_about_the_same_time_is_one_reminder(world):
    others = dict.fromkeys(world.plan.targets.keys() - {"reach/anhui", "reach/gansu"}, "......+")
    world.play({"reach/anhui": "---", **others, "reach/gansu": "+.......---"}, spacing=2)
    world.pass_time(30)
    assert world.heard == [("incident_opened", ("anhui",)), ("incident_opened", ("gansu",))]
    world.pass_time(4 * HOUR)
    assert world.heard[2:] == [("incident_reminder", ("anhui", "gansu"))]


def test_an_acknowledgement_stops_reminders_and_stands_with_the_incident(world):
    id_ = told_down(world)
    commit = world.event(Ack(incident=id_, author="wang", comment="on it"))
    assert commit.refused == ""
    assert commit.durable
    world.pass_time(48 * HOUR)
    assert world.events == ["incident_opened"]
    incident = world.open[0]
    assert (incident.acknowledged_by, incident.comment) == ("wang", "on it")
    assert "acked=wang" in [entry for _, entry in incident.timeline]


def test_a_change_for_the_worse_lifts_the_acknowledgement(world):
    told_down(world, "ddd")
    world.event(Ack(incident=world.open[0].id, author="wang"))
    looks(world, "-")
    world.pass_time(5 * HOUR)
    assert world.events == ["incident_opened", "incident_changed", "incident_reminder"]
    assert world.open[0].acknowledged_by == ""


def test_a_failure_earlier_on_the_way_is_worse_and_one_later_is_not(world):
    told_down(world)
    world.event(Ack(incident=world.open[0].id, author="wang"))
    looks(world, "rrr")
    world.pass_time(20)
    assert world.open[0].acknowledged_at is None
    world.event(Ack(incident=world.open[0].id, author="wang"))
    looks(world, "-----")
    world.pass_time(20)
    assert world.events == ["incident_opened", "incident_changed", "incident_changed"]
    assert world.open[0].acknowledged_at is not None


def test_an_acknowledgement_ends_with_the_outage(world):
    id_ = told_down(world)
    world.event(Ack(incident=id_, author="wang"))
    world.play({"reach/anhui": "++"})
    world.pass_time(60)
    told_down(world)
    world.pass_time(4 * HOUR)
    assert world.events[2:] == ["incident_changed", "incident_reminder"]


def test_only_what_is_open_can_be_acknowledged(world):
    id_ = told_down(world)
    assert world.event(Ack(incident="nobody", author="wang")).refused == "there is no incident nobody"
    world.play({"reach/anhui": "++"})
    world.pass_time(60)
    assert world.event(Ack(incident=id_, author="wang")).refused == f"incident {id_} is resolved"


def test_reminders_go_by_the_routes_of_that_hour_and_an_end_to_everyone_told():
    """17:00 in Shanghai: both; at 21:00 and later the route by day no longer holds."""
    routes = (
        Route(to=("oncall",), when=When(hours=("08:00", "18:00")), goes_on=True),
        Route(to=("bus",)),
    )
    world = World(six(routes=routes))
    world.warm()
    told_down(world)
    world.pass_time(5 * HOUR)
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert [note.to for note in world.told] == [
        ("bus[0]", "oncall[0]"),
        ("bus[0]",),
        ("bus[0]", "oncall[0]"),
    ]


# --- receivers that are gone -----------------------------------------------------------------------------------------


def renamed(*ids: str) -> tuple[Receiver, ...]:
    """Receivers of these ids."""
    return tuple(
        Receiver(id=id_, name=id_.partition("[")[0], kind="webhook", url="http://127.0.0.1:9/") for id_ in ids
    )


def test_where_nobody_of_those_told_is_left_those_whom_the_routes_name_hear_of_the_end(world):
    told_down(world)
    world.plan = six(receivers=renamed("night[0]"), routes=(Route(to=("night",)),))
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert [note.to for note in world.told] == [("bus[0]", "oncall[0]"), ("night[0]",)]


def test_where_one_of_those_told_has_another_name_by_now_it_hears_of_the_end_as_well(world):
    told_down(world)
    world.plan = six(receivers=renamed("ops[0]", "bus[0]"), routes=(Route(to=("ops", "bus")),))
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert [note.to for note in world.told] == [("bus[0]", "oncall[0]"), ("bus[0]", "ops[0]")]


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
