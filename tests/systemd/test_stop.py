"""Stopping with everything against it at once, and a disk that hangs: the watchdog is for that."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from monitor.simulator.simulator import Simulator
from tests.systemd.disks import be_slow, freeze, own_disk, thaw
from tests.systemd.process import daemon, manager, until

GRACE = 5.0
"""Seconds a stop may take (design §7)."""


@pytest.fixture
def disk(tmp_path):
    """A disk that can be frozen; skipped where none may be mounted."""
    with own_disk(tmp_path) as place:
        if place is None:
            pytest.skip("may not mount a file system here")
        yield place


@asynccontextmanager
async def black_hole():
    """Somebody who accepts and never answers; its address."""
    held = []

    async def hold(reader, writer):
        held.append(writer)
        await reader.read()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/nobody-answers-here"
    finally:
        server.close()
        for writer in held:
            writer.close()


def hopeless(few: Simulator, hole: str) -> str:
    """A configuration whose every peer hangs."""
    receivers: dict[str, object] = {f"r{number}": {"webhook": hole} for number in range(10)}
    receivers["a"] = {"apprise": [hole.replace("http:", "json:")]}
    config = few.config(receivers=receivers, interval="8s", timeout="7s", spacing="1s", group_wait="0s")
    return config.replace("alerts:\n", f"alerts:\n  heartbeat: {{url: '{hole}', interval: 1s}}\n") + (
        f"\nreference:\n  - {{name: hq, url: '{hole}', interval: 10s}}\n"
    )


async def open_stream(session: aiohttp.ClientSession, base: str) -> aiohttp.ClientResponse:
    """One that listens to what happens and goes on doing so."""
    answer = await session.get(base + "/api/v1/events", timeout=aiohttp.ClientTimeout(sock_read=30))
    assert answer.status == 200
    return answer


async def test_it_stops_in_time_with_everything_hanging_at_once(tmp_path, disk):
    """Probes, receivers, a reference and the heartbeat hang, streams are open, the disk is slow, and it is told thrice."""
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(Simulator(only=["shandong", "beijing", "yunnan"]))
        few.set_fault("shandong", "hang", service="verify")
        few.set_fault("beijing", "refuse")
        hole = await stack.enter_async_context(black_hole())
        running = await stack.enter_async_context(daemon(hopeless(few, hole), tmp_path, state=disk))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        streams = [await open_stream(session, running.base) for _ in range(3)]
        await until(lambda: any("incident.opened" in line for line in running.log))
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        slow = tasks.create_task(be_slow(disk))
        await asyncio.sleep(1.5)
        begun = asyncio.get_running_loop().time()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            running.signal(number)
            await asyncio.sleep(0.1)
        assert await running.stopped() == 0
        assert asyncio.get_running_loop().time() - begun < GRACE
        slow.cancel()
        for stream in streams:
            stream.close()
    assert not [line for line in running.log if "Traceback" in line]


@pytest.mark.timeout(120)
async def test_a_disk_that_hangs_stops_the_watchdog_until_it_answers_again(tmp_path, disk):
    """A restart by systemd is the answer; one that only fails is told as daemon_degraded (tests/flow/test_disk.py)."""
    address = str(tmp_path / "notify")
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(Simulator(only=["shandong", "beijing"]))
        heard = await stack.enter_async_context(manager(address))
        environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1500000"}
        config = few.config(interval="2s", timeout="1500ms")
        running = await stack.enter_async_context(daemon(config, tmp_path, environ, state=disk))
        await until(lambda: any("sweep.finished" in line for line in running.log))
        freeze(disk)
        few.set_fault("shandong", "refuse")
        await until(lambda: heard.last("STATUS") == "state_writer stands still", seconds=50)
        fed = len(heard.times("WATCHDOG"))
        async with aiohttp.ClientSession() as session, session.get(running.base + "/metrics") as answer:
            assert 'fapiao_part_up{part="state_writer"} 0.0' in await answer.text()
        await asyncio.sleep(1.5)
        assert len(heard.times("WATCHDOG")) == fed
        thaw(disk)
        await until(lambda: len(heard.times("WATCHDOG")) > fed)
        running.signal(signal.SIGTERM)
        assert await running.stopped() == 0
