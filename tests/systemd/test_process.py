"""The real process under a service manager: what it says and when, how it stops, and that the unit lets it work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

from monitor.simulator.simulator import Simulator
from tests.systemd.process import daemon, manager, until

UNIT = Path(__file__).parents[2] / "systemd" / "fapiao-monitor.service"
LIMIT = 3.0
"""Seconds of the watchdog in these tests."""


@pytest.fixture
async def few():
    """Three stand-ins."""
    async with Simulator(only=["shandong", "beijing", "yunnan"]) as sim:
        yield sim


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
async def test_it_is_ready_when_it_listens_feeds_the_watchdog_reloads_and_stops(few, tmp_path, abstract):
    address = f"@fapiao-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    config = few.config(interval="5s", timeout="2s")
    environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": str(int(LIMIT * 1e6))}
    async with manager(address) as heard, daemon(config, tmp_path, environ) as running:
        await until(lambda: "READY" in heard.words())
        assert await answers(running.base)  # ready means that it listens
        assert heard.words()[0] == "READY"
        assert heard.last("STATUS").endswith("targets, 0 incidents open")
        await until(lambda: len(heard.times("WATCHDOG")) > 4)
        fed = heard.times("WATCHDOG")
        pauses = sorted(later - earlier for earlier, later in pairwise(fed))
        assert LIMIT / 10 < pauses[len(pauses) // 2] <= LIMIT / 2
        (tmp_path / "probes.yaml").write_text(config.replace("interval:", "intervall:"))
        running.signal(signal.SIGHUP)
        await until(lambda: heard.words().count("READY") == 2)
        assert "in the new configuration" in heard.last("STATUS")
        (tmp_path / "probes.yaml").write_text(config)
        running.signal(signal.SIGHUP)
        await until(lambda: heard.words().count("READY") == 3)
        assert "in the new configuration" not in heard.last("STATUS")
        assert int(heard.last("MONOTONIC_USEC")) > 0
        running.signal(signal.SIGTERM)
        assert await running.stopped() == 0
        await asyncio.sleep(0)
    changes = [word for word in heard.words() if word != "WATCHDOG"]
    assert changes == ["READY", "RELOADING", "READY", "RELOADING", "READY", "STOPPING"]


async def answers(base: str) -> bool:
    """Whether somebody listens there."""
    async with aiohttp.ClientSession() as session, session.get(base + "/-/healthy") as answer:
        return answer.status == 200


async def test_a_watchdog_meant_for_another_process_is_not_fed(few, tmp_path):
    address = str(tmp_path / "notify")
    environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1"}
    async with (
        manager(address) as heard,
        daemon(few.config(interval="5s", timeout="2s"), tmp_path, environ) as running,
    ):
        await until(lambda: any("sweep.finished" in line for line in running.log))
        running.signal(signal.SIGTERM)
        await running.stopped()
        await until(lambda: "STOPPING" in heard.words())
    assert "WATCHDOG" not in heard.words()


async def test_a_bad_configuration_exits_2_and_never_says_ready(tmp_path):
    address = str(tmp_path / "notify")
    async with (
        manager(address) as heard,
        daemon("probes: 1", tmp_path, {"NOTIFY_SOCKET": address}) as running,
    ):
        assert await running.stopped() == 2
    assert heard.heard == []


async def test_a_reload_that_hangs_on_a_dead_disk_holds_up_neither_work_nor_the_end(few, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret-t0ken")
    config = few.config(interval="5s", timeout="2s")
    config = config.replace("server:\n", f"server:\n  token: {{file: {secret}}}\n")
    address = str(tmp_path / "notify")
    async with (
        manager(address) as heard,
        daemon(config, tmp_path, {"NOTIFY_SOCKET": address}) as running,
    ):
        await until(lambda: "READY" in heard.words())
        secret.unlink()
        os.mkfifo(secret)  # to open it waits for somebody who writes
        running.signal(signal.SIGHUP)
        await until(lambda: "RELOADING" in heard.words())
        assert await answers(running.base)
        running.signal(signal.SIGTERM)
        assert await running.stopped(seconds=15) == 0


# --- the unit --------------------------------------------------------------------------------------------------------


@pytest.mark.peer("systemd-analyze")
async def test_under_the_units_system_call_filters_it_probes_tells_and_stops(few, tmp_path):
    few.set_fault("shandong", "refuse")
    confined = [sys.executable, str(Path(__file__).with_name("confined.py")), str(UNIT)]
    config = few.config(interval="5s", timeout="2s")
    async with daemon(config, tmp_path, before=confined) as running:
        await until(lambda: any("sweep.finished" in line for line in running.log))
        running.signal(signal.SIGTERM)
        assert await running.stopped() == 0
    finished = next(line for line in running.log if "sweep.finished" in line)
    assert "ok=" in finished
    assert "connection_refused=" in finished
    assert not [line for line in running.log if "Traceback" in line or "store.unusable" in line]
