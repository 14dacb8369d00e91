"""Work in a daemon thread: neither the event loop nor the end of the daemon waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Answer = TypeVar("Answer")


def in_daemon_thread(work: Callable[[], Answer], *, name: str) -> Future[Answer]:
    """What `work` returns or raises, in a thread of its own.

    The loop's own pool has few places, and the exit waits for all of its work.
    """
    future: Future[Answer] = Future()
    threading.Thread(target=_run, args=(work, future), name=name, daemon=True).start()
    return future


def _run(work: Callable[[], Answer], future: Future[Answer]) -> None:
    if not future.set_running_or_notify_cancel():  # given up before it began
        return
    try:
        future.set_result(work())
    except BaseException as problem:  # noqa: BLE001  belongs to whoever waits
        future.set_exception(problem)


class StillHangs(Exception):  # noqa: N818 - it says what is so
    """What was begun before has not come to an end."""


class Aside:
    """One piece of work at a time that may hang for ever (a file on a dead network disk), and can be left behind."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: Future[object] | None = None

    async def do(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns or raises. Raises StillHangs while the one before it does."""
        if self._last is not None and not self._last.done():
            raise StillHangs("the attempt before still hangs")
        future = in_daemon_thread(work, name=self._name)
        self._last = future  # type: ignore[assignment]  # only asked whether it is done
        return await asyncio.wrap_future(future)
