# ruff: noqa: PT017  a refusal is one of the answers
"""Answers of a name server that are no answers: real datagrams, damaged on the way, of which we only see what c-ares makes."""

from __future__ import annotations

import asyncio
import random
from typing import cast

import dns.flags
import dns.message
import dns.rrset
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import Cause
from monitor.net.failures import FaultError
from monitor.net.resolve import MAX_ADDRESSES, Resolver, is_literal
from tests.fuzz.inputs import damaged
from tests.fuzz.test_parsers import quickly

RECORDS = {
    "A": ("A", "10.0.0.1"), "AAAA": ("AAAA", "::1"), "alias": ("CNAME", "b.example."), "itself": ("CNAME", "a.example."),
    "many": ("A", *(f"10.0.{n}.1" for n in range(60))), "text": ("TXT", '"x"'),
}  # fmt: skip
NAMES = {
    Cause.DNS_NXDOMAIN, Cause.DNS_SERVFAIL, Cause.DNS_NO_ADDRESS, Cause.RESOLVE_TIMEOUT,
}  # fmt: skip


class Damaging(asyncio.DatagramProtocol):
    """Answers every question with these records, damaged behind the number by which c-ares knows its question."""

    def __init__(self, records: list[str], dice: random.Random, keep: int) -> None:
        self._records, self._dice, self._keep = records, dice, keep

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # 3.11's own is no instance of it

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        for name in self._records:
            kind, *texts = RECORDS[name]
            reply.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", kind, *texts))
        wire = reply.to_wire(want_shuffle=False)
        rest = damaged(wire[self._keep :], self._dice, ()) if self._keep else wire
        self._transport.sendto((wire[: self._keep] + rest)[:60_000], addr)


@settings(quickly, max_examples=25)
@given(
    records=st.lists(st.sampled_from([*RECORDS]), max_size=3),
    dice=st.randoms(use_true_random=False),
    keep=st.sampled_from([0, 2, 12, 27]),
)
def test_any_answer_is_addresses_or_a_cause(records: list[str], dice: random.Random, keep: int) -> None:
    asyncio.run(_ask(records, dice, keep))


async def _ask(records: list[str], dice: random.Random, keep: int) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Damaging(records, dice, keep), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    try:
        async with asyncio.timeout(
            0.15
        ):  # the deadline of a run: c-ares asks again for longer where it understood nothing
            found = await Resolver().resolve("a.example", (f"127.0.0.1:{port}",), 0.1)
    except FaultError as fault:
        assert fault.cause in NAMES
    except TimeoutError:
        pass
    else:
        assert 0 < len(found) <= MAX_ADDRESSES
        assert all(is_literal(one) for one in found)
    finally:
        transport.close()
