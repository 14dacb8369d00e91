"""One name server, asked through a c-ares channel (pycares) on the running loop, of its own for each question or look.

A shared one, which aiodns would keep, answers from its cache for as long as a record lives, goes on asking a dead server
after the run has ended, and has one timeout for all; a probe has to see what the name servers say now, and its deadline is
the only one. Making one takes 0.05 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pycares
from pycares import errno as ares

from monitor.model import Cause
from monitor.net.failures import FaultError

Settle = Callable[[pycares.DNSResult | None, int | None], None]
"""Takes an answer, or the error of c-ares in its place."""


def words_of(error: int) -> str:
    """What an error of c-ares says."""
    return str(ares.strerror(error)).lower()


class NameServer:
    """Driven by the running loop: the sockets of its channel as readers and writers, their waits by one timer."""

    def __init__(self, address: str | None, wait: float) -> None:
        """`address`: None for those of the system. Each `ask` is sent once, and an answer waited for `wait` seconds.

        Raises FaultError `probe_misconfigured` for what is no address.
        """
        self._loop = asyncio.get_running_loop()
        self._readers: set[int] = set()
        self._writers: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        try:
            self._ares = pycares.Channel(
                servers=None if address is None else (address,),
                timeout=wait,
                tries=1,
                sock_state_cb=self._on_state,
            )
        except (pycares.AresError, UnicodeError) as error:
            raise FaultError(
                Cause.PROBE_MISCONFIGURED, "resolver: not an address of a name server"
            ) from error

    @property
    def names(self) -> tuple[str, ...]:
        """`host:port` of the name servers it stands for."""
        return tuple(self._ares.servers)

    def ask(self, name: str, kind: int, settle: Settle) -> None:
        """Ask one question, over TCP too where the answer is too large for a packet. `settle` is called once."""
        try:
            self._ares.query(name, kind, callback=settle)
        except pycares.AresError as error:
            settle(None, error.args[0])
        self._set_timer()

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
