"""Dead man's switch: while the daemon is alive it says so to `alerts.heartbeat`. Whoever hears nothing raises the alarm.

One GET, as healthchecks and its like take it. It holds up nobody: a task of its own with a short deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog

from monitor.clock import Clock
from monitor.model import Heartbeat, Plan
from monitor.net.sessions import PROBLEMS, Sessions, reason_of

log = structlog.get_logger(__name__)

DEADLINE = 10.0
"""Seconds for one beat, from name resolution to the status; never longer than the interval."""


class Meter(Protocol):
    """What is told of the beats."""

    def count_heartbeat(self, result: str, at: datetime) -> None:
        """One was due: `sent`, `failed`, or `withheld` because a part of us stands still."""

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught in `part`."""


class NotTaken(Exception):  # noqa: N818 - it says what is so
    """The beat did not arrive; the text says why, without the address."""


class Heart:
    """Beats for as long as `run` runs, where the plan says so and `is_alive` holds."""

    def __init__(self, plan: Plan, clock: Clock, meter: Meter, is_alive: Callable[[], bool]) -> None:
        self._heartbeat = plan.heartbeat
        self._clock = clock
        self._meter = meter
        self._is_alive = is_alive
        self._sessions = Sessions()
        self._changed = asyncio.Event()
        self._works: bool | None = None
        """Whether the last beat arrived; None: there was none."""

    def replan(self, plan: Plan) -> None:
        """Take over a new plan: an address or interval that has changed is used at once, any other goes on as it was."""
        if plan.heartbeat != self._heartbeat:
            self._heartbeat, self._works = plan.heartbeat, None
            self._changed.set()

    async def run(self) -> None:
        """Beat until cancelled."""
        try:
            while True:
                begun, heartbeat = self._clock.monotonic(), self._heartbeat
                self._changed.clear()
                if heartbeat is not None:
                    await self._beat(heartbeat)
                await self._rest(None if heartbeat is None else begun + heartbeat.interval)
        finally:
            await self._sessions.close()

    async def _get(self, heartbeat: Heartbeat) -> None:
        """Ask for the address. No redirect is followed. Raises NotTaken."""
        asked = self._sessions.by(heartbeat.proxies).get(heartbeat.url, allow_redirects=False)
        try:
            async with asyncio.timeout(min(DEADLINE, heartbeat.interval)), asked as answer:
                if not 200 <= answer.status < 300:
                    raise NotTaken(f"answered {answer.status}")
        except PROBLEMS as problem:
            raise NotTaken(reason_of(problem)) from None

    async def _rest(self, until: float | None) -> None:
        left = None if until is None else max(0.0, until - self._clock.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._changed.wait()

    async def _beat(self, heartbeat: Heartbeat) -> None:
        """One beat, unless we are not alive; what fails is told once, and so is the first that arrives again."""
        if not self._is_alive():
            self._meter.count_heartbeat("withheld", self._clock.now())
            return
        try:
            await self._get(heartbeat)
        except NotTaken as problem:
            self._note(str(problem))
        except Exception as problem:
            log.exception("heartbeat.broke")
            self._meter.count_internal_error("heartbeat")
            self._note(f"{type(problem).__name__} in our own code")
        else:
            self._note("")

    def _note(self, reason: str) -> None:
        works = not reason
        self._meter.count_heartbeat("sent" if works else "failed", self._clock.now())
        if works is not self._works and (works is False or self._works is False):
            if works:
                log.info("heartbeat.works_again")
            else:
                log.warning(
                    "heartbeat.failed", reason=reason, consequence="whoever listens may raise the alarm"
                )
        self._works = works
