"""Work in a daemon thread: neither the event loop nor the end of the daemon waits for it."""

from __future__ import annotations

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
