"""When a target is due: spread by a stable digest, drift-free, within the limits of its host.

All instants here are steady seconds: the epoch time at which the daemon started plus what the monotonic clock has
counted since. They keep the same phase over a restart and do not move when the wall clock is set.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

GRID = 0.1
"""Due times lie on a grid of 100 ms, so that what is due together starts together (warm caches; design §4)."""


def offset(target_id: str, interval: float) -> float:
    """Where in its interval this target is due: the same after every restart, spread evenly over all ids."""
    digest = int.from_bytes(blake2b(target_id.encode(), digest_size=8).digest())
    return digest / 2**64 * interval


def next_due(target_id: str, interval: float, after: float) -> float:
    """The first due time later than `after`, on the grid of 100 ms. Never drifts: it does not depend on past runs."""
    phase = offset(target_id, interval)
    turn = math.floor((after - phase) / interval) + 1
    due = _on_grid(phase + turn * interval)
    return due if due > after else _on_grid(phase + (turn + 1) * interval)


def _on_grid(instant: float) -> float:
    return round(instant / GRID) * GRID


def first_due(target_id: str, interval: float, last_run: float | None, now: float) -> float:
    """When a target is due after a start: at once, unless it ran less than an interval ago."""
    if last_run is None or now - last_run >= interval or last_run > now:
        return now
    return next_due(target_id, interval, now)


def missed(due: float, interval: float, now: float) -> int:
    """How many due times have passed since `due` without a run: these are skipped, not caught up."""
    return max(0, math.floor((now - due) / interval))


@dataclass(slots=True)
class Agenda:
    """Which target is due next. Each has exactly one planned due time; planning it again replaces that."""

    planned: dict[str, float] = field(default_factory=dict)
    _heap: list[tuple[float, str]] = field(default_factory=list)

    def plan(self, target_id: str, due: float) -> None:
        """Make `target_id` due at `due`, whatever was planned for it before."""
        self.planned[target_id] = due
        heapq.heappush(self._heap, (due, target_id))

    def forget(self, target_id: str) -> None:
        """Drop what was planned for `target_id`."""
        self.planned.pop(target_id, None)

    def next_due(self) -> float | None:
        """The earliest planned due time."""
        while self._heap and self.planned.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Iterator[tuple[str, float]]:
        """Hand out what is due at `now`, earliest first, and forget it. The caller plans it again."""
        while (due := self.next_due()) is not None and due <= now:
            target_id = heapq.heappop(self._heap)[1]
            del self.planned[target_id]
            yield target_id, due


MARGIN = 0.25
"""Seconds added to the window: a connection reaches its host a little later than it was admitted, and never evenly."""


class HostLimit:
    """Connections per host and port in a sliding window: a promise to the tax offices, counted before connecting.

    Whoever asks for a run beside the schedule has half of them at most, rounded down: the schedule always keeps the
    rest, so that nobody can hide an outage by asking. A limit of 1 leaves nothing to ask for.
    """

    def __init__(self, allowed: float | None, window: float) -> None:
        self.allowed = allowed
        self.window = window + MARGIN
        self._made: dict[str, deque[float]] = {}
        self._made_aside: dict[str, deque[float]] = {}
        """Those of `_made` that were made beside the schedule."""

    def follow(self, allowed: float | None, window: float) -> None:
        """Keep to another limit; the connections already made still count."""
        self.allowed = allowed
        self.window = window + MARGIN

    def admit(self, host_key: str, now: float) -> bool:
        """Count one connection to `host_key` and say True, or say False if the window is full."""
        if self.allowed is None:
            return True
        made = self._recent(self._made, host_key, now)
        if len(made) >= self.allowed:
            return False
        made.append(now)
        return True

    def admit_aside(self, host_key: str, now: float) -> bool:
        """The same for a connection beside the schedule, which has a share of the window only."""
        if self.allowed is None:
            return True
        aside = self._recent(self._made_aside, host_key, now)
        if len(aside) >= self._share(self.allowed) or not self.admit(host_key, now):
            return False
        aside.append(now)
        return True

    def charge(self, host_key: str, at: float, connections: int) -> None:
        """Count connections that an earlier process made, or may have made, at `at`; oldest first."""
        self._made.setdefault(host_key, deque()).extend([at] * connections)

    def free_at(self, host_key: str, now: float) -> float:
        """When the next connection would be admitted: `now` or later."""
        made = self._recent(self._made, host_key, now)
        if self.allowed is None or len(made) < self.allowed:
            return now
        return made[0] + self.window

    def free_aside_at(self, host_key: str, now: float) -> float:
        """When the next connection beside the schedule would be admitted; a window from now where none ever is."""
        free = self.free_at(host_key, now)
        if self.allowed is None:
            return free
        aside = self._recent(self._made_aside, host_key, now)
        if len(aside) < self._share(self.allowed):
            return free
        return max(free, (aside[0] if aside else now) + self.window)

    @staticmethod
    def _share(allowed: float) -> int:
        return int(allowed / 2)

    def _recent(self, kept: dict[str, deque[float]], host_key: str, now: float) -> deque[float]:
        made = kept.setdefault(host_key, deque())
        while made and made[0] <= now - self.window:
            made.popleft()
        return made
