"""Work that may hang for ever (a file on a dead network disk), in a daemon thread that can be left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from monitor.reference.fetched import UnreadableError

Answer = TypeVar("Answer")


class Aside:
    """One piece of work at a time. The loop's own pool would be full after six that hang, and would hold up the exit."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: Future[object] | None = None

    async def do(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns or raises. Raises UnreadableError while the one before it still hangs."""
        if self._last is not None and not self._last.done():
            raise UnreadableError("the attempt before still hangs")
        future: Future[Answer] = Future()
        self._last = future  # type: ignore[assignment]  # only asked whether it is done
        threading.Thread(target=_run, args=(work, future), name=self._name, daemon=True).start()
        return await asyncio.wrap_future(future)


def _run(work: Callable[[], Answer], future: Future[Answer]) -> None:
    if not future.set_running_or_notify_cancel():  # given up before it began
        return
    try:
        future.set_result(work())
    except BaseException as problem:  # noqa: BLE001  belongs to whoever waits
        future.set_exception(problem)
