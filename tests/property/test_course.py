"""What must hold of telling whatever happens in whatever order: runs, readings, windows, silences, commands, stores, plans."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.incidents import key_of
from monitor.core.state import State, apply
from monitor.model import (
    Ack,
    AddSilence,
    AddWindow,
    EndSilence,
    EndWindow,
    EventName,
    Flapping,
    Judgement,
    MaintenanceRule,
    Outcome,
    Plan,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Replan,
    Route,
    Scope,
    Silence,
    StartDrill,
    StoreHealth,
    When,
    Window,
)
from tests.core.listening import Listener
from tests.core.notation import START, World, control, plan_of, target

SLUGS = ("anhui", "gansu", "hebei", "jilin")
IDS = (*(f"reach/{slug}" for slug in SLUGS), "dppt/anhui", "internet")
RECEIVERS = ("oncall[0]", "bus[0]")
MINUTE = timedelta(minutes=1)
EVERYONE = (Route(to=("oncall", "bus")),)
ROUTES = (
    EVERYONE,
    (Route(to=("oncall",), when=When(severity=("critical",)), goes_on=True), Route(to=("bus",))),
    (
        Route(to=("oncall",), when=When(hours=("17:00", "16:30"))),
        Route(to=("bus",), when=When(scope=("authority",))),
    ),
    (Route(to=("bus",), when=When(event=("incident_opened", "maintenance_overrun"))),),
)
NIGHTLY = MaintenanceRule(
    name="nightly", authorities=("anhui", "gansu"), schedule="*/30 * * * *", duration=480.0, announce=True
)

Step = Any
"""What happens to a world: a function of it."""


def plan(routes: tuple[Route, ...], *, rules: bool, fewer: bool = False) -> Plan:
    """Four authorities, one of them with two services, one control and one reference; `fewer`: one authority less."""
    slugs = SLUGS[:3] if fewer else SLUGS
    return plan_of(
        *(target("reach", slug) for slug in slugs),
        target("dppt", "anhui", service="dppt"),
        control("internet"),
        routes=routes,
        references=(ReferenceSource(name="hq", url="http://hq", stale_after=900),),
        maintenance=(NIGHTLY,) if rules else (),
        repeat=1200.0,
        notify_before=0.0,
        overrun_grace=120.0,
        judgement=Judgement(flapping=Flapping(runs=6)),
    )


def runs(world: World, *, id_: str, row: str) -> None:
    if id_ in world.plan.targets:
        world.play({id_: row})


def many(world: World, *, row: str) -> None:
    world.play(dict.fromkeys((id_ for id_ in world.plan.targets if id_ != "internet"), row))


def passes(world: World, *, minutes: float) -> None:
    world.pass_time(minutes * 60)


def silences(world: World, *, slug: str, minutes: int) -> None:
    silence = Silence(
        id=f"s{len(world.commits)}", matchers={"authority": (slug,)}, starts_at=world.now,
        ends_at=world.now + minutes * MINUTE,
    )  # fmt: skip
    world.event(AddSilence(silence=silence))


def covers(world: World, *, slug: str, begin: int, minutes: int) -> None:
    start = world.now + begin * MINUTE
    window = Window(
        id=f"w{len(world.commits)}", name="by hand", authorities=(slug,), services=None,
        start=start, end=start + minutes * MINUTE,
    )  # fmt: skip
    world.event(AddWindow(window=window))


def ends_something(world: World) -> None:
    for id_ in world.state.silences:
        world.event(EndSilence(id=id_))
        return
    for id_ in world.state.windows:
        world.event(EndWindow(id=id_))
        return


def acknowledges(world: World) -> None:
    for incident in world.open:
        world.event(Ack(incident=incident.id, author="wang"))
        return


def says(world: World, *, outcome: Outcome, up: bool) -> None:
    rows = tuple(ReferenceRow(authority=slug, outcome=outcome, checked_at=world.now) for slug in SLUGS)
    world.event(ReferenceReading(source="hq", read_at=world.now, up=up, rows=rows if up else ()))


def stores(world: World, *, up: bool) -> None:
    world.event(StoreHealth(store="state", up=up, detail="full"))


def replans(world: World, *, to: Plan) -> None:
    world.plan = to
    world.event(Replan())


def plays(world: World, *, slug: str, minutes: int) -> None:
    drill = StartDrill(id=f"d{len(world.commits)}", authorities=(slug,), duration=minutes * 60.0)
    world.event(drill)


SIGNS = st.sampled_from(["---", "---", "-", "++", "++", "rrr", "ddd", "bbb", "nnn", "iii", "-+-", "t"])
STEPS: st.SearchStrategy[Any] = st.one_of(
    st.builds(partial, st.just(runs), id_=st.sampled_from(IDS), row=SIGNS),
    st.builds(partial, st.just(runs), id_=st.sampled_from(IDS), row=SIGNS),
    st.builds(partial, st.just(many), row=st.sampled_from(["---", "++", "rrr"])),
    st.builds(partial, st.just(passes), minutes=st.sampled_from([0.1, 0.5, 2, 7, 20, 45])),
    st.builds(partial, st.just(silences), slug=st.sampled_from(SLUGS), minutes=st.sampled_from([1, 10, 60])),
    st.builds(
        partial,
        st.just(covers),
        slug=st.sampled_from(SLUGS),
        begin=st.sampled_from([-5, 0, 3]),
        minutes=st.sampled_from([6, 30]),
    ),
    st.builds(partial, st.just(plays), slug=st.sampled_from(SLUGS), minutes=st.sampled_from([1, 20])),
    st.builds(partial, st.just(runs), id_=st.sampled_from(IDS), row=st.sampled_from(["-+-+-+", "++--++--"])),
    st.just(ends_something),
    st.just(acknowledges),
    st.builds(partial, st.just(says), outcome=st.sampled_from(Outcome), up=st.booleans()),
    st.builds(partial, st.just(stores), up=st.booleans()),
)


class Life:
    """A plan and what happens; says no more than that when a test fails."""

    def __init__(self, chosen: Plan, steps: list[Step]) -> None:
        self._plan = chosen
        self._steps = steps

    def world(self) -> World:
        """The world after all of it."""
        world = World(self._plan)
        world.warm()
        for step in self._steps:
            step(world)
        return world

    def __repr__(self) -> str:
        said = (
            f"{one.func.__name__}({', '.join(f'{k}={v}' for k, v in one.keywords.items() if k != 'to')})"
            if isinstance(one, partial)
            else one.__name__
            for one in self._steps
        )
        routes = ROUTES.index(self._plan.routes)
        return f"routes {routes}, rules {bool(self._plan.maintenance)}: {' '.join(said)}"


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Up to fifteen things happen; the plan may change among them."""
    routes, rules = draw(st.sampled_from(ROUTES)), draw(st.booleans())
    plans = [plan(routes, rules=rules, fewer=fewer) for fewer in (False, True)]
    steps = [*[STEPS] * 15, st.builds(partial, st.just(replans), to=st.sampled_from(plans))]
    return Life(plans[0], draw(st.lists(st.one_of(steps), max_size=15)))


MANY = settings(max_examples=40, deadline=None)


def mend(world: World) -> None:
    """Everything answers, the store works, and all that waits for its time has come."""
    stores(world, up=True)
    for _ in range(4):
        world.play(dict.fromkeys(world.plan.targets, "++++"))
        world.pass_time(1800)


@MANY
@given(lives())
def test_each_receiver_hears_of_beginnings_and_ends_in_turns_and_in_the_end_of_all_ends(life):
    world = life.world()
    listeners = [Listener(receiver) for receiver in RECEIVERS]
    for listener in listeners:
        listener.hear(world.told)
        waiting = world.state.group.incidents if world.state.group else ()
        owed = [flap.owed for flap in world.state.flaps.values()]
        believed = [
            one for one in world.state.incidents.values() if one.is_open or one.id in (*waiting, *owed)
        ]
        believed += [one for drill in world.state.drills.values() if drill.is_on for one in drill.incidents]
        assert listener.open == {one.id for one in believed if listener.receiver in one.told}
    known = len(world.told)
    mend(world)
    for listener in listeners:
        listener.hear(world.told[known:])
        assert listener.open == set()
    assert world.open == []


@MANY
@given(lives())
def test_keys_are_unique_and_each_notification_has_somebody_and_something_to_tell(life):
    world = life.world()
    keys = [note.key for note in world.told]
    assert len(keys) == len(set(keys))
    for note in world.told:
        assert note.to
        assert note.incidents or note.window
        assert len({one.id for one in note.incidents}) == len(note.incidents)


@MANY
@given(lives())
def test_nothing_is_lost_what_stays_open_is_told_when_nothing_holds_it_back_any_more(life):
    """Two hours on, with everyone's runs going on as they were, every silence and window of this world is over."""
    world = life.world()
    if world.plan.maintenance or world.plan.routes != EVERYONE:
        return
    looks = {id_: state.last for id_, state in world.state.targets.items()}
    rows = {id_: "+" if last is None or last.is_ok else "-" for id_, last in looks.items()}
    for _ in range(80):
        world.play({id_: row for id_, row in rows.items() if id_ in world.plan.targets}, spacing=90)
    parents = {one.id for one in world.open if one.scope is not Scope.AUTHORITY and one.told}
    ours = any(one.scope is Scope.LOCAL for one in world.open)  # then others wait for its end
    assert [one for one in world.open if not one.told and one.parent not in parents and not ours] == []


@MANY
@given(lives())
def test_a_tick_is_asked_for_while_anything_waits_for_its_time(life):
    world = life.world()
    reminded = world.plan.routes != ROUTES[3] and any(not one.acknowledged_at for one in world.open)
    pending = reminded or world.state.group or world.state.silences
    assert not pending or world.commits[-1].next_wakeup is not None


@MANY
@given(lives())
def test_what_a_window_mutes_is_not_told_while_it_is_open(life):
    world = life.world()
    for note in world.told:
        if (
            note.event in (EventName.INCIDENT_OPENED, EventName.INCIDENT_REMINDER)
            and note.scope is Scope.AUTHORITY
        ):
            for incident in note.incidents:
                window = incident.window
                assert window is None or not window.covers(incident.authority, incident.service, note.at)


@MANY
@given(lives())
def test_there_is_one_open_incident_of_each_kind_and_the_commits_replayed_give_the_same_state(life):
    world = life.world()
    state = State()
    for commit in world.commits:
        apply(state, commit)
        kinds = [key_of(one) for one in state.incidents.values() if one.is_open]
        assert len(kinds) == len(set(kinds))
    assert state == world.state
    assert world.now >= START
