"""Loop 1: runs what is due. It owns the times of the runs and nothing else: what a result means is decided elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from monitor.clock import Clock
from monitor.core.alive import Pulse
from monitor.core.judge import BAN, interval_of, is_ban
from monitor.core.schedule import Agenda, HostLimit, first_due, missed, next_due
from monitor.core.state import Commit
from monitor.model import Cause, Plan, Result, StoreHealth, Target, TargetState
from monitor.net import Hampered, LimitReached
from monitor.probes import Observation
from monitor.probes.aside import Hindrance, NotNow

log = structlog.get_logger()


MOST_ASIDE = 0.5
"""Of the places for runs, how many those may take that are asked for beside the schedule."""

CONNECTIONS_PER_RUN = 2
"""What a run makes at most as a rule: one, and one more that reads the chain of a certificate that cannot be verified."""


AGAIN = 2.0
"""Seconds until a run that this machine hampered is made again."""
CALM = 4.0
"""Seconds without another such run after which probing works again."""


class Look(Protocol):
    """One run of one target, now.

    Raises LimitReached when a connection it cannot do without was not admitted, Hampered when this machine was in its way.
    """

    async def __call__(self, target: Target, *, admit: Callable[[str], bool], scheduled: bool) -> Result:
        """Look at `target` within its own deadline; every failure is in the result."""


class Meter(Protocol):
    """What the watcher tells about its own work."""

    def observe_lateness(self, seconds: float) -> None:
        """From due to started."""

    def observe_concurrency_wait(self, seconds: float) -> None:
        """The part of it spent waiting for a place among `limits.concurrency`."""

    def count_skipped(self, reason: str) -> None:
        """A run that was due and did not count: late, limit, banned, still_running or hampered."""


@dataclass(slots=True)
class Pace:
    """How often a target is looked at now, and whether it is being looked at."""

    interval: float
    configured: float
    """The interval of the plan; `interval` differs from it while down or throttled."""
    running: bool = False


class Watcher:
    """Starts each target's run when it is due, within the limits, and hands every result on."""

    def __init__(
        self,
        plan: Plan,
        look: Look,
        clock: Clock,
        meter: Meter,
        *,
        hand_on: Callable[[Result | StoreHealth], None],
        bans: Mapping[str, datetime],
    ) -> None:
        self._plan = plan
        self._look = look
        self._clock = clock
        self._meter = meter
        self._hand_on = hand_on
        self._bans = bans
        self._start = clock.now().timestamp() - clock.monotonic()
        self._agenda = Agenda()
        self._extra: set[str] = set()
        """Targets whose planned run is not on their schedule: re-runs, corroboration, woken ones."""
        self._paces = {
            id_: Pace(interval=target.interval, configured=target.interval)
            for id_, target in plan.targets.items()
        }
        self._limit = HostLimit(plan.per_host, plan.per_host_window)
        self._places = asyncio.Semaphore(plan.concurrency)
        self._aside = 0
        self._shut_out: dict[str, datetime] = {}
        """Hosts that answered a run beside the schedule with a ban: judgement does not know of it."""
        self._changed = asyncio.Event()
        self._hampered_at: float | None = None
        """When this machine last was in the way of a run, while that is what the pipeline knows."""
        self.pulse = Pulse(moved_at=clock.monotonic())
        """When the schedule last started what was due, and when something is due next."""
        self._under_way = 0
        self._late: dict[str, float] = {}
        """Target → seconds by which its last run began late."""
        self._runs_moved_at = clock.monotonic()

    def pulse_of_runs(self) -> Pulse:
        """When a run last ended, or the first of those under way began; the longest timeout is what they may take."""
        longest = max((target.timeout for target in self._plan.targets.values()), default=0.0)
        return Pulse(moved_at=self._runs_moved_at, due=longest if self._under_way else None)

    def steady(self) -> float:
        """Epoch seconds that never jump: the start by the wall clock, from there on by the monotonic one."""
        return self._start + self._clock.monotonic()

    def next_run(self, target_id: str) -> datetime | None:
        """When the target will be looked at next by the wall clock, not before its ban ends; None while it is running."""
        due = self._agenda.planned.get(target_id)
        if due is None:
            return None
        planned = self._clock.now() + timedelta(seconds=due - self.steady())
        target = self._plan.targets[target_id]
        return max(planned, self._bans[target.host_key]) if self._is_banned(target) else planned

    def lateness(self, target_id: str) -> float | None:
        """Seconds by which the target's last run began late; None: it did not run yet."""
        return self._late.get(target_id)

    def restore(self, states: Mapping[str, TargetState], starts: Sequence[datetime] = ()) -> None:
        """Plan the first run of every target: at once, or on its schedule if it ran less than an interval ago.

        Each of the late `starts` is charged to the limits as one whole sweep: a daemon that is killed before its runs
        are in and started again, and again, must not hammer the hosts.
        """
        now = self.steady()
        for start in starts:
            for target in filter(lambda one: one.port, self._plan.targets.values()):
                self._limit.charge(target.host_key, start.timestamp(), CONNECTIONS_PER_RUN)
        for id_, pace in self._paces.items():
            state = states.get(id_)
            last = state.last.started_at.timestamp() if state is not None and state.last is not None else None
            if state is not None:
                pace.interval = interval_of(self._plan.targets[id_], state)
            self._agenda.plan(id_, first_due(id_, pace.interval, last, now))

    def replan(self, plan: Plan) -> None:
        """Follow another plan by difference: what is unchanged keeps its schedule, what is new is due at once."""
        self._plan = plan
        now = self.steady()
        for id_ in [id_ for id_ in self._paces if id_ not in plan.targets]:
            del self._paces[id_]
            self._extra.discard(id_)
            self._late.pop(id_, None)
            self._agenda.forget(id_)
        for id_, target in plan.targets.items():
            if id_ not in self._paces:
                self._paces[id_] = Pace(interval=target.interval, configured=target.interval)
                self._agenda.plan(id_, now)
            elif self._paces[id_].configured != target.interval:
                self._paces[id_].configured = target.interval
                self._set_interval(id_, target.interval)
        self._limit.follow(plan.per_host, plan.per_host_window)
        self._places = asyncio.Semaphore(plan.concurrency)
        self._changed.set()

    def follow(self, commit: Commit) -> None:
        """Take over what a commit says about times: new intervals, and runs wanted earlier than planned."""
        for id_, interval in commit.intervals.items():
            self._set_interval(id_, interval)
        now = self._clock.now()
        for due in commit.due:
            self._want(due.target, self.steady() + max(0.0, (due.at - now).total_seconds()))
        self._changed.set()

    def _set_interval(self, id_: str, interval: float) -> None:
        pace = self._paces.get(id_)
        if pace is None or pace.interval == interval:
            return
        pace.interval = interval
        if id_ in self._agenda.planned and id_ not in self._extra:
            self._agenda.plan(id_, next_due(id_, interval, self.steady()))

    def _want(self, id_: str, at: float) -> None:
        planned = self._agenda.planned.get(id_)
        if id_ not in self._paces or (planned is not None and planned <= at):
            return
        self._extra.add(id_)
        self._agenda.plan(id_, at)

    async def run(self) -> None:
        """Run what is due until cancelled. Runs that are under way are cancelled with it."""
        async with asyncio.TaskGroup() as runs:
            while True:
                self._changed.clear()
                self.pulse = Pulse(moved_at=self._clock.monotonic())
                for id_, due in self._agenda.take(self.steady()):
                    self._begin(runs, id_, due)
                await self._sleep()

    async def _sleep(self) -> None:
        due = self._agenda.next_due()
        left = None if due is None else max(0.0, due - self.steady())
        self.pulse = Pulse(moved_at=self._clock.monotonic(), due=left)
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._changed.wait()

    def _begin(self, runs: asyncio.TaskGroup, id_: str, due: float) -> None:
        """Start the run that is due, or count why it does not take place; plan the next one either way."""
        target, pace = self._plan.targets[id_], self._paces[id_]
        scheduled = id_ not in self._extra
        self._extra.discard(id_)
        now = self.steady()
        self._agenda.plan(id_, next_due(id_, pace.interval, now))
        for _ in range(missed(due, pace.interval, now)):
            self._meter.count_skipped("late")
        if pace.running:
            self._meter.count_skipped("still_running")
        elif self._is_banned(target):
            self._meter.count_skipped("banned")
        elif (free := self._limit.free_at(target.host_key, now)) > now:
            self._hold(id_, free, scheduled=scheduled)
        else:
            pace.running = True
            runs.create_task(self._run(target, due, scheduled=scheduled), name=f"run {id_}")

    def _is_banned(self, target: Target) -> bool:
        until = self._bans.get(target.host_key)
        return target.url is not None and until is not None and self._clock.now() < until

    def _hold(self, id_: str, free: float, *, scheduled: bool) -> None:
        """The host has had its connections of this minute: a scheduled run is skipped, an extra one waits."""
        self._meter.count_skipped("limit")
        if not scheduled:
            self._want(id_, free)

    async def _run(self, target: Target, due: float, *, scheduled: bool) -> None:
        asked = self.steady()
        self._note_begin()
        try:
            async with self._places:
                started = self.steady()
                self._meter.observe_concurrency_wait(started - asked)
                self._late[target.id] = max(0.0, started - due)
                self._meter.observe_lateness(self._late[target.id])
                result = await self._look_once(target, scheduled=scheduled)
            self._hand_on(result)
            self._note_unhampered()
        except LimitReached:
            self._hold(target.id, self._limit.free_at(target.host_key, self.steady()), scheduled=scheduled)
            self._changed.set()
        except Hampered as trouble:
            self._note_hampered(str(trouble))
            self._want(target.id, self.steady() + AGAIN)
            self._changed.set()
        finally:
            self._note_end()
            if target.id in self._paces:
                self._paces[target.id].running = False

    def _note_hampered(self, reason: str) -> None:
        """Nothing was learnt of the target. Have it told, should it last."""
        self._meter.count_skipped("hampered")
        if self._hampered_at is None:
            log.error("run.hampered", reason=reason, consequence="not counted, made again")
            self._hand_on(StoreHealth(store="probing", up=False, detail=reason))
        self._hampered_at = self.steady()

    def _note_unhampered(self) -> None:
        if self._hampered_at is not None and self.steady() - self._hampered_at >= CALM:
            self._hampered_at = None
            log.warning("run.unhampered")
            self._hand_on(StoreHealth(store="probing", up=True))

    def _note_begin(self) -> None:
        if self._under_way == 0:
            self._runs_moved_at = self._clock.monotonic()
        self._under_way += 1

    def _note_end(self) -> None:
        self._under_way -= 1
        self._runs_moved_at = self._clock.monotonic()

    async def _look_once(self, target: Target, *, scheduled: bool) -> Result:
        """One run; our own mistake in it is a result too: it must not end the daemon and blames no authority."""
        started_at, begun = self._clock.now(), self._clock.monotonic()
        try:
            return await self._look(target, admit=self._admit, scheduled=scheduled)
        except (LimitReached, Hampered):
            raise
        except Exception as problem:
            log.exception("run.failed", target=target.id)
            return Result(
                target=target.id,
                started_at=started_at,
                duration=self._clock.monotonic() - begun,
                cause=Cause.INTERNAL,
                detail=f"{type(problem).__name__} in our own code",
                scheduled=scheduled,
            )

    async def look_aside(self, target: Target, look: Callable[..., Awaitable[Observation]]) -> Observation:
        """One run for somebody who asks, beside the schedule. It is counted by the limits and told to nobody else.

        `look(admit=…)` makes it. Raises NotNow. At most half of the places and of a host's connections are given away
        like this, and nobody waits for one: the time of one who asks is short, and a wait of ours must not look like
        the target's.
        """
        self._refuse_banned(target)
        if self._places.locked() or self._aside >= max(1, int(MOST_ASIDE * self._plan.concurrency)):
            raise NotNow(Hindrance.BUSY, 1.0)
        self._aside += 1
        try:
            async with self._places:
                seen = await look(admit=self.admit_aside)
        except LimitReached:
            free_at = self._limit.free_aside_at(target.host_key, self.steady())
            raise NotNow(Hindrance.LIMIT, max(0.0, free_at - self.steady())) from None
        except Hampered:
            raise NotNow(Hindrance.HAMPERED, AGAIN) from None
        finally:
            self._aside -= 1
        if is_ban(seen.result):
            self._shut_out[target.host_key] = self._clock.now() + BAN
        return seen

    def _refuse_banned(self, target: Target) -> None:
        if target.url is None:
            return
        now = self._clock.now()
        known = (self._bans.get(target.host_key), self._shut_out.get(target.host_key))
        until = max((one for one in known if one is not None), default=now)
        if until > now:
            raise NotNow(Hindrance.BANNED, (until - now).total_seconds())

    def _admit(self, host_key: str) -> bool:
        return self._limit.admit(host_key, self.steady())

    def admit_aside(self, host_key: str) -> bool:
        """Leave for one connection beside the schedule: within the half of a host's limit that is given away, and to no banned host."""
        if any(
            self._clock.now() < until
            for until in (self._bans.get(host_key), self._shut_out.get(host_key))
            if until
        ):
            return False
        return self._limit.admit_aside(host_key, self.steady())
