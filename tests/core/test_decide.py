"""One decision after the other: what is looked at next, what opens and ends, who is told what and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.core.facts import Fact
from monitor.model import (
    Cause,
    Diagnosis,
    EventName,
    Incident,
    Receiver,
    Repeat,
    Result,
    Route,
    Scope,
    Severity,
    Tick,
)
from tests.core.notation import (
    CONTROLS,
    SLUGS,
    START,
    World,
    control,
    everyone,
    plan_of,
    result,
    six,
    target,
)


@pytest.fixture
def world() -> World:
    """Six authorities and two controls, all of them up."""
    world = World(six())
    world.warm()
    return world


def wanted(world: World) -> dict[str, float]:
    """What the last commit wants to run: seconds from now by target."""
    return {due.target: (due.at - world.now).total_seconds() for due in world.commits[-1].due}


# --- what is looked at next ------------------------------------------------------------------------------------------


def test_a_routine_result_changes_its_target_and_nothing_else(world):
    commit = world.see("reach/anhui", "+")
    assert [state.id for state in commit.targets] == ["reach/anhui"]
    assert (commit.incidents, commit.notifications, commit.due, commit.intervals) == ((), (), (), {})
    assert not commit.durable
    assert commit.next_wakeup is None


def test_a_restored_result_and_one_of_a_stranger_change_nothing(world):
    kept = Result(target="reach/anhui", started_at=START, duration=1, cause=Cause.UNREACHABLE, restored=True)
    for event in (kept, result("reach/nowhere", "-", START)):
        commit = world.event(event)
        assert (commit.targets, commit.incidents, commit.due, commit.durable) == ((), (), (), False)


def test_an_unconfirmed_row_asks_for_the_next_run(world):
    world.see("reach/anhui", "-")
    assert wanted(world)["reach/anhui"] == 5
    world.see("reach/anhui", "-")
    assert wanted(world) == {"reach/anhui": 5}
    world.see("reach/anhui", "-")
    assert wanted(world) == {}


def test_the_interval_changes_with_the_belief_and_back():
    world = World(plan_of(target("captcha", "anhui")))
    world.warm()
    world.play({"captcha/anhui": "---"})
    assert {"captcha/anhui": 60.0} in [commit.intervals for commit in world.commits]
    world.play({"captcha/anhui": "++"})
    assert {"captcha/anhui": 300.0} in [commit.intervals for commit in world.commits[-3:]]


def test_after_a_restart_the_first_tick_says_every_unusual_interval(world):
    world.play({"reach/anhui": "---", "reach/gansu": "t"})
    again = World(world.plan, now=world.now, state=world.state)
    assert again.event(Tick()).intervals == {"reach/anhui": 60.0, "reach/gansu": 120.0}


def test_the_first_failing_run_asks_the_controls_and_the_cheapest_of_every_other_authority():
    plan = plan_of(
        target("reach", "anhui"), target("captcha", "anhui"), target("captcha", "gansu"), target("reach", "gansu"),
        target("web", "hebei", kind="http"), target("quick", "hebei", kind="http", timeout=1.0),
        *map(control, CONTROLS),
    )  # fmt: skip
    world = World(plan)
    world.warm()
    world.see("captcha/anhui", "-")
    now = {id_ for id_, seconds in wanted(world).items() if seconds == 0}
    assert now == {"internet", "anycast", "reach/gansu", "quick/hebei"}


def test_a_cold_start_does_not_look_at_anyone_twice():
    world = World(six())
    world.see("reach/gansu", "+")
    world.now += timedelta(seconds=0.5)
    world.see("reach/anhui", "r")
    assert wanted(world) == {"reach/anhui": 5}, "gansu has just spoken, the others are on their way"
    assert world.state.sweep is not None
    assert world.state.sweep.awaiting == {*CONTROLS, *(f"reach/{slug}" for slug in SLUGS)} - {
        "reach/anhui", "reach/gansu"
    }  # fmt: skip


def test_there_is_at_most_one_sweep_a_minute(world):
    world.see("reach/anhui", "-")
    world.pass_time(30)
    world.see("reach/gansu", "-")
    assert wanted(world).keys() == {"reach/gansu", *CONTROLS}
    world.pass_time(30)
    world.see("reach/hebei", "-")
    assert len(wanted(world)) == 8


def test_a_second_cut_within_a_minute_asks_the_controls_again_before_the_first_word():
    world = World(hasty_plan())
    world.warm()
    world.see("reach/gansu", "-")
    world.play(dict.fromkeys((*CONTROLS, *(f"reach/{slug}" for slug in SLUGS)), "+"))
    world.pass_time(20)
    world.see("reach/anhui", "-")
    assert [id_ for id_, seconds in wanted(world).items() if seconds == 0] == list(CONTROLS)
    world.pass_time(1)
    assert world.told == [], "it may be us again"
    world.play(dict.fromkeys(CONTROLS, "---"))
    assert world.heard == [("incident_opened", ("local",))]


def test_a_control_that_has_just_spoken_is_asked_again_after_six_seconds(world):
    world.see("reach/anhui", "-")
    world.play(dict.fromkeys(CONTROLS, "+"), spacing=1)
    world.pass_time(3)
    world.see("reach/gansu", "-")
    due = wanted(world)
    assert due.pop("reach/gansu") == 5
    assert due.keys() == set(CONTROLS)
    assert all(0 < seconds <= 6 for seconds in due.values())


def test_the_first_word_waits_for_a_control_that_spoke_well_just_before_the_second_cut():
    world = World(hasty_plan())
    world.warm()
    world.see("reach/gansu", "-")
    world.play(dict.fromkeys((*CONTROLS, *(f"reach/{slug}" for slug in SLUGS)), "+"))
    world.pass_time(20)
    world.play(dict.fromkeys(CONTROLS, "+"))
    world.pass_time(1)
    for slug in SLUGS:
        world.see(f"reach/{slug}", "-")
    world.pass_time(3)
    assert world.told == [], "the controls were well before it, not since"
    world.play(dict.fromkeys(CONTROLS, "---"))
    assert world.heard == [("incident_opened", ("local",))]


def test_a_change_of_mind_wakes_those_that_wait_for_it():
    woken = target("captcha", "anhui", wake_on=("reach",))
    stranger = target("captcha", "gansu", wake_on=("reach",))
    world = World(plan_of(target("reach", "anhui"), woken, stranger))
    world.warm()
    world.play({"reach/anhui": "--"})
    assert "captcha/anhui" not in wanted(world)
    world.see("reach/anhui", "-")
    assert wanted(world) == {"captcha/anhui": 0}
    world.see("reach/anhui", "+")
    world.see("reach/anhui", "+")
    assert wanted(world) == {"captcha/anhui": 0}


# --- being shut out --------------------------------------------------------------------------------------------------


@pytest.fixture
def shut_out() -> World:
    """Anhui's captcha has just answered 020; its handshake and another page share the host."""
    world = World(
        plan_of(
            target("reach", "anhui"),
            target("captcha", "anhui"),
            target("page", "anhui", kind="http"),
            control("c"),
        )
    )
    world.warm()
    world.see("captcha/anhui", "!")
    return world


def test_shut_out_stops_the_host_for_a_day_and_is_told_once_as_a_warning(shut_out):
    (ban,) = shut_out.commits[-1].bans
    assert (ban.host_key, ban.until) == ("anhui.example:443", shut_out.now + timedelta(hours=24))
    assert shut_out.commits[-1].durable
    assert "captcha/anhui" not in wanted(shut_out)
    shut_out.see("page/anhui", "!")
    shut_out.pass_time(3600)
    (note,) = shut_out.told
    assert (note.event, note.severity) == (EventName.INCIDENT_OPENED, Severity.WARNING)
    assert note.incidents[0].diagnosis is Diagnosis.BLOCKED
    assert f"{Fact.CODE}=020" in note.incidents[0].facts


def test_only_requests_are_held_by_a_ban(shut_out):
    shut_out.see("page/anhui", "-")
    assert "page/anhui" not in wanted(shut_out)
    shut_out.see("reach/anhui", "-")
    assert "reach/anhui" in wanted(shut_out)


def test_a_ban_is_lifted_by_the_tick_it_asked_for(shut_out):
    shut_out.plan = replace(shut_out.plan, repeat=0.0)
    shut_out.pass_time(60)
    assert shut_out.commits[-1].next_wakeup == shut_out.state.bans["anhui.example:443"]
    shut_out.pass_time(24 * 3600)
    assert shut_out.state.bans == {}
    assert shut_out.commits[-1].next_wakeup is None


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


# --- nothing is told before it is known whether it is us --------------------------------------------------------------


def hasty_plan(**more):
    """Anhui needs one run to be believed down; nothing waits for a group."""
    once = Repeat(attempts=1, spacing=5)
    others = [target("reach", slug, timeout=3.0) for slug in SLUGS[1:]]
    return plan_of(
        target("reach", "anhui", confirm=once), *others, *map(control, CONTROLS), group_wait=0.0, **more
    )


def test_nothing_is_told_before_the_sweep_is_in():
    world = World(hasty_plan())
    world.warm()
    world.see("reach/anhui", "-")
    world.pass_time(1)
    assert world.told == []
    for id_ in ("internet", "anycast", *(f"reach/{slug}" for slug in SLUGS[1:])):
        assert world.told == []
        world.see(id_, "+")
    world.pass_time(0)
    assert world.heard == [("incident_opened", ("anhui",))]


def test_a_sweep_that_never_comes_in_holds_the_word_no_longer_than_its_timeout():
    world = World(hasty_plan())
    world.warm()
    world.see("reach/anhui", "-")
    world.pass_time(4.9)
    assert world.told == []
    world.pass_time(0.1)
    assert world.heard == [("incident_opened", ("anhui",))]


def test_while_every_control_fails_unconfirmed_nothing_is_told_and_then_it_was_us():
    world = World(hasty_plan())
    world.warm()
    world.see("reach/anhui", "-")
    world.play(dict.fromkeys(CONTROLS, "--"))
    assert world.told == []
    world.play(dict.fromkeys(CONTROLS, "-"))
    assert world.heard == [("incident_opened", ("local",))]


def test_a_banned_target_is_not_waited_for():
    world = World(plan_of(target("captcha", "anhui"), target("reach", "gansu"), group_wait=0.0))
    world.warm()
    world.see("captcha/anhui", "!")
    world.pass_time(61)
    world.see("reach/gansu", "-")
    assert world.state.sweep is not None
    assert world.state.sweep.awaiting == frozenset()


def test_a_clock_set_back_does_not_hold_the_word(world):
    world.play({"reach/anhui": "---"})
    world.now -= timedelta(hours=1)
    world.see("reach/gansu", "+")
    world.pass_time(25)
    assert world.heard == [("incident_opened", ("anhui",))]


# --- our own network -------------------------------------------------------------------------------------------------


def local_of(world: World) -> Incident:
    """The one incident of our own network."""
    (incident,) = (one for one in world.state.incidents.values() if one.scope is Scope.LOCAL)
    return incident


def test_a_cold_start_without_a_network_is_one_local_incident_and_one_message():
    world = World(six())
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("local",))]
    (incident,) = world.state.incidents.values()
    assert (incident.id, incident.severity) == ("local-20261121T080000Z", Severity.CRITICAL)
    assert incident.facts == ("controls_failing=2/2", "down=6/6")


def test_controls_that_hang_longer_than_the_provinces_fail_still_come_first():
    world = World(six())
    provinces = {f"reach/{slug}": "rrr" for slug in SLUGS}
    world.play({**provinces, "internet": ".-.-.-", "anycast": ".-.-.-"})
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("local",))]
    assert [one.scope for one in world.state.incidents.values()] == [Scope.LOCAL]


def test_when_the_network_is_back_one_message_says_so_and_nobody_is_down(world):
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    world.play(everyone(world.plan, "++"))
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("local",)), ("incident_resolved", ("local",))]
    assert world.told[1].still_down == ()
    assert world.open == []


def test_who_is_still_down_after_our_fault_is_in_its_last_word_and_is_told_to_have_mended(world):
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    world.play({**everyone(world.plan, "++"), "reach/gansu": "--"})
    world.pass_time(60)
    assert world.heard[1:] == [("incident_resolved", ("local", "gansu"))]
    assert world.told[1].still_down == ("gansu",)
    assert world.open[0].parent == local_of(world).id
    world.play({"reach/gansu": "++"})
    world.pass_time(60)
    assert world.heard[2:] == [("incident_resolved", ("gansu",))]


def test_when_a_control_answers_again_everyone_believed_down_is_looked_at_before_the_word(world):
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    world.see("internet", "+")
    assert {id_ for id_, seconds in wanted(world).items() if seconds == 0} == {
        "anycast", *(f"reach/{slug}" for slug in SLUGS)
    }  # fmt: skip
    world.pass_time(5)
    world.see("internet", "+")
    world.pass_time(12)
    assert len(world.told) == 1, "the others have not answered yet"


def test_open_before_our_fault_stays_open_gets_its_parent_and_is_told_to_have_mended(world):
    world.play({"reach/anhui": "---"})
    world.pass_time(60)
    world.play(dict.fromkeys(CONTROLS, "nnn"))
    world.play({"reach/anhui": "nnn"})
    world.pass_time(60)
    (anhui,) = (one for one in world.open if one.authority == "anhui")
    assert anhui.parent == local_of(world).id
    assert anhui.cause is Cause.RESPONSE_TIMEOUT, "a fault of ours says nothing new about it"
    world.play(everyone(world.plan, "++"))
    world.pass_time(60)
    assert world.heard == [
        ("incident_opened", ("anhui",)),
        ("incident_opened", ("local",)),
        ("incident_resolved", ("anhui",)),
        ("incident_resolved", ("local",)),
    ]


def test_mended_and_broken_again_within_our_fault_is_told_in_that_order(world):
    world.play({"reach/anhui": "---"})
    world.pass_time(60)
    world.play(dict.fromkeys(CONTROLS, "---"))
    world.pass_time(60)
    world.play({"reach/anhui": "++---", **dict.fromkeys(CONTROLS, "...++")})
    world.pass_time(60)
    assert world.heard[2:] == [("incident_resolved", ("anhui",)), ("incident_resolved", ("local", "anhui"))]


def test_a_change_that_our_fault_overtakes_is_told_after_it(world):
    world.play({"reach/anhui": "ddd"})
    world.pass_time(60)
    world.play({"reach/anhui": "..-", **dict.fromkeys(CONTROLS, "---")})
    world.pass_time(60)
    assert [event for event, _ in world.heard] == ["incident_opened", "incident_opened"]
    world.play({**dict.fromkeys(CONTROLS, "++"), "reach/anhui": "-"})
    world.pass_time(60)
    assert [(note.event, note.scope) for note in world.told[2:]] == [("incident_resolved", "local")]
    assert world.told[2].still_down == ("anhui",)


def test_our_fault_over_before_it_was_told_leaves_the_others_to_be_told_as_usual(world):
    world.play({"internet": "---++", "anycast": "---++", "reach/gansu": ".---------"}, spacing=1)
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("gansu",))]
    assert local_of(world).told == frozenset()


def test_what_speaks_of_us_is_not_listed_as_still_down(world):
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    world.play({**everyone(world.plan, "+++"), "reach/gansu": "bbb"})
    world.pass_time(60)
    assert world.told[1].still_down == ()
    assert world.heard[2:] == [("incident_opened", ("gansu",))]


CAUSES = {
    "no names at all": ("n", Diagnosis.LOCAL_DNS),
    "nobody is trusted": ("x", Diagnosis.LOCAL_TRUST),
    "anything else": ("-", Diagnosis.LOCAL_NETWORK),
}


@pytest.mark.parametrize(("sign", "diagnosis"), CAUSES.values(), ids=CAUSES)
def test_what_ails_our_network(world, sign, diagnosis):
    world.play(dict.fromkeys(CONTROLS, sign * 3))
    assert local_of(world).diagnosis is diagnosis


def test_one_control_down_is_nobodys_outage(world):
    world.play({"internet": "---"})
    world.pass_time(60)
    assert world.state.incidents == {}


def test_without_controls_the_facts_say_so():
    world = World(plan_of(*(target("reach", slug) for slug in SLUGS)))
    world.warm()
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    assert world.heard == [("incident_opened", ("national", *SLUGS))]
    assert Fact.NO_CONTROLS in world.told[0].incidents[0].facts


# --- memory ----------------------------------------------------------------------------------------------------------


def test_resolved_incidents_are_forgotten_after_a_month(world):
    world.play({"reach/anhui": "---++"})
    world.pass_time(31 * 86400)
    world.event(Tick())
    assert world.state.incidents == {}
