"""Questions that are asked again: what is late counts, what is lost is asked for once more, and it ends with the patience."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.message
import dns.rcode
import dns.rrset
import pytest

from monitor.model import Cause, Phase
from monitor.net import Request
from monitor.net.failures import FaultError
from monitor.net.resolve import Resolver
from tests.net.peers import deaf_port, look, name_server

Delay = Callable[[int], float | None]
"""Which asking it is (0: the first) → after how many seconds it is answered; None: never."""


class _Slow(asyncio.DatagramProtocol):
    """Answers each question for A with 127.0.0.1 when `delay` says, for AAAA at once with nothing."""

    def __init__(self, delay: Delay) -> None:
        self._delay = delay
        self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        if dns.rdatatype.to_text(query.question[0].rdtype) != "A":
            self._transport.sendto(reply.to_wire(), addr)
            return
        reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", "127.0.0.1"))
        wait, self.asked = self._delay(self.asked), self.asked + 1
        if wait is not None:
            asyncio.get_running_loop().call_later(wait, self._send, reply.to_wire(), addr)

    def _send(self, wire: bytes, addr: tuple[str, int]) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(wire, addr)


@asynccontextmanager
async def slow_server(delay: Delay, kind: type[_Slow] = _Slow) -> AsyncIterator[tuple[str, _Slow]]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: kind(delay), local_addr=("127.0.0.1", 0)
    )
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}", protocol
    finally:
        transport.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
async def test_a_server_that_is_always_late_is_heard_and_its_time_is_the_phase(share: float) -> None:
    timeout = 2.0
    async with slow_server(lambda _: share * timeout) as (server, asked):
        with deaf_port() as port:
            request = Request(host="slow.example", port=port, resolver=(server,))
            seen = await look(request, timeout=timeout)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.CONNECT_TIMEOUT, "the name was found"
    late = share * timeout
    assert 0.75 * late <= seen.phases[Phase.RESOLVE] < late + 0.2, "what this machine held us up is left out"
    assert asked.asked > 1, "it was asked again meanwhile"


async def test_a_packet_that_is_lost_is_asked_for_again() -> None:
    async with slow_server(lambda number: None if number < 2 else 0.0) as (server, asked):
        assert await Resolver().resolve("lost.example", (server,), 1.0) == ("127.0.0.1",)
    assert asked.asked == 3


async def test_a_late_first_server_is_heard_though_the_second_never_speaks() -> None:
    async with slow_server(lambda _: 0.7) as (slow, _), slow_server(lambda _: None) as (silent, asked):
        assert await Resolver().resolve("late.example", (slow, silent), 1.0) == ("127.0.0.1",)
    assert asked.asked


async def test_a_server_that_fails_is_followed_at_once() -> None:
    async with name_server({"any.example": "SERVFAIL"}) as bad, slow_server(lambda _: 0.0) as (good, _):
        began = time.monotonic()
        assert await Resolver().resolve("any.example", (bad, good), 60.0) == ("127.0.0.1",)
    assert time.monotonic() - began < 5.0


async def test_a_failure_of_all_is_said_at_once() -> None:
    asked: list[str] = []
    async with name_server({"any.example": "SERVFAIL"}, asked) as one:
        with pytest.raises(FaultError, match="dns_servfail"):
            async with asyncio.timeout(5.0):
                await Resolver().resolve("any.example", (one, one), 60.0)
    assert 2 <= len(asked) <= 12, "each type, each server, three rounds"


async def test_silence_lasts_until_the_deadline_of_the_run() -> None:
    async with slow_server(lambda _: None) as (server, _):
        seen = await look(Request(host="silent.example", port=80, resolver=(server,)), timeout=0.4)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.RESOLVE_TIMEOUT
    assert seen.duration >= 0.4


async def test_what_an_answer_says_of_another_name_is_no_address() -> None:
    class Beside(_Slow):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            reply = dns.message.make_response(dns.message.from_wire(data))
            reply.answer.append(dns.rrset.from_text("other.example.", 60, "IN", "A", "127.0.0.66"))
            self._transport.sendto(reply.to_wire(), addr)

    async with slow_server(lambda _: 0.0, Beside) as (server, _):
        with pytest.raises(FaultError, match="dns_no_address"):
            await Resolver().resolve("mine.example", (server,), 1.0)


@pytest.mark.parametrize("host", ["localhost", "a.LOCALHOST.", "127.0.0.1", "::1"])
async def test_no_server_is_said_to_have_told_what_none_was_asked(host: str) -> None:
    async with name_server({}) as server:
        assert await Resolver().ask_each(host, (server,), 1.0) == ()
