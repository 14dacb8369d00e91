"""A small simulator, for tests that need not see all 36."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from monitor.simulator import Simulator


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Two authorities over TLS, one over plain HTTP; Shandong answers in the shape `key1`, Beijing in `data`."""
    shapes = {"shandong": "key1", "beijing": "data", "yunnan": "key1"}
    async with Simulator(only=["beijing", "shandong", "yunnan"], scheme="mixed", shapes=shapes) as running:
        yield running
