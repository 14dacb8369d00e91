"""Who hangs up before the answer is there is nobody's mistake: no traceback, no internal error."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from dataclasses import dataclass, field

import pytest
import structlog

from monitor.model import Target
from monitor.probes import Observation
from tests.web.conftest import World
from tests.web.gated import gated, get

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset."""


@dataclass
class Slow(World):
    """Its runs never end, and it notices when one is begun and given up."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self, target: Target) -> Observation:
        """Wait until nobody wants it any more."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()
        return await super().look(target)


async def hang_up(address: tuple[str, int], path: str, *, until: asyncio.Event | None = None) -> None:
    """Ask, and close with a reset as soon as `until` is set, or at once."""
    with socket.socket() as client:
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, address)
        client.send(get(path))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        if until is not None:
            await until.wait()


async def test_a_caller_who_hangs_up_during_the_run_leaves_no_traceback(caplog: pytest.LogCaptureFixture):
    world = Slow()
    caplog.set_level(logging.INFO)
    with structlog.testing.capture_logs() as lines:
        async with asyncio.timeout(10), gated(world) as gate:
            await hang_up(gate.address, "/probe?target=captcha/shandong", until=world.begun)
            await world.given_up.wait()
            while gate.connected:
                await asyncio.sleep(0.02)
    assert (lines, caplog.records) == ([], [])


@pytest.mark.parametrize("path", ["/metrics", "/", "/api/v1/status", "/api/v1/events"])
async def test_callers_who_hang_up_at_once_leave_no_traceback(caplog: pytest.LogCaptureFixture, path: str):
    world = World()
    world.see_all_up()
    caplog.set_level(logging.INFO)
    with structlog.testing.capture_logs() as lines:
        async with asyncio.timeout(10), gated(world) as gate:
            for turns in range(10):
                await hang_up(gate.address, path)
                for _ in range(turns):
                    await asyncio.sleep(0)
            while gate.connected:
                await asyncio.sleep(0.02)
    assert (lines, caplog.records) == ([], [])
