"""The daemon: runs its loops in one TaskGroup, tells the service manager how it stands, and stops in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import structlog

from monitor.clock import Clock
from monitor.core.classify import Knowledge
from monitor.core.state import State
from monitor.model import Authority, Plan
from monitor.parts import Parts, build
from monitor.systemd import ServiceManager
from monitor.web.gate import Gate
from monitor.web.server import Reading, make_app

log = structlog.get_logger()


class ListenError(Exception):
    """The address of the page and of /metrics is taken or not ours."""


async def serve(
    plan: Plan,
    *,
    registry: Mapping[str, Authority],
    knowledge: Knowledge,
    clock: Clock,
    stop: asyncio.Event,
    again: asyncio.Event | None = None,
    reread: Callable[[], Plan] | None = None,
    listens: Callable[[str, int], None] = lambda _host, _port: None,
    swept: Callable[[State], None] = lambda _state: None,
    manager: ServiceManager | None = None,
) -> None:
    """Run the daemon until `stop` is set, then stop in order: looking, deciding, then telling and showing, keeping last.

    Whenever `again` is set (SIGHUP), `reread` is asked for the plan anew; it raises ConfigError.
    `listens(host, port)` is called once the page is up, `swept(state)` once every target has a result.
    `manager` is told when we are ready, reload, live and stop; None: nobody is.
    Raises ListenError and UnfitCertificateError.
    """
    manager = manager or ServiceManager({}, pid=0)
    async with (
        build(plan, registry, knowledge, clock, manager, reread) as parts,
        listening(parts, registry) as gate,
    ):
        host, port = gate.address
        listens(host, port)
        log.info(
            "daemon.started",
            address=f"{host}:{port}",
            targets=len(plan.targets),
            receivers=len(plan.receivers),
        )
        await _work(parts, gate, stop, again or asyncio.Event(), swept)
        log.info("daemon.stopped")


async def _work(
    parts: Parts, gate: Gate, stop: asyncio.Event, again: asyncio.Event, swept: Callable[[State], None]
) -> None:
    """Run all loops until `stop` is set; a bug that ends one of them ends all."""
    async with asyncio.TaskGroup() as loops:
        telling = loops.create_task(parts.courier.run(), name="courier")
        deciding = [
            loops.create_task(parts.pipeline.run(), name="pipeline"),
            loops.create_task(parts.watcher.run(), name="watcher"),
            loops.create_task(parts.resender.run(), name="re-sending"),
        ]
        others = [
            loops.create_task(parts.references.run(), name="references"),
            loops.create_task(parts.notices.run(), name="notices"),
            loops.create_task(parts.history.run(), name="history"),
            loops.create_task(parts.heart.run(), name="heartbeat"),
            loops.create_task(parts.reports.run(), name="reports"),
            loops.create_task(parts.investigator.run(), name="evidence"),
            loops.create_task(parts.watchdog.run(parts.status), name="watchdog"),
            loops.create_task(gate.run(), name="gate"),
            loops.create_task(_show_sweep(parts, swept), name="first sweep"),
            loops.create_task(_reload_on(parts, again), name="reload"),
        ]
        parts.manager.ready(parts.status())
        await stop.wait()
        parts.manager.stopping()
        for task in (*deciding, *others):
            task.cancel()
        await asyncio.wait(deciding)
        telling.cancel()  # what is under way may end within its grace, beside the rest
        await asyncio.gather(gate.close(), parts.pipeline.finish())


@asynccontextmanager
async def listening(parts: Parts, registry: Mapping[str, Authority]) -> AsyncIterator[Gate]:
    """Serve the page, the API and /metrics through a gate.

    Raises ListenError.
    """
    reading = Reading(
        plan=lambda: parts.plan,
        state=lambda: parts.pipeline.state,
        next_run=parts.watcher.next_run,
        metrics=parts.metrics,
        clock=parts.clock,
        registry=registry,
        live=parts.live,
        ask=parts.pipeline.inbox.ask,
        reload=parts.reload,
        look=parts.look_aside,
        deliveries=parts.store.deliveries,
        history=parts.history,
    )
    gate = Gate(make_app(reading), context=lambda: parts.context)
    host, port = parts.plan.listen
    try:
        await gate.open(host, port)
    except OSError as problem:
        raise ListenError(f"cannot listen on {host}:{port}: {problem.strerror or problem}") from problem
    try:
        yield gate
    finally:
        await gate.close()


async def _show_sweep(parts: Parts, swept: Callable[[State], None]) -> None:
    await parts.pipeline.swept.wait()
    swept(parts.pipeline.state)


async def _reload_on(parts: Parts, again: asyncio.Event) -> None:
    """Apply the configuration anew each time `again` is set, for ever."""
    while True:
        await again.wait()
        again.clear()
        await parts.reload()
