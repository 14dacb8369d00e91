"""The real process on a machine that treats it badly: the daemon with its stand-ins and a witness, and what can be done to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from monitor.simulator.simulator import Simulator
from tests.chaos import invariants
from tests.chaos.receivers import Witness, witnesses
from tests.chaos.state import outbox
from tests.systemd.process import Daemon, daemon, until

SLUGS = ["shandong", "beijing", "shanghai", "guangdong"]
_FAILURES = re.compile(r'^fapiao_probe_failures_total\{.*authority="(\w+)".*\} (\d+)', re.MULTILINE)


@dataclass
class Machine:
    """A daemon process that runs, its provinces, and one healthy receiver of it."""

    daemon: Daemon
    sim: Simulator
    witness: Witness
    folder: Path

    @property
    def pid(self) -> int:
        """Of the daemon."""
        return self.daemon.process.pid

    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.daemon.process.returncode is None

    def events(self) -> list[str]:
        """What the receiver heard, as `event scope`, each key once."""
        return [f"{one['event']} {one['scope']}" for one in invariants.once_each(self.witness.heard)]

    async def failures(self) -> int:
        """Failing runs of all targets, as /metrics counts them."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.daemon.base}/metrics") as answer:
            return sum(int(count) for _, count in _FAILURES.findall(await answer.text()))

    async def is_swept(self) -> bool:
        """Whether every target has a result."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.daemon.base}/-/ready") as answer:
            return answer.status == 200

    async def tells_of_an_outage(self) -> None:
        """Break a province and mend it: both are told, and about nobody else."""
        before = len(self.events())
        self.sim.set_fault("beijing", "refuse", service="verify")
        await self.hears("incident_opened authority", before)
        self.sim.clear_fault("beijing")
        await self.hears("incident_resolved authority", before)

    async def hears(self, what: str, since: int = 0) -> None:
        """Wait until the receiver has heard this."""
        await until(lambda: what in self.events()[since:], seconds=40)

    async def stop(self) -> list[str]:
        """Let it settle, and stop in order; complaints about all that was told, and about a traceback or a bad end."""
        await self.witness.settles()
        self.daemon.signal(signal.SIGTERM)
        code = await self.daemon.stopped()
        decided = outbox(self.folder / "state").get("witness[0]", set())
        found = invariants.complaints(self.witness.heard, self.witness.accepted, decided)
        found += [f"exit {code}"] if code else []
        tracebacks = [place for place, line in enumerate(self.daemon.log) if "Traceback" in line]
        return found + ["".join(self.daemon.log[place - 1 : place + 60]) for place in tracebacks[:1]]


@contextlib.asynccontextmanager
async def machine(folder: Path) -> AsyncIterator[Machine]:
    """A daemon whose first sweep is in and well."""
    witness = Witness("witness", random.Random(1))
    async with Simulator(only=SLUGS, names=True) as sim, witnesses(witness):
        config = sim.config(
            receivers={"witness": {"webhook": witness.url}}, timeout="2s", interval="2500ms",
            while_down="1s", spacing="200ms", group_wait="500ms",
        )  # fmt: skip
        async with daemon(config, folder) as running:
            made = Machine(daemon=running, sim=sim, witness=witness, folder=folder)
            while not await made.is_swept():
                await asyncio.sleep(0.1)
            yield made


async def stopped_for(machine: Machine, seconds: float) -> None:
    """Take the CPU away from the process: SIGSTOP, a while, SIGCONT."""
    machine.daemon.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        machine.daemon.signal(signal.SIGCONT)


@contextlib.contextmanager
def limited(pid: int, what: int, soft: int) -> Iterator[None]:
    """Lower one of the limits of a process that runs, for a while."""
    before = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, what, before)


@contextlib.asynccontextmanager
async def crowded(machine: Machine, siblings: int = 3) -> AsyncIterator[None]:
    """The process is the least important one of a machine on which others compute without end (but not of the peers)."""
    os.setpriority(os.PRIO_PROCESS, machine.pid, 19)
    busy = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", "import os\nos.nice(10)\nwhile True: pass")
        for _ in range(siblings)
    ]
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            await one.wait()
