"""The state file: what must survive a crash, durable and small.

The store keeps a second `State` beside the pipeline's; what changes in it is owed to the file until a transaction
holds it. What cannot be written stays owed and is tried again, so a full disk costs durability for a while but never
an alert.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.core.alive import LEAST, Pulse
from monitor.core.state import Commit, State, apply
from monitor.model import Notification, TargetState
from monitor.store.changes import Changes
from monitor.store.errors import StateRefused, StoreError
from monitor.store.file import Delivery, Pending, StateFile
from monitor.store.owed import Mark, Owed
from monitor.store.writer import Writer

__all__ = ["Delivery", "Pending", "StateRefused", "StateStore", "StoreError"]

LAZY = 1.0
"""Seconds that a newer last result may wait for others before it is written."""
LONGEST_RETRY = 30.0
"""Longest wait in seconds before what could not be written is tried again."""
MARK_WAIT = 1.0
"""Seconds that marking a notification may hold up its receiver's next one."""
CLOSE_WAIT = 2.0
"""Seconds that a disk that does not answer may hold up the end."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class StateStore:
    """The durable state. `load` first, then everything else from one event loop, `close` last."""

    def __init__(self, path: Path) -> None:
        self._file = StateFile(path)
        self._writer = Writer()
        self._changes = Changes(State())
        self._owed = Owed()
        self._timer: asyncio.TimerHandle | None = None
        self._delay = LAZY
        self._closed = False
        self.is_up = True
        """Whether the last attempt to write succeeded (gauge `fapiao_store_up{store="state"}`)."""
        self.decided = 0
        """How many notifications have been handed in; the courier reads the outbox only when this has moved."""

    def load(self) -> State:
        """Open the file and read it; blocks, for use at start only. Last results come back marked `restored`.

        A missing file gives a fresh state, and so does a damaged one: it is moved aside and the loss is logged. With
        a disk that is full or not writable the daemon runs from memory and goes on trying.
        Raises `StateRefused` when a newer version wrote the file or another process holds it.
        """
        try:
            state = self._file.load()
        except StateRefused:
            raise
        except StoreError as problem:
            self.is_up = False
            log.error("store.unusable", reason=str(problem), consequence="running from memory")  # noqa: TRY400
            state = State()
        state.targets = {key: _restored(target) for key, target in state.targets.items()}
        self._changes = Changes(state)
        self._writer.start()
        return state

    def pulse(self, now: float) -> Pulse:
        """Whether the disk still answers. A write that fails is a move; one that hangs is none. `now` is monotonic."""
        moved_at = self._writer.moved_at(now)
        return Pulse(moved_at=now, due=None) if moved_at is None else Pulse(moved_at=moved_at, due=LEAST)

    async def write(self, commits: Sequence[Commit]) -> None:
        """Keep commits: in one transaction with one fsync when one of them is `durable`, else lazily within seconds.

        After `StoreError` everything is still owed and the store itself tries again; handing the same commits in
        once more, in order, harms nothing.
        """
        for commit in commits:
            apply(self._changes.state, commit)
            self.decided += len(commit.notifications)
        told = [notification for commit in commits for notification in commit.notifications]
        durable = bool(told) or any(commit.durable for commit in commits)
        self._owed.add(self._changes.take(), told, durable=durable)
        if durable:
            await self._flush()
        else:
            self._flush_soon()

    async def pending(self, receiver: str) -> tuple[Pending, ...]:
        """What is still to be told to one receiver URL, in the order in which it was decided. Raises `StoreError`."""
        return await self._run(lambda: self._file.pending(receiver))

    async def waiting_receivers(self) -> frozenset[str]:
        """Ids of the receiver URLs something is pending for, also those no longer configured. Raises `StoreError`."""
        return await self._run(self._file.waiting_receivers)

    async def sent_since(self, receiver: str, since: datetime) -> tuple[datetime, ...]:
        """When one receiver URL took something, the earliest first, as far back as `since`. Raises `StoreError`."""
        return await self._run(lambda: self._file.sent_since(receiver, since))

    async def deliveries(self, keys: Sequence[str]) -> tuple[Delivery, ...]:
        """How the telling of these notifications stands, in the order of deciding. Raises `StoreError`."""
        return await self._run(lambda: self._file.deliveries(keys))

    async def mark_sent(self, key: str, receiver: str, at: datetime | None = None) -> None:
        """Remember that a receiver took a notification, and when. Never raises: what cannot be written stays owed.

        Marks are not fsynced: they survive a kill; after a power cut the receiver hears the same key once more.
        """
        await self._mark(key, receiver, Mark(status="sent", sent_at=at))

    async def join(self, digest: Notification, receiver: str, keys: Sequence[str]) -> None:
        """Let one notification stand in a receiver's outbox for these (at least one), all or nothing. Never raises."""
        self._owed.join(digest, receiver, keys)
        await self._write_marks()

    async def mark_dropped(self, key: str, receiver: str) -> None:
        """Remember that a notification is given up for a receiver. Never raises."""
        await self._mark(key, receiver, Mark(status="dropped"))

    async def mark_failed(self, key: str, receiver: str, next_try: datetime, attempts: int) -> None:
        """Remember a failed try, so that a restart goes on with the same patience. Never raises."""
        await self._mark(key, receiver, Mark(status="pending", next_try=next_try, attempts=attempts))

    async def close(self) -> None:
        """Write what is owed and close the file; gives up after a few seconds on a disk that does not answer."""
        try:
            async with asyncio.timeout(CLOSE_WAIT):
                await self._flush()
                await self._run(self._file.close)
        except (StoreError, TimeoutError) as problem:
            log.warning("store.closed_owing", reason=str(problem) or "the disk does not answer")
        self._closed = True
        self._cancel_timer()
        self._writer.stop(timeout=0.5)

    async def _mark(self, key: str, receiver: str, mark: Mark) -> None:
        self._owed.add_mark(key, receiver, mark)
        await self._write_marks()

    async def _write_marks(self) -> None:
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(MARK_WAIT):
                await self._flush()

    # --- writing what is owed -----------------------------------------------------------------------------------

    async def _flush(self) -> None:
        """Write all that is owed now; what fails or is broken off is tried again by the timer."""
        self._cancel_timer()
        try:
            await self._run(self._write_owed)
        except BaseException:
            self._retry_later()
            raise
        self._delay = LAZY

    def _write_owed(self) -> None:
        """In the writer's thread: write all that is owed at this moment, then owe it no longer."""
        batch = self._owed.batch()
        if batch.is_empty:
            return
        try:
            self._file.write(batch)
        except StoreError as problem:
            if self.is_up:
                log.warning("store.down", reason=str(problem), consequence="kept in memory, trying again")
            self.is_up = False
            raise
        if not self.is_up:
            log.info("store.up_again")
        self.is_up = True
        self._owed.settle(batch)

    def _flush_soon(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(self._delay, self._flush_unwaited)

    def _flush_unwaited(self) -> None:
        """From the timer: hand the writing to the thread, and look at how it went when it is done."""
        self._timer = None
        loop = asyncio.get_running_loop()

        def done(future: Future[None]) -> None:
            with suppress(RuntimeError):  # the loop is gone: the process ends
                loop.call_soon_threadsafe(self._after_unwaited, future.exception())

        self._writer.submit(self._write_owed).add_done_callback(done)

    def _after_unwaited(self, problem: BaseException | None) -> None:
        if problem is None:
            self._delay = LAZY
        else:
            self._retry_later()

    def _retry_later(self) -> None:
        self._delay = min(self._delay * 2, LONGEST_RETRY)
        self._flush_soon()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._writer.submit(job))


def _restored(target: TargetState) -> TargetState:
    return target if target.last is None else replace(target, last=replace(target.last, restored=True))
