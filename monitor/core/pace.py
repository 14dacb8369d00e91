"""How many messages one receiver is sent within a time: its own cap, and for people never a flood."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What may be sent now. `count` None: as much as there is."""

    count: int | None
    wait: float = 0.0
    """Seconds until something may be sent, where `count` is 0."""


BURST = (10, 300.0)
"""Messages that people are sent one by one within so many seconds; what follows is told together."""
GATHER = 60.0
"""Seconds for which it is gathered then."""
CALM = 2 * GATHER
"""Seconds without any message after which the next ones go one by one again."""


class Pace:
    """Counts what one receiver was sent. All times are seconds of a clock that only goes forward."""

    def __init__(self, cap: tuple[int, float] | None, *, gathers: bool) -> None:
        """`cap`: messages within seconds. `gathers`: whether it is for people, who are spared a flood."""
        self._cap = cap
        self._gathers = gathers
        self._sent: deque[float] = deque()
        self._gathering = False

    @property
    def span(self) -> float:
        """Seconds that must be remembered; 0: nothing is counted."""
        return max(self._cap[1] if self._cap else 0.0, BURST[1] if self._gathers else 0.0)

    def restore(self, sent: Iterable[float]) -> None:
        """Count what was sent at these times, the earliest first, before a restart."""
        self._sent = deque(sorted((*sent, *self._sent)))

    def count(self, now: float) -> None:
        """One message was taken."""
        if self.span:
            self._sent.append(now)

    def room(self, now: float) -> Room:
        """How much may be sent at `now`."""
        while self._sent and self._sent[0] <= now - self.span:
            self._sent.popleft()
        rooms = [room for room in (self._by_cap(now), self._by_burst(now)) if room.count is not None]
        if not rooms:
            return Room(count=None)
        return Room(
            count=min(room.count for room in rooms if room.count is not None),
            wait=max(room.wait for room in rooms),
        )

    def _by_cap(self, now: float) -> Room:
        if self._cap is None:
            return Room(count=None)
        most, span = self._cap
        within = [at for at in self._sent if at > now - span]
        if len(within) < most:
            return Room(count=most - len(within))
        return Room(count=0, wait=within[-most] + span - now)

    def _by_burst(self, now: float) -> Room:
        if not self._gathers:
            return Room(count=None)
        most, span = BURST
        within = [at for at in self._sent if at > now - span]
        is_calm = not within or now - within[-1] > CALM
        self._gathering = len(within) >= most or (self._gathering and not is_calm)
        if not self._gathering:
            return Room(count=most - len(within))
        wait = within[-1] + GATHER - now
        return Room(count=0, wait=wait) if wait > 0 else Room(count=1)
