"""The clock of a run: it stands still while this program is held up, so that our own delay is nobody else's.

A machine without CPU to spare, a stopped process, a step of ours that takes too long: all of them wake the event loop late. What
the loop is late by is no time in which anybody could have been heard. Deadline, phases and duration of a run leave it out.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

STEP = 0.05
"""Seconds between two looks at how late the loop is, while any run is under way."""
GRAIN = 0.05
"""Seconds by which each may be late: a busy machine is, and so are many runs that end at once."""


class Attention:
    """How much of the time this program could listen. One for all runs of an event loop."""

    __slots__ = ("_due", "_handle", "_lost", "_runs")

    def __init__(self) -> None:
        self._runs = 0
        self._lost = 0.0
        self._due = math.inf
        self._handle: asyncio.TimerHandle | None = None

    def time(self) -> float:
        """Seconds that only differences of mean something: those of the loop, without those in which it was held up."""
        now = asyncio.get_running_loop().time()
        return now - self._lost - self._late(now)

    @property
    def lost(self) -> float:
        """Seconds in which the loop was held up while runs were under way, in all."""
        return self._lost + self._late(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """Raises TimeoutError inside once `seconds` of this clock have passed."""
        self._begin()
        try:
            async with asyncio.timeout(None) as deadline:
                bell = _Bell(self.time, self.time() + seconds, deadline)
                try:
                    yield
                finally:
                    bell.cancel()
        finally:
            self._end()

    def _begin(self) -> None:
        self._runs += 1
        if self._runs == 1:
            self._wait()

    def _end(self) -> None:
        self._runs -= 1
        if self._runs == 0 and self._handle is not None:
            self._account()
            self._handle.cancel()
            self._due = math.inf

    def _late(self, now: float) -> float:
        return max(0.0, now - self._due - GRAIN)

    def _account(self) -> None:
        self._lost += self._late(asyncio.get_running_loop().time())

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + STEP
        self._handle = loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._account()
        self._wait()


class _Bell:
    """Ends one run when its time is over, by the clock that stands still."""

    __slots__ = ("_deadline", "_handle", "_time", "_until")

    def __init__(self, time: Callable[[], float], until: float, deadline: asyncio.Timeout) -> None:
        self._time, self._until, self._deadline = time, until, deadline
        self._wait()

    def _wait(self) -> None:
        left = max(0.0, self._until - self._time())
        self._handle = asyncio.get_running_loop().call_later(left, self._strike)

    def _strike(self) -> None:
        if self._time() < self._until:  # we were held up: that time is given back
            self._wait()
        else:
            self._deadline.reschedule(asyncio.get_running_loop().time())

    def cancel(self) -> None:
        """The run is over."""
        self._handle.cancel()
