"""The name servers, as a resolver library of somebody else's sees them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from monitor.simulator import FaultError, Simulator
from monitor.simulator.names import AD_ADDRESS

NAME = "verify.shandong.test"


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(only=["shandong", "beijing"], names=True) as running:
        yield running


async def ask(
    sim: Simulator, name: str = NAME, kind: str = "A", *, server: int = 0, tcp: bool = False, seconds: float = 5.0
) -> dns.message.Message:  # fmt: skip
    host, _, port = sim.names.addresses[server].partition(":")
    query = dns.message.make_query(name, kind)
    send = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await send(query, host, timeout=seconds, port=int(port))


def addresses(answer: dns.message.Message) -> list[str]:
    return [item.to_text() for rrset in answer.answer for item in rrset if item.rdtype == dns.rdatatype.A]


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("server", [0, 1])
async def test_both_know_the_stand_ins_and_nobody_else(sim: Simulator, server: int, tcp: bool):
    assert addresses(await ask(sim, server=server, tcp=tcp)) == ["127.0.0.1"]
    assert addresses(await ask(sim, NAME.upper(), server=server, tcp=tcp)) == ["127.0.0.1"]
    without = await ask(sim, kind="AAAA", server=server, tcp=tcp)
    assert (without.rcode(), without.answer) == (dns.rcode.NOERROR, [])
    assert without.authority[0].rdtype == dns.rdatatype.SOA
    unknown = await ask(sim, "verify.nowhere.test", server=server, tcp=tcp)
    assert unknown.rcode() == dns.rcode.NXDOMAIN


async def test_a_hijacked_name_divides_the_two_and_leads_to_an_advertisement(sim: Simulator):
    sim.set_fault("shandong", "dns_hijacked", "verify")
    assert addresses(await ask(sim)) == [AD_ADDRESS]
    assert addresses(await ask(sim, server=1)) == ["127.0.0.1"]
    assert addresses(await ask(sim, "verify.beijing.test")) == ["127.0.0.1"]
    with socket.create_connection((AD_ADDRESS, sim.port("shandong")), timeout=5):
        pass
    sim.clear_fault("shandong")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((AD_ADDRESS, sim.port("shandong")), timeout=5)


async def test_a_rewriting_name_server_makes_a_random_name_resolve(sim: Simulator):
    sim.set_fault("resolver", "dns_rewrite")
    assert addresses(await ask(sim, "x7f3k9.test")) == [AD_ADDRESS]
    assert addresses(await ask(sim)) == ["127.0.0.1"]
    assert (await ask(sim, "x7f3k9.test", server=1)).rcode() == dns.rcode.NXDOMAIN
    assert sim.faults() == {"resolver": {"dns": "dns_rewrite"}}
    sim.clear_fault("resolver")
    assert (await ask(sim, "x7f3k9.test")).rcode() == dns.rcode.NXDOMAIN


async def test_what_befalls_the_resolver_befalls_every_name_there_and_none_elsewhere(sim: Simulator):
    sim.set_fault("resolver", "dns_refused")
    for name in (NAME, "page.internet.test", "x7f3k9.test"):
        assert (await ask(sim, name)).rcode() == dns.rcode.REFUSED
        assert (await ask(sim, name, server=1)).rcode() != dns.rcode.REFUSED


async def test_one_of_two_addresses_is_dead_and_comes_first(sim: Simulator):
    sim.set_fault("shandong", "bad_node", "verify")
    for _ in range(5):
        assert addresses(await ask(sim)) == ["127.0.0.2", "127.0.0.1"]


async def test_a_truncated_answer_is_whole_over_tcp(sim: Simulator):
    sim.set_fault("shandong", "dns_truncated", "verify")
    assert (await ask(sim)).flags & dns.flags.TC
    assert addresses(await ask(sim, tcp=True)) == ["127.0.0.1"]


async def test_silence_and_slowness_over_udp_and_tcp(sim: Simulator):
    loop = asyncio.get_running_loop()
    for tcp in (False, True):
        sim.set_fault("shandong", "dns_silence", "verify")
        with pytest.raises(dns.exception.Timeout):
            await ask(sim, tcp=tcp, seconds=0.2)
        sim.set_fault("shandong", "dns_slow:0.2", "verify")
        began = loop.time()
        assert addresses(await ask(sim, tcp=tcp)) == ["127.0.0.1"]
        assert loop.time() - began >= 0.2


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x12\x34" + b"\xff" * 40, b"\x12\x34\x81\x80" + b"\x00" * 8]
)
async def test_what_is_no_question_gets_no_answer_and_does_no_harm(sim: Simulator, data: bytes):
    host, _, port = sim.names.addresses[0].partition(":")
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.sendto(data, (host, int(port)))
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(len(data).to_bytes(2, "big") + data)
    assert addresses(await ask(sim)) == ["127.0.0.1"]
    assert not reader.at_eof()
    writer.close()
    await writer.wait_closed()


async def test_stopping_is_quick_with_a_question_open():
    loop = asyncio.get_running_loop()
    async with Simulator(only=["beijing"], names=True) as sim, asyncio.TaskGroup() as group:
        sim.set_fault("beijing", "dns_slow:60")
        for tcp in (False, True):
            group.create_task(swallowed(ask(sim, "verify.beijing.test", tcp=tcp, seconds=0.5)))
        await asyncio.sleep(0.1)
        began = loop.time()
        await sim.stop()
        assert loop.time() - began < 1.0


async def swallowed(asking: asyncio.Future[object] | object) -> None:
    with pytest.raises((dns.exception.Timeout, OSError, EOFError)):
        await asking  # type: ignore[misc]


async def test_without_names_nobody_is_asked():
    async with Simulator(only=["shandong"]) as sim:
        assert sim.url("shandong").startswith("https://shandong.localhost:")
        with pytest.raises(FaultError, match="not asked of a name server"):
            sim.set_fault("shandong", "nxdomain")
