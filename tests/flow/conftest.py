"""What the flow tests share: the provinces, and somebody to tell."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from monitor.simulator.simulator import Simulator
from tests.flow.harness import Hook, hook_server


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """A healthy webhook receiver."""
    async with hook_server(Hook()) as served:
        yield served


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """All 36 stand-ins over HTTPS, healthy."""
    async with Simulator() as sim:
        yield sim


@pytest.fixture
async def few() -> AsyncIterator[Simulator]:
    """Six stand-ins and the controls: enough for one to break among others, cheap enough for a busy machine."""
    async with Simulator(only=["shandong", "beijing", "shanghai", "guangdong", "sichuan", "yunnan"]) as sim:
        yield sim
