"""The daemon as it is, in virtual time: its schedule, decisions, state file, courier and references over an imitated outside."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from monitor.config.load import load
from monitor.courier import Courier
from monitor.knowledge import load_registry
from monitor.model import (
    EventName,
    MaintenanceRule,
    Plan,
    Receiver,
    ReferenceSource,
    Result,
    Route,
    TargetState,
    When,
)
from monitor.parts import LATELY
from monitor.pipeline import Inbox, Pipeline
from monitor.store.state import StateStore
from monitor.store.writer import Writer, _do
from monitor.watcher import Watcher
from tests.year.jump import Jumper
from tests.year.loop import LoopClock, VirtualLoop
from tests.year.timeline import Timeline
from tests.year.world import Ears, Heard, Outside, SpokenReferences

T = TypeVar("T")
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 1, 1, tzinfo=SHANGHAI)
"""The first instant of every year."""
SOURCES = ("hq", "board", "mirror")
RECEIVERS = ("oncall", "boss")
READ_EVERY = 300.0
"""Seconds between two readings of a reference; a first failing run has all of them read at once, as always."""
LAZY = 20.0
"""Seconds that last results may wait before they are written, here: what a kill loses of them must only be looked at again."""


class Meter:
    """Counts what the loops say of themselves."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    def count_skipped(self, reason: str) -> None:
        """A run that did not take place."""
        self.counted[f"skipped {reason}"] += 1

    def count_internal_error(self, part: str) -> None:
        """A bug."""
        raise AssertionError(f"a bug of ours in {part}")

    def __getattr__(self, name: str) -> Callable[..., None]:
        """The rest is not looked at."""
        return _ignore


def _ignore(*_args: Any, **_kwargs: Any) -> None:
    """Nobody looks at it."""


def shipped_plan(timeline: Timeline) -> Plan:
    """The shipped ladder over all authorities, with three references, two receivers and the windows of the timeline."""
    loaded = load(Path("probes.yaml"), environ={}, registry=load_registry()).plan
    return replace(
        loaded,
        vantage="year",
        language="en",
        references=tuple(
            ReferenceSource(name=name, url=f"http://127.0.0.1/{name}", interval=READ_EVERY)
            for name in SOURCES
        ),
        receivers=tuple(
            Receiver(id=f"{name}[0]", name=name, kind="webhook", url="http://127.0.0.1/")
            for name in RECEIVERS
        ),
        routes=(
            Route(to=("oncall",), when=When(), goes_on=True),
            Route(to=("boss",), when=When(severity=("critical",))),
        ),
        maintenance=tuple(
            MaintenanceRule(
                name=one.name,
                authorities=(one.authority,),
                services=one.services,
                start=datetime.fromtimestamp(START.timestamp() + one.start, SHANGHAI),
                end=datetime.fromtimestamp(START.timestamp() + one.end, SHANGHAI),
            )
            for one in timeline.windows
        ),
    )


@dataclass(slots=True, kw_only=True)
class Lived:
    """What a year left behind."""

    timeline: Timeline
    plan: Plan
    heard: list[Heard] = field(default_factory=list)
    results: int = 0
    jumped: int = 0
    """Results that were provably without effect and not made."""
    jumps: int = 0
    over: float = 0.0
    """Seconds of the year that were jumped over."""
    counted: Counter[str] = field(default_factory=Counter)


class Here(Writer):
    """The state file's writer without its thread: while a disk works, virtual time stands still in any case."""

    def start(self) -> None:
        """There is no thread to start."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Do the job now."""
        future: Future[T] = Future()
        self._taken += 1
        _do(job, future)
        self._done += 1
        return future


class Daemon:
    """One process of it, from its start to its end."""

    def __init__(self, outside: Outside, ears: Ears, file: Path, meter: Meter, jumper: Jumper) -> None:
        plan, clock = outside.plan, outside.clock
        self.plan, self.clock, self.meter = plan, clock, meter
        self.store = StateStore(file)
        self.store._delay = LAZY
        self.store._writer = Here()
        state = self.store.load()
        self.inbox = Inbox(4 * len(plan.targets), meter)
        self.watcher = Watcher(plan, outside.look, clock, meter, hand_on=self.inbox.put, bans=state.bans)
        self.references = SpokenReferences(plan, state, clock, meter, hand_on=self.inbox.put)
        self.references.outside, self.references.read_at = outside, {}
        self.courier = Courier(self.store, plan, clock, meter, {"webhook": ears})
        self.pipeline = Pipeline(
            plan, state, self.store, self.courier, meter, clock, inbox=self.inbox, follow=self._follow
        )
        self.watcher.restore(state.targets, [one for one in state.starts if clock.now() - one < LATELY])
        jumper.daemon = self

    def _follow(self, commit: Any) -> None:
        self.watcher.follow(commit)
        self.references.follow(commit)

    def work(self) -> tuple[int, int]:
        """How many jobs the thread of the state file was given, and how many it has done."""
        writer = self.store._writer
        return writer._taken, writer._done

    async def live(self, until: float, *, kill: bool) -> None:
        """Run until that instant; then stop in order, or at once and without a word."""
        async with asyncio.TaskGroup() as loops:
            telling = loops.create_task(self.courier.run(), name="courier")
            others = [
                loops.create_task(self.pipeline.run(), name="pipeline"),
                loops.create_task(self.watcher.run(), name="watcher"),
                loops.create_task(self.references.run(), name="references"),
            ]
            await asyncio.sleep(until - self.clock.monotonic())
            for task in others:
                task.cancel()
            await asyncio.wait(others)
            if not kill:
                telling.cancel()
                await self.pipeline.finish()
            else:
                await self._break_off(telling)
        if not kill:
            await self.store.close()

    async def _break_off(self, telling: asyncio.Task[None]) -> None:
        """As SIGKILL does: what is owed to the file is lost, what it holds stays."""
        for worker in self.courier._tellers.values():
            worker.stop()
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        self.store._cancel_timer()
        self.store._closed = True
        await self.store._run(self.store._file.close)
        self.store._writer.stop(timeout=5.0)


def live(
    timeline: Timeline,
    directory: Path,
    *,
    jumps: bool = True,
    listens: Callable[[Any, Result], None] | None = None,
    leapt: Callable[..., None] = _ignore,
    plan: Plan | None = None,
    progress: Callable[[float], None] = _ignore,
) -> Lived:
    """Let the daemon live through a timeline; its state file is kept in `directory`."""
    loop = VirtualLoop()
    clock = LoopClock(START, loop)
    plan = plan or shipped_plan(timeline)
    outside = Outside(timeline, plan, clock)
    ears, meter = Ears(outside, START), Meter()
    lived = Lived(timeline=timeline, plan=plan, heard=ears.heard, counted=meter.counted)
    jumper = Jumper(loop, outside, lived, leapt, progress)

    def heed(target: Any, result: Result) -> None:
        lived.results += 1
        if listens is not None:
            listens(target, result)

    outside.listens = heed
    loop.work = lambda: jumper.daemon.work() if jumper.daemon is not None else (0, 0)
    if jumps:
        loop.on_idle = jumper.jump

    async def lives() -> None:
        for stop in (*timeline.stops, None):
            daemon = Daemon(outside, ears, directory / "state.sqlite3", meter, jumper)
            await daemon.live(
                stop.start if stop else timeline.length, kill=stop is not None and stop.word == "kill"
            )
            jumper.daemon = None
            if stop is not None:
                await asyncio.sleep(max(0.0, stop.end - loop.time()))

    try:
        loop.run_until_complete(lives())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    return lived


__all__ = ["Daemon", "EventName", "Lived", "TargetState", "live", "shipped_plan"]
