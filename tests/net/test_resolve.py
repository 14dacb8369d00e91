"""Names: what each answer of a name server is called, and that dead servers hold nobody up."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from monitor.clock import SystemClock
from monitor.model import Cause, Phase
from monitor.net import Net, Request
from monitor.net.failures import FaultError
from monitor.net.resolve import MAX_ADDRESSES, Resolver, is_literal, parse_hosts, plain_name
from tests.net.peers import OK, Zone, answers, deaf_port, get, look, name_server, peer, terse_name_server

ZONE: Zone = {
    "both.example": ["127.0.0.2", "::1", "127.0.0.3"],
    "six.example": ["::1"],
    "empty.example": [],
    "failing.example": "SERVFAIL",
    "refusing.example": "REFUSED",
    "silent.example": None,
    "slow-six.example A": ["127.0.0.1"],
    "slow-six.example AAAA": None,
    "bad-six.example A": ["127.0.0.1"],
    "bad-six.example AAAA": "SERVFAIL",
    "alias.example": "alias both.example",
    "circle.example": "alias elcric.example",
    "elcric.example": "alias circle.example",
    "self.example": "alias self.example",
    "lost.example": "alias nowhere.example",
    "sunk.example": ["0.0.0.0", "::"],
    "crowd.example": [f"127.0.1.{n}" for n in range(60)],
}

CAUSES = {
    "nowhere.example": Cause.DNS_NXDOMAIN,
    "lost.example": Cause.DNS_NXDOMAIN,
    "failing.example": Cause.DNS_SERVFAIL,
    "refusing.example": Cause.DNS_SERVFAIL,
    "circle.example": Cause.DNS_SERVFAIL,
    "self.example": Cause.DNS_SERVFAIL,
    "empty.example": Cause.DNS_NO_ADDRESS,
    "silent.example": Cause.RESOLVE_TIMEOUT,
    "sunk.example": Cause.DNS_HIJACKED,
    "a..b.example": Cause.DNS_NXDOMAIN,
    "x" * 70 + ".example": Cause.DNS_NXDOMAIN,
    "发" * 80 + ".example": Cause.DNS_NXDOMAIN,
    "bad name.example": Cause.DNS_NXDOMAIN,
}


async def test_each_answer_without_an_address_has_its_cause() -> None:
    async with name_server(ZONE) as server, asyncio.TaskGroup() as group:
        runs = {
            name: group.create_task(look(Request(host=name, port=80, resolver=(server,)), timeout=0.5))
            for name in CAUSES
        }
    failures = {name: run.result().failure for name, run in runs.items()}
    assert {name: failure and failure.cause for name, failure in failures.items()} == CAUSES
    assert {failure and failure.phase for failure in failures.values()} == {Phase.RESOLVE}


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        pytest.param("both.example", ("127.0.0.2", "127.0.0.3", "::1"), id="IPv4 first, in the given order"),
        pytest.param("six.example", ("::1",), id="IPv6 alone will do"),
        pytest.param("slow-six.example", ("127.0.0.1",), id="a server that keeps silent about AAAA"),
        pytest.param("bad-six.example", ("127.0.0.1",), id="a server that fails on AAAA"),
        pytest.param("alias.example", ("127.0.0.2", "127.0.0.3", "::1"), id="an alias not followed for us"),
        pytest.param("BOTH.example.", ("127.0.0.2", "127.0.0.3", "::1"), id="capitals and a final dot"),
        pytest.param("192.0.2.1", ("192.0.2.1",), id="an address is not asked for"),
        pytest.param("2001:db8::1", ("2001:db8::1",), id="an IPv6 address neither"),
        pytest.param("localhost", ("127.0.0.1", "::1"), id="localhost is us"),
        pytest.param("verify.shandong.localhost", ("127.0.0.1", "::1"), id="and all below it"),
    ],
)
async def test_addresses_come_in_order(name: str, addresses: tuple[str, ...]) -> None:
    async with name_server(ZONE) as server:
        assert await asyncio.wait_for(Resolver().resolve(name, (server,), 2.0), 1.0) == addresses


async def test_a_crowd_of_addresses_is_cut() -> None:
    async with name_server(ZONE) as server:
        assert len(await Resolver().resolve("crowd.example", (server,), 2.0)) == MAX_ADDRESSES


async def test_an_answer_too_large_for_udp_is_fetched_over_tcp() -> None:
    async with terse_name_server(ZONE) as server:
        assert len(await Resolver().resolve("crowd.example", (server,), 2.0)) == MAX_ADDRESSES


async def test_every_run_asks_anew() -> None:
    asked: list[str] = []
    zone: Zone = {"moving.example": ["127.0.0.1"]}
    resolver = Resolver()
    async with name_server(zone, asked) as server:
        assert await resolver.resolve("moving.example", (server,), 2.0) == ("127.0.0.1",)
        zone["moving.example"] = "NXDOMAIN"  # a record that would live for 300 s in a cache
        with pytest.raises(FaultError, match="dns_nxdomain"):
            await resolver.resolve("moving.example", (server,), 2.0)


async def test_a_dead_name_server_is_followed_by_the_next_one(free_port: int) -> None:
    async with name_server(ZONE) as server:
        found = await Resolver().resolve("six.example", (f"127.0.0.1:{free_port}", server), 2.0)
    assert found == ("::1",)


async def test_a_name_server_that_cannot_be_reached_is_a_servfail(free_port: int) -> None:
    seen = await look(Request(host="any.example", port=80, resolver=(f"127.0.0.1:{free_port}",)), timeout=1)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.DNS_SERVFAIL


async def test_a_resolver_that_is_no_address_is_our_mistake() -> None:
    seen = await look(Request(host="any.example", port=80, resolver=("not an address",)), timeout=1)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.PROBE_MISCONFIGURED


async def test_a_healthy_name_does_not_wait_behind_twenty_dead_ones() -> None:
    zone: Zone = {**ZONE, **{f"dead{n}.example": None for n in range(20)}}
    net = Net(SystemClock())
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    async with name_server(zone) as server, asyncio.TaskGroup() as group:
        dead = [
            group.create_task(
                net.look(Request(host=name, port=1, resolver=(server,)), timeout=0.5, admit=lambda key: True)
            )
            for name in zone
            if name.startswith("dead")
        ]
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        await Resolver().resolve("both.example", (server,), 2.0)
        waited = asyncio.get_running_loop().time() - began
    assert waited < 0.25
    assert {run.result().failure and run.result().failure.cause for run in dead} == {Cause.RESOLVE_TIMEOUT}  # type: ignore[union-attr]
    await asyncio.sleep(0.05)  # c-ares closes its sockets in a thread of its own
    assert len(os.listdir("/proc/self/fd")) <= before + 5  # noqa: PTH208
    await net.close()


async def test_a_later_address_answers_for_one_that_refuses() -> None:
    async with peer(answers(OK)) as port, name_server({"two.example": ["127.0.0.9", "127.0.0.1"]}) as server:
        seen = await look(Request(host="two.example", port=port, resolver=(server,), http=get()))
    assert seen.failure is None
    assert seen.address == "127.0.0.1"
    assert seen.addresses == ("127.0.0.9", "127.0.0.1")
    assert [(a.address, a.failure.cause) for a in seen.attempts] == [("127.0.0.9", Cause.CONNECTION_REFUSED)]


async def test_when_all_addresses_fail_the_first_cause_stands(free_port: int) -> None:
    async with name_server({"two.example": ["127.0.0.9", "255.255.255.255"]}) as server:
        seen = await look(Request(host="two.example", port=free_port, resolver=(server,)))
    assert seen.failure is not None
    assert seen.failure.cause is Cause.CONNECTION_REFUSED
    assert [a.failure.cause for a in seen.attempts] == [Cause.CONNECTION_REFUSED, Cause.UNREACHABLE]


async def test_the_hosts_file_is_honoured_and_read_again_when_it_changes(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.1 Verify.Example alias # a comment\n::1 verify.example\nnonsense\n")
    resolver = Resolver(hosts)
    assert await resolver.resolve("verify.example", (), 1.0) == ("192.0.2.1", "::1")
    hosts.write_text("192.0.2.2 verify.example\n")
    assert await resolver.resolve("VERIFY.example", (), 1.0) == ("192.0.2.2",)


async def test_a_named_resolver_is_asked_in_spite_of_the_hosts_file(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("192.0.2.1 six.example\n")
    async with name_server(ZONE) as server:
        assert await Resolver(hosts).resolve("six.example", (server,), 1.0) == ("::1",)


@pytest.mark.parametrize("text", ["1.2.3", "1.2.3.4.5", "a1", "", "0x7f.1", "1.2.3.4\0", "::g", "发1"])
def test_what_only_looks_like_an_address_is_a_name(text: str) -> None:
    assert not is_literal(text)


def test_a_name_in_chinese_is_asked_for_in_ascii() -> None:
    assert plain_name("税务.中国") == "xn--zfr703g.xn--fiqs8s"


def test_a_hosts_file_full_of_nonsense_is_no_trouble() -> None:
    assert parse_hosts("\0\n# x\n1.2.3.4\n\t\n999.1.1.1 a\n") == {}


async def test_a_first_address_that_hangs_does_not_keep_the_second_from_answering() -> None:
    with deaf_port() as port:
        zone: Zone = {"two.example": ["127.0.0.1", "127.0.0.2"]}
        async with peer(answers(OK), port=port, host="127.0.0.2"), name_server(zone) as server:
            request = Request(host="two.example", port=port, resolver=(server,), http=get())
            seen = await look(request, timeout=1.0)
    assert seen.failure is None
    assert seen.address == "127.0.0.2"
    assert [(a.address, a.failure.cause) for a in seen.attempts] == [("127.0.0.1", Cause.CONNECT_TIMEOUT)]


async def test_a_timeout_is_never_said_before_the_deadline() -> None:
    with deaf_port() as port:  # 127.0.0.1 hangs, ::1 refuses at once
        seen = await look(Request(host="localhost", port=port), timeout=0.4)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.CONNECT_TIMEOUT
    assert seen.duration >= 0.4


async def test_a_first_address_that_refuses_names_the_cause_though_the_second_hangs() -> None:
    with deaf_port() as port:
        async with name_server({"two.example": ["127.0.0.9", "127.0.0.1"]}) as server:
            seen = await look(Request(host="two.example", port=port, resolver=(server,)), timeout=0.4)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.failure.phase) == (Cause.CONNECTION_REFUSED, Phase.CONNECT)
    assert seen.address == "127.0.0.1"
    assert [a.failure.cause for a in seen.attempts] == [Cause.CONNECTION_REFUSED, Cause.CONNECT_TIMEOUT]
