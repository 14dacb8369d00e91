"""Takes the evidence that incidents ask for, beside the schedule and within the limits of each host."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from monitor.clock import Clock
from monitor.core.state import Commit, State
from monitor.model import ControlLook, Evidence, Inquiry, Plan, Target

MOST_WAITING = 100
"""Inquiries that wait; in a storm the later ones are not made: those before show the same."""
AT_ONCE = 4

log = structlog.get_logger(__name__)


class Take(Protocol):
    """Looks closer at one target; see `monitor.probes.evidence.take`."""

    async def __call__(self, inquiry: Inquiry, target: Target) -> Evidence:
        """Never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnState:
    """How busy we were ourselves."""

    lateness: float | None
    """Seconds by which the last run of the target began late."""
    loop_lag: float


class Meter(Protocol):
    """What it tells about its work."""

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught and logged with its traceback."""


class Investigator:
    """`run` until cancelled; `follow` hears of every commit. What was found is handed on as an event."""

    def __init__(
        self,
        plan: Plan,
        state: State,
        clock: Clock,
        meter: Meter,
        *,
        take: Take,
        own: Callable[[str], OwnState],
        hand_on: Callable[[Evidence], None],
    ) -> None:
        """`own(target id)`: how busy we were. `state` is only read."""
        self._plan = plan
        self._state = state
        self._clock = clock
        self._meter = meter
        self._take = take
        self._own = own
        self._hand_on = hand_on
        self._waiting: deque[Inquiry] = deque()
        self._arrived = asyncio.Event()

    def replan(self, plan: Plan) -> None:
        """Take over a new plan."""
        self._plan = plan

    def follow(self, commit: Commit) -> None:
        """Take over what evidence a commit asks for."""
        for inquiry in commit.inquiries:
            if len(self._waiting) >= MOST_WAITING:
                log.info("evidence.not_taken", incident=inquiry.incident, reason="too many at once")
            else:
                self._waiting.append(inquiry)
                self._arrived.set()

    async def run(self) -> None:
        """Take it, a few at a time."""
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._waiting:
                    await places.acquire()
                    group.create_task(self._answer(self._waiting.popleft(), places), name="evidence")

    async def _answer(self, inquiry: Inquiry, places: asyncio.Semaphore) -> None:
        try:
            if (target := self._plan.targets.get(inquiry.target)) is not None:
                self._hand_on(await self._whole(inquiry, target))
        except Exception:
            log.exception("evidence.failed", incident=inquiry.incident)
            self._meter.count_internal_error("evidence")
        finally:
            places.release()

    async def _whole(self, inquiry: Inquiry, target: Target) -> Evidence:
        own = self._own(target.id)
        found = await self._take(inquiry, target)
        return replace(found, controls=self._controls(), lateness=own.lateness, loop_lag=own.loop_lag)

    def _controls(self) -> tuple[ControlLook, ...]:
        states = [self._state.targets.get(one.id) for one in self._plan.controls]
        return tuple(
            ControlLook(target=state.id, cause=state.last.cause, at=state.last.started_at)
            for state in states
            if state is not None and state.last is not None
        )
