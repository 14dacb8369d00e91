"""Work that may hang for ever (a file on a dead network disk), in a daemon thread that can be left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from monitor.reference.fetched import UnreadableError
from monitor.threads import in_daemon_thread

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
        future = in_daemon_thread(work, name=self._name)
        self._last = future  # type: ignore[assignment]  # only asked whether it is done
        return await asyncio.wrap_future(future)
