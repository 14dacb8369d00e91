"""An own trouble is nobody's outage: no CPU, no file descriptors, no memory, a storm of signals and of clients.

What happens to the machine of the monitor is told of the monitor, if at all; afterwards a real outage is told as ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.chaos import invariants
from tests.chaos.machine import Machine, crowded, limited, machine, stopped_for

pytestmark = pytest.mark.timeout(150)  # the machine of CI may be as busy as those in these tests


async def test_a_process_without_file_descriptors_or_cpu_says_so_and_blames_nobody(tmp_path):
    async with machine(tmp_path) as made, crowd(made.daemon.base, 30):
        made.sim.set_fault("all", "slow:0.5", service="verify")  # so that there is always a run under way
        await take_files(made)
        await take_cpu(made)
        await made.hears("daemon_degraded daemon")
        await made.hears("daemon_restored daemon")
        assert await made.failures() == 0
        assert invariants.nobody_blamed(made.witness.heard) == []
        made.sim.clear_fault()
        await made.tells_of_an_outage()
        assert await made.failures() > 0
        assert await made.stop() == []
    assert "run.hampered" in "".join(made.daemon.log)


async def take_files(made: Machine) -> None:
    """No file descriptor, for longer than it takes to be told; then enough for some of what a run needs."""
    used = len(list(Path(f"/proc/{made.pid}/fd").iterdir()))
    with limited(made.pid, resource.RLIMIT_NOFILE, 3):
        await asyncio.sleep(5.5)
    for spare in (1, 2, 3, 4):
        with limited(made.pid, resource.RLIMIT_NOFILE, used + spare):
            await asyncio.sleep(0.5)


async def take_cpu(made: Machine) -> None:
    """Stopped for longer than any timeout; then a tenth of the time, in slices; then least of all who compute."""
    for _ in range(3):
        await stopped_for(made, 2.5)
        await asyncio.sleep(0.4)
    for _ in range(10):
        await stopped_for(made, 0.27)
        await asyncio.sleep(0.03)
    async with crowded(made):
        await asyncio.sleep(1.5)


async def test_storms_of_reloads_and_clients_and_want_of_memory_lose_nothing(tmp_path):
    async with machine(tmp_path) as made:
        file = tmp_path / "probes.yaml"
        config = file.read_text()
        size = int(Path(f"/proc/{made.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        with limited(made.pid, resource.RLIMIT_AS, size + 48 * 1024 * 1024):
            async with crowd(made.daemon.base, 80), asyncio.TaskGroup() as tasks:
                asking = [tasks.create_task(ask(made.daemon.base)) for _ in range(4)]
                made.sim.set_fault("beijing", "endless_body", service="verify")
                made.sim.set_fault("shandong", "refuse", service="verify")
                for turn in range(60):
                    file.write_text(config if turn % 2 else config.replace("interval:", "intervall:"))
                    made.daemon.signal(signal.SIGHUP)
                    await asyncio.sleep(0.04)
                file.write_text(config)
                made.daemon.signal(signal.SIGHUP)
                await made.hears("incident_opened authority")
                made.sim.clear_fault()
                await made.witness.settles()
                for one in asking:
                    one.cancel()
        assert made.is_alive()
        assert await made.stop() == []


@contextlib.asynccontextmanager
async def crowd(base: str, size: int):
    """Clients that connect, begin to ask, and then hold their connection."""
    host, port = base.removeprefix("http://").split(":")
    held = []
    for _ in range(size):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\n")
        held.append(writer)
    try:
        yield
    finally:
        for writer in held:
            writer.transport.abort()
        await asyncio.sleep(0)


async def ask(base: str) -> None:
    """Ask for everything, as fast as it goes, for ever."""
    async with aiohttp.ClientSession() as session:
        while True:
            for path in ("/", "/metrics", "/api/v1/status", "/api/v1/targets", "/api/v1/incidents"):
                with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                    async with session.get(base + path) as answer:
                        await answer.read()
