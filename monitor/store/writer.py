"""A store's own thread: everything that waits for the disk happens here, in order, and never on the event loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from monitor.store.errors import StoreError

T = TypeVar("T")


class Writer:
    """Runs one job after another. A daemon thread: a disk that hangs for ever does not keep the process alive."""

    def __init__(self, name: str = "state writer") -> None:
        self._name = name
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._taken = 0
        self._done = 0
        self._seen = (-1, 0.0)

    def moved_at(self, now: float) -> float | None:
        """When it was last seen to finish a job while others wait; None: nothing waits. Ask every second or so.

        The thread itself reads no clock: it counts, and what it has counted is held against `now` (monotonic).
        """
        done = self._done
        if done == self._taken:
            self._seen = (-1, now)
            return None
        if done != self._seen[0]:
            self._seen = (done, now)
        return self._seen[1]

    def start(self) -> None:
        """Begin to work. Once."""
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Queue a job; its future holds what it returned or raised."""
        future: Future[T] = Future()
        if self._thread is None:
            future.set_exception(StoreError(f"the {self._name} has stopped"))
        else:
            self._taken += 1
            self._jobs.put((job, future))
        return future

    def stop(self, timeout: float) -> None:
        """Take no more jobs; wait at most `timeout` seconds for the one at work."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            thread.join(timeout)

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            _do(*item)
            self._done += 1


def _do(job: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(job())
    except BaseException as problem:  # noqa: BLE001 - raised again where the future is awaited
        future.set_exception(problem)
