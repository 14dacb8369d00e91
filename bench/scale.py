"""How late runs start and what a target costs in memory, from few targets to many, while /metrics is scraped every 5 s.

    python -m bench.scale [--seconds 60]

The lateness is the daemon's own histogram (due on the 100 ms grid → started), over the window alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from pathlib import Path

import aiohttp

from bench.daemon import configuration, runs_of, started
from bench.peers import PEER_CORE, cpu_of, free_port, nginx
from bench.stack import resident, spread

SIZES = ((200, 15.0), (1000, 15.0), (10_000, 60.0))
"""Targets, and seconds between two runs of each."""
SCRAPED_EVERY = 5.0
BUCKET = re.compile(r'^fapiao_schedule_lateness_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
SKIPPED = re.compile(r'^fapiao_runs_skipped_total\{reason="[^"]+"\} (\S+)$', re.MULTILINE)
LAG = re.compile(r"^fapiao_loop_lag_seconds (\S+)$", re.MULTILINE)


def lateness(before: str, after: str, share: float) -> float:
    """The upper bound, in seconds, of the bucket that holds this share of the runs started between two scrapes."""
    first = {bound: float(count) for bound, count in BUCKET.findall(before)}
    counts = [(float(bound), float(count) - first[bound]) for bound, count in BUCKET.findall(after)]
    return next(bound for bound, count in counts if count >= share * counts[-1][1])


def skipped(text: str) -> int:
    """Due runs that did not take place, for whatever reason."""
    return round(sum(float(found) for found in SKIPPED.findall(text)))


async def measure(root: Path, targets: int, interval: float, seconds: float) -> str:
    """One row of the table."""
    with nginx(root) as site:
        listen = f"127.0.0.1:{free_port()}"
        written = configuration(site, "http", interval, listen=listen, targets=targets)
        async with started(root / "daemon", written, listen) as pid, aiohttp.ClientSession() as session:
            await asyncio.sleep(2 * interval + 5)  # two turns: everything is confirmed up
            runs, before = await runs_of(session, listen)
            spent, scrapes, lags, text = cpu_of(pid), [], [], before
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                await asyncio.sleep(SCRAPED_EVERY)
                begun = time.monotonic()
                _, text = await runs_of(session, listen)
                scrapes.append(1000 * (time.monotonic() - begun))
                lags += [1000 * float(found) for found in LAG.findall(text)]
            made = (await runs_of(session, listen))[0] - runs
            cpu = 1000 * (cpu_of(pid) - spent) / made
            p50, p99 = (1000 * lateness(before, text, share) for share in (0.5, 0.99))
            return (
                f"| {targets} at {interval:g} s | ≤ {p50:g} / ≤ {p99:g} | {skipped(text) - skipped(before)} "
                f"| {cpu:.2f} | {resident(pid):.0f} | {text.count(chr(10))} | {spread(scrapes, 0)} | {spread(lags, 1)} |"
            )


async def main(seconds: float) -> None:
    """Measure each size and print the table."""
    os.sched_setaffinity(0, {PEER_CORE})
    print(
        "| targets | started late p50 / p99 ms | skipped | CPU ms/probe (http) | memory MB | lines of /metrics "
        "| scrape ms | loop lag ms |\n|---|---|---|---|---|---|---|---|"
    )
    for targets, interval in SIZES:
        with tempfile.TemporaryDirectory() as root:
            print(await measure(Path(root), targets, interval, seconds), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    asyncio.run(main(parser.parse_args().seconds))
