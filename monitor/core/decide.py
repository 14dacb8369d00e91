"""The one decision: what an event changes. Pure: state and time come in, a `Commit` goes out, nothing is touched.

Results and readings change beliefs; a Tick, asked for at once when one changed, brings the incidents in line and
releases what waits to be told. So results of one instant give the same incidents in whatever order they come, and a
storm of them is settled once. A routine result touches its own target and nothing else; everything else takes its
changes to a `Draft` (core/draft.py says where the rules are).
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import (
    certificates,
    commands,
    doubt,
    drills,
    escalation,
    flap_telling,
    flapping,
    flaps,
    judge,
    looking,
    maintenance,
    opening,
    readings,
    releasing,
    stores,
    waiting,
)
from monitor.core.draft import Draft
from monitor.core.incidents import LOCAL_KEY, forgettable
from monitor.core.settling import settle
from monitor.core.state import Commit, State, Sweep
from monitor.core.wakeup import arrived, clamped, next_alarm, next_wakeup
from monitor.model import (
    Confirmed,
    Due,
    Event,
    Evidence,
    Plan,
    ReferenceReading,
    Result,
    StoreHealth,
    Target,
    TargetState,
    Tick,
)


def decide(event: Event, state: State, now: datetime, plan: Plan) -> Commit:
    """Everything that `event` changes at `now`. Changes neither `state` nor `plan`.

    A restored result and one of a target that is not configured change nothing.
    """
    if isinstance(event, Result):
        target = plan.targets.get(event.target)
        if target is None or event.restored:
            return _plain(state, now, plan)
        return _on_result(event, target, state, now, plan)
    draft = Draft(state, plan, now)
    match event:
        case Tick():
            _tick(draft)
        case ReferenceReading():
            readings.take(draft, event)
        case Evidence():
            if event.incident in draft.incidents:
                draft.evidence[event.incident] = event
        case StoreHealth():
            stores.hear(draft, event)
            draft.ring_at(now)
        case _:
            commands.carry_out(draft, event)
    return draft.commit()


def _tick(draft: Draft) -> None:
    """Time passed, or beliefs changed."""
    draft.drop_strangers()
    doubt.weigh(draft)
    looking.lift_bans(draft)
    looking.set_paces(draft)
    maintenance.keep_calendar(draft)
    draft.silences = {id_: one for id_, one in draft.silences.items() if draft.now < one.ends_at}
    flaps.note(draft)
    settle(draft, everything=draft.alarm is not None and draft.alarm <= draft.now)
    flaps.set_apart(draft)
    opening.tell_ends(draft)
    stores.settle(draft)
    flap_telling.tell(draft)
    releasing.collect(draft)
    if releasing.may_release(draft):
        releasing.release(draft)
    escalation.escalate(draft)
    releasing.remind(draft)
    releasing.note_overdue(draft)
    certificates.tell(draft)
    drills.play(draft)
    waiting.tell(draft)
    readings.ask_anew(draft)
    _forget_old(draft)
    draft.alarm = _alarm(draft)


def _forget_old(draft: Draft) -> None:
    """Drop what nobody asks for any more, but nothing that is still to be told."""
    for id_ in forgettable(draft.incidents.values(), draft.now):
        if id_ not in draft.waiting and draft.incidents[id_].end_from is None:
            draft.forget(draft.incidents[id_])


def _alarm(draft: Draft) -> datetime | None:
    """The earliest thing that waits for its time alone: all of them are asked, so that a routine result need not."""
    return next_alarm(
        draft.now,
        (
            *releasing.moments(draft),
            *escalation.moments(draft),
            *flap_telling.moments(draft),
            *drills.moments(draft),
            *certificates.moments(draft),
            *waiting.moments(draft),
            *readings.moments(draft),
            doubt.ends(draft),
        ),
        (*maintenance.moments(draft), *(silence.ends_at for silence in draft.silences.values())),
    )


def _on_result(result: Result, target: Target, state: State, now: datetime, plan: Plan) -> Commit:
    before = _remembered(target, state)
    after = judge.advance(target, before, result, now)
    after = flapping.advance(target, before, after, result, plan.judgement.flapping)
    first = _is_first_failure(before, after)
    back = target.is_control and judge.is_recovering(after) and after.oks == 1
    expiring = not target.is_control and certificates.is_new(state, result, after, now)
    overran = not result.is_ok and target.authority in state.overdue
    doubted = state.doubt is not None or judge.is_outdated(target, before, now)
    again = before.confirmed is Confirmed.DOWN and (
        doubted or _is_answer(result, before, target, state, plan)
    )
    turned = judge.is_ban(result) or judge.believes_otherwise(before, after)
    if not (first or back or expiring or overran or again or turned):
        return _plain(state, now, plan, target, after)
    draft = Draft(state, plan, now)
    if judge.is_ban(result):
        looking.ban(draft, target)
    looking.turn(draft, target, before, after)
    draft.first_failure = first
    if first and not target.is_on_machine:
        looking.corroborate(draft, target)
    if back and LOCAL_KEY in draft.open:
        doubt.look_again(draft, target)
    if expiring:
        certificates.note(draft, result)
    if overran or again:
        draft.unsettled.add(target.authority)
    return draft.commit()


def _is_answer(result: Result, before: TargetState, target: Target, state: State, plan: Plan) -> bool:
    """Whether it fails again and a reference looked since the run before: its word may stand now."""
    if result.is_ok or before.last is None:
        return False
    since, until = judge.ended(before.last), judge.ended(result)
    return readings.have_looked(state, plan, target.authority, since, until)


def _remembered(target: Target, state: State) -> TargetState:
    """What is known of the target; of another address under the same id nothing is."""
    before, address = state.targets.get(target.id), judge.address_of(target)
    if before is None or not judge.is_of(target, before):
        return TargetState(id=target.id, address=address)
    return before if before.address else replace(before, address=address)


def _is_first_failure(before: TargetState, after: TargetState) -> bool:
    return after.failures == 1 and before.failures == 0 and before.confirmed is not Confirmed.DOWN


def _plain(
    state: State, now: datetime, plan: Plan, target: Target | None = None, after: TargetState | None = None
) -> Commit:
    """The commit of a result that changes no belief: at most a target's counters and its last result."""
    sweep = state.sweep
    due: tuple[Due, ...] = ()
    if target is not None and after is not None:
        again = None if judge.is_held(target, state.bans, now) else judge.wants_rerun(target, after)
        sweep = arrived(sweep, after)
        due = (Due(target=target.id, at=now + timedelta(seconds=again.spacing)),) if again else ()
    return Commit(
        at=now,
        targets=() if after is None else (after,),
        sweep=sweep,
        group=clamped(state.group, now, plan),
        unsettled=state.unsettled,
        alarm=state.alarm,
        overdue=state.overdue,
        doubt=state.doubt,
        due=due,
        next_wakeup=_wakeup(state, now, plan, sweep, after),
    )


def _wakeup(
    state: State, now: datetime, plan: Plan, sweep: Sweep | None, after: TargetState | None
) -> datetime | None:
    return next_wakeup(
        plan,
        now,
        unsettled=state.unsettled,
        group=clamped(state.group, now, plan),
        sweep=sweep,
        bans=state.bans,
        states=ChainMap({after.id: after} if after else {}, state.targets),
        alarm=state.alarm,
    )
