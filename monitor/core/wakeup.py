"""When the waiting group may be told, and when a Tick is needed next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.judge import is_recovering
from monitor.core.local import judge_local
from monitor.core.state import Group, Sweep
from monitor.model import Plan, Repeat, Target, TargetState

LOOK_AGAIN = timedelta(seconds=1)
"""How often it is asked again whether an outage is nationwide, while that is open."""


def next_wakeup(
    plan: Plan,
    now: datetime,
    *,
    unsettled: Set[str],
    group: Group | None,
    sweep: Sweep | None,
    bans: Mapping[str, datetime],
    states: Mapping[str, TargetState],
    alarm: datetime | None,
) -> datetime | None:
    """The earliest thing pending: beliefs that changed, the release of the group, the end of a ban, the alarm.

    None: nothing.
    """
    if unsettled:
        return now
    pending = list(bans.values())
    if alarm is not None:
        pending.append(alarm)
    if group is not None:
        pending.append(release_time(plan, now, group=group, sweep=sweep, states=states))
    return min(pending, default=None)


def next_alarm(now: datetime, *moments: Iterable[datetime | None]) -> datetime | None:
    """The first of these moments that is still to come. None: nothing waits for its time."""
    return min((at for some in moments for at in some if at is not None and at > now), default=None)


def release_time(
    plan: Plan, now: datetime, *, group: Group, sweep: Sweep | None, states: Mapping[str, TargetState]
) -> datetime:
    """When the group may be told, as far as is known now.

    Not before the sweep is in; and not while every control failed when it last ran, until that is confirmed or not:
    the first word must know whether it is us. Both waits are bounded.
    """
    at = group.release_at
    if sweep is not None and sweep.is_pending(now):
        at = max(at, sweep.until)
    if judge_local(plan, states).suspected:
        at = max(
            at, group.release_at + longest(row_time(control, control.confirm) for control in plan.controls)
        )
    return at


def clamped(group: Group | None, now: datetime, plan: Plan) -> Group | None:
    """The group, not held beyond its wait by a clock that was set back."""
    latest = now + max(timedelta(seconds=plan.group_wait), LOOK_AGAIN)
    if group is None or group.release_at <= latest:
        return group
    return replace(group, release_at=latest)


def row_time(target: Target, row: Repeat) -> timedelta:
    """The longest that a whole row of runs takes."""
    return timedelta(seconds=row.attempts * (row.spacing + target.timeout))


def longest(times: Iterable[timedelta]) -> timedelta:
    """The longest of these, nothing if there are none."""
    return max(times, default=timedelta())


def arrived(sweep: Sweep | None, state: TargetState) -> Sweep | None:
    """The sweep after a run of this target came in. One in the middle of recovering has not said its last word."""
    if sweep is None or state.id not in sweep.awaiting or is_recovering(state):
        return sweep
    return Sweep(started_at=sweep.started_at, until=sweep.until, awaiting=sweep.awaiting - {state.id})
