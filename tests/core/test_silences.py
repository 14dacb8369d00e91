"""Silences: they mute the telling, not the looking, and never an end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from monitor.core.muting import MOST_SILENCES
from monitor.model import AddSilence, EndSilence, Silence
from tests.core.mutes import MINUTE, until, world_with
from tests.core.notation import START, World, everyone, six


def silence(minutes: float, id_: str = "s1", start: datetime = START, **matchers: str) -> Silence:
    """A silence that ends so many minutes after the start."""
    return Silence(
        id=id_,
        matchers={name: (word,) for name, word in (matchers or {"authority": "anhui"}).items()},
        starts_at=start,
        ends_at=START + timedelta(minutes=minutes),
    )


def test_a_silence_mutes_openings_and_when_it_ends_what_nobody_heard_of_is_opened():
    world = world_with()
    assert world.event(AddSilence(silence=silence(60))).refused == ""
    world.play({"reach/anhui": "---", "reach/gansu": "---"})
    until(world, 59)
    assert world.heard == [("incident_opened", ("gansu",))]
    assert {one.authority: one.muted_by for one in world.open} == {"anhui": "s1", "gansu": None}
    until(world, 61)
    assert world.heard[1:] == [("incident_opened", ("anhui",))]
    assert world.state.silences == {}


def test_a_silence_ended_by_hand_ends_its_muting():
    world = world_with()
    world.event(AddSilence(silence=silence(60)))
    world.play({"reach/anhui": "---"})
    world.pass_time(60)
    assert world.event(EndSilence(id="s1")).refused == ""
    world.pass_time(15)
    assert world.heard == [("incident_opened", ("anhui",))]
    assert world.event(EndSilence(id="s1")).refused == "there is no silence s1"


def test_a_silence_never_mutes_the_end_of_what_was_told():
    world = world_with(repeat=600.0)
    world.play({"reach/anhui": "---"})
    world.pass_time(20)
    world.event(AddSilence(silence=silence(600)))
    until(world, 60)
    world.play({"reach/anhui": "++"})
    world.pass_time(20)
    assert world.events == ["incident_opened", "incident_resolved"]


def test_what_opens_and_ends_in_a_silence_is_never_told():
    world = world_with()
    world.event(AddSilence(silence=silence(60)))
    world.play({"reach/anhui": "---++"})
    until(world, 120)
    assert world.told == []


def test_a_change_in_a_silence_is_told_when_it_ends():
    world = world_with()
    world.play({"reach/anhui": "ddd"})
    world.pass_time(20)
    world.event(AddSilence(silence=silence(60)))
    world.play({"reach/anhui": "-"})
    until(world, 61)
    assert world.events == ["incident_opened", "incident_changed"]


def test_a_silence_matches_by_all_its_matchers():
    world = world_with()
    world.event(AddSilence(silence=silence(60, authority="anhui", severity="warning")))
    world.play({"reach/anhui": "---", "reach/gansu": "bbb"})
    world.pass_time(20)
    assert world.heard == [("incident_opened", ("anhui", "gansu"))]


def test_a_silenced_outage_is_not_told_by_the_end_of_a_fault_of_ours():
    world = world_with()
    world.event(AddSilence(silence=silence(60)))
    world.play(everyone(world.plan, "---"))
    world.pass_time(60)
    world.play({**everyone(world.plan, "++"), "reach/anhui": "---"})
    world.pass_time(60)
    assert world.told[1].still_down == ()
    until(world, 61)
    assert world.heard[2:] == [("incident_opened", ("anhui",))]


REFUSED_SILENCES = {
    "ends before it starts": (silence(0), "a silence must end after it starts"),
    "over already": (silence(-1, start=START - 9 * MINUTE), "it would be over already"),
    "of nothing": (
        Silence(id="s", matchers={}, starts_at=START, ends_at=START + 60 * MINUTE),
        "name at least one of authority, service, severity, diagnosis",
    ),
    "of something unknown": (
        silence(60, cause="tls_expired"),
        "unknown matcher 'cause'; there are authority, service, severity, diagnosis",
    ),
    "of a stranger": (silence(60, authority="atlantis"), "unknown authority 'atlantis'"),
    "of a word unknown": (silence(60, severity="loud"), "unknown severity 'loud'"),
    "of no words": (
        Silence(id="s", matchers={"authority": ()}, starts_at=START, ends_at=START + 60 * MINUTE),
        "matcher authority needs one to 100 words",
    ),
}


@pytest.mark.parametrize(("asked", "why"), REFUSED_SILENCES.values(), ids=REFUSED_SILENCES)
def test_a_silence_that_cannot_be_changes_nothing_and_says_why(asked, why):
    commit = World(six()).event(AddSilence(silence=asked))
    assert (commit.refused, commit.silences, commit.durable) == (why, (), False)


def test_there_are_not_more_silences_than_anyone_can_oversee():
    world = World(six())
    for number in range(MOST_SILENCES):
        assert world.event(AddSilence(silence=silence(60, f"s{number}"))).refused == ""
    assert world.event(AddSilence(silence=silence(60, "s0"))).refused == "there is a silence s0 already"
    assert "already; end some first" in world.event(AddSilence(silence=silence(60, "more"))).refused
