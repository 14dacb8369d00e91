"""Starts daemons fast: imports the product once, then forks one for each line `PROBES STATE_DIR` on standard input.

Prints the process id of each. A forked daemon is a process of its own: it is killed like any other. One constant differs:
what was down again and again must be up for seconds before its end is told, not for half an hour.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import aiohttp  # noqa: F401 - imported before forking, for its cost
import apprise  # noqa: F401 - the same

from monitor import log
from monitor.app import serve
from monitor.clock import SystemClock
from monitor.config.load import load
from monitor.core import damping
from monitor.core.classify import Knowledge
from monitor.knowledge import load_catalogue, load_registry, load_words

REGISTRY = load_registry()
KNOWLEDGE = Knowledge(catalogue=load_catalogue(), words=load_words())
damping.FIRST_HOLD, damping.LONGEST_HOLD = timedelta(seconds=2), timedelta(seconds=10)


async def live(probes: Path, state_dir: str) -> None:
    """One daemon, until SIGTERM (or SIGKILL)."""
    plan = replace(load(probes, environ=os.environ, registry=REGISTRY).plan, state_dir=state_dir)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await serve(plan, registry=REGISTRY, knowledge=KNOWLEDGE, clock=SystemClock(), stop=stop)


def main() -> None:
    """Fork for each line; a child never returns here."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while line := sys.stdin.readline():
        probes, state_dir = line.split()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            log.configure(level="info", form="json")
            try:
                asyncio.run(live(Path(probes), state_dir))
            except BaseException:  # noqa: BLE001 - a forked child ends here, whatever happened
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
