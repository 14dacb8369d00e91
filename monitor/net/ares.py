"""A c-ares channel (pycares) on the running loop, of its own for each question or look.

A shared one, which aiodns would keep, answers from its cache for as long as a record lives, goes on asking a dead server
after the run has ended, and has one timeout for all; a probe has to see what the name servers say now, and its deadline is
the only one. Making one takes 0.05 ms.
"""

from __future__ import annotations

import asyncio

import pycares
from pycares import errno as ares

from monitor.model import Cause
from monitor.net.failures import FaultError

Raw = tuple[pycares.DNSResult | None, int | None]
"""An answer, or the error of c-ares in its place."""

_TRIES = 3
# c-ares doubles the wait with each round and takes up to half of it off again: rounds of 1 + (1…2) + (2…4) waits.
_SHORTEST_SUM = 4


def first_wait(patience: float, servers: int) -> float:
    """Seconds of the first wait such that all rounds together outlast the caller's deadline, `patience` seconds away."""
    return max(patience, 0.01) / (_SHORTEST_SUM * servers)


def words_of(error: int) -> str:
    """What an error of c-ares says."""
    return str(ares.strerror(error)).lower()


class Channel:
    """A c-ares channel driven by the running loop: its sockets as readers and writers, its waits by one timer."""

    def __init__(self, servers: tuple[str, ...], wait: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._readers: set[int] = set()
        self._writers: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        try:
            self._ares = pycares.Channel(
                servers=servers or None, timeout=wait, tries=_TRIES, sock_state_cb=self._on_state
            )
        except (pycares.AresError, UnicodeError) as error:
            raise FaultError(
                Cause.PROBE_MISCONFIGURED, "resolver: not an address of a name server"
            ) from error

    @property
    def names(self) -> tuple[str, ...]:
        """`host:port` of the name servers it asks."""
        return tuple(self._ares.servers)

    @property
    def servers(self) -> int:
        """How many name servers it asks."""
        return len(self._ares.servers)

    def ask(self, name: str, kind: int) -> asyncio.Future[Raw]:
        """Ask one question; the future gets (answer, None) or (None, error)."""
        future: asyncio.Future[Raw] = self._loop.create_future()

        def settle(result: pycares.DNSResult | None, error: int | None) -> None:
            if not future.done():
                future.set_result((result, error))

        try:
            self._ares.query(name, kind, callback=settle)
        except pycares.AresError as error:
            settle(None, error.args[0])
        self._set_timer()
        return future

    def close(self) -> None:
        """Drop unanswered questions and all sockets."""
        self._ares.cancel()
        self._closed = True  # what c-ares closes from now on, it closes in another thread
        if self._timer is not None:
            self._timer.cancel()
        for fd in self._readers:
            self._loop.remove_reader(fd)
        for fd in self._writers:
            self._loop.remove_writer(fd)
        self._ares.close()

    def _on_state(self, fd: int, readable: bool, writable: bool) -> None:
        if self._closed:
            return
        bad = pycares.ARES_SOCKET_BAD
        if readable and fd not in self._readers:
            self._readers.add(fd)
            self._loop.add_reader(fd, self._process, fd, bad)
        if not readable and fd in self._readers:
            self._readers.discard(fd)
            self._loop.remove_reader(fd)
        if writable and fd not in self._writers:
            self._writers.add(fd)
            self._loop.add_writer(fd, self._process, bad, fd)
        if not writable and fd in self._writers:
            self._writers.discard(fd)
            self._loop.remove_writer(fd)

    def _process(self, read: int, write: int) -> None:
        self._ares.process_fd(read, write)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None and (self._readers or self._writers):
            wait = self._ares.timeout()  # type: ignore[no-untyped-call]
            self._timer = self._loop.call_later(max(wait, 0.01), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._process(pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD)
