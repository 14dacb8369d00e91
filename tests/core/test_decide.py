"""What opens and ends, and who is told of it: one authority that breaks and mends, and one that never answered."""

from __future__ import annotations

import pytest

from monitor.core.facts import Fact
from monitor.model import Cause, Diagnosis, EventName, Receiver, Repeat, Route, Severity, Tick
from tests.core.notation import SLUGS, World, everyone, plan_of, six, target

# --- one authority breaks and mends ----------------------------------------------------------------------------------


def test_one_that_breaks_and_mends_is_told_once_each(world):
    world.play({"reach/anhui": "---"})
    assert [one.id for one in world.open] == ["anhui-verify-20261121T080110Z"]
    assert world.told == [], "nothing before group_wait"
    world.pass_time(10)
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert world.heard == [("incident_opened", ("anhui",)), ("incident_resolved", ("anhui",))]
    opened, ended = world.told
    assert opened.key == "anhui-verify-20261121T080110Z/1/incident_opened"
    assert ended.key == "anhui-verify-20261121T080110Z/2/incident_resolved"
    assert opened.to == ended.to == ("bus[0]", "oncall[0]")
    assert opened.severity is Severity.CRITICAL
    (incident,) = opened.incidents
    assert (incident.cause, incident.diagnosis) == (Cause.RESPONSE_TIMEOUT, Diagnosis.PROVINCIAL_OUTAGE)
    assert incident.facts == ("targets_failing=1/1", "controls_failing=0/2")


def test_what_opens_within_group_wait_is_one_message(world):
    world.play({"reach/anhui": "---", "reach/gansu": ".---"})
    world.pass_time(30)
    assert world.heard == [("incident_opened", ("anhui", "gansu"))]
    assert world.told[0].key == "group-anhui-verify-20261121T080110Z/1/incident_opened"


@pytest.mark.parametrize("first", ["anhui", "gansu"])
def test_the_same_incidents_are_one_group_by_the_same_id_when_they_open_and_when_they_end(world, first):
    rows = {"anhui": "---", "gansu": "---"}
    world.play({f"reach/{slug}": row if slug == first else f".{row}" for slug, row in rows.items()})
    world.pass_time(30)
    last = {"anhui": "++", "gansu": "++"}
    world.play({f"reach/{slug}": f".{row}" if slug == first else row for slug, row in last.items()})
    world.pass_time(30)
    opened, ended = (note.key.split("/") for note in world.told)
    assert opened[0] == ended[0], world.told
    assert (opened[0].startswith("group-anhui-"), opened[1], ended[1]) == (True, "1", "2")


def test_what_opens_later_is_another_message(world):
    world.play({"reach/anhui": "---", "reach/gansu": ".....---"})
    world.pass_time(30)
    assert world.heard == [("incident_opened", ("anhui",)), ("incident_opened", ("gansu",))]


def test_what_mends_before_it_was_told_is_never_told(world):
    world.play({"reach/anhui": "---++"}, spacing=2)
    world.pass_time(60)
    assert world.told == []
    (incident,) = world.state.incidents.values()
    assert incident.resolved_at is not None, "it happened all the same"


def test_a_flicker_opens_nothing(world):
    world.play({"reach/anhui": "--+--+--+"})
    assert world.state.incidents == {}


def test_who_was_told_that_it_broke_is_told_that_it_mended_whatever_the_routes_say_now(world):
    world.play({"reach/anhui": "---"})
    world.pass_time(10)
    world.plan = six(
        receivers=(
            Receiver(id="new[0]", name="oncall", kind="webhook", url="http://127.0.0.1:9/"),
            *world.plan.receivers,
        ),
        routes=(Route(to=("nobody",)),),
    )
    world.play({"reach/anhui": "++"})
    world.pass_time(10)
    assert [note.to for note in world.told] == [("bus[0]", "oncall[0]"), ("bus[0]", "oncall[0]")]


def test_a_second_outage_within_the_same_second_has_an_id_of_its_own():
    hasty = target(
        "reach", "anhui", confirm=Repeat(attempts=1, spacing=0.1), recover=Repeat(attempts=1, spacing=0.1)
    )
    world = World(plan_of(hasty, group_wait=0.0, reopen=0.0))
    world.play({"reach/anhui": "+-+-+"}, spacing=0.1)
    assert [one.id for one in world.state.incidents.values()] == [
        "anhui-verify-20261121T080000Z",
        "anhui-verify-20261121T080000Z-2",
    ]
    assert [event for event, _ in world.heard] == ["incident_opened", "incident_resolved"] * 2


def test_without_receivers_incidents_open_and_end_and_nothing_is_told():
    world = World(six(receivers=(), routes=()))
    world.warm()
    world.play({"reach/anhui": "---"})
    world.pass_time(30)
    assert len(world.open) == 1
    world.play({"reach/anhui": "++"})
    assert (world.open, world.told) == ([], [])


def test_an_incident_nothing_looks_at_any_more_ends_at_the_next_tick(world):
    world.play({"reach/anhui": "---"})
    world.pass_time(10)
    world.plan = plan_of(target("reach", "gansu"))
    world.event(Tick())
    world.pass_time(10)
    assert world.open == []
    assert world.told[-1].event is EventName.INCIDENT_RESOLVED
    assert Fact.NO_LONGER_WATCHED in world.told[-1].incidents[0].facts


def test_a_cause_that_changes_is_kept_with_the_incident(world):
    world.play({"reach/anhui": "---r"})
    assert world.open[0].cause is Cause.CONNECTION_REFUSED


def test_each_service_has_an_incident_of_its_own_and_the_others_are_warnings():
    world = World(plan_of(target("reach", "anhui"), target("dppt", "anhui", service="dppt")))
    world.warm()
    world.play(everyone(world.plan, "---"))
    assert {one.service: one.severity for one in world.open} == {
        "verify": Severity.CRITICAL,
        "dppt": Severity.WARNING,
    }


OURS = {"blocked": ("bbb", Diagnosis.BLOCKED), "a shape unknown": ("ddd", Diagnosis.UNDETERMINED)}


@pytest.mark.parametrize(("row", "diagnosis"), OURS.values(), ids=OURS)
def test_what_is_not_an_outage_is_one_warning(world, row, diagnosis):
    world.play({"reach/anhui": row})
    world.pass_time(10)
    (note,) = world.told
    assert (note.severity, note.incidents[0].diagnosis) == (Severity.WARNING, diagnosis)


def test_a_warning_that_becomes_an_outage_is_told_as_a_change(world):
    world.play({"reach/anhui": "bbb"})
    world.pass_time(10)
    world.play({"reach/anhui": "---"})
    world.pass_time(10)
    assert world.heard == [("incident_opened", ("anhui",)), ("incident_changed", ("anhui",))]
    assert world.told[1].severity is Severity.CRITICAL


# --- never seen up ---------------------------------------------------------------------------------------------------


def test_what_never_answered_is_at_most_a_warning():
    world = World(six())
    world.play({**everyone(world.plan, "++"), "reach/anhui": "---"})
    world.pass_time(30)
    (note,) = world.told
    assert (note.severity, note.incidents[0].never_up) == (Severity.WARNING, True)
    assert Fact.NEVER_ANSWERED in note.incidents[0].facts


def test_what_never_answered_stands_outside_the_national_quorum():
    world = World(six())
    world.play({**everyone(world.plan, "++"), **{f"reach/{slug}": "---" for slug in SLUGS[:4]}})
    world.pass_time(30)
    assert {one.diagnosis for one in world.open} == {Diagnosis.UNDETERMINED}


def test_three_of_six_down_is_national(world):
    world.play({f"reach/{slug}": "---" for slug in SLUGS[:3]})
    world.pass_time(30)
    (note,) = world.told
    assert {one.diagnosis for one in note.incidents} == {Diagnosis.NATIONAL_OUTAGE}
    assert "down=3/6" in note.incidents[0].facts


# --- memory ----------------------------------------------------------------------------------------------------------


def test_resolved_incidents_are_forgotten_after_a_month(world):
    world.play({"reach/anhui": "---++"})
    world.pass_time(31 * 86400)
    world.event(Tick())
    assert world.state.incidents == {}
