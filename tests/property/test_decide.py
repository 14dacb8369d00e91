"""What must hold of deciding whatever the runs say, in whatever order their results come in."""

from __future__ import annotations

import random
from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.decide import decide
from monitor.core.incidents import Key, key_of
from monitor.core.state import State, apply
from monitor.model import Cause, Confirmed, Incident, Notification, Plan, Repeat, Tick
from tests.core.listening import Listener
from tests.core.notation import World, control, plan_of, result, target

MANY = settings(max_examples=30, deadline=None)
SIGNS = "+++++----rrnxdb!tsuai."
ONCE = Repeat(attempts=1, spacing=5)
SWEEP = timedelta(seconds=15)
"""Longer than the first word waits for a sweep: the timeout of a target and the longest `group_wait` of these plans."""


def plan(group_wait: float, *, hasty: bool, controls: int) -> Plan:
    """Three authorities, one of them with two services and three targets, and up to two controls."""
    more = {"confirm": ONCE} if hasty else {}
    return plan_of(
        target("reach", "anhui", **more),
        target("captcha", "anhui", wake_on=("reach",)),
        target("dppt", "anhui", service="dppt"),
        target("reach", "gansu"),
        target("reach", "hebei"),
        *(control(name, **more) for name in ("internet", "anycast")[:controls]),
        group_wait=group_wait,
    )


plans = st.builds(plan, st.sampled_from([0.0, 7.0, 10.0]), hasty=st.booleans(), controls=st.integers(0, 2))


@st.composite
def played(draw: st.DrawFn) -> tuple[Plan, dict[str, str]]:
    """A plan and a row of signs for each of its targets, in stretches so that beliefs do change."""
    chosen = draw(plans)
    stretch = st.builds(lambda sign, times: sign * times, st.sampled_from(SIGNS), st.integers(1, 5))
    row = st.lists(stretch, max_size=6).map("".join)
    return chosen, {id_: draw(row) for id_ in chosen.targets}


def world_of(chosen: Plan, rows: Mapping[str, str]) -> World:
    """Play the rows, then let everything that waits be told."""
    world = World(chosen)
    world.play({**rows, "reach/hebei": rows["reach/hebei"] or "+"})
    world.pass_time(120)
    return world


@MANY
@given(played())
def test_opened_and_resolved_take_turns_for_every_service(case):
    world = world_of(*case)
    state, is_open = State(), dict[Key, str]()
    for commit in world.commits:
        for gone in commit.forgotten:
            is_open = {key: id_ for key, id_ in is_open.items() if id_ != gone}
        for incident in sorted(commit.incidents, key=lambda one: one.is_open):
            key = key_of(incident)
            if incident.is_open:
                assert is_open.setdefault(key, incident.id) == incident.id
            elif incident.id in state.incidents and state.incidents[incident.id].is_open:
                assert is_open.pop(key) == incident.id
        apply(state, commit)


@MANY
@given(played())
def test_opened_and_resolved_take_turns_for_every_receiver_and_service(case):
    world = world_of(*case)
    for receiver in ("oncall[0]", "bus[0]"):
        listener = Listener(receiver)
        listener.hear(world.told)
        assert listener.open == {one.id for one in world.open if receiver in one.told}


@MANY
@given(played())
def test_when_all_is_well_again_everyone_who_was_told_knows_it(case):
    chosen, rows = case
    world = world_of(chosen, {id_: row.replace("!", "b") for id_, row in rows.items()})
    world.play(dict.fromkeys(chosen.targets, "++++"))
    world.pass_time(240)
    assert world.open == []
    listener = Listener("bus[0]")
    listener.hear(world.told)
    assert listener.open == set()


@MANY
@given(played(), st.integers())
def test_any_interleaving_of_the_same_results_gives_the_same_incidents(case, seed):
    """Everyone runs in every column: the runs that a sweep asks for do come in."""
    chosen, rows = case
    longest = max(map(len, rows.values()))
    rows = {id_: row.replace(".", "+").ljust(longest, "+") for id_, row in rows.items()}
    ids = list(chosen.targets)
    random.Random(seed).shuffle(ids)
    straight = world_of(chosen, rows)
    shuffled = world_of(chosen, {id_: rows[id_] for id_ in ids})
    assert facts_of(straight) == facts_of(shuffled)
    for one in straight.state.incidents.values():
        assert abs(one.opened_at - shuffled.state.incidents[one.id].opened_at) <= SWEEP
    assert straight.state.targets == shuffled.state.targets


def facts_of(world: World) -> set[tuple[object, ...]]:
    """What happened, whatever order it came in. The instant may differ: by the sweep that one of them waited for."""
    return {
        (one.id, one.cause, one.severity, one.first_failure_at, one.is_open, told_of(one))
        for one in world.state.incidents.values()
    }


def told_of(incident: Incident) -> frozenset[str]:
    """Who was told; nobody of what was over so soon that the sweep its first word waits for was in for one order only."""
    over_soon = incident.resolved_at is not None and incident.resolved_at - incident.opened_at <= 2 * SWEEP
    return frozenset() if over_soon else incident.told


@MANY
@given(played())
def test_nothing_is_told_while_the_sweep_is_out_and_only_by_ticks(case):
    world = world_of(*case)
    state = State()
    for commit in world.commits:
        if commit.notifications:
            assert state.sweep is None or not state.sweep.is_pending(commit.at)
            assert all(state.targets[of.id].last is of.last for of in commit.targets), (
                "a result tells nothing by itself"
            )
            assert commit.durable
        apply(state, commit)


@MANY
@given(played())
def test_no_key_is_used_twice_and_each_notification_has_somebody_to_tell(case):
    world = world_of(*case)
    keys = [note.key for note in world.told]
    assert len(keys) == len(set(keys))
    assert all(note.to and note.incidents for note in world.told)


@MANY
@given(played())
def test_while_our_own_fault_holds_nothing_else_is_opened_or_told_as_opened(case):
    world = world_of(*case)
    state = State()
    for commit in world.commits:
        controls = [one for id_, one in state.targets.items() if id_ in ("internet", "anycast")]
        ran = [one for one in controls if (one.failures or one.oks) and one.cause is not Cause.INTERNAL]
        if ran and all(one.confirmed is Confirmed.DOWN for one in ran) and not commit.targets:
            opened = {one.authority for one in commit.incidents if one.id not in state.incidents}
            told = {one.authority for note in commit.notifications for one in note.incidents if one.is_open}
            assert opened <= {"local"}
            assert not told or note_is_about_us(commit.notifications)
        apply(state, commit)


def note_is_about_us(notes: tuple[Notification, ...]) -> bool:
    """Whether what is told of open incidents is the local one, or stands in the last word of an earlier one."""
    return all(
        incident.authority == "local" or not incident.is_open or note.scope == "local"
        for note in notes
        for incident in note.incidents
    )


@MANY
@given(played())
def test_the_commits_replayed_give_the_same_state(case):
    world = world_of(*case)
    state = State()
    for commit in world.commits:
        apply(state, commit)
    assert state == world.state


@MANY
@given(played(), st.sampled_from("+-b!i"))
def test_deciding_touches_nothing_and_says_the_same_again(case, sign):
    world = world_of(*case)
    before = deepcopy(world.state)
    for event in (Tick(), result("reach/anhui", sign, world.now)):
        first = decide(event, world.state, world.now, world.plan)
        assert decide(event, world.state, world.now, world.plan) == first
    assert world.state == before
