"""A way through a proxy: find it, connect to it, ask it for a tunnel (CONNECT). What it does wrong is `proxy_failed`."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from typing import Protocol

from monitor.model import Cause, Phase, Proxy
from monitor.net.connect import Wire
from monitor.net.failures import FaultError, failure_of
from monitor.net.race import Race
from monitor.net.reply import Collector
from monitor.net.resolve import Resolver, is_literal, plain_name

MAX_ANSWER = 16 << 10
"""Bytes of an answer to CONNECT; it has no body that matters."""
MAX_TRIED = 4
"""Addresses of the proxy's name that are tried."""
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_MOST_BEFORE_END = 2
"""Bytes of the end of a head that may have come before its last one."""


class Tunnel:
    """One attempt to get through one proxy."""

    __slots__ = ("_proxy", "_received", "_resolver", "_wire")

    def __init__(self, proxy: Proxy, resolver: Resolver) -> None:
        self._proxy = proxy
        self._resolver = resolver
        self._wire: Wire | None = None
        self._received = 0

    async def open(self, host: str, port: int, time_left: Callable[[], float]) -> Wire:
        """A wire that leads to `host`, the caller's to close. `time_left`: seconds until the caller's deadline.

        The proxy resolves the name. Raises FaultError: `proxy_failed`, or a `dns_*` cause for a host that is no name.
        """
        request = _request(self._proxy, host, port)
        self._wire = wire = await self._connect(time_left)
        try:
            await wire.send(request)
            await read_answer(wire, self._hear)
        except OSError as error:
            wire.close()
            raise proxy_fault(f"{failure_of(error, Phase.CONNECT).detail}, asked for a tunnel") from None
        except BaseException:
            wire.close()
            raise
        return wire

    def fault_at_deadline(self) -> FaultError | None:
        """Whose fault it is when time runs out now: the proxy's, or (None) nobody can tell.

        A proxy that has taken the question and says nothing may hang, or wait for a host that does.
        """
        if self._wire is None:
            return proxy_fault("no connection to it before the deadline")
        if self._received:
            return proxy_fault("its answer to CONNECT did not end before the deadline")
        return None

    async def _connect(self, time_left: Callable[[], float]) -> Wire:
        race = Race(self._proxy.port)
        try:
            addresses = await self._resolver.resolve(self._proxy.host, (), time_left())
            winner = await race.run(addresses[:MAX_TRIED], time_left)
        except FaultError as fault:
            raise proxy_fault(f"its name cannot be resolved ({fault.detail})") from None
        finally:
            race.close()
        if winner is None:
            failure = race.first_failure()
            raise proxy_fault(f"cannot connect to it ({failure.detail if failure else 'no address'})")
        return winner[1]

    def _hear(self, count: int) -> None:
        self._received += count


class Source(Protocol):
    """What an answer is read from: a wire."""

    async def peek(self) -> bytes:
        """What comes next, left where it is; empty at the end."""
        ...

    def take(self, count: int) -> bytes:
        """The first bytes of what was shown."""
        ...


async def read_answer(source: Source, hear: Callable[[int], None]) -> None:
    """Read the head of an answer to CONNECT and nothing beyond: what follows belongs to the tunnel.

    `hear` is told of every part. Raises FaultError (`proxy_failed`) unless the tunnel stands.
    """
    with closing(Collector("HEAD", 0)) as answer:
        await _read_head(source, answer, hear)
    if not 200 <= answer.status < 300:
        raise proxy_fault(refusal(answer.status))


async def _read_head(source: Source, answer: Collector, hear: Callable[[int], None]) -> None:
    tail, received, end = b"", 0, None
    while not (answer.done and end):  # an empty line ends it, whatever the parser lets pass for one
        data = tail + (await source.peek())[: MAX_ANSWER + 1 - received]
        end = _END_OF_HEAD.search(data)
        taken = source.take((end.end() if end else len(data)) - len(tail))
        tail = b"" if end else data[-_MOST_BEFORE_END:]
        if not taken:
            raise proxy_fault("it hung up before its answer to CONNECT was whole")
        received += len(taken)
        hear(len(taken))
        _feed(answer, taken, received)


def proxy_fault(words: str) -> FaultError:
    """The proxy is what failed, not what lies behind it."""
    return FaultError(Cause.PROXY_FAILED, f"the proxy: {words}")


def _request(proxy: Proxy, host: str, port: int) -> bytes:
    name = f"[{host}]" if ":" in host else host if is_literal(host) else plain_name(host)
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    return "\r\n".join([*lines, "\r\n"]).encode("ascii")


def _feed(answer: Collector, data: bytes, received: int) -> None:
    if received > MAX_ANSWER:
        raise proxy_fault(f"its answer to CONNECT is longer than {MAX_ANSWER} bytes")
    try:
        answer.feed(data)
    except FaultError as fault:
        raise proxy_fault(f"its answer to CONNECT makes no sense ({fault.detail})") from None


def refusal(status: int) -> str:
    """What a status other than 2xx says, in words."""
    if status == 407:
        return "it wants a name and password, or others (407)"
    return f"it refused the tunnel ({status})"
