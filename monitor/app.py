"""The daemon: builds all parts, runs the three loops in one TaskGroup, and stops them in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web

from monitor import probes
from monitor.clock import Clock
from monitor.core.classify import Knowledge
from monitor.core.state import State
from monitor.courier import Courier
from monitor.metrics import Metrics
from monitor.model import Authority, Plan
from monitor.net import Net
from monitor.pipeline import Inbox, Pipeline
from monitor.store.state import StateStore
from monitor.watcher import Watcher
from monitor.web.server import Reading, make_app

log = structlog.get_logger()

STATE_FILE = "state.sqlite3"
LAG_INTERVAL = 0.5
"""Seconds between two measurements of how late the event loop is."""


class ListenError(Exception):
    """The address of the page and of /metrics is taken or not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the daemon is made of."""

    plan: Plan
    clock: Clock
    metrics: Metrics
    watcher: Watcher
    pipeline: Pipeline
    courier: Courier


@asynccontextmanager
async def build(
    plan: Plan, registry: Mapping[str, Authority], knowledge: Knowledge, clock: Clock
) -> AsyncIterator[Parts]:
    """Make all parts from what is configured and what was kept; close them at the end, the store last."""
    store = StateStore(Path(plan.state_dir) / STATE_FILE)
    state = store.load()
    net = Net(clock)
    metrics = Metrics(plan)
    courier = Courier(store, plan, clock, metrics)
    inbox = Inbox(4 * len(plan.targets), metrics)
    look = partial(probes.run, net=net, knowledge=knowledge)
    watcher = Watcher(plan, look, clock, metrics, hand_on=inbox.put, bans=state.bans)
    pipeline = Pipeline(plan, state, store, courier, metrics, clock, inbox=inbox, follow=watcher.follow)
    watcher.restore(state.targets)
    metrics.restore(state)
    metrics.set_reload(True, clock.now())
    metrics.publish(plan, state, clock.now())
    try:
        yield Parts(
            plan=plan, clock=clock, metrics=metrics, watcher=watcher, pipeline=pipeline, courier=courier
        )
    finally:
        await net.close()
        await store.close()


@asynccontextmanager
async def listening(parts: Parts, registry: Mapping[str, Authority]) -> AsyncIterator[tuple[str, int]]:
    """Serve the page, the API and /metrics; yields the address that is listened on.

    Raises ListenError.
    """
    reading = Reading(
        plan=lambda: parts.plan,
        state=lambda: parts.pipeline.state,
        next_run=parts.watcher.next_run,
        metrics=parts.metrics,
        clock=parts.clock,
        registry=registry,
    )
    runner = web.AppRunner(make_app(reading), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    host, port = parts.plan.listen
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as problem:
        await runner.cleanup()
        raise ListenError(f"cannot listen on {host}:{port}: {problem.strerror or problem}") from problem
    try:
        yield runner.addresses[0][:2]
    finally:
        await runner.cleanup()


async def _measure_lag(parts: Parts) -> None:
    """How late the loop wakes us, for ever: the proof that a slow answer was not our own fault."""
    while True:
        asleep = parts.clock.monotonic()
        await asyncio.sleep(LAG_INTERVAL)
        parts.metrics.set_loop_lag(max(0.0, parts.clock.monotonic() - asleep - LAG_INTERVAL))


async def _show_sweep(parts: Parts, swept: Callable[[State], None]) -> None:
    await parts.pipeline.swept.wait()
    swept(parts.pipeline.state)


async def serve(
    plan: Plan,
    *,
    registry: Mapping[str, Authority],
    knowledge: Knowledge,
    clock: Clock,
    stop: asyncio.Event,
    listens: Callable[[str, int], None] = lambda _host, _port: None,
    swept: Callable[[State], None] = lambda _state: None,
) -> None:
    """Run the daemon until `stop` is set, then stop in order: looking, deciding, telling, showing, keeping.

    `listens(host, port)` is called once the page is up, `swept(state)` once every target has a result.
    Raises ListenError.
    """
    async with build(plan, registry, knowledge, clock) as parts, listening(parts, registry) as (host, port):
        listens(host, port)
        log.info(
            "daemon.started",
            address=f"{host}:{port}",
            targets=len(plan.targets),
            receivers=len(plan.receivers),
        )
        async with asyncio.TaskGroup() as loops:
            telling = loops.create_task(parts.courier.run(), name="courier")
            deciding = loops.create_task(parts.pipeline.run(), name="pipeline")
            looking = loops.create_task(parts.watcher.run(), name="watcher")
            lag = loops.create_task(_measure_lag(parts), name="loop lag")
            first = loops.create_task(_show_sweep(parts, swept), name="first sweep")
            await stop.wait()
            for task in (looking, deciding, lag, first):
                task.cancel()
            await asyncio.wait([looking, deciding])
            await parts.pipeline.finish()
            telling.cancel()
        log.info("daemon.stopped")
