"""SIGKILL at random instants, in the middle of outages, with receivers that are slow and failing: nothing is lost.

`FAPIAO_KILLS=500 .venv/bin/pytest tests/chaos/test_kills.py` kills more often than the suite has time for, and says how far it
is; the seed is printed with a failure, `FAPIAO_SEED=…` repeats its dice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.simulator.simulator import Simulator
from tests.chaos import invariants
from tests.chaos.receivers import Witness, witnesses
from tests.chaos.state import is_quiet, outbox
from tests.flow.harness import until

KILLS = int(os.environ.get("FAPIAO_KILLS", "6"))
SLUGS = ["shandong", "beijing", "shanghai", "guangdong"]
SECRET = "kept-from-everybody-7281"
RARELY = "100"
"""Runs that are looked at for flapping: more than the short test makes, which cannot wait for it to end."""
FAULTS = ["refuse", "status_503", "hang", "010", "maintenance"]
NURSERY = Path(__file__).parent / "nursery.py"


@contextlib.asynccontextmanager
async def nursery(log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process that forks daemons; what these log goes to `log`."""
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
        sys.executable, str(NURSERY), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=stderr, env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def start(process: asyncio.subprocess.Process, probes: Path, state: Path) -> int:
    """One daemon; its process id."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{probes} {state}\n".encode())
    return int(await process.stdout.readline())


async def end(pid: int, how: signal.Signals) -> None:
    """Send the signal and wait until the process is gone, as a service manager does."""
    os.kill(pid, how)
    await until(lambda: not Path(f"/proc/{pid}").exists())


def break_or_mend(sim: Simulator, dice: random.Random) -> None:
    """Change something about one authority."""
    slug = dice.choice(SLUGS)
    if dice.random() < 0.35:
        sim.clear_fault(slug)
    else:
        sim.set_fault(slug, dice.choice(FAULTS), service=dice.choice(["verify", "dppt"]))


def progress(done: int, everyone: tuple[Witness, ...], terminal: pytest.CaptureFixture[str]) -> None:
    """One line now and then, in a long run."""
    if KILLS > 50 and done % 10 == 0:
        told = ", ".join(f"{one.name} {len(one.accepted)}/{len(one.heard)}" for one in everyone)
        with terminal.disabled():
            sys.stderr.write(f"{done}/{KILLS} kills; accepted of heard: {told}\n")


@pytest.mark.timeout(200 + 5 * KILLS)
async def test_no_kill_loses_or_contradicts_a_message(tmp_path, capfd):
    seed = int(os.environ.get("FAPIAO_SEED", random.SystemRandom().randrange(10**6)))
    dice = random.Random(seed)
    good = Witness("good", random.Random(seed + 1))
    slow = Witness("slow", random.Random(seed + 2), delay=1.0)
    failing = Witness("failing", random.Random(seed + 3), delay=0.1, failing=0.5)
    everyone = (good, slow, failing)
    state, probes = tmp_path / "state", tmp_path / "probes.yaml"
    async with Simulator(only=SLUGS) as sim, witnesses(*everyone), nursery(tmp_path / "log") as process:
        receivers = {one.name: {"webhook": one.url, "token": SECRET} for one in everyone}
        config = sim.config(receivers=receivers, listen="127.0.0.1:0", interval="1500ms", timeout="1s",
                            while_down="1200ms", spacing="100ms", group_wait="300ms")  # fmt: skip
        flapping = "20" if KILLS > 50 else RARELY
        probes.write_text(config.replace("judgement:\n", f"judgement:\n  flapping: {{runs: {flapping}}}\n"))
        for done in range(KILLS):
            progress(done, everyone, capfd)
            pid = await start(process, probes, state)
            for _ in range(dice.randrange(1, 4)):
                await asyncio.sleep(0.2 + dice.random())
                break_or_mend(sim, dice)
            await asyncio.sleep(dice.random() * 0.7)
            await end(pid, signal.SIGKILL)
        sim.clear_fault()
        failing.is_bad = False
        await until(lambda: settle(process, probes, state), seconds=150)
    decided = outbox(state)
    found = {
        one.name: invariants.complaints(one.heard, one.accepted, decided.get(f"{one.name}[0]", set()))
        for one in everyone
    }
    found["together"] = invariants.same_for_all(one.heard for one in everyone)
    found["proof"] = invariants.told_at_all(good.heard, "incident_opened")
    said = (*good.heard, (tmp_path / "log").read_text())
    found["secrets"] = invariants.no_secret(said, [SECRET])
    assert not any(found.values()), f"FAPIAO_SEED={seed}: {found}"


async def settle(process: asyncio.subprocess.Process, probes: Path, state: Path) -> bool:
    """Let a daemon run undisturbed for a while and stop it in order; whether everything is resolved and told then."""
    pid = await start(process, probes, state)
    await asyncio.sleep(6)
    await end(pid, signal.SIGTERM)
    return is_quiet(state)
