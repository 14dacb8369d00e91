"""An event loop in which waiting costs nothing: when all is idle, its time is set to the next timer.

Real work in threads (the state file's) holds the time still until it is done. looptime, which does the same for short
tests, turns 42 empty rounds before every step and knows nothing of the writer's thread.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import Any

ROUNDING = 1e-6
"""Seconds added to each wait: enough to be seen in an instant late in the year, where a float has no room for less than 4e-9."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`work` counts the jobs that threads were given and have done; `on_idle` may move the time itself, and then says True."""

    def __init__(self) -> None:
        self.instant = 0.0
        self.work: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self.on_idle: Callable[[], bool] = lambda: False
        selector = selectors.DefaultSelector()
        super().__init__(selector)
        self._poll = selector.select
        self._heard = (0, 0)
        selector.select = self._select  # type: ignore[method-assign]

    def time(self) -> float:
        """Seconds since the loop was made, by its own reckoning."""
        return self.instant

    def _select(self, timeout: float | None = None) -> list[Any]:
        given, done = work = (
            self.work()
        )  # asked first: a job that is done by now has left its word in the pipe
        if given != done or work != self._heard:  # else nothing can have come, and asking the kernel is dear
            waits = given != done and (timeout is None or timeout > 0)
            ready = self._poll(0.05 if waits else 0)
            if given == done:
                self._heard = work
            if ready or given != done:
                return ready
        if timeout is not None and timeout <= 0:
            return []
        if timeout is None:
            raise RuntimeError("everything waits, and nothing will ever happen")
        if not self.on_idle():
            self.instant += timeout + ROUNDING
        return []

    def timers(self) -> list[asyncio.TimerHandle]:
        """What waits for its time."""
        return [one for one in self._scheduled if not one.cancelled()]  # type: ignore[attr-defined]

    def leap(self, seconds: float, *, period: Callable[[asyncio.TimerHandle], float | None]) -> None:
        """Set the time on by `seconds`; timers that merely repeat go along, by whole periods and no further than they must."""
        scheduled = self._scheduled  # type: ignore[attr-defined]
        for one in scheduled:
            if one._when < self.instant + seconds and (every := period(one)) is not None:
                one._when += ceil((self.instant + seconds - one._when) / every) * every
        heapq.heapify(scheduled)
        self.instant += seconds


class LoopClock:
    """The daemon's clock: a wall clock that began at `start`, and goes with the loop."""

    def __init__(self, start: datetime, loop: VirtualLoop) -> None:
        self._start = start
        self._loop = loop

    def now(self) -> datetime:
        """The wall clock."""
        return self._start + timedelta(seconds=self._loop.instant)

    def monotonic(self) -> float:
        """The loop's time."""
        return self._loop.instant
