"""The watcher under a loop whose time flies: when runs start, what is skipped, what is held back."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from monitor.core.state import Commit
from monitor.model import Cause, Due, Plan, Repeat, Result, StoreHealth, Target, TargetState
from monitor.net import Hampered, LimitReached
from monitor.watcher import Watcher

pytestmark = pytest.mark.looptime
BASE = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class LoopClock:
    """A clock that follows the event loop."""

    def now(self):
        return BASE + timedelta(seconds=self.monotonic())

    def monotonic(self):
        return asyncio.get_running_loop().time()


class Runs:
    """A stand-in for the probes: remembers when each run started, takes as long as it is told."""

    def __init__(self, takes: float = 0.1) -> None:
        self.takes = takes
        self.started: list[tuple[str, float, bool]] = []
        self.connections = 1

    async def __call__(self, target, *, admit, scheduled):
        if not admit(target.host_key):
            raise LimitReached
        self.started.append((target.id, asyncio.get_running_loop().time(), scheduled))
        await asyncio.sleep(self.takes)
        return Result(target=target.id, started_at=BASE, duration=self.takes, cause=Cause.NONE)

    def times(self, id_: str) -> list[float]:
        return [at for started, at, _ in self.started if started == id_]


class Meter:
    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self.lateness: list[float] = []
        self.waits: list[float] = []

    def observe_lateness(self, seconds):
        self.lateness.append(seconds)

    def observe_concurrency_wait(self, seconds):
        self.waits.append(seconds)

    def count_skipped(self, reason):
        self.skipped[reason] += 1


def target(id_: str, *, interval: float = 60.0, host: str = "", url: str | None = None) -> Target:
    return Target(
        id=id_, probe=id_, kind="tcp", authority="beijing", service="verify", interval=interval, timeout=5.0, while_down=10.0,
        confirm=Repeat(attempts=3, spacing=5.0), recover=Repeat(attempts=2, spacing=5.0), host=host or id_, port=443, url=url,
    )  # fmt: skip


def watcher(*targets: Target, runs: Runs, meter: Meter, bans=None, **plan) -> Watcher:
    whole = Plan(
        vantage="here",
        language="en",
        timezone="UTC",
        targets={t.id: t for t in targets},
        authorities={},
        **plan,
    )
    return Watcher(whole, runs, LoopClock(), meter, hand_on=lambda _result: None, bans=bans or {})


async def let_run(
    made: Watcher, seconds: float, *, states=None, follow: dict[float, Commit] | None = None
) -> None:
    """Run it for a while; commits in `follow` arrive at their seconds."""
    made.restore(states or {})
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(made.run())
        for at, commit in sorted((follow or {}).items()):
            await asyncio.sleep(at - asyncio.get_running_loop().time())
            made.follow(commit)
        await asyncio.sleep(seconds - asyncio.get_running_loop().time())
        running.cancel()


async def test_a_cold_start_sweeps_at_once_and_then_keeps_the_interval():
    runs, meter = Runs(), Meter()
    await let_run(watcher(target("a"), target("b"), runs=runs, meter=meter), 301)
    assert [at for _, at, _ in runs.started[:2]] == [0, 0]
    gaps = [later - earlier for earlier, later in zip(runs.times("a")[1:], runs.times("a")[2:], strict=False)]
    assert gaps == pytest.approx([60.0] * len(gaps), abs=0.11)
    assert len(gaps) >= 3


async def test_what_ran_a_moment_before_the_restart_is_not_looked_at_at_once():
    runs, meter = Runs(), Meter()
    last = Result(
        target="a", started_at=BASE - timedelta(seconds=5), duration=0.1, cause=Cause.NONE, restored=True
    )
    await let_run(
        watcher(target("a"), runs=runs, meter=meter), 61, states={"a": TargetState(id="a", last=last)}
    )
    assert len(runs.times("a")) == 1
    assert runs.times("a")[0] > 0


async def test_a_rerun_comes_when_the_commit_wants_it_and_is_not_a_scheduled_run():
    runs, meter = Runs(), Meter()
    wanted = Commit(at=BASE, due=(Due(target="a", at=BASE + timedelta(seconds=6)),))
    await let_run(watcher(target("a", interval=3600.0), runs=runs, meter=meter), 20, follow={1.0: wanted})
    assert [(at, scheduled) for _, at, scheduled in runs.started] == [
        (0, True),
        (pytest.approx(6.0, abs=0.11), False),
    ]


async def test_while_down_shortens_the_interval_and_recovery_restores_it():
    runs, meter = Runs(), Meter()
    follow = {1.0: Commit(at=BASE, intervals={"a": 10.0}), 101.0: Commit(at=BASE, intervals={"a": 3600.0})}
    await let_run(watcher(target("a", interval=3600.0), runs=runs, meter=meter), 400, follow=follow)
    assert len([at for at in runs.times("a") if 0 < at <= 101]) == 10
    assert len([at for at in runs.times("a") if at > 101]) <= 1


async def test_a_run_that_is_still_going_when_it_is_due_again_is_skipped_and_counted():
    runs, meter = Runs(takes=25.0), Meter()
    await let_run(watcher(target("a", interval=10.0), runs=runs, meter=meter), 61)
    starts = runs.times("a")
    assert all(later - earlier >= 25 for earlier, later in itertools.pairwise(starts))
    assert meter.skipped["still_running"] >= 4


async def test_no_minute_holds_more_connections_to_a_host_than_promised():
    runs, meter = Runs(), Meter()
    many = [target(f"t{n}", interval=10.0, host="one.example") for n in range(6)]
    await let_run(watcher(*many, runs=runs, meter=meter, per_host=12.0), 600)
    starts = sorted(at for _, at, _ in runs.started)
    assert max(sum(1 for other in starts if at <= other < at + 60) for at in starts) == 12
    assert meter.skipped["limit"] > 0


async def test_a_rerun_beyond_the_limit_waits_instead_of_being_lost():
    runs, meter = Runs(), Meter()
    wanted = Commit(at=BASE, due=(Due(target="a", at=BASE + timedelta(seconds=5)),))
    await let_run(
        watcher(target("a", interval=3600.0), runs=runs, meter=meter, per_host=1.0), 120, follow={1.0: wanted}
    )
    assert runs.times("a") == [0, pytest.approx(60.0, abs=0.5)]


async def test_a_run_that_this_machine_hampered_is_made_again_soon_and_the_machine_is_said_to_be_why():
    class Hampering(Runs):
        async def __call__(self, target, *, admit, scheduled):
            if len(self.times("a")) < 9:
                self.started.append((target.id, asyncio.get_running_loop().time(), scheduled))
                raise Hampered("too many open files")
            return await super().__call__(target, admit=admit, scheduled=scheduled)

    runs, meter = Hampering(), Meter()
    heard: list[Result | StoreHealth] = []
    made = watcher(target("a"), runs=runs, meter=meter)
    made._hand_on = heard.append
    await let_run(made, 130)
    assert all(later - earlier < 2.2 for earlier, later in itertools.pairwise(runs.times("a")[:10]))
    assert meter.skipped["hampered"] == 9
    said = [(one.store, one.up, one.detail) for one in heard if isinstance(one, StoreHealth)]
    assert said == [("probing", False, "too many open files"), ("probing", True, "")]
    assert all(one.cause is Cause.NONE for one in heard if isinstance(one, Result))


async def test_a_restart_loop_does_not_hammer_a_host():
    connections: list[float] = []
    starts: list[datetime] = []
    for turn in range(20):  # killed every three seconds, each time before its runs are in
        runs, meter = Runs(takes=60), Meter()
        made = watcher(target("a", host="h"), target("b", host="h"), runs=runs, meter=meter, per_host=12.0)
        made.restore({}, starts)
        starts.append(BASE + timedelta(seconds=3 * turn))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(made.run())
            await asyncio.sleep(3)
            running.cancel()
        connections += [at for _, at, _ in runs.started]
    assert max(sum(1 for other in connections if at <= other < at + 60) for at in connections) <= 12


async def test_a_banned_host_gets_no_http_run_but_still_a_handshake():
    runs, meter = Runs(), Meter()
    made = watcher(
        target("page", interval=10.0, host="h", url="http://h:443/"),
        target("reach", interval=10.0, host="h"),
        runs=runs,
        meter=meter,
        per_host=None,
        bans={"h:443": BASE + timedelta(seconds=35)},
    )
    await let_run(made, 61)
    assert min(runs.times("page")) >= 35
    assert meter.skipped["banned"] >= 3
    assert len(runs.times("reach")) >= 6


async def test_a_bug_of_ours_is_a_result_and_neither_an_outage_nor_the_end():
    results: list[Result | StoreHealth] = []

    async def broken(target, *, admit, scheduled):
        raise KeyError(target.id)

    whole = Plan(vantage="here", language="en", timezone="UTC", targets={"a": target("a")}, authorities={})
    made = Watcher(whole, broken, LoopClock(), Meter(), hand_on=results.append, bans={})
    await let_run(made, 121)
    assert len(results) == 3
    assert {result.cause for result in results if isinstance(result, Result)} == {Cause.INTERNAL}


async def test_concurrency_is_bounded_and_its_wait_is_seen():
    runs, meter = Runs(takes=1.0), Meter()
    many = [target(f"t{n}", interval=3600.0) for n in range(6)]
    await let_run(watcher(*many, runs=runs, meter=meter, concurrency=2), 10)
    assert sorted(at for _, at, _ in runs.started) == pytest.approx([0, 0, 1, 1, 2, 2])
    assert max(meter.waits) == pytest.approx(2.0)
    assert max(meter.lateness) == pytest.approx(2.0)
