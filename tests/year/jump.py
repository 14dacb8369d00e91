"""Jumps over stretches in which provably nothing happens. Time is the daemon's own: a jump goes from due time to due time.

It begins only when all is idle: no run under way or wanted beside the schedule, nothing waiting to be decided, told or
settled. It ends before the first of: anything of the timeline changes; a timer that is not a mere repetition; the next
wake-up that the daemon asks for, references that keep speaking granted; the first result of a dry run that has an effect.

The dry run gives every target its next results, one after the other, to the real `decide` on a copy of the state, until its
state no longer changes: from there on, every further one of the same kind leaves it as it is, but for its counts and times.
So a jump leaves each target as all its results would, with the last of them. tests/year/test_jump.py lives a month both ways.
"""

from __future__ import annotations

import asyncio
import copy
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from monitor.core.decide import decide
from monitor.core.schedule import next_due
from monitor.core.state import Commit, State, apply
from monitor.model import Plan, Target, TargetState, Tick
from tests.year.loop import VirtualLoop
from tests.year.world import Outside

if TYPE_CHECKING:
    from tests.year.daemon import Daemon, Lived

LEAST = 15.0
"""A shorter jump is not worth its dry run."""
SHORT = 2.0
"""Before whatever happens next, the daemon lives at least so long for real."""
PATIENCE = 8.0
"""After a jump that could not be made it is not tried again for so long."""
FAR = 1e9
LAZY_PERIOD = 1.0
"""What may happen at any time, or is woken in any case, goes along to just behind the jump."""


class Jumper:
    """Asked whenever all is idle."""

    def __init__(
        self,
        loop: VirtualLoop,
        outside: Outside,
        lived: Lived,
        leapt: Callable[..., None],
        progress: Callable[[float], None],
    ) -> None:
        self.daemon: Daemon | None = None
        self._loop, self._outside, self._lived, self._leapt, self._progress = (
            loop,
            outside,
            lived,
            leapt,
            progress,
        )
        self._edges = outside.timeline.edges()
        self._not_before = 0.0
        self._plans: dict[frozenset[str], Plan] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def jump(self) -> bool:
        """Move the time on if nothing can happen meanwhile. Returns whether it did."""
        daemon, now = self.daemon, self._loop.instant
        if daemon is None or now < self._not_before:
            return False
        bound = self._next_edge(now) - SHORT
        if bound - now >= LEAST and _is_idle(daemon):
            bound = min(bound, self._first_timer())
            if bound - now >= LEAST and self._jump(daemon, now, min(bound, self._wakeup(daemon))):
                return True
        self._not_before = now + PATIENCE
        return False

    def _next_edge(self, now: float) -> float:
        place = bisect_right(self._edges, now)
        return self._edges[place] if place < len(self._edges) else now

    def _first_timer(self) -> float:
        """The first timer that is not a mere repetition."""
        daemon = self.daemon
        assert daemon is not None
        once = (
            one for one in self._loop.timers() if _task_of(one) != "pipeline" and _period(daemon, one) is None
        )
        return min((one.when() for one in once), default=FAR) - SHORT

    def _wakeup(self, daemon: Daemon) -> float:
        """When the daemon wants to wake by itself, were the references that speak now to go on; now if it has things to do."""
        now = self._loop.instant
        commit = decide(Tick(), daemon.pipeline.state, daemon.clock.now(), self._far(now))
        if not _has_no_effect(commit):
            return now
        if commit.next_wakeup is None:
            return FAR
        return now + (commit.next_wakeup - daemon.clock.now()).total_seconds() - SHORT

    def _far(self, now: float) -> Plan:
        """The plan, in which references that speak never go stale: they will be read meanwhile."""
        plan = self._outside.plan
        speaks = frozenset(one.name for one in plan.references if self._outside.speaks(one.name, now))
        if speaks not in self._plans:
            references = tuple(
                replace(one, stale_after=FAR) if one.name in speaks else one for one in plan.references
            )
            far = replace(plan, references=references)
            for derived in ("targets", "by_authority", "by_service", "main_services"):
                object.__setattr__(
                    far, derived, getattr(plan, derived)
                )  # the very same: views are kept by them
            self._plans[speaks] = far
        return self._plans[speaks]

    # --- the jump -----------------------------------------------------------------------------------------------

    def _jump(self, daemon: Daemon, now: float, bound: float) -> bool:
        if bound - now < LEAST:
            return False
        scratch = copy.copy(daemon.pipeline.state)
        scratch.targets = dict(scratch.targets)
        known: dict[str, list[tuple[float, TargetState]]] = {}
        latest: Commit | None = None
        for target in self._outside.plan.targets.values():
            if target.id not in scratch.targets or daemon.watcher._paces[target.id].running:
                return False
            course, bound, commit = self._dry_run(daemon, target, scratch, now, bound)
            if bound - now < LEAST:
                return False
            known[target.id], latest = course, commit or latest
        seconds = bound - now
        if latest is None:
            return False
        self._land(daemon, now, seconds, known, latest)
        return True

    def _dry_run(
        self, daemon: Daemon, target: Target, scratch: State, now: float, bound: float
    ) -> tuple[list[tuple[float, TargetState]], float, Commit | None]:
        """A target's states after its next runs until they stay the same, and when the first of them has an effect."""
        outside, start = self._outside, daemon.watcher._start
        answer, interval = outside.answer(target.id, now), daemon.watcher._paces[target.id].interval
        due, state = daemon.watcher._agenda.planned[target.id] - start, scratch.targets[target.id]
        course: list[tuple[float, TargetState]] = []
        commit = None
        while due + answer.takes < bound:
            result = outside.result(target, answer, due)
            commit = decide(result, scratch, outside.instant(due + answer.takes), daemon.plan)
            if not _is_routine(commit, scratch, target):
                return course, due - SHORT, commit
            after = commit.targets[0]
            scratch.targets[target.id] = after
            course.append((due, after))
            if _lasting(after) == _lasting(state):
                break
            state, due = after, next_due(target.id, interval, due + start) - start
        return course, bound, commit

    def _land(
        self,
        daemon: Daemon,
        now: float,
        seconds: float,
        known: dict[str, list[tuple[float, TargetState]]],
        latest: Commit,
    ) -> None:
        """Set the time on, and leave everything as the runs and readings between would have."""
        self._loop.leap(seconds, period=partial(_period, daemon))
        after = [self._moved(daemon, self._outside.plan.targets[id_], known[id_]) for id_ in known]
        commit = replace(
            latest, at=daemon.clock.now(), targets=tuple(one for one in after if one is not None), due=(), durable=False,
            unsettled=daemon.pipeline.state.unsettled, sweep=daemon.pipeline.state.sweep,
        )  # fmt: skip
        apply(daemon.pipeline.state, commit)
        writing = self._loop.create_task(daemon.store.write([commit]))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        for name, at in daemon.references.read_at.items():
            every = daemon.references.interval_of(name)
            turns = (self._loop.instant - at) // every
            daemon.references.read_at[name] = at + turns * every
            if turns:
                daemon.inbox.put(self._outside.reading(name, at + turns * every))
        daemon.watcher._changed.set()
        self._lived.jumps += 1
        self._lived.over += seconds
        self._progress(self._loop.instant)

    def _moved(
        self, daemon: Daemon, target: Target, course: list[tuple[float, TargetState]]
    ) -> TargetState | None:
        """The target after the last of its runs that are jumped over; plans its next one. None: there was none."""
        watcher, now = daemon.watcher, self._loop.instant
        start, interval = watcher._start, watcher._paces[target.id].interval
        answer = self._outside.answer(target.id, now)
        last = next_due(target.id, interval, now - answer.takes - interval + start) - start
        done = [(due, state) for due, state in course if due <= last]
        if not done:
            return None
        due, state = done[-1]
        more = max(0, round((last - due) / interval))
        count = len(done) + more
        self._lived.jumped += count
        self._leapt(target, answer, [one for one, _ in done], due, interval, more)
        watcher._agenda.plan(target.id, next_due(target.id, interval, last + start))
        if not more:
            return state
        result = self._outside.result(target, answer, last)
        return replace(
            state,
            last=result,
            last_success_at=result.started_at if result.is_ok else state.last_success_at,
            oks=state.oks + more if state.oks else 0,
            failures=state.failures + more if state.failures else 0,
        )


def _is_idle(daemon: Daemon) -> bool:
    """Whether nothing waits to be looked at, decided or told."""
    state, watcher = daemon.pipeline.state, daemon.watcher
    pending = state.sweep is not None and state.sweep.is_pending(daemon.clock.now())
    waits = (
        state.unsettled
        or state.group is not None
        or state.doubt is not None
        or pending
        or daemon.inbox._waiting
    )
    return not (waits or watcher._under_way or watcher._extra or len(set(daemon.work())) > 1)


def _has_no_effect(commit: Commit) -> bool:
    """Whether nothing of it is seen from outside or kept: routine."""
    return not (
        commit.notifications or commit.incidents or commit.forgotten or commit.due or commit.group or commit.unsettled
        or commit.windows or commit.bans or commit.lifted or commit.doubt or commit.dropped
    )  # fmt: skip


def _is_routine(commit: Commit, state: State, target: Target) -> bool:
    """Whether it changes its target alone, and asks for nothing but, at most, that an outage be looked at once more."""
    weighty = (
        commit.notifications or commit.incidents or commit.forgotten or commit.due or commit.intervals or commit.group
        or commit.first_failure or commit.durable or commit.bans or commit.doubt or len(commit.targets) != 1
    )  # fmt: skip
    return not weighty and commit.unsettled <= state.unsettled | {target.authority}


def _lasting(state: TargetState) -> TargetState:
    """What of a target's state more of the same does not change."""
    return replace(
        state, oks=min(state.oks, 1), failures=min(state.failures, 1), slows=min(state.slows, 3), briskly=0,
        last=None, last_success_at=None,
    )  # fmt: skip


def _task_of(timer: asyncio.TimerHandle) -> str:
    """The name of the task that waits for this timer in `asyncio.timeout`; empty: another kind of timer."""
    owner: Any = getattr(timer._callback, "__self__", None)  # type: ignore[attr-defined]
    task = getattr(owner, "_task", None)
    return task.get_name() if task is not None else ""


def _period(daemon: Daemon, timer: asyncio.TimerHandle) -> float | None:
    """Every how many seconds this timer merely comes again: the schedule, references, lazy writing. None: it comes once."""
    name = _task_of(timer)
    if name.startswith("reference "):
        return daemon.references.interval_of(name.removeprefix("reference "))
    lazy = getattr(timer._callback, "__name__", "") == "_flush_unwaited"  # type: ignore[attr-defined]
    return LAZY_PERIOD if lazy or name in ("watcher", "publish") else None
