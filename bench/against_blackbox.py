"""CPU per probe of our client beside Debian's blackbox_exporter: same nginx, same certificate, same minute.

    python -m bench.against_blackbox [--rounds 5] [--seconds 5]

Prints a table in Markdown. Read the ratios: each is a case divided by blackbox_exporter's window of the same round,
and the median of the rounds is shown with the smallest and the largest. Milliseconds depend on the machine's mood.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from bench.daemon import whole_daemon
from bench.peers import PEER_CORE, Load, Measure, Sample, blackbox, lean_client, nginx

BASE = "blackbox_exporter"
SPARSE = 67.0
"""Probes a second: 1,000 targets every 15 s."""
IN_FLIGHT = 50

Samples = dict[tuple[str, str], list[Sample]]


async def main(rounds: int, seconds: float) -> None:
    """Measure all cases `rounds` times, interleaved, and print the table."""
    os.sched_setaffinity(0, {PEER_CORE})
    loads = [
        Load(scheme, rate, IN_FLIGHT, seconds) for scheme in ("https", "http") for rate in (None, SPARSE)
    ]
    samples: Samples = {}
    with tempfile.TemporaryDirectory() as name, nginx(Path(name)) as site:
        async with AsyncExitStack() as stack:
            probers: dict[str, Measure] = {
                BASE: await stack.enter_async_context(blackbox(Path(name), site)),
                "lean client": await stack.enter_async_context(lean_client(site)),
                "lean client, uvloop": await stack.enter_async_context(lean_client(site, uvloop=True)),
                "whole daemon": await stack.enter_async_context(whole_daemon(Path(name), site)),
            }
            for load in loads:  # blackbox_exporter's warm-up; ours warms itself
                await probers[BASE](Load(load.scheme, None, IN_FLIGHT, 0.5))
            for _ in range(rounds):
                for load in loads:
                    for prober, measure in probers.items():
                        samples.setdefault((load.name, prober), []).append(await measure(load))
    print(table(samples))


def table(samples: Samples) -> str:
    """Rows of load and prober with CPU per probe and its ratio to blackbox_exporter."""
    lines = ["| load | prober | CPU ms/probe | ratio |", "|---|---|---|---|"]
    for (load, prober), found in samples.items():
        own = [sample.milliseconds for sample in found]
        base = [sample.milliseconds for sample in samples[load, BASE]]
        ratios = [mine / theirs for mine, theirs in zip(own, base, strict=True)]
        ratio = "1" if prober == BASE else f"**{_spread(ratios, 2)}**"
        lines.append(f"| {load} | {prober} | {_spread(own, 3)} | {ratio} |")
    return "\n".join(lines)


def _spread(values: list[float], digits: int) -> str:
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    asyncio.run(main(arguments.rounds, arguments.seconds))
