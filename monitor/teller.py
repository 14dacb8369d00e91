"""Tells one receiver: one message at a time, in order, again until it is taken, within what it may be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog

from monitor.clock import Clock
from monitor.core.digest import MUST_ARRIVE, together_already, told_by
from monitor.core.pace import Pace
from monitor.guests import Meter
from monitor.model import Notification, Plan, Receiver
from monitor.notify.delivery import Deliverer, DeliveryError
from monitor.notify.payload import payload
from monitor.store.state import Pending, StateStore, StoreError
from monitor.waitlist import Waitlist

DEADLINE = 15.0
"""Seconds for one try."""
BACKOFF = (1.0, 300.0)
"""First and longest wait in seconds after a failed try; each is twice the one before."""
DOUBTS = (5.0, 30.0, 120.0)
"""Seconds after which what may have been taken is told again; what is in doubt after each of these counts as told."""
REFUSED_PATIENCE = timedelta(days=3)
"""How long what is down or over is tried where it is refused, every `BACKOFF[1]`; other words are given up after `REFUSALS`."""
GUEST_PATIENCE = timedelta(days=1)
"""How long the webhook of one who waited for a service may stay away before its word is given up."""
GRACE = 2.0
"""Seconds that a try under way may still take when the daemon stops."""
READING = (2.0, 10.0)
"""Seconds that reading the outbox may hold up a teller, and after which it is tried again when it failed."""

log = structlog.get_logger(__name__)


class Teller:
    """Tells one receiver, one message at a time.

    What concerns the same service of an authority is told in the order in which it was decided; else a notification that keeps
    failing lets others pass. A success makes everything that waits due at once: the receiver is back. Beyond what it may be
    sent (core/pace.py) what waits becomes one message.
    """

    def __init__(
        self,
        receiver: Receiver,
        deliverer: Deliverer,
        store: StateStore,
        plan: Plan,
        clock: Clock,
        meter: Meter,
        *,
        guest: bool = False,
    ) -> None:
        """`guest`: it is there for one message alone, ends when that is told, and gives it up after `GUEST_PATIENCE`."""
        self.receiver = receiver
        self.plan = plan
        """Its language, time zone and names; replaced when the configuration is."""
        self._deliverer = deliverer
        self._store = store
        self._clock = clock
        self._meter = meter
        self._guest = guest
        self._queue = Waitlist(BACKOFF[1])
        self._pace = Pace(receiver.cap, gathers=receiver.kind == "apprise")
        self._holds = False
        """Something is due and may not be sent yet: it will be one message."""
        self._finished: dict[str, None] = {}
        self._news = asyncio.Event()
        self._must_read = True
        self._unread = False
        self._stop_at: float | None = None
        self._attempt: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Tell until stopped."""
        await self._remember_pace()
        while not self._is_over():
            if self._must_read:
                await self._read_outbox()
            elif (next_one := await self._next()) is not None:
                await self._try(next_one)
            elif self._stop_at is None and (not self._guest or self._queue or self._unread):
                await self._wait()
            else:
                return

    @property
    def rests(self) -> bool:
        """Whether it only waits for its next try."""
        return self._attempt is None and self._queue.next_wait(self._clock.now()) is not None

    def poke(self) -> None:
        """Look into the outbox again."""
        self._must_read = True
        self._news.set()

    def add(self, pending: Pending) -> None:
        """Queue one notification, once."""
        if (key := pending.notification.key) not in self._queue and key not in self._finished:
            self._queue.put(pending)
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

    async def _remember_pace(self) -> None:
        """Count what was sent before a restart, by the wall clock; what lies in the future was sent just now."""
        if not self._pace.span:
            return
        now, steady = self._clock.now(), self._clock.monotonic()
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(READING[0]):
                sent = await self._store.sent_since(
                    self.receiver.id, now - timedelta(seconds=self._pace.span)
                )
            self._pace.restore(steady - max(0.0, (now - at).total_seconds()) for at in sent)

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

    async def _next(self) -> Pending | None:
        """What to tell now: the first that is due, or one for all that is, where they are more than may be sent (or were)."""
        await self._keep_bounded()
        due = self._queue.due(self._clock.now())
        room = self._pace.room(self._clock.monotonic()).count
        if not due or room == 0:
            self._holds = bool(due)
            return None
        together = self._queue.together(due)
        joins = room is not None and (self._holds or len(due) > room or together_already(together))
        self._holds = False
        return await self._join(together) if joins and len(together) > 1 else due[0]

    async def _join(self, notes: list[Notification]) -> Pending:
        digest = self._queue.join(notes, self.receiver.id)
        for note in notes:
            self._finish(note.key)
        log.info("notification.joined", receiver=self.receiver.id, key=digest.key, number=len(digest.digest))
        await self._store.join(digest, self.receiver.id, [note.key for note in notes])
        return Pending(notification=digest)

    async def _keep_bounded(self) -> None:
        """Let go of what time made worthless and, when too much waits, of what says nothing new; then the older half becomes one."""
        vain, too_many = self._queue.overflow(self._clock.now())
        await self._leave_out(vain)
        if len(too_many) > 1:
            await self._join(too_many)

    async def _leave_out(self, vain: Sequence[Notification]) -> None:
        for note in vain:
            self._forget(note.key)
            for event, _ in told_by(note):
                self._meter.count_left_out(self.receiver.id, event)
            log.info("notification.superseded", receiver=self.receiver.id, key=note.key)
            await self._store.mark_dropped(note.key, self.receiver.id)

    async def _wait(self) -> None:
        waits = [self._queue.next_wait(self._clock.now())]
        room = self._pace.room(self._clock.monotonic())
        if room.count == 0:
            waits.append(room.wait)
        if self._unread:
            waits.append(READING[1])
        self._news.clear()
        try:
            async with asyncio.timeout(min((wait for wait in waits if wait is not None), default=None)):
                await self._news.wait()
        except TimeoutError:
            self._must_read = self._unread

    def _show_pending(self) -> None:
        self._meter.set_pending(self.receiver.id, len(self._queue), self._queue.oldest())

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
        told, now = pending.notification, self._clock.now()
        delay = max(0.0, (now - told.at).total_seconds())
        better = self._queue.told_better(told)
        self._forget(told.key)
        for event, has_own_line in told_by(told):
            if has_own_line:
                self._meter.count_notification(self.receiver.id, event, "sent")
            else:
                self._meter.count_left_out(self.receiver.id, event)
        self._meter.observe_notification_delay(self.receiver.id, delay)
        log.info("notification.sent", receiver=self.receiver.id, key=told.key, delay_s=round(delay, 3))
        self._pace.count(self._clock.monotonic())
        self._queue.hasten()
        await self._store.mark_sent(told.key, self.receiver.id, now)
        await self._leave_out(better)

    async def _failed(self, pending: Pending, problem: DeliveryError) -> None:
        told, attempts = pending.notification, pending.attempts + 1
        if problem.permanent:
            self._queue.refused(told.key)
        if self._is_too_late(told):
            await self._drop(told, problem.reason)
            return
        wait = min(BACKOFF[0] * 2.0 ** min(attempts - 1, 30), BACKOFF[1])
        if problem.doubtful:
            doubts = self._queue.doubted(told.key)
            if doubts > len(DOUBTS):
                await self._assume(pending, problem.reason)
                return
            wait = DOUBTS[doubts - 1]
            self._pace.count(self._clock.monotonic())
        next_try = self._clock.now() + timedelta(seconds=wait)
        self._queue.put(Pending(notification=told, attempts=attempts, next_try=next_try))
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

    async def _assume(self, pending: Pending, reason: str) -> None:
        """Take it for told: people who can read it have read it several times, and each further try may be one more."""
        told = pending.notification
        log.warning("notification.doubtful", receiver=self.receiver.id, key=told.key, reason=reason)
        for event, _ in told_by(told):
            self._meter.count_doubtful(self.receiver.id, event)
        await self._sent(pending)

    def _is_too_late(self, told: Notification) -> bool:
        """Whether it is given up: what is refused at once, unless it is of those that must arrive."""
        age = self._clock.now() - told.at
        if self._queue.is_refused(told.key):
            return self._guest or told.drill or told.event not in MUST_ARRIVE or age > REFUSED_PATIENCE
        return self._guest and age > GUEST_PATIENCE

    async def _drop(self, told: Notification, reason: str) -> None:
        self._forget(told.key)
        for event, _ in told_by(told):
            self._meter.count_notification(self.receiver.id, event, "dropped")
        log.error("notification.dropped", receiver=self.receiver.id, key=told.key, reason=reason)
        await self._store.mark_dropped(told.key, self.receiver.id)

    def _forget(self, key: str) -> None:
        self._queue.forget(key)
        self._finish(key)
        self._show_pending()

    def _finish(self, key: str) -> None:
        """It is done with. Its key is remembered for a while: the outbox may still show it."""
        self._finished[key] = None
        if len(self._finished) > 10_000:
            del self._finished[next(iter(self._finished))]
