"""A courier at work with one receiver, moved on by a clock that stands still until it is told."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from monitor.core.state import Commit
from monitor.courier import Courier
from monitor.model import Notification, Receiver
from monitor.notify.delivery import DeliveryError
from monitor.store.state import StateStore
from monitor.teller import Teller
from tests.conftest import StillClock
from tests.notify.examples import a_plan
from tests.test_courier import Meter, a_store


class Receiving:
    """Takes everything, or nothing while it is away; remembers what it took."""

    def __init__(self) -> None:
        self.away = False
        self.taken: list[Mapping[str, Any]] = []

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        if self.away:
            raise DeliveryError("nobody there", permanent=False)
        self.taken.append(payload)
        return "200"

    async def close(self) -> None:
        pass

    @property
    def keys(self) -> list[str]:
        return [one["key"] for one in self.taken]


class Desk:
    """A courier, its clock, its store and the receiver at its other end."""

    def __init__(self, store: StateStore, courier: Courier, meter: Meter, clock: StillClock, to: str) -> None:
        self.store, self.courier, self.meter, self.clock, self.to = store, courier, meter, clock, to

    async def decide(self, *notes: Notification) -> None:
        """Keep what was decided, and let all that is due be tried."""
        await self.store.write([Commit(at=self.clock.now(), notifications=notes, durable=True)])
        await self.pass_time(0)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and all that is due then be tried."""
        self.clock.advance(seconds)
        RESTS[self.to].clear()
        self.courier._tellers[self.to].poke()
        async with asyncio.timeout(20):
            await RESTS[self.to].wait()

    @property
    def waiting(self) -> int:
        return self.meter.waiting[self.to]


RESTS: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
"""Set when a teller has nothing to do any more."""


@contextmanager
def watched() -> Iterator[None]:
    """Notices when a teller rests; it does what it always does."""
    resting = Teller._wait

    async def rest(teller: Teller) -> None:
        RESTS[teller.receiver.id].set()
        await resting(teller)

    RESTS.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Teller, "_wait", rest)
        yield


@asynccontextmanager
async def at_work(
    path: Path, receiver: Receiver, receiving: Receiving, clock: StillClock
) -> AsyncIterator[Desk]:
    """A courier on the state file at `path`, with one receiver."""
    with watched():
        async with a_store(path) as store:
            meter = Meter()
            courier = Courier(
                store, a_plan(receiver), clock, meter, {receiver.kind: receiving, "webhook": receiving}
            )
            async with asyncio.TaskGroup() as group:
                task = group.create_task(courier.run())
                try:
                    async with asyncio.timeout(20):
                        await RESTS[receiver.id].wait()
                    yield Desk(store, courier, meter, clock, receiver.id)
                finally:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
