"""The live stream's memory: what happened last, numbered, and those who listen. Bounded in events and in listeners.

A listener holds a place in the one ring, not a queue of its own: who reads slowly costs no memory and falls out of the
ring instead.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any

KEPT = 2000
"""Events kept for those who come back: about a quarter of an hour of the shipped configuration."""
LISTENERS = 64
"""Who may listen at once; the page falls back to asking every few seconds."""


class TooManyListenersError(Exception):
    """All places are taken."""


class News:
    """One event of the stream. `make` is called when somebody wants to read it, at most once; it must not look at the present."""

    def __init__(self, id_: int, name: str, make: Callable[[], Any]) -> None:
        self.id = id_
        self.name = name
        self._make = make

    @cached_property
    def frame(self) -> bytes:
        """The event as the wire has it. JSON has no line breaks of its own, so `data` is one line."""
        data = json.dumps(self._make(), ensure_ascii=False, separators=(",", ":"))
        return f"id: {self.id}\nevent: {self.name}\ndata: {data}\n\n".encode(errors="replace")


class Listener:
    """Somebody's place in the stream."""

    def __init__(self, live: Live, after: int) -> None:
        self._live = live
        self._after = after
        self.arrived = asyncio.Event()

    @property
    def missed(self) -> bool:
        """Whether events that were never read have left the ring."""
        return self._after + 1 < self._live.oldest

    def rewind(self) -> None:
        """Go on with the oldest event there is."""
        self._after = max(self._after, self._live.oldest - 1)

    def take(self) -> list[News]:
        """What happened since the last call, oldest first; what fell out of the ring is not among it."""
        self.arrived.clear()
        news = self._live.since(self._after)
        if news:
            self._after = news[-1].id
        return news


class Live:
    """The ring. Ids rise by one, and over a restart too: the first follows from the clock (microseconds since 1970)."""

    def __init__(self, started_at: datetime, *, kept: int = KEPT, listeners: int = LISTENERS) -> None:
        self.latest = int(started_at.timestamp() * 1_000_000)
        """Id of the last event."""
        self.closed = False
        self._ring: deque[News] = deque(maxlen=kept)
        self._listeners: set[Listener] = set()
        self._most = listeners

    @property
    def oldest(self) -> int:
        """Id of the oldest event that can still be read, or of the next one where there is none."""
        return self._ring[0].id if self._ring else self.latest + 1

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def publish(self, name: str, make: Callable[[], Any]) -> None:
        """Add an event; never waits."""
        self.latest += 1
        self._ring.append(News(self.latest, name, make))
        self._wake()

    def since(self, after: int) -> list[News]:
        """The kept events with a higher id, oldest first."""
        found: list[News] = []
        for news in reversed(self._ring):
            if news.id <= after:
                break
            found.append(news)
        return found[::-1]

    @contextmanager
    def listen(self, after: int | None) -> Iterator[Listener]:
        """A place behind the event `after` (None: behind the latest). Raises TooManyListenersError.

        An id from the future is not ours (the clock was set back): such a listener reads the whole ring.
        """
        if len(self._listeners) >= self._most or self.closed:
            raise TooManyListenersError
        place = self.latest if after is None else after if after <= self.latest else -1
        listener = Listener(self, place)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """Let every listener end. For an orderly stop."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        for listener in self._listeners:
            listener.arrived.set()
