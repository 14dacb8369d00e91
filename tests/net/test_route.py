"""The way to a host, router by router, without privileges."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.net.route import trace

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HOST, NOBODY = "10.3.0.2", "10.3.0.99"


@pytest.fixture(scope="module")
def ways() -> list[list[dict[str, Any]]]:
    """The ways to a host behind two routers and to an address of its network that nobody has."""
    traced = [sys.executable, "-m", "tests.net.traced", HOST, NOBODY]
    script = ["sh", str(HERE / "routers.sh"), *traced]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "--mount", *script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    if done.returncode == 9:
        pytest.skip(f"no networks of one's own here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    found: list[list[dict[str, Any]]] = json.loads(done.stdout)
    return found


@pytest.mark.peer("unshare", "ip")
def test_every_router_on_the_way_is_named(ways):
    assert [(hop["ttl"], hop["address"], hop["reached"]) for hop in ways[0]] == [
        (1, "10.1.0.2", False),
        (2, "10.2.0.2", False),
        (3, HOST, True),
    ]
    assert all(hop["seconds"] < 1 for hop in ways[0])


@pytest.mark.peer("unshare", "ip")
def test_of_a_host_that_is_not_there_the_last_router_is_named(ways):
    assert [hop["address"] for hop in ways[1]][:2] == ["10.1.0.2", "10.2.0.2"]
    assert not any(hop["reached"] for hop in ways[1])


async def test_a_host_next_door_is_reached_at_once_also_where_it_refuses(unused_tcp_port):
    way = await trace("127.0.0.1", unused_tcp_port, lambda: True)
    assert [(hop.ttl, hop.address, hop.reached) for hop in way] == [(1, "127.0.0.1", True)]
    assert [hop.address for hop in await trace("::1", unused_tcp_port, lambda: True)] == ["::1"]


async def test_no_connection_is_made_without_leave():
    asked: list[int] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(1)
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        way = await trace("127.0.0.1", server.sockets[0].getsockname()[1], lambda: False)
    assert list(way) == []
    assert asked == []
