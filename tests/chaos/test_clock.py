"""The wall clock jumps, hours and weeks, back and forth, in the middle of an outage: nothing is lost, told twice, or blamed on others."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from monitor.clock import SystemClock
from monitor.simulator.simulator import Simulator
from tests.chaos import invariants
from tests.chaos.receivers import Witness, witnesses
from tests.chaos.state import outbox
from tests.flow.harness import daemon, until

SLUGS = ["shandong", "beijing", "shanghai", "guangdong"]
NIGHTLY = """\
maintenance:
  - {name: nightly, authorities: [shanghai], schedule: "0 23 * * *", duration: 2h}
"""


class JumpingClock:
    """A wall clock that somebody sets; the monotonic one goes on as if nothing had happened."""

    def __init__(self, at: datetime) -> None:
        self._real = SystemClock()
        self.off = at - self._real.now()

    def now(self) -> datetime:
        """The wall clock, as it is set."""
        return self._real.now() + self.off

    def monotonic(self) -> float:
        """The machine's own."""
        return self._real.monotonic()

    def jump(self, **span: float) -> None:
        """Set it on (or back) by this much."""
        self.off += timedelta(**span)


JUMPS: dict[str, list[dict[str, float]]] = {
    "an hour on and back, as with a wrong time zone": [{"hours": 1}, {"hours": -1}],
    "into a window, and out of it backwards": [{"hours": 7.5}, {"hours": -7.5}, {"hours": 7.5}, {"hours": 3}],
    "weeks on, across month end and filing period": [{"days": 12}, {"days": 20}],
    "a year back, as after a dead battery, and on again": [{"days": -365}, {"days": 365}],
    "seconds to and fro": [{"seconds": 45 * (-1) ** turn} for turn in range(12)],
}


@pytest.mark.parametrize("name", JUMPS)
async def test_a_clock_that_jumps_loses_and_doubles_nothing(tmp_path, name):
    good, clock = Witness("good", random.Random(1)), JumpingClock(datetime(2026, 11, 20, 8, 0, tzinfo=UTC))
    async with Simulator(only=SLUGS) as sim, witnesses(good):
        config = sim.config(
            receivers={"good": {"webhook": good.url}}, interval="1500ms", timeout="1s", while_down="500ms",
            spacing="100ms", group_wait="300ms",
        )  # fmt: skip
        async with daemon(config + NIGHTLY, tmp_path, clock) as running:
            await until(lambda: is_swept(running))
            sim.set_fault("shandong", "refuse", service="verify")
            for step, jump in enumerate(JUMPS[name]):
                if step == 1:
                    await until(lambda: "incident_opened" in events(good))
                clock.jump(**jump)
                await until(lambda: has_run_since(running, clock.now()))
            sim.clear_fault()
            await until(lambda: "incident_resolved" in events(good))
            await good.settles()
        decided = outbox(tmp_path / "state")["good[0]"]
    assert invariants.complaints(good.heard, good.accepted, decided) == []
    told = [
        message for message in good.heard if message["scope"] != "daemon"
    ]  # a slow disk of the machine that tests
    assert {(one["authority"], one["cause"]) for message in told for one in message["incidents"]} == {
        ("shandong", "connection_refused")
    }
    windows = [(one["event"], one["window"]["start"]) for one in good.heard if one["window"]]
    assert len(windows) == len(set(windows))


def events(witness: Witness) -> list[str]:
    """The names of what was heard."""
    return [one["event"] for one in witness.heard]


async def is_swept(running) -> bool:
    """Whether every target has a result."""
    async with running.session.get(running.base + "/-/ready") as answer:
        return bool(answer.status == 200)


async def has_run_since(running, at: datetime) -> bool:
    """Whether the broken target was looked at at this time of the wall clock or after."""
    seen = await running.json("/api/v1/targets/reach%2Fshandong")
    return datetime.fromisoformat(seen["last"]["started_at"]) >= at - timedelta(seconds=1)
