"""What all tests share: a clock that stands still, and real peers that are skipped on a laptop but required in CI."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from datetime import UTC, datetime, timedelta

import pytest
import structlog

asyncio.set_event_loop(None)  # else a plugin makes one in plain tests that nobody closes


class StillClock:
    """A clock that moves only when told to."""

    def __init__(self, at: datetime = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)) -> None:
        self.at = at
        self.elapsed = 0.0

    def now(self) -> datetime:
        """The instant it stands at."""
        return self.at

    def monotonic(self) -> float:
        """Seconds since it was made."""
        return self.elapsed

    def advance(self, seconds: float) -> datetime:
        """Move both clocks on; returns the new instant."""
        self.at += timedelta(seconds=seconds)
        self.elapsed += seconds
        return self.at


@pytest.fixture(autouse=True)
def _own_log():
    """Each test starts with a log that nobody has set up: a command that an earlier one called does that."""
    structlog.reset_defaults()


@pytest.fixture
def clock() -> StillClock:
    """A clock at 2026-11-21 16:00 in Shanghai."""
    return StillClock()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose real peer is missing here; fail it where CI promises to have installed it."""
    for mark in item.iter_markers("peer"):
        if shutil.which(mark.args[0]) is None:
            if os.environ.get("CI") == "true":
                pytest.fail(f"{mark.args[0]} is not installed; .ci/run must install it")
            pytest.skip(f"{mark.args[0]} is not installed")


@pytest.fixture
def free_port() -> int:
    """A TCP port of loopback that nobody listens on at the moment, for programs that cannot pick one themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
