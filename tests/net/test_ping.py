"""Pings without privileges, in a network of our own where they are allowed, and what takes their place where they are not."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.clock import SystemClock
from monitor.model import Cause
from monitor.net import LimitReached, Net, PingRequest
from monitor.net.ping import Echo

ROOT = Path(__file__).parents[2]
ALONE = """
ip link set lo up && ip route add unreachable 10.9.0.0/16 || exit 9
[ "$1" = refused ] || echo "0 0" > /proc/sys/net/ipv4/ping_group_range || exit 9
exec "$2" -m tests.net.pinged "$1"
"""
"""A fresh network refuses pings to all groups until it is told otherwise."""
Found = dict[str, dict[str, Any]]


def _alone(how: str) -> Found:
    """What `pinged.py` saw in its own network."""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", ALONE, "sh", how, sys.executable],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    if done.returncode == 9 or "unshare:" in done.stderr:
        pytest.skip(f"no network of one's own here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    seen: Found = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module")
def found() -> Found:
    return _alone("allowed")


pinging = pytest.mark.peer("unshare", "ip")


@pinging
@pytest.mark.parametrize(("name", "packets"), [("alive", 3), ("alive6", 1)])
def test_a_host_that_lives_answers_every_packet(found: Found, name: str, packets: int):
    seen = found[name]
    assert (seen["failure"], seen["phases"]) == (None, ["connect", "resolve"])
    readings = seen["readings"]
    assert (readings["way"], readings["packets"], readings["lost"]) == ("icmp", packets, 0)
    assert 0 < readings["rtt_min"] <= readings["rtt_mean"] <= readings["rtt_max"] < 5


@pinging
def test_no_answer_is_a_connect_timeout_and_a_no_is_unreachable(found: Found):
    assert found["silent"]["failure"] == "connect_timeout"
    assert found["silent"]["readings"] == {"way": "icmp", "packets": 3, "lost": 3}
    assert found["shut off"]["failure"] == "unreachable"


@pinging
def test_the_next_address_is_tried_and_the_first_told(found: Found):
    seen = found["second address"]
    assert (seen["failure"], seen["address"], seen["attempts"]) == (
        None,
        "127.0.0.1",
        {"10.9.0.1": "unreachable"},
    )
    assert found["every address"]["each"] == {"10.9.0.1": "unreachable", "127.0.0.1": None, "::1": None}


@pinging
def test_an_address_without_a_way_from_here_is_left_out(found: Found):
    seen = found["no way"]
    assert (seen["failure"], seen["each"]) == (None, {"127.0.0.1": None})
    assert seen["left_out"] == {"2001:db8::7": "no way there from this machine"}


@pinging
def test_where_no_ping_is_allowed_a_connection_takes_its_place():
    """A connection that is refused shows that the host lives as well as one that is not."""
    found = _alone("refused")
    assert [found[name]["failure"] for name in ("shut port", "open port", "shut off")] == [
        None,
        None,
        "unreachable",
    ]
    assert found["shut port"]["readings"]["way"] == "tcp 9 refused"
    assert not found["open port"]["readings"]["way"].endswith("refused")
    assert all(seen["readings"]["way"].startswith("tcp ") for seen in found.values())


# --- here, allowed or not --------------------------------------------------------------------------------------------


async def test_leave_is_asked_for_before_each_address() -> None:
    asked: list[str] = []

    def admit(key: str) -> bool:
        asked.append(key)
        return False

    net = Net(SystemClock())
    with pytest.raises(LimitReached):
        await net.ping(PingRequest(host="127.0.0.1", port=9), timeout=1.0, admit=admit)
    assert asked == ["127.0.0.1:9"]
    await net.close()


async def test_a_name_that_is_not_there_is_no_host() -> None:
    net = Net(SystemClock())
    seen = await net.ping(PingRequest(host="a..b", port=9), timeout=1.0, admit=lambda _: True)
    assert seen.failure is not None
    assert (seen.failure.cause, seen.readings) == (Cause.DNS_NXDOMAIN, ())
    await net.close()


# --- what comes back -------------------------------------------------------------------------------------------------


async def echoed(reply: Callable[[bytes, int], list[bytes]], packets: int, timeout: float = 5.0) -> Echo:
    """Requests to a UDP peer that answers as it likes: the kernel carries the same bytes."""

    class Peer(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            for answer in reply(data, int.from_bytes(data[6:8], "big")):
                self.transport.sendto(answer, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Peer, local_addr=("127.0.0.1", 0))
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(transport.get_extra_info("sockname"))
        echo = Echo(sock, packets, loop.time)
        try:
            async with asyncio.timeout(timeout):
                await echo.run()
        except TimeoutError:
            pass
        finally:
            transport.close()
    await asyncio.sleep(0)
    return echo


def good(data: bytes) -> bytes:
    return b"\0" + data[1:]


@pytest.mark.parametrize(
    ("reply", "missing"),
    [
        pytest.param(lambda data, n: [good(data)], 0, id="all"),
        pytest.param(lambda data, n: [good(data)] if n != 2 else [], 1, id="the second is lost"),
        pytest.param(lambda data, n: [good(data)] if n == 1 else [], 3, id="only the first comes back"),
        pytest.param(lambda data, n: [good(data)] * 3, 0, id="each three times"),
        pytest.param(lambda data, n: [data, good(data)], 0, id="requests of others beside them"),
        pytest.param(lambda data, n: [b"", b"\0", b"\0" * 2000, good(data)], 0, id="noise beside them"),
        pytest.param(lambda data, n: [good(data)[:-1], good(data)[:8] + b"x" * 56], 4, id="answers to others"),
    ],
)  # fmt: skip
async def test_only_what_answers_our_own_packets_counts(
    reply: Callable[[bytes, int], list[bytes]], missing: int
) -> None:
    echo = await echoed(reply, packets=4, timeout=1.5)
    assert (echo.missing, len(echo.times)) == (missing, 4 - missing)
