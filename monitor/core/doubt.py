"""What a broken network of ours made us believe: doubted after its end, until a run that began later has spoken.

Without this the end of our own fault would list everyone who was not looked at again yet, and a nationwide outage would
open that never was.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil

from monitor.core import judge
from monitor.core.draft import Draft
from monitor.core.looking import start_sweep
from monitor.core.state import Doubt
from monitor.core.wakeup import longest, row_time
from monitor.model import Cause, Confirmed, Target, TargetState


def look_again(draft: Draft, answered: Target | None = None) -> None:
    """Our network seems to be back (a control `answered`): look at everyone believed down, and believe nothing old."""
    down = [
        target
        for id_, state in draft.targets.items()
        if state.confirmed is Confirmed.DOWN
        and (answered is None or answered.id != id_)
        and (target := draft.plan.targets.get(id_)) is not None
    ]
    start_sweep(draft, down, longest(row_time(target, target.recover) for target in down))
    draft.doubt = Doubt(since=draft.now, until=draft.now + _patience(draft, down))


def _patience(draft: Draft, down: list[Target]) -> timedelta:
    """As long as all those runs may take, one after the other where no more may go on at once."""
    turns = max(1, ceil(len(down) / draft.plan.concurrency))
    rows = longest(
        row_time(target, target.recover) + timedelta(seconds=min(target.interval, target.while_down))
        for target in down
    )
    return turns * rows + timedelta(seconds=draft.plan.group_wait)


def weigh(draft: Draft) -> None:
    """Say in `draft.believed` what of the targets may be believed now; end the doubt when nothing is left of it."""
    doubt = draft.doubt
    if doubt is None:
        return
    doubted = {id_: _unknown(state) for id_, state in draft.targets.items() if _is_old(doubt, draft, state)}
    if not doubted or not doubt.since <= draft.now < doubt.until:
        draft.doubt = None
        return
    draft.doubted = frozenset(doubted)
    draft.believed = {**draft.targets, **doubted}


def _is_old(doubt: Doubt, draft: Draft, state: TargetState) -> bool:
    """Whether that it is down was seen before our network came back, or it is just answering again."""
    if state.confirmed is not Confirmed.DOWN or state.last is None or state.cause is Cause.BLOCKED:
        return False
    target = draft.plan.targets.get(state.id)
    if target is None or target.is_control:
        return False
    return state.last.started_at < doubt.since or judge.is_recovering(state)


def _unknown(state: TargetState) -> TargetState:
    return replace(state, confirmed=Confirmed.UNKNOWN)


def ends(draft: Draft) -> datetime | None:
    """When the old belief counts again."""
    return None if draft.doubt is None else draft.doubt.until
