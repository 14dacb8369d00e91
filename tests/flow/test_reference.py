"""References end to end: two daemons that look at their own provinces and at each other, and files of somebody else."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from monitor.model import rfc3339
from monitor.simulator.simulator import Simulator
from tests.flow.harness import Running, daemon, until

THREE = ["shandong", "beijing", "yunnan"]


def config(sim: Simulator, vantage: str, *sources: dict[str, Any], **more: Any) -> str:
    """The simulator's configuration, quick, with these references."""
    text = sim.config(interval="1s", timeout="900ms", while_down="1s", spacing="100ms")
    given = yaml.safe_load(text)
    return yaml.safe_dump(
        {**given, "vantage": vantage, "reference": list(sources), **more}, allow_unicode=True
    )


def folder(at: Path, name: str) -> Path:
    """A folder of its own for one daemon."""
    (at / name).mkdir()
    return at / name


async def verdicts(running: Running) -> dict[str, str]:
    """Slug → verdict."""
    return {row["authority"]: row["verdict"] for row in (await running.json("/api/v1/status"))["authorities"]}


async def has(running: Running, slug: str, verdict: str) -> bool:
    """Whether this is the verdict now."""
    return (await verdicts(running))[slug] == verdict


@asynccontextmanager
async def two(at: Path) -> AsyncIterator[tuple[Running, Running, Simulator]]:
    """East and west, each with provinces of its own and the other as reference; the simulator is east's.

    Each publishes into the file that the other reads: no port needs to be known beforehand.
    """
    files = {name: str(at / f"{name}.json") for name in ("east", "west")}

    def written(sim: Simulator, name: str, other: str) -> str:
        source = {"name": other, "file": files[other], "interval": "500ms", "stale_after": "1m"}
        return config(sim, name, source, publish={"file": files[name]})

    async with (
        Simulator(only=THREE) as at_east,
        Simulator(only=THREE) as at_west,
        daemon(written(at_east, "east", "west"), folder(at, "east")) as east,
        daemon(written(at_west, "west", "east"), folder(at, "west")) as west,
    ):
        yield east, west, at_east


async def test_two_that_look_at_each_other_disagree_and_never_relay(tmp_path):
    async with two(tmp_path) as (east, west, at_east):
        await until(lambda: both_agree(east, west))
        at_east.set_fault("shandong", "refuse", service="verify")
        await until(lambda: has(east, "shandong", "only_us_down"))
        await until(lambda: has(west, "shandong", "only_reference_down"))
        assert await watch(east, west, seconds=1.0) == [("only_us_down", "only_reference_down")]
        said = await west.json("/api/v1/reference")
        assert said["authorities"]["shandong"]["cause"] == "none", "the other's word does not become its own"
        row = await west.row("shandong")
        assert (row["state"], row["diagnosis"]) == ("up", "healthy")
        opinions = [(one["source"], one["outcome"], one["stale"]) for one in row["reference"]]
        assert opinions == [("east", "error", False)]
        assert (await east.row("shandong"))["diagnosis"] == "path_from_here"
        at_east.clear_fault("shandong")
        await until(lambda: both_agree(east, west))


async def both_agree(east: Running, west: Running) -> bool:
    """Whether everything is up for both."""
    return await all_agree(east) and await all_agree(west)


async def test_one_that_stops_grows_stale(tmp_path):
    async with AsyncExitStack() as stack:
        sim = await stack.enter_async_context(Simulator(only=THREE))
        async with AsyncExitStack() as until_it_stops:
            hq = await until_it_stops.enter_async_context(daemon(config(sim, "hq"), folder(tmp_path, "hq")))
            url = f"{hq.base}/api/v1/reference"
            source = {"name": "hq", "url": url, "interval": "500ms", "stale_after": "3s"}
            here = await stack.enter_async_context(
                daemon(config(sim, "here", source), folder(tmp_path, "here"))
            )
            await until(lambda: all_agree(here))
        await until(lambda: all_are(here, "reference_stale"))
        metrics = await here.text("/metrics")
        assert 'fapiao_reference_verdict{authority="beijing",verdict="reference_stale"} 1' in metrics
        assert 'fapiao_reference_up{source="hq"} 0' in metrics
        row = await here.row("beijing")
        assert [(one["outcome"], one["stale"]) for one in row["reference"]] == [("ok", True)]
        assert row["state"] == "up"


async def all_agree(running: Running) -> bool:
    """Whether everything is up here and there."""
    return set((await verdicts(running)).values()) == {"agree_up"}


async def watch(east: Running, west: Running, seconds: float) -> list[tuple[str, str]]:
    """The different pairs of verdicts on Shandong over a while."""
    seen: dict[tuple[str, str], None] = {}
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        seen[(await verdicts(east))["shandong"], (await verdicts(west))["shandong"]] = None
        await asyncio.sleep(0.1)
    return list(seen)


async def test_a_monitor_that_is_asked_by_http_is_a_reference_and_its_local_fault_silences_it(tmp_path):
    async with (
        Simulator(only=THREE) as sim,
        daemon(config(sim, "hq"), folder(tmp_path, "hq")) as hq,
        daemon(
            config(sim, "here", {"name": "hq", "url": f"{hq.base}/api/v1/reference", "interval": "500ms"}),
            folder(tmp_path, "here"),
        ) as here,
    ):
        await until(lambda: all_agree(here))
        text = await here.text("/metrics")
        assert 'fapiao_reference_outcome{authority="yunnan",source="hq",outcome="ok"} 1' in text
        for slug in THREE:
            sim.set_fault(slug, "refuse", service="verify")
        await until(lambda: all_are(here, "agree_down"))
        for control in ("internet", "gateway"):
            sim.set_fault(control, "refuse")
        await until(lambda: says_local_fault(hq))
        assert (await hq.json("/api/v1/reference"))["authorities"] == {}
        await until(lambda: all_are(here, "own_unknown"))
        for name in (*THREE, "internet", "gateway"):
            sim.clear_fault(name)
        await until(lambda: all_agree(here))


async def all_are(running: Running, verdict: str) -> bool:
    """Whether this is the verdict everywhere."""
    return set((await verdicts(running)).values()) == {verdict}


async def says_local_fault(running: Running) -> bool:
    """Whether it publishes that its own network fails."""
    return bool((await running.json("/api/v1/reference"))["local_fault"])


BOARD = {
    "rows": "$.list[*]",
    "authority": "$.name",
    "outcome": "$.state",
    "at": "$.time",
    "values": {"正常": "ok", "异常": "error", "超时": "timeout"},
}


async def test_a_status_file_of_ones_own_is_read_by_its_map_and_survives_a_restart(tmp_path):
    board = tmp_path / "status.json"
    rows = [{"name": "山东省", "state": "超时", "time": datetime.now(UTC).timestamp()}]
    board.write_text(json.dumps({"list": rows}, ensure_ascii=False))
    source = {"name": "board", "file": str(board), "stale_after": "10m", "interval": "1s", "map": BOARD}
    place = folder(tmp_path, "here")
    async with Simulator(only=THREE) as sim:
        async with daemon(config(sim, "here", source), place) as here:
            await until(lambda: has(here, "shandong", "only_reference_down"))
            await until(lambda: has(here, "beijing", "no_reference"))
        board.unlink()
        async with daemon(config(sim, "here", source), place) as here:
            await until(lambda: unread(here))
            row = await here.row("shandong")
            assert [(one["source"], one["outcome"]) for one in row["reference"]] == [("board", "timeout")]
            assert row["verdict"] == "only_reference_down", "its last word is fresh still"


async def unread(running: Running) -> bool:
    """Whether the last attempt to read the board failed."""
    return 'fapiao_reference_up{source="board"} 0' in await running.text("/metrics")


async def test_references_that_do_harm_do_none(tmp_path):
    """Frozen, torn, endless, lying: own results, incidents and the page go on as if they were not there."""
    old = rfc3339(datetime.now(UTC) - timedelta(hours=2))
    frozen = {
        "format": "fapiao-reference/1",
        "authorities": {s: {"outcome": "error", "checked_at": old} for s in THREE},
    }
    (tmp_path / "frozen.json").write_text(json.dumps(frozen))
    (tmp_path / "torn.json").write_text(json.dumps(frozen)[:50])
    os.mkfifo(tmp_path / "pipe")
    files = {
        "frozen": "frozen.json",
        "torn": "torn.json",
        "pipe": "pipe",
        "gone": "gone",
        "endless": "/dev/zero",
    }
    sources = [{"name": name, "file": str(tmp_path / file), "interval": "1s"} for name, file in files.items()]
    async with (
        Simulator(only=THREE) as sim,
        daemon(config(sim, "here", *sources), folder(tmp_path, "x")) as here,
    ):
        await until(lambda: all_are(here, "reference_stale"))
        sim.set_fault("shandong", "refuse", service="verify")
        await until(lambda: is_down(here))
        assert (await here.row("shandong"))["diagnosis"] == "provincial_outage"
        text = await here.text("/metrics")
        up = {name: int(f'fapiao_reference_up{{source="{name}"}} 1' in text) for name in files}
        assert up == {"frozen": 1, "torn": 0, "pipe": 0, "gone": 0, "endless": 0}
        assert 'fapiao_runs_skipped_total{reason="late"} 0' in text


async def is_down(running: Running) -> bool:
    """Whether Shandong is confirmed down."""
    return bool((await running.row("shandong"))["state"] == "down")
