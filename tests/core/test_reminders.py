"""Who is reminded of an incident, who takes it, and who hears of its end where receivers are gone."""

from __future__ import annotations

from monitor.model import Ack, Receiver, Route, When
from tests.core.notation import HOUR, World, looks, six, told_down

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
