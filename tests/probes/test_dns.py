"""Kind `dns` against real name servers: those of the simulator, dnsmasq, and some that misbehave on purpose."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import dns.message
import dns.rrset
import pytest

from monitor.clock import SystemClock
from monitor.model import Cause, NameRules, Phase, Result
from monitor.net import Net
from monitor.probes import run
from monitor.probes.dns import beside
from monitor.simulator import Simulator
from tests.core.replies import KNOWN
from tests.net.peers import Zone, name_server, terse_name_server
from tests.probes.targets import target

NAME = "verify.shandong.test"


async def look(host: str = NAME, timeout: float = 5.0, **rules: object) -> Result:
    net = Net(SystemClock())
    asked = target("dns", 0, host=host, url=None, timeout=timeout, names=NameRules(**rules))  # type: ignore[arg-type]
    try:
        return await run(asked, net, KNOWN, admit=lambda _: pytest.fail("nothing is connected to"))
    finally:
        await net.close()


# --- the simulator's two ---------------------------------------------------------------------------------------------


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(only=["shandong"], names=True) as running:
        yield running


@pytest.mark.parametrize(
    ("of", "fault", "cause", "says"),
    [
        pytest.param("shandong", None, "none", "", id="all is well"),
        pytest.param("shandong", "dns_hijacked", "dns_hijacked", "says 127.0.0.66", id="two disagree"),
        pytest.param("resolver", "dns_rewrite", "dns_hijacked", "finds 127.0.0.66", id="a random name resolves"),
        pytest.param("shandong", "nxdomain", "dns_nxdomain", "no such name", id="no such name"),
        pytest.param("shandong", "dns_servfail", "dns_servfail", "name server: ", id="SERVFAIL of both"),
        pytest.param("shandong", "dns_refused", "dns_servfail", "name server: ", id="REFUSED by both"),
        pytest.param("shandong", "no_address", "dns_no_address", "no record A", id="no address"),
        pytest.param("shandong", "cname_loop", "dns_servfail", "circle", id="aliases in a circle"),
        pytest.param("shandong", "dns_truncated", "none", "", id="truncated over UDP, whole over TCP"),
        pytest.param("resolver", "dns_servfail", "none", "1 of 2 name servers failed", id="SERVFAIL of one"),
        pytest.param("resolver", "dns_garbage", "none", "1 of 2 name servers failed", id="garbage of one"),
        pytest.param("resolver", "dns_silence", "none", "resolve_timeout", id="one is silent"),
        pytest.param("shandong", "dns_silence", "resolve_timeout", "does not answer", id="both are silent"),
    ],
)  # fmt: skip
async def test_each_fault_of_names_has_its_cause(
    sim: Simulator, of: str, fault: str | None, cause: str, says: str
) -> None:
    if fault:
        sim.set_fault(of, fault, *(("verify",) if of == "shandong" else ()))
    result = await look(timeout=1.0, resolvers=sim.names.addresses)
    assert result.cause == cause
    assert says in result.detail
    assert set(result.phases) == {Phase.RESOLVE}
    assert result.address is None
    assert [answer.resolver for answer in result.answers] == [*sim.names.addresses] * 2
    assert [answer.decoy for answer in result.answers] == [False, False, True, True]


async def test_what_each_said_is_kept_as_evidence(sim: Simulator) -> None:
    sim.set_fault("shandong", "dns_hijacked", "verify")
    result = await look(resolvers=sim.names.addresses)
    told = [(answer.addresses, answer.ttl, answer.forged, answer.differs) for answer in result.answers[:2]]
    assert told == [(("127.0.0.66",), 0, False, True), (("127.0.0.1",), 0, False, True)]
    assert result.addresses == ("127.0.0.66", "127.0.0.1")


async def test_expected_networks_tell_who_of_two_lies(sim: Simulator) -> None:
    sim.set_fault("shandong", "dns_hijacked", "verify")
    result = await look(resolvers=sim.names.addresses, expect_networks=("127.0.0.1/32",))
    assert [answer.forged for answer in result.answers] == [True, False, False, False]
    sim.clear_fault("shandong")
    assert (await look(resolvers=sim.names.addresses, expect_networks=("127.0.0.1/32",))).is_ok


async def test_a_random_name_is_asked_for_only_where_that_is_wanted(sim: Simulator) -> None:
    sim.set_fault("resolver", "dns_rewrite")
    result = await look(resolvers=sim.names.addresses, random_name=False)
    assert (result.cause, len(result.answers)) == (Cause.NONE, 2)


# --- servers that misbehave ------------------------------------------------------------------------------------------


@asynccontextmanager
async def saying(reply: Callable[[bytes], Iterable[bytes]]) -> AsyncIterator[str]:
    """A name server that answers each question's bytes with these datagrams."""

    class Odd(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.DatagramTransport, transport)

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            for answer in reply(data):
                self.transport.sendto(answer, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Odd, local_addr=("127.0.0.1", 0))
    try:
        yield "{}:{}".format(*transport.get_extra_info("sockname"))
    finally:
        transport.close()
        await asyncio.sleep(0)


def about(owner: str, address: str) -> Callable[[bytes], list[bytes]]:
    """An answer to the question asked whose only record belongs to another name."""

    def reply(data: bytes) -> list[bytes]:
        made = dns.message.make_response(dns.message.from_wire(data))
        made.answer.append(dns.rrset.from_text(owner, 60, "IN", "A", address))
        return [made.to_wire()]

    return reply


def of_another_question(data: bytes) -> list[bytes]:
    query = dns.message.from_wire(data)
    other = dns.message.make_query("other.example.", "A")
    other.id = query.id
    made = dns.message.make_response(other)
    made.answer.append(dns.rrset.from_text("other.example.", 60, "IN", "A", "10.0.0.1"))
    return [made.to_wire()]


@pytest.mark.parametrize(
    ("reply", "causes"),
    [
        pytest.param(about("other.example.", "10.0.0.1"), {"dns_no_address"}, id="a record of another name"),
        pytest.param(of_another_question, {"resolve_timeout"}, id="an answer to another question"),
        pytest.param(lambda data: [b""], {"resolve_timeout", "dns_servfail"}, id="an empty datagram"),
        pytest.param(lambda data: [data[:2] + b"\xff" * 400], {"resolve_timeout", "dns_servfail"}, id="noise"),
        pytest.param(lambda data: [data] * 50, {"resolve_timeout", "dns_servfail", "dns_no_address"}, id="an echo"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_none(reply: Callable[[bytes], Iterable[bytes]], causes: set[str]) -> None:
    async with saying(reply) as server:
        result = await look("verify.example", timeout=0.6, resolvers=(server,))
    assert str(result.cause) in causes
    assert result.addresses == ()


async def test_an_answer_of_thousands_is_bounded() -> None:
    crowd = [f"10.{n >> 8}.{n & 255}.1" for n in range(3000)]
    zone: Zone = {"crowd.example A": list(crowd)}
    async with terse_name_server(zone) as server:
        result = await look("crowd.example", resolvers=(server,), random_name=False)
    assert (result.cause, len(result.addresses), len(result.answers[0].addresses)) == (Cause.NONE, 32, 16)
    assert result.answers[0].count == 3000


async def test_aliases_that_are_not_followed_for_us_are_followed(free_port: int) -> None:
    zone: Zone = {"a.example": "alias b.example", "b.example": "alias c.example", "c.example": ["127.0.0.5"]}
    zone |= {"round.example": "alias about.example", "about.example": "alias round.example"}
    async with name_server(zone) as server:
        found = await look("a.example", resolvers=(server,))
        lost = await look("round.example", resolvers=(server,))
    assert found.answers[0].aliases == ("b.example", "c.example")
    assert found.answers[0].addresses == ("127.0.0.5",)
    assert lost.cause is Cause.DNS_SERVFAIL


async def test_a_server_that_is_silent_costs_the_others_nothing() -> None:
    async with name_server({"a.example": ["127.0.0.1"], "b.example": None}) as server:
        begun = time.monotonic()
        result = await look(
            "a.example", timeout=5.0, resolvers=(server, server.replace("127.0.0.1", "127.0.0.2"))
        )
    assert result.is_ok, "refused at once: nobody listens on 127.0.0.2"
    assert time.monotonic() - begun < 4.0


async def test_the_system_is_asked_like_any_other() -> None:
    result = await look(
        "localhost.localdomain.invalid", timeout=3.0, resolvers=("system",), random_name=False
    )
    assert [answer.resolver for answer in result.answers] == ["system"]


async def test_a_name_in_the_hosts_file_is_what_the_system_says(tmp_path: Path) -> None:
    from monitor.net.questions import Question, ask
    from monitor.net.resolve import Resolver

    hosts = tmp_path / "hosts"
    hosts.write_text("10.9.9.9 pinned.example\n::1 pinned.example\n")
    answer = await ask(Question(resolver="system", name="pinned.example"), Resolver(hosts), 1.0)
    assert (answer.addresses, answer.detail) == (("10.9.9.9",), "/etc/hosts")


@pytest.mark.parametrize(
    ("host", "random"),
    [("verify.tax.example", "xr.tax.example"), ("example.cn.", "xr.cn"), ("printer", "xr")],
)
def test_the_random_name_is_a_neighbour(host: str, random: str) -> None:
    assert beside(host, "r") == random


# --- dnsmasq ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dnsmasq() -> Iterator[str]:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    options = [
        "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--bind-interfaces",
        "--listen-address=127.0.0.1", f"--port={port}", "--pid-file", "--user=root", "--local=/test/",
        "--address=/six.test/::1", "--host-record=www.test,127.0.0.9", "--cname=alias.test,www.test",
        "--mx-host=mail.test,mx.test,10", "--txt-record=text.test,v=spf1 发票", "--dns-rr=zone.test,2,036e733104746573740000",
    ]  # fmt: skip
    process = subprocess.Popen(["dnsmasq", *options], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            assert process.poll() is None
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.peer("dnsmasq")
@pytest.mark.parametrize(
    ("name", "record", "told"),
    [
        ("www.test", "A", ("127.0.0.9",)),
        ("alias.test", "A", ("127.0.0.9",)),
        ("alias.test", "CNAME", ("www.test",)),
        ("six.test", "AAAA", ("::1",)),
        ("mail.test", "MX", ("10 mx.test",)),
        ("text.test", "TXT", ("v=spf1 发票",)),
        ("www.test", "MX", Cause.DNS_NO_ADDRESS),
        ("nobody.test", "A", Cause.DNS_NXDOMAIN),
    ],
)
async def test_every_record_of_a_server_of_others(dnsmasq: str, name: str, record: str, told: object) -> None:
    result = await look(name, resolvers=(dnsmasq,), record=record)
    answer = result.answers[0]
    assert told == (answer.addresses + answer.values if result.is_ok else result.cause)
