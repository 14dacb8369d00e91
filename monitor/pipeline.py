"""Loop 2: the one decider. Takes events in order, decides, keeps what was decided, then lets it be told and shown."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog

from monitor.clock import Clock
from monitor.core.alive import Pulse
from monitor.core.decide import decide
from monitor.core.state import Commit, State, apply
from monitor.model import (
    Command,
    Confirmed,
    Event,
    Incident,
    Notification,
    Plan,
    Replan,
    Result,
    StoreHealth,
    TargetState,
    Tick,
)
from monitor.store.errors import StoreError

log = structlog.get_logger()

PATIENCE = 1.0
"""Seconds a commit may take to reach the disk before it is told from memory (design §2)."""


class Store(Protocol):
    """Where commits are kept."""

    is_up: bool

    async def write(self, commits: Sequence[Commit]) -> None:
        """Keep these commits, all or none. After StoreError they are still owed, and tried again by the store itself."""


class Teller(Protocol):
    """Who delivers notifications."""

    def poke(self) -> None:
        """Something new is in the outbox."""

    def tell(self, notifications: Sequence[Notification]) -> None:
        """Deliver these from memory: the outbox could not be written in time."""


class Meter(Protocol):
    """What the pipeline tells about the results and about its own work."""

    def observe(self, result: Result, target_state: TargetState) -> None:
        """One result, with the target's state after it."""

    def count_coalesced(self) -> None:
        """A result gave way to a newer one of its target because the queue was full."""

    def set_store_up(self, store: str, up: bool) -> None:
        """Whether `store` takes what it is given."""


class Inbox:
    """What waits to be decided, in order: results and other events.

    Results are bounded: when there are too many a target's newest replaces its older one, counted. Other events are few.
    """

    def __init__(self, limit: int, meter: Meter) -> None:
        self._limit = limit
        self._meter = meter
        self._waiting: deque[tuple[Event, asyncio.Future[Commit] | None]] = deque()
        self._arrived = asyncio.Event()

    def put(self, event: Event) -> None:
        """Add an event nobody waits for; never waits itself."""
        if isinstance(event, Result) and len(self._waiting) >= self._limit:
            self._replace_older(event)
        self._waiting.append((event, None))
        self._arrived.set()

    async def ask(self, command: Command) -> Commit:
        """Add a command and wait for what it changed; its commit is kept by then, or owed to a disk that refuses."""
        answer: asyncio.Future[Commit] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        self._arrived.set()
        return await answer

    def _replace_older(self, newer: Result) -> None:
        for entry in reversed(self._waiting):
            if isinstance(entry[0], Result) and entry[0].target == newer.target:
                self._waiting.remove(entry)
                self._meter.count_coalesced()
                return

    def take(self) -> list[tuple[Event, asyncio.Future[Commit] | None]]:
        """Everything that waits, oldest first, with whom to answer."""
        taken = list(self._waiting)
        self._waiting.clear()
        self._arrived.clear()
        return taken

    async def wait(self) -> None:
        """Until there is something to take."""
        await self._arrived.wait()


class Pipeline:
    """Owns the state. One event after the other becomes one commit; commits that wait together are written together."""

    def __init__(
        self,
        plan: Plan,
        state: State,
        store: Store,
        teller: Teller,
        meter: Meter,
        clock: Clock,
        *,
        inbox: Inbox,
        follow: Callable[[Commit], None],
        show: Callable[
            [Plan, State, Sequence[tuple[Event, Commit]]], None
        ] = lambda _plan, _state, _decided: None,
    ) -> None:
        """`show` hears of what was decided once it is kept (or owed)."""
        self.state = state
        self.pulse = Pulse(moved_at=clock.monotonic())
        """When it last began to decide, and when it wakes by itself; the watchdog reads it."""
        self.inbox = inbox
        self._plan = plan
        self._store = store
        self._teller = teller
        self._meter = meter
        self._clock = clock
        self._follow = follow
        self._show = show
        self._wakeup: datetime | None = clock.now()
        self._state_up = "state" not in state.stores_down
        for name in state.stores_down.keys() - {"state"}:  # it says again in this process if it does not work
            inbox.put(StoreHealth(store=name, up=True))
        self.swept = asyncio.Event()
        """Set once every target has a result, restored ones counted."""

    def replan(self, plan: Plan) -> None:
        """Judge by another plan from now on; what it no longer holds is forgotten in its turn."""
        self._plan = plan
        self.inbox.put(Replan())

    async def run(self) -> None:
        """Decide until cancelled."""
        while True:
            await self._wait()
            self.pulse = Pulse(moved_at=self._clock.monotonic())
            await self._decide_all()
            self._notice_sweep()

    def _notice_sweep(self) -> None:
        if self.swept.is_set():
            return
        known = [self.state.targets.get(id_) for id_ in self._plan.targets]
        last = [target.last for target in known if target is not None and target.last is not None]
        if len(last) == len(known):
            self.swept.set()
            causes = Counter("ok" if result.is_ok else str(result.cause) for result in last)
            log.info("sweep.finished", targets=len(last), **causes)

    async def _wait(self) -> None:
        """Until a result is there or a wake-up is due."""
        left = None if self._wakeup is None else max(0.0, (self._wakeup - self._clock.now()).total_seconds())
        self.pulse = Pulse(moved_at=self._clock.monotonic(), due=left)
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self.inbox.wait()

    async def _decide_all(self) -> None:
        taken = self.inbox.take()
        commits = [self._decide(event) for event, _ in taken]
        for event, _ in taken:
            if isinstance(event, Result) and (target := self.state.targets.get(event.target)) is not None:
                self._meter.observe(event, target)
        ticked = self._wakeup is not None and self._wakeup <= self._clock.now()
        decided = [(event, commit) for (event, _), commit in zip(taken, commits, strict=True)]
        if ticked:
            decided.append((Tick(), self._decide(Tick())))
        await self._keep([commit for _, commit in decided])
        for (_, answer), commit in zip(taken, commits, strict=True):
            if answer is not None and not answer.done():
                answer.set_result(commit)
        self._show(self._plan, self.state, decided)

    def _decide(self, event: Event) -> Commit:
        now = self._clock.now()
        commit = decide(event, self.state, now, self._plan)
        _report(commit, self.state)
        apply(self.state, commit)
        self._wakeup = commit.next_wakeup
        self._follow(commit)
        return commit

    async def _keep(self, commits: Sequence[Commit]) -> None:
        """Write what was decided, then let it be told; from memory where the disk does not take it in time."""
        reason = ""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.write(commits)
        except (StoreError, TimeoutError) as problem:
            reason = str(problem) or "the disk does not answer"
            log.warning("state.not_written", reason=reason, consequence="told from memory")
            self._teller.tell([notification for commit in commits for notification in commit.notifications])
        self._notice_health(reason)
        self._teller.poke()

    def _notice_health(self, reason: str) -> None:
        """Have it decided, and told, when the state file stops or starts again to take what it is given."""
        up = self._store.is_up
        self._meter.set_store_up("state", up)
        if up is not self._state_up:
            self._state_up = up
            self.inbox.put(StoreHealth(store="state", up=up, detail=reason))

    async def finish(self) -> None:
        """Decide and write what still waits. For an orderly stop, after `run` has been cancelled."""
        await self._decide_all()


def _report(commit: Commit, before: State) -> None:
    """One log line per change of belief; the routine runs are silent."""
    for target in commit.targets:
        known = before.targets.get(target.id)
        was = known.confirmed if known else Confirmed.UNKNOWN
        if (
            target.last is not None
            and target.confirmed is not was
            and Confirmed.DOWN in (was, target.confirmed)
        ):
            log.info(
                "target.down" if target.confirmed is Confirmed.DOWN else "target.up",
                target=target.id,
                cause=str(target.last.cause),
                detail=target.last.detail,
            )
    for id_ in commit.forgotten:
        if (gone := before.incidents.get(id_)) is not None and gone.is_open:
            log.info(
                "incident.withdrawn", incident=id_, reason="explained by our own network, nobody was told"
            )
    for incident in commit.incidents:
        _report_incident(incident, before.incidents.get(incident.id))


def _report_incident(incident: Incident, known: Incident | None) -> None:
    if known is None:
        event = "incident.opened"
    elif known.is_open and not incident.is_open:
        event = "incident.resolved"
    else:
        return
    log.info(
        event,
        incident=incident.id,
        severity=str(incident.severity),
        cause=str(incident.cause),
        diagnosis=str(incident.diagnosis),
    )
