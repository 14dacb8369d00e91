"""The whole daemon as a prober: schedule, probe, classify, decide, keep, metrics, history, over 1,000 configured targets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import yaml

from bench.peers import PATTERN, PROBER_CORE, Load, Measure, Sample, Site, cpu_of, free_port, running
from monitor.knowledge import load_registry

TARGETS = 1000
BUSY = 400.0
"""Probes a second that stand for a saturated daemon: it starts what is due, not what a queue holds, so it is driven near its limit."""
SETTLED = 5.0
"""Seconds between the second turn of all targets, after which everything is confirmed up, and the window."""
RUNS = re.compile(r"^fapiao_probe_runs_total\{.*\} (\S+)$", re.MULTILINE)


def configuration(
    site: Site, scheme: str, interval: float, *, listen: str, hook: str | None = None, targets: int = TARGETS
) -> str:
    """A probes.yaml: so many HTTP targets, spread over the 36 authorities, one service for every 36 of them."""
    slugs = [authority.slug for authority in load_registry().values()]
    document: dict[str, object] = {
        "version": 1,
        "vantage": "bench",
        "language": "en",
        "server": {"listen": listen},
        "storage": {"dir": "state"},
        "limits": {"per_host": "none", "concurrency": 64},
        "judgement": {"main_service": "s0"},
        "defaults": {
            "interval": f"{round(interval * 1000)}ms",
            "timeout": f"{round(min(5.0, interval * 0.9) * 1000)}ms",
            "while_down": f"{round(interval * 1000)}ms",
            "tls": {"ca": str(site.ca_file)},
        },
        "probes": [
            {
                "name": f"t{number:05}",
                "kind": "http",
                "authority": slugs[number % len(slugs)],
                "service": f"s{number // len(slugs)}",
                "url": f"{scheme}://127.0.0.1:{site.port(scheme)}/t/{number:05}",
                "expect": {"status": [200], "body_regex": PATTERN},
            }
            for number in range(targets)
        ],
    }
    if hook is not None:
        document["alerts"] = {"group_wait": "10s", "receivers": {"hook": {"webhook": hook}}}
    return yaml.safe_dump(document, allow_unicode=True)


@contextlib.asynccontextmanager
async def started(where: Path, written: str, listen: str) -> AsyncIterator[int]:
    """The daemon on the probers' core, once every target has a result. Gives its process id."""
    file = _write(where, written)
    command = [sys.executable, "-m", "monitor", "--log-level", "warning", "run", "-c", str(file)]
    with running(command, PROBER_CORE, folder=where) as process:
        async with aiohttp.ClientSession() as session:
            await until_ready(session, f"http://{listen}/-/ready")
        yield process.pid


def _write(where: Path, written: str) -> Path:
    where.mkdir(parents=True, exist_ok=True)
    file = where / "probes.yaml"
    file.write_text(written)
    return file


async def until_ready(session: aiohttp.ClientSession, url: str) -> None:
    """Until it answers 200, for three minutes at most."""
    async with asyncio.timeout(180):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as reply:
                    if reply.status == 200:
                        return
            await asyncio.sleep(0.1)


async def runs_of(session: aiohttp.ClientSession, listen: str) -> tuple[int, str]:
    """How many runs the daemon counts so far, by its own /metrics, and the text."""
    async with session.get(f"http://{listen}/metrics") as reply:
        text = await reply.text()
    return round(sum(float(found) for found in RUNS.findall(text))), text


@contextlib.asynccontextmanager
async def whole_daemon(where: Path, site: Site) -> AsyncIterator[Measure]:
    """The daemon as one more prober: started anew for each window, scraped at its two ends."""

    async def measure(load: Load) -> Sample:
        listen = f"127.0.0.1:{free_port()}"
        interval = TARGETS / (load.rate or BUSY)
        folder = where / f"daemon-{listen.rpartition(':')[2]}"
        async with (
            started(folder, configuration(site, load.scheme, interval, listen=listen), listen) as pid,
            aiohttp.ClientSession() as session,
        ):
            await asyncio.sleep(2 * interval + SETTLED)
            first, _ = await runs_of(session, listen)
            before = cpu_of(pid)
            await asyncio.sleep(load.seconds)
            spent = cpu_of(pid) - before
            last, text = await runs_of(session, listen)
            if failed := [
                line for line in text.splitlines() if line.startswith("fapiao_probe_failure_causes")
            ]:
                raise RuntimeError(f"probes failed: {json.dumps(failed[:3])}")
            return Sample(last - first, spent)

    yield measure
