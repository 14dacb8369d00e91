"""The whole job, twice: this daemon, and blackbox_exporter + Prometheus + Alertmanager, on the same 1,000 targets.

    python -m bench.stack [--rounds 3] [--seconds 45] [--scheme https]

Both look at every target each 15 s, judge three failures in a row, and tell a webhook. Shown for each: CPU per probe and
memory of every process, how evenly the requests came (from nginx's own log), and how long after its first failing reply
a broken target was told. This daemon is also scraped every 15 s.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import yaml
from aiohttp import web

from bench.daemon import TARGETS, configuration, runs_of, started, until_ready
from bench.peers import (
    PEER_CORE,
    PROBER_CORE,
    Site,
    blackbox_conf,
    cpu_of,
    free_port,
    nginx,
    running,
    wait_for,
)

INTERVAL = 15.0
WARM_UP = 35.0
"""Seconds before the window: two whole turns, so that everything is confirmed up and nothing new is kept."""
BROKEN = "/t/00007"
PATIENCE = 120.0
"""Seconds a broken target may take to be told."""


@dataclass(slots=True)
class Told:
    """The webhook: when it was first told of something broken."""

    at: float | None = None
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        """Note the instant of the first message."""
        await request.read()
        if self.at is None:
            self.at = time.time()
            self.heard.set()
        return web.Response()


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one stack showed in one window."""

    probes: int
    cpu: dict[str, float]
    """CPU seconds of each process in the window."""
    memory: dict[str, float]
    """Resident MB of each process after it."""
    uneven: list[float]
    """By how many seconds each request came later than the earliest turn of its target would have it."""
    scrapes: list[float]
    """Seconds each scrape of /metrics took; empty for the peers."""
    first_failure_to_told: float
    third_failure_to_told: float


Pids = dict[str, int]


@contextlib.asynccontextmanager
async def ours(where: Path, site: Site, scheme: str, hook: str) -> AsyncIterator[tuple[Pids, str | None]]:
    """This daemon. Gives its processes and the address of its /metrics."""
    listen = f"127.0.0.1:{free_port()}"
    written = configuration(site, scheme, INTERVAL, listen=listen, hook=hook)
    async with started(where, written, listen) as pid:
        yield {"fapiao-monitor": pid}, listen


@contextlib.asynccontextmanager
async def peers(where: Path, site: Site, scheme: str, hook: str) -> AsyncIterator[tuple[Pids, str | None]]:
    """blackbox_exporter, Prometheus with one rule, Alertmanager. Gives their processes."""
    prober, server, alerts = free_port(), free_port(), free_port()
    _write_peers(where, site, scheme, hook, ports=(prober, alerts))
    quiet, at = "--log.level=error", "--web.listen-address=127.0.0.1:{}".format
    commands = {
        "blackbox_exporter": (
            "prometheus-blackbox-exporter",
            f"--config.file={where}/blackbox.yml",
            at(prober),
            quiet,
        ),
        "Alertmanager": (
            "prometheus-alertmanager",
            f"--config.file={where}/alertmanager.yml",
            f"--storage.path={where}/am",
            "--cluster.listen-address=",
            at(alerts),
            quiet,
        ),
        "Prometheus": (
            "prometheus",
            f"--config.file={where}/prometheus.yml",
            f"--storage.tsdb.path={where}/tsdb",
            at(server),
            quiet,
        ),
    }
    with contextlib.ExitStack() as stack:
        pids = {
            name: stack.enter_context(running([*command], PROBER_CORE, folder=where)).pid
            for name, command in commands.items()
        }
        wait_for(prober)
        async with aiohttp.ClientSession() as session:
            await until_ready(session, f"http://127.0.0.1:{server}/-/ready")
        yield pids, None


def _write_peers(where: Path, site: Site, scheme: str, hook: str, *, ports: tuple[int, int]) -> None:
    prober, alerts = ports
    targets = [f"{scheme}://127.0.0.1:{site.port(scheme)}/t/{number:05}" for number in range(TARGETS)]
    turn = f"{INTERVAL:g}s"
    scrape = {
        "job_name": "verify",
        "metrics_path": "/probe",
        "params": {"module": ["json"]},
        "static_configs": [{"targets": targets}],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"127.0.0.1:{prober}"},
        ],
    }
    prometheus = {
        "global": {"scrape_interval": turn, "scrape_timeout": "6s", "evaluation_interval": turn},
        "scrape_configs": [scrape],
        "rule_files": [f"{where}/rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]},
    }
    down = "max_over_time(probe_success[45s]) == 0"  # always three results
    rules = {"groups": [{"name": "verify", "rules": [{"alert": "Down", "expr": down}]}]}
    routes = {
        "route": {"receiver": "hook", "group_by": ["alertname"], "group_wait": "10s"},
        "receivers": [{"name": "hook", "webhook_configs": [{"url": hook}]}],
    }
    for name, document in (
        ("blackbox.yml", blackbox_conf(site)),
        ("prometheus.yml", prometheus),
        ("rules.yml", rules),
        ("alertmanager.yml", routes),
    ):
        (where / name).write_text(yaml.safe_dump(document))


Stack = Callable[[Path, Site, str, str], contextlib.AbstractAsyncContextManager[tuple[Pids, str | None]]]
STACKS: dict[str, Stack] = {
    "fapiao-monitor": ours,
    "blackbox_exporter + Prometheus + Alertmanager": peers,
}


async def one_round(stack: Stack, root: Path, scheme: str, seconds: float) -> Round:
    """Start it, let it settle, measure a window, then break one target and wait until that is told."""
    told, where = Told(), root / "stack"
    where.mkdir(parents=True)
    with nginx(root) as site:
        async with hook_of(told) as hook, stack(where, site, scheme, hook) as (pids, metrics):
            await asyncio.sleep(WARM_UP)
            begun, before = time.time(), {name: cpu_of(pid) for name, pid in pids.items()}
            scrapes = await _spend(seconds, metrics)
            ended = time.time()
            spent = {name: cpu_of(pid) - before[name] for name, pid in pids.items()}
            memory = {name: resident(pid) for name, pid in pids.items()}
            failing = await _break(root, told)
    came = list(arrivals(root / "arrivals.log"))
    window = [(at, uri) for at, uri, _ in came if begun <= at < ended]
    failures = sorted(at for at, uri, status in came if uri == BROKEN and status == 503 and at >= failing)
    assert told.at is not None
    return Round(
        probes=len(window),
        cpu=spent,
        memory=memory,
        uneven=unevenness(window),
        scrapes=scrapes,
        first_failure_to_told=told.at - failures[0],
        third_failure_to_told=told.at - failures[2],
    )


@contextlib.asynccontextmanager
async def hook_of(told: Told) -> AsyncIterator[str]:
    """A webhook on loopback; gives its address."""
    app = web.Application()
    app.router.add_post("/hook", told.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port := free_port())
    await site.start()
    try:
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        await runner.cleanup()


async def _spend(seconds: float, metrics: str | None) -> list[float]:
    """Let the window pass, scraping as Prometheus would; how long each scrape took."""
    took: list[float] = []
    ends = time.monotonic() + seconds
    async with aiohttp.ClientSession() as session:
        while (left := ends - time.monotonic()) > 0:
            await asyncio.sleep(min(INTERVAL / 3, left))
            if metrics is not None:
                begun = time.monotonic()
                await runs_of(session, metrics)
                took.append(time.monotonic() - begun)
    return took


async def _break(root: Path, told: Told) -> float:
    """Break one target and wait until somebody is told; when it broke."""
    told.at = None
    told.heard.clear()
    flag = root / f"down{BROKEN}"
    flag.parent.mkdir(parents=True)
    flag.touch()
    failing = time.time()
    async with asyncio.timeout(PATIENCE):
        await told.heard.wait()
    await asyncio.sleep(1.5)  # nginx writes its log each second
    return failing


def arrivals(log: Path) -> Iterator[tuple[float, str, int]]:
    """When each request was answered, its path and status."""
    for line in log.read_text().splitlines():
        at, uri, status = line.split()
        yield float(at), uri, int(status)


def unevenness(window: list[tuple[float, str]]) -> list[float]:
    """By how much each request came later than the earliest turn of its target would have it, in seconds."""
    turns: dict[str, list[float]] = defaultdict(list)
    for at, uri in window:
        turns[uri].append(at % INTERVAL)
    found: list[float] = []
    for phases in turns.values():
        first = phases[0]
        near = [(phase - first + INTERVAL / 2) % INTERVAL for phase in phases]
        found += [phase - min(near) for phase in near]
    return found


def resident(pid: int) -> float:
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} is gone")


def table(found: dict[str, list[Round]]) -> str:
    """One row per process and one per stack: medians with the smallest and the largest."""
    lines = [
        "| what | CPU ms/probe | memory MB | requests late p50 / p99 / max ms | scrape ms | first failure → told s | third failure → told s |",
        "|---|---|---|---|---|---|---|",
    ]
    for stack, rounds in found.items():
        for process in rounds[0].cpu:
            if len(rounds[0].cpu) > 1:
                cpu = [1000 * one.cpu[process] / one.probes for one in rounds]
                memory = [one.memory[process] for one in rounds]
                lines.append(f"| – {process} | {spread(cpu, 2)} | {spread(memory, 0)} | | | | |")
        cpu = [1000 * sum(one.cpu.values()) / one.probes for one in rounds]
        memory = [sum(one.memory.values()) for one in rounds]
        late = sorted(1000 * value for one in rounds for value in one.uneven)
        scrapes = [1000 * value for one in rounds for value in one.scrapes]
        lines.append(
            f"| **{stack}** | **{spread(cpu, 2)}** | **{spread(memory, 0)}** "
            f"| {quantile(late, 0.5):.0f} / {quantile(late, 0.99):.0f} / {late[-1]:.0f} "
            f"| {spread(scrapes, 0) if scrapes else '–'} "
            f"| {spread([one.first_failure_to_told for one in rounds], 1)} "
            f"| {spread([one.third_failure_to_told for one in rounds], 2)} |"
        )
    mine, theirs = found.values()
    ratios = [
        (sum(a.cpu.values()) / a.probes) / (sum(b.cpu.values()) / b.probes)
        for a, b in zip(mine, theirs, strict=True)
    ]
    share = [sum(a.memory.values()) / sum(b.memory.values()) for a, b in zip(mine, theirs, strict=True)]
    lines.append(f"| ratio, round by round | **{spread(ratios, 2)}** | **{spread(share, 2)}** | | | | |")
    return "\n".join(lines)


def spread(values: list[float], digits: int) -> str:
    """Median (smallest–largest)."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def quantile(ordered: list[float], share: float) -> float:
    """The value that this share does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def main(rounds: int, seconds: float, scheme: str) -> None:
    """Measure the stacks in turns and print the table."""
    os.sched_setaffinity(0, {PEER_CORE})
    found: dict[str, list[Round]] = {name: [] for name in STACKS}
    for _ in range(rounds):
        for name, stack in STACKS.items():
            with tempfile.TemporaryDirectory() as root:
                found[name].append(await one_round(stack, Path(root), scheme, seconds))
    print(table(found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--scheme", choices=("https", "http"), default="https")
    options = parser.parse_args()
    asyncio.run(main(options.rounds, options.seconds, options.scheme))
