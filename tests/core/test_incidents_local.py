"""Our own network: nothing is told before it is known whether it is us, one incident for all, and who is still down after it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.core.facts import Fact
from monitor.model import Cause, Diagnosis, Incident, Scope, Severity
from tests.core.notation import CONTROLS, SLUGS, World, everyone, hasty, plan_of, six, target

# --- nothing is told before it is known whether it is us -------------------------------------------------------------


def test_nothing_is_told_before_the_sweep_is_in():
    world = World(hasty())
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
    world = World(hasty())
    world.warm()
    world.see("reach/anhui", "-")
    world.pass_time(4.9)
    assert world.told == []
    world.pass_time(0.1)
    assert world.heard == [("incident_opened", ("anhui",))]


def test_while_every_control_fails_unconfirmed_nothing_is_told_and_then_it_was_us():
    world = World(hasty())
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
    assert {id_ for id_, seconds in world.wanted.items() if seconds == 0} == {
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
