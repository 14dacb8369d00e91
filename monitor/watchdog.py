"""Looks after the daemon itself: whether its parts move, what the service manager is told of it, how late the loop is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from monitor.clock import Clock
from monitor.core.alive import Part, Pulse, standing_still
from monitor.systemd import ServiceManager

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two looks."""
SHARE = 1 / 3
"""Of the watchdog's time that may pass until it is fed: a half is asked for, and a busy machine is late."""


class Meter(Protocol):
    """What is told of the daemon itself."""

    def set_loop_lag(self, seconds: float) -> None:
        """How late the loop woke up."""

    def set_moving(self, part: Part, moving: bool) -> None:
        """Whether a part has moved within twice its due time."""


class Watchdog:
    """Feeds the service manager's watchdog while everything moves; `is_alive` says so to whoever asks."""

    def __init__(
        self,
        pulses: Callable[[float], Mapping[Part, Pulse]],
        manager: ServiceManager,
        clock: Clock,
        meter: Meter,
    ) -> None:
        """`pulses(now)` of all parts."""
        self._pulses = pulses
        self._manager = manager
        self._clock = clock
        self._meter = meter
        self._still: tuple[Part, ...] = ()
        self._said = ""
        self._fed_at: float | None = None
        self.lag = 0.0
        """Seconds by which the event loop last woke us late."""

    def is_alive(self) -> bool:
        """Whether every part moves, now."""
        now = self._clock.monotonic()
        return not standing_still(self._pulses(now), now)

    async def run(self, status: Callable[[], str]) -> None:
        """Look until cancelled; how late the loop wakes us is the proof that a slow answer was not our own fault.

        `status()` is one line for `systemctl status`.
        """
        while True:
            asleep = self._clock.monotonic()
            await asyncio.sleep(self._pause())
            self.lag = max(0.0, self._clock.monotonic() - asleep - self._pause())
            self._meter.set_loop_lag(self.lag)
            self.look(status)

    def _pause(self) -> float:
        limit = self._manager.watchdog
        return LOOK_EVERY if limit is None else min(LOOK_EVERY, limit * SHARE)

    def look(self, status: Callable[[], str]) -> None:
        """Judge, and tell what has changed."""
        now = self._clock.monotonic()
        still = standing_still(self._pulses(now), now)
        if still != self._still:
            self._tell(still)
        if not still:
            self._feed(now)
        self._say(f"{', '.join(still)} stands still" if still else status())

    def _tell(self, still: tuple[Part, ...]) -> None:
        for part in Part:
            self._meter.set_moving(part, part not in still)
        if still:
            consequence = "the watchdog is not fed and no heartbeat is sent"
            log.error("daemon.stands_still", parts=", ".join(still), consequence=consequence)
        else:
            log.warning("daemon.moves_again", parts=", ".join(self._still))
        self._still = still

    def _feed(self, now: float) -> None:
        limit = self._manager.watchdog
        if limit is None:
            return
        if self._fed_at is None or now - self._fed_at >= limit * SHARE - self._pause():
            self._manager.feed()
            self._fed_at = now

    def _say(self, status: str) -> None:
        if status != self._said:
            self._manager.say(status)
            self._said = status
