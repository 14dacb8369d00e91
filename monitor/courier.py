"""Loop 3: brings what was decided to those who are to hear it. One worker per receiver URL, each with its own queue.

A receiver that hangs, fails or floods holds up nobody else. Telling is at least once: a notification is marked after
it was taken, so a crash in between tells it again under the same key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from monitor.clock import Clock
from monitor.model import EventName, Notification, Plan, Receiver
from monitor.notify import deliverers as all_deliverers
from monitor.notify.delivery import Deliverer, DeliveryError
from monitor.notify.payload import payload
from monitor.store.state import Pending, StateStore, StoreError

DEADLINE = 15.0
"""Seconds for one try."""
BACKOFF = (1.0, 300.0)
"""First and longest wait in seconds after a failed try; each is twice the one before."""
REFUSALS = 8
"""Refusals after which a notification is given up: about two minutes, enough for a receiver that is being redeployed."""
GRACE = 2.0
"""Seconds that a try under way may still take when the daemon stops."""
READING = (2.0, 10.0)
"""Seconds that reading the outbox may hold up a worker, and after which it is tried again when it failed."""

log = structlog.get_logger(__name__)


class Meter(Protocol):
    """What the courier tells about its work."""

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        """One attempt to tell ended: `sent`, `failed` or `dropped`."""

    def observe_notification_delay(self, receiver: str, seconds: float) -> None:
        """A receiver accepted a notification this long after the decision."""

    def set_pending(self, receiver: str, count: int, oldest: datetime | None) -> None:
        """How many notifications wait for a receiver, and when the oldest of them was decided."""

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught and logged with its traceback."""


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
        self._workers: dict[str, Worker] = {}
        self._starting: list[Worker] = []
        self._replanned = asyncio.Event()
        self._seen = store.decided
        self.replan(plan)

    async def run(self) -> None:
        """Resume the outbox, then tell until cancelled; then what is under way may end for `GRACE` seconds."""
        stopped: asyncio.CancelledError | None = None
        try:
            async with asyncio.TaskGroup() as workers:
                try:
                    while True:
                        self._replanned.clear()
                        while self._starting:
                            worker = self._starting.pop()
                            workers.create_task(worker.run(), name=f"tell {worker.receiver.id}")
                        await self._drop_orphans()
                        await self._replanned.wait()
                except asyncio.CancelledError as cancelled:
                    stopped = cancelled
                    for worker in self._workers.values():
                        worker.stop()
        finally:
            for deliverer in self._deliverers.values():
                await deliverer.close()
        if stopped is not None:
            raise stopped

    def replan(self, plan: Plan) -> None:
        """Follow another plan: unchanged receivers go on, changed ones start anew from the outbox, others end soon."""
        known, self._workers = self._workers, {}
        for receiver in plan.receivers:
            worker = known.pop(receiver.id, None)
            if worker is None or worker.receiver != receiver:
                if worker is not None:
                    worker.stop()
                worker = Worker(
                    receiver, self._deliverers[receiver.kind], self._store, plan, self._clock, self._meter
                )
                self._starting.append(worker)
            worker.plan = plan
            self._workers[receiver.id] = worker
        for gone in known.values():
            gone.stop()
        self._replanned.set()

    def poke(self) -> None:
        """Something new may be in the outbox. Costs nothing when there is not: call it after every write."""
        if self._store.decided != self._seen:
            self._seen = self._store.decided
            for worker in self._workers.values():
                worker.poke()

    def tell(self, notifications: Sequence[Notification]) -> None:
        """Tell these from memory: the outbox could not be written in time. Repeating a key changes nothing."""
        for notification in notifications:
            for name in notification.to:
                if name in self._workers:
                    self._workers[name].add(Pending(notification=notification))

    async def _drop_orphans(self) -> None:
        """Give up what waits for receivers that are no longer configured, aloud."""
        with suppress(StoreError):
            for name in sorted(await self._store.waiting_receivers() - self._workers.keys()):
                for waiting in await self._store.pending(name):
                    told = waiting.notification
                    log.warning(
                        "notification.dropped", receiver=name, key=told.key, reason="no longer configured"
                    )
                    self._meter.count_notification(name, told.event, "dropped")
                    await self._store.mark_dropped(told.key, name)


class Worker:
    """Tells one receiver, one notification at a time.

    What concerns the same service of an authority is told in the order in which it was decided; else a notification that keeps
    failing lets others pass. A success makes everything that waits due at once: the receiver is back.
    """

    def __init__(
        self,
        receiver: Receiver,
        deliverer: Deliverer,
        store: StateStore,
        plan: Plan,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self.receiver = receiver
        self.plan = plan
        """Its language, time zone and names; replaced when the configuration is."""
        self._deliverer = deliverer
        self._store = store
        self._clock = clock
        self._meter = meter
        self._queue: dict[str, Pending] = {}
        self._finished: dict[str, None] = {}
        self._refusals: dict[str, int] = {}
        self._news = asyncio.Event()
        self._must_read = True
        self._unread = False
        self._stop_at: float | None = None
        self._attempt: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Tell until stopped."""
        while not self._is_over():
            if self._must_read:
                await self._read_outbox()
            elif (next_one := self._next_due()) is not None:
                await self._try(next_one)
            elif self._stop_at is None:
                await self._wait()
            else:
                return

    def poke(self) -> None:
        """Look into the outbox again."""
        self._must_read = True
        self._news.set()

    def add(self, pending: Pending) -> None:
        """Queue one notification, once."""
        key = pending.notification.key
        if key not in self._queue and key not in self._finished:
            self._queue[key] = pending
            self._show_pending()
            self._news.set()

    def stop(self) -> None:
        """End soon: what is under way or due has `GRACE` seconds left, the rest stays in the outbox."""
        self._stop_at = asyncio.get_running_loop().time() + GRACE
        if self._attempt is not None and (when := self._attempt.when()) is not None:
            self._attempt.reschedule(min(when, self._stop_at))
        self._news.set()

    def _is_over(self) -> bool:
        return self._stop_at is not None and asyncio.get_running_loop().time() >= self._stop_at - 0.01

    # --- the queue ----------------------------------------------------------------------------------------------

    async def _read_outbox(self) -> None:
        self._must_read, self._unread = False, True
        try:
            async with asyncio.timeout(READING[0]):
                waiting = await self._store.pending(self.receiver.id)
        except (StoreError, TimeoutError):
            return  # what is decided meanwhile comes from memory
        self._unread = False
        for pending in waiting:
            self.add(pending)

    def _next_due(self) -> Pending | None:
        """The first that is due and not behind an earlier one about the same (authority, service).

        Else a receiver that was away could hear that the next outage began before it hears that the last one ended.
        """
        now = self._clock.now()
        held: set[tuple[str, str]] = set()
        for pending in self._queue.values():
            about = {(incident.authority, incident.service) for incident in pending.notification.incidents}
            if not about & held and self._wait_for(pending, now) <= 0:
                return pending
            held |= about
        return None

    def _wait_for(self, pending: Pending, now: datetime) -> float:
        """Seconds until it is due; never more than the longest backoff, should the wall clock have jumped."""
        if pending.next_try is None:
            return 0.0
        return min((pending.next_try - now).total_seconds(), BACKOFF[1])

    async def _wait(self) -> None:
        now = self._clock.now()
        waits = [wait for pending in self._queue.values() if (wait := self._wait_for(pending, now)) > 0]
        if self._unread:
            waits.append(READING[1])
        self._news.clear()
        try:
            async with asyncio.timeout(min(waits, default=None)):
                await self._news.wait()
        except TimeoutError:
            self._must_read = self._unread

    def _show_pending(self) -> None:
        oldest = min((pending.notification.at for pending in self._queue.values()), default=None)
        self._meter.set_pending(self.receiver.id, len(self._queue), oldest)

    # --- one try ------------------------------------------------------------------------------------------------

    async def _try(self, pending: Pending) -> None:
        try:
            await self._deliver(pending.notification)
        except DeliveryError as problem:
            if not self._is_over():  # else: broken off, not failed
                await self._failed(pending, problem)
        else:
            await self._sent(pending)

    async def _deliver(self, notification: Notification) -> None:
        now = asyncio.get_running_loop().time()
        until = now + DEADLINE if self._stop_at is None else min(now + DEADLINE, self._stop_at)
        try:
            async with asyncio.timeout_at(until) as self._attempt:
                await self._deliverer.deliver(self.receiver, payload(notification, self.plan))
        except TimeoutError:
            raise DeliveryError("no answer in time", permanent=False) from None
        except DeliveryError:
            raise
        except Exception as bug:
            log.exception("notification.bug", receiver=self.receiver.id, key=notification.key)
            self._meter.count_internal_error("courier")
            raise DeliveryError(f"{type(bug).__name__} in this program", permanent=False) from None
        finally:
            self._attempt = None

    async def _sent(self, pending: Pending) -> None:
        told = pending.notification
        delay = max(0.0, (self._clock.now() - told.at).total_seconds())
        self._forget(told.key)
        self._meter.count_notification(self.receiver.id, told.event, "sent")
        self._meter.observe_notification_delay(self.receiver.id, delay)
        log.info("notification.sent", receiver=self.receiver.id, key=told.key, delay_s=round(delay, 3))
        for key, waiting in self._queue.items():
            if waiting.next_try is not None and key not in self._refusals:
                self._queue[key] = Pending(notification=waiting.notification, attempts=waiting.attempts)
        await self._store.mark_sent(told.key, self.receiver.id)

    async def _failed(self, pending: Pending, problem: DeliveryError) -> None:
        told, attempts = pending.notification, pending.attempts + 1
        if problem.permanent:
            self._refusals[told.key] = self._refusals.get(told.key, 0) + 1
        if self._refusals.get(told.key, 0) >= REFUSALS:
            await self._drop(told, problem.reason)
            return
        wait = min(BACKOFF[0] * 2.0 ** min(attempts - 1, 30), BACKOFF[1])
        next_try = self._clock.now() + timedelta(seconds=wait)
        self._queue[told.key] = Pending(notification=told, attempts=attempts, next_try=next_try)
        self._meter.count_notification(self.receiver.id, told.event, "failed")
        log.warning(
            "notification.failed",
            receiver=self.receiver.id,
            key=told.key,
            reason=problem.reason,
            attempts=attempts,
            next_try_in_s=wait,
        )
        await self._store.mark_failed(told.key, self.receiver.id, next_try, attempts)

    async def _drop(self, told: Notification, reason: str) -> None:
        self._forget(told.key)
        self._meter.count_notification(self.receiver.id, told.event, "dropped")
        log.error("notification.dropped", receiver=self.receiver.id, key=told.key, reason=reason)
        await self._store.mark_dropped(told.key, self.receiver.id)

    def _forget(self, key: str) -> None:
        """It is done with. Its key is remembered for a while: the outbox may still show it."""
        del self._queue[key]
        self._refusals.pop(key, None)
        self._finished[key] = None
        if len(self._finished) > 10_000:
            del self._finished[next(iter(self._finished))]
        self._show_pending()
