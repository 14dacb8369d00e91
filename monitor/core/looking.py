"""What is looked at next: re-runs, woken targets, bans, and the sweep before the first word (contract §1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core import judge
from monitor.core.draft import Draft
from monitor.core.services import cost
from monitor.core.state import Sweep
from monitor.core.wakeup import arrived, longest
from monitor.model import LOCAL, Confirmed, Outcome, Target, TargetState, Window

SWEEP_EVERY = timedelta(minutes=1)
"""A first failing run starts a corroboration sweep at most this often (contract §1)."""

CONTROLS_FRESH = timedelta(seconds=6)
"""Between two sweeps a control is asked again no earlier than this after it spoke: about ten times a minute at most."""

FRESH = timedelta(seconds=1)
"""A run that ended so lately corroborates as well as another would: a cold start looks at everyone once, not twice."""


def turn(draft: Draft, target: Target, before: TargetState, after: TargetState) -> None:
    """Take over the target's new state and what follows for its own runs and for those it wakes."""
    draft.changed_targets[target.id] = after
    draft.sweep = arrived(draft.sweep, after)
    if judge.believes_otherwise(before, after):
        draft.believes_otherwise = True
        draft.unsettled.add(target.authority)
    interval = judge.interval_of(target, after)
    if interval != judge.interval_of(target, before):
        draft.intervals[target.id] = interval
    again = judge.wants_rerun(target, after)
    if again is not None:
        draft.want(target, draft.now + timedelta(seconds=again.spacing))
    if {before.confirmed, after.confirmed} == {Confirmed.UP, Confirmed.DOWN}:
        _wake(draft, target)


def _wake(draft: Draft, changed: Target) -> None:
    """It changed its mind: those of its authority that wait for that run now."""
    for target in draft.plan.by_authority[changed.authority]:
        if changed.probe in target.wake_on and target.id != changed.id:
            draft.want(target, draft.now)


def ban(draft: Draft, target: Target) -> None:
    """The platform shut us out: no request to that host and port for a day."""
    draft.bans[target.host_key] = draft.now + judge.BAN


def lift_bans(draft: Draft) -> None:
    """Drop the bans that ran out."""
    draft.bans = {key: until for key, until in draft.bans.items() if draft.now < until}


def set_paces(draft: Draft) -> None:
    """Say every interval that differs from the configured one, so that a restart keeps to them."""
    for id_, state in draft.targets.items():
        target = draft.plan.targets.get(id_)
        if target is not None and (state.confirmed is Confirmed.DOWN or state.pace > 1):
            draft.intervals[id_] = judge.interval_of(target, state)


def look_after(draft: Draft, window: Window) -> None:
    """A window is over: look at once whether what it covered is back."""
    for target in draft.plan.targets.values():
        covered = window.authorities is None or target.authority in window.authorities
        if (
            covered
            and target.authority != LOCAL
            and (window.services is None or target.service in window.services)
        ):
            draft.want(target, draft.now)


# --- looking elsewhere before the first word -------------------------------------------------------------------------


def corroborate(draft: Draft, failed: Target) -> None:
    """Ask the controls and the cheapest target of every other authority, at most once a minute; between, the controls."""
    last = draft.sweep
    if last is not None and timedelta() <= draft.now - last.started_at < SWEEP_EVERY:
        _ask_controls(draft, failed, last)
        return
    others = (mine for slug, mine in draft.plan.by_authority.items() if slug != failed.authority)
    asked = [_cheapest(draft, mine) for mine in others]
    wanted = [*draft.plan.controls, *(one for one in asked if one is not None)]
    wait = longest(timedelta(seconds=target.timeout) for target in wanted)
    start_sweep(draft, [one for one in wanted if one.id != failed.id], wait, fresh=FRESH)


def _ask_controls(draft: Draft, failed: Target, last: Sweep) -> None:
    """A fault of ours may begin within a minute of another: whether it is us must be known before every first word.

    A control that was well before this failure says nothing about it, however lately it spoke: it is asked as soon as
    it may be again, and waited for.
    """
    asked = {
        one: _next_turn(draft, one)
        for one in draft.plan.controls
        if draft.may_speak(one) and not _has_spoken_since(draft, one, failed)
    }
    if not asked:
        return
    wait = longest(timedelta(seconds=target.timeout) for target in asked)
    waited_for = last.awaiting if last.is_pending(draft.now) else frozenset()
    draft.sweep = replace(
        last,
        until=max(last.until, max(asked.values()) + wait),
        awaiting=waited_for | {target.id for target in asked},
    )
    for target, at in asked.items():
        draft.want(target, at)


def _next_turn(draft: Draft, control: Target) -> datetime:
    """When it may be asked: now, or CONTROLS_FRESH after it last spoke."""
    state = draft.targets.get(control.id)
    if state is None or state.last is None:
        return draft.now
    return max(draft.now, min(judge.ended(state.last), draft.now) + CONTROLS_FRESH)


def _has_spoken_since(draft: Draft, control: Target, failed: Target) -> bool:
    """Whether its last run began after that of `failed` did, or failed within CONTROLS_FRESH, which is word enough."""
    of_control, of_failed = draft.targets.get(control.id), draft.targets.get(failed.id)
    if of_control is None or of_control.last is None or of_failed is None or of_failed.last is None:
        return False
    if of_control.last.outcome is not Outcome.OK:
        return _has_just_spoken(draft, control, CONTROLS_FRESH)
    return of_control.last.started_at >= of_failed.last.started_at


def _cheapest(draft: Draft, targets: Iterable[Target]) -> Target | None:
    return min(
        (one for one in targets if draft.may_speak(one) and not one.is_on_machine),
        key=lambda target: (cost(target), target.timeout),
        default=None,
    )


def start_sweep(draft: Draft, wanted: list[Target], wait: timedelta, fresh: timedelta = timedelta()) -> None:
    """Look at these at once, and let the first word wait for them; not at those that have spoken within `fresh`."""
    wanted = [one for one in wanted if draft.may_speak(one) and not _has_just_spoken(draft, one, fresh)]
    draft.sweep = Sweep(
        started_at=draft.now,
        until=draft.now + wait + timedelta(seconds=draft.plan.group_wait),
        awaiting=frozenset(target.id for target in wanted),
    )
    for target in wanted:
        if target.id in draft.targets:  # one that never ran is being started anyway
            draft.want(target, draft.now)


def _has_just_spoken(draft: Draft, target: Target, fresh: timedelta) -> bool:
    """Whether its last run ended within `fresh`, or at this very instant: its word counts, by whatever order."""
    state = draft.targets.get(target.id)
    if state is None or state.last is None or judge.is_recovering(state):
        return False
    return judge.ended(state.last) >= draft.now - fresh
