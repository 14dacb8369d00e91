"""A question asked again while its answer may still be on the way, of the next name server or of the same one.

A packet may be lost, so one asks again; but what a slow server says to an earlier asking is an answer as well. c-ares by itself
stops listening for it when it asks again, so that a server which always takes two seconds would never be heard within five.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import product

import pycares
from pycares import errno as ares

from monitor.net.ares import NameServer

Raw = tuple[pycares.DNSResult | None, int | None]
"""An answer, or the error of c-ares in its place."""

ROUNDS = 3
_PARTS = 4
"""For each server: one until the next server in the first round, two in the second, and what is left for the last answers."""
_ANSWERS = frozenset({None, ares.ARES_ENOTFOUND, ares.ARES_ENODATA, ares.ARES_EBADNAME, ares.ARES_EFORMERR})
"""What another server, or the same a second time, would not say otherwise."""


class Channel:
    """The name servers of one look. To be closed."""

    def __init__(self, servers: tuple[str, ...], patience: float) -> None:
        """`servers` empty: those of the system. `patience`: seconds until the caller's deadline, over which tries are spread.

        An answer is waited for beyond it: the deadline is the caller's alone, and is put off while the loop is late.
        Raises FaultError `probe_misconfigured` for a server that is no address.
        """
        self._patience = max(patience, 0.01)
        self._asked: list[_Asked] = []
        self._servers: list[NameServer] = []
        for server in servers or system_servers() or (None,):
            self._servers.append(NameServer(server, 2 * self._patience + 1.0))

    def ask(self, name: str, kind: int) -> asyncio.Future[Raw]:
        """Ask one question; the future gets (answer, None) or (None, error)."""
        part = self._patience / (_PARTS * len(self._servers))
        asked = _Asked(name, kind, self._servers, part)
        self._asked.append(asked)
        return asked.answer

    def close(self) -> None:
        """Drop unanswered questions and all sockets."""
        for asked in self._asked:
            asked.stop()
        for server in self._servers:
            server.close()


def system_servers() -> tuple[str, ...]:
    """`host:port` of the system's name servers, as they stand now."""
    servers = NameServer(None, 1.0)
    try:
        return servers.names
    finally:
        servers.close()


class _Asked:
    """One question on its way: all its tries are listened to until one brings an answer."""

    __slots__ = ("_error", "_kind", "_loop", "_name", "_open", "_timer", "_tries", "answer")

    def __init__(self, name: str, kind: int, servers: Sequence[NameServer], part: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Raw] = self._loop.create_future()
        self._name = name
        self._kind = kind
        self._tries: Iterator[tuple[int, NameServer]] = product(range(ROUNDS), servers)
        self._open = 0
        self._error: int | None = ares.ARES_ETIMEOUT
        self._timer: asyncio.Handle | None = None
        self._try(part)

    def stop(self) -> None:
        """Ask no more. What still comes is not listened to."""
        self.answer.cancel()
        self._wait(None)

    def _try(self, part: float) -> None:
        """The next try, and the wait for the one after it: `part` seconds in the first round."""
        if self.answer.done():
            return
        turn, server = next(self._tries, (0, None))
        if server is None:
            if not self._open:
                self.answer.set_result((None, self._error))
            return
        self._open += 1
        self._wait(self._loop.call_later(part * 2**turn, self._try, part))

        def settle(result: pycares.DNSResult | None, error: int | None) -> None:
            self._open -= 1
            if self.answer.done():
                return
            if error in _ANSWERS:
                self._wait(None)
                self.answer.set_result((result, error))
                return
            self._error = error
            self._wait(self._loop.call_soon(self._try, part))

        server.ask(self._name, self._kind, settle)

    def _wait(self, timer: asyncio.Handle | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer
