"""Loop 3: brings what was decided to those who are to hear it. One teller per receiver URL, each with its own queue.

A receiver that hangs, fails or floods holds up nobody else. Telling is at least once: a notification is marked after
it was taken, so a crash in between tells it again under the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog

from monitor.clock import Clock
from monitor.core.digest import told_by
from monitor.guests import GuestBook, GuestMeter, Meter, is_guest, receiver_of
from monitor.model import Notification, Plan
from monitor.notify import deliverers as all_deliverers
from monitor.notify.delivery import Deliverer
from monitor.notify.text import read_all
from monitor.store.state import Pending, StateStore, StoreError
from monitor.teller import Teller
from monitor.threads import in_daemon_thread

CROWDED = 60.0
"""Seconds after which those who waited for a service and for whom there was no room get their turn."""

log = structlog.get_logger(__name__)


class Courier:
    """Tells every receiver of the plan what waits for it. `run` until cancelled; everything on one event loop."""

    def __init__(
        self,
        store: StateStore,
        plan: Plan,
        clock: Clock,
        meter: Meter,
        deliverers: Mapping[str, Deliverer] | None = None,
    ) -> None:
        self._store = store
        self._meter = meter
        self._deliverers = all_deliverers() if deliverers is None else deliverers
        self._clock = clock
        self._tellers: dict[str, Teller] = {}
        self._guests = GuestBook[Teller]()
        self._guest_meter = GuestMeter(meter)
        self._plan = plan
        self._starting: list[Teller] = []
        self._replanned = asyncio.Event()
        self._seen = store.decided
        self.replan(plan)

    async def run(self) -> None:
        """Resume the outbox, then tell until cancelled; then what is under way may end for `GRACE` seconds."""
        stopped: asyncio.CancelledError | None = None
        in_daemon_thread(self._read_texts, name="texts")
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    while True:
                        self._replanned.clear()
                        await self._sort_outbox()
                        while self._starting:
                            teller = self._starting.pop()
                            group.create_task(self._serve(teller), name=f"tell {teller.receiver.id}")
                        with suppress(TimeoutError):
                            async with asyncio.timeout(CROWDED if self._guests.is_crowded else None):
                                await self._replanned.wait()
                except asyncio.CancelledError as cancelled:
                    stopped = cancelled
                    for teller in (*self._tellers.values(), *self._guests.here.values()):
                        teller.stop()
        finally:
            for deliverer in self._deliverers.values():
                await deliverer.close()
        if stopped is not None:
            raise stopped

    async def _serve(self, teller: Teller) -> None:
        await teller.run()
        if teller.receiver.id in self._guests.here:
            self._guests.left(teller.receiver.id)
            if self._guests.is_crowded and not teller.rests:
                self._replanned.set()

    def _read_texts(self) -> None:
        """Beside the start: a message that says that no file can be opened must not need one."""
        for language in sorted({teller.plan.language for teller in list(self._tellers.values())}):
            read_all(language)

    def replan(self, plan: Plan) -> None:
        """Follow another plan: unchanged receivers go on, changed ones start anew from the outbox, others end soon."""
        self._plan = plan
        known, self._tellers = self._tellers, {}
        for receiver in plan.receivers:
            teller = known.pop(receiver.id, None)
            if teller is None or teller.receiver != receiver:
                if teller is not None:
                    teller.stop()
                teller = Teller(
                    receiver, self._deliverers[receiver.kind], self._store, plan, self._clock, self._meter
                )
                self._starting.append(teller)
            teller.plan = plan
            self._tellers[receiver.id] = teller
        for gone in known.values():
            gone.stop()
        self._replanned.set()

    def poke(self) -> None:
        """Something new may be in the outbox. Costs nothing when there is not: call it after every write."""
        if self._store.decided != self._seen:
            self._seen = self._store.decided
            for teller in self._tellers.values():
                teller.poke()
            self._replanned.set()

    def tell(self, notifications: Sequence[Notification]) -> None:
        """Tell these from memory: the outbox could not be written in time. Repeating a key changes nothing."""
        for notification in notifications:
            for name in notification.to:
                teller = self._tellers.get(name)
                if teller is None and (not is_guest(name) or self._guests.admits(name)):
                    teller = self._invite(name, notification)
                if teller is not None:
                    teller.add(Pending(notification=notification))

    def _invite(self, name: str, notification: Notification) -> Teller | None:
        """The teller of one who waited for a service; None: it is none of those."""
        if not is_guest(name) or name in self._guests.here:
            return self._guests.here.get(name)
        receiver = receiver_of(notification, name)
        if receiver is None:
            return None
        deliverer, meter = self._deliverers[receiver.kind], self._guest_meter
        teller = Teller(receiver, deliverer, self._store, self._plan, self._clock, meter, guest=True)
        self._guests.welcome(name, teller)
        self._starting.append(teller)
        self._replanned.set()
        return teller

    async def _sort_outbox(self) -> None:
        """Start who is there for one message, and give up aloud what waits for receivers that are no longer configured."""
        with suppress(StoreError):
            waiting_for = await self._store.waiting_receivers() - self._tellers.keys()
            self._guests.is_crowded = False
            resting = self._guests.resting()
            for name in self._guests.turns(waiting_for):
                if is_guest(name) and not self._guests.make_room(resting):
                    continue
                for waiting in await self._store.pending(name):
                    if self._invite(name, waiting.notification) is None:
                        await self._drop_orphan(name, waiting.notification)

    async def _drop_orphan(self, name: str, told: Notification) -> None:
        log.warning("notification.dropped", receiver=name, key=told.key, reason="no longer configured")
        for event, _ in told_by(told):
            self._meter.count_notification(name, event, "dropped")
        await self._store.mark_dropped(told.key, name)
