"""Loop 3: brings what was decided to those who are to hear it. One worker per receiver URL, each with its own queue.

A receiver that hangs, fails or floods holds up nobody else. Telling is at least once: a notification is marked after
it was taken, so a crash in between tells it again under the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from monitor.clock import Clock
from monitor.model import EventName, Notification, Plan
from monitor.notify.delivery import Deliverer
from monitor.store.state import StateStore


class Meter(Protocol):
    """What the courier tells about its work."""

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        """One attempt to tell ended: `sent`, `failed` or `dropped`."""

    def observe_notification_delay(self, receiver: str, seconds: float) -> None:
        """A receiver accepted a notification this long after the decision."""

    def set_pending(self, receiver: str, count: int, oldest: datetime | None) -> None:
        """How many notifications wait for a receiver, and when the oldest of them was decided."""


class Courier:
    """Tells every receiver of the plan what waits for it. `run` until cancelled."""

    def __init__(
        self,
        store: StateStore,
        plan: Plan,
        clock: Clock,
        meter: Meter,
        deliverers: Mapping[str, Deliverer] | None = None,
    ) -> None:
        pass

    async def run(self) -> None:
        """Resume the outbox, then tell until cancelled; a cancelled run lets what is under way end for 2 s."""

    def poke(self) -> None:
        """Something new may be in the outbox. Cheap to call after every write."""

    def tell(self, notifications: Sequence[Notification]) -> None:
        """Tell these from memory: the outbox could not be written in time. Repeating a key changes nothing."""
