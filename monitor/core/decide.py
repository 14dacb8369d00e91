"""The one decision: what an event changes. Pure: state and time come in, a `Commit` goes out, nothing is touched.

Results change beliefs; a Tick, asked for at once when one changed, brings the incidents in line and releases what waits
to be told. So results of one instant give the same incidents in whatever order they come, and a storm of them is settled
once. A routine result touches its own target and nothing else (core/draft.py has the rest).
"""

from __future__ import annotations

from collections import ChainMap
from datetime import datetime, timedelta

from monitor.core import judge
from monitor.core.draft import Draft
from monitor.core.state import Commit, State, Sweep
from monitor.core.wakeup import arrived, next_wakeup
from monitor.model import Confirmed, Due, Event, Plan, Result, Target, TargetState, Tick


def decide(event: Event, state: State, now: datetime, plan: Plan) -> Commit:
    """Everything that `event` changes at `now`. Changes neither `state` nor `plan`.

    A restored result and one of a target that is not configured change nothing.
    """
    if isinstance(event, Tick):
        return _on_tick(state, now, plan)
    if not isinstance(event, Result):
        return _plain(state, now, plan)
    target = plan.targets.get(event.target)
    if target is None or event.restored:
        return _plain(state, now, plan)
    return _on_result(event, target, state, now, plan)


def _on_tick(state: State, now: datetime, plan: Plan) -> Commit:
    draft = Draft(state, plan, now)
    draft.lift_bans()
    draft.set_paces()
    draft.settle()
    if draft.may_release():
        draft.release()
    draft.forget()
    return draft.commit()


def _on_result(result: Result, target: Target, state: State, now: datetime, plan: Plan) -> Commit:
    before = state.targets.get(target.id) or TargetState(id=target.id)
    after = judge.advance(target, before, result, now)
    first = _is_first_failure(before, after)
    back = target.is_control and judge.is_recovering(after) and after.oks == 1
    if not (first or back or judge.is_ban(result) or judge.believes_otherwise(before, after)):
        return _plain(state, now, plan, target, after)
    draft = Draft(state, plan, now)
    if judge.is_ban(result):
        draft.ban(target)
    draft.turn(target, before, after)
    if first:
        draft.corroborate(target)
    if back:
        draft.look_again(target)
    return draft.commit()


def _is_first_failure(before: TargetState, after: TargetState) -> bool:
    return after.failures == 1 and before.failures == 0 and before.confirmed is not Confirmed.DOWN


def _plain(
    state: State, now: datetime, plan: Plan, target: Target | None = None, after: TargetState | None = None
) -> Commit:
    """The commit of an event that changes no belief: at most a target's counters and its last result."""
    if target is None or after is None:
        return Commit(
            at=now,
            sweep=state.sweep,
            group=state.group,
            unsettled=state.unsettled,
            next_wakeup=_wakeup(state, now, plan, state.sweep),
        )
    again = None if judge.is_held(target, state.bans, now) else judge.wants_rerun(target, after)
    sweep = arrived(state.sweep, after)
    return Commit(
        at=now,
        targets=(after,),
        sweep=sweep,
        group=state.group,
        unsettled=state.unsettled,
        due=(Due(target=target.id, at=now + timedelta(seconds=again.spacing)),) if again else (),
        next_wakeup=_wakeup(state, now, plan, sweep, after),
    )


def _wakeup(
    state: State, now: datetime, plan: Plan, sweep: Sweep | None, after: TargetState | None = None
) -> datetime | None:
    return next_wakeup(
        plan,
        now,
        unsettled=state.unsettled,
        group=state.group,
        sweep=sweep,
        bans=state.bans,
        states=ChainMap({after.id: after} if after else {}, state.targets),
    )
