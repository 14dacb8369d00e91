"""The daemon: builds all parts, runs the three loops in one TaskGroup, and stops them in order."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from monitor import probes
from monitor.clock import Clock
from monitor.config.certificate import UnfitCertificateError, present
from monitor.config.load import ConfigError
from monitor.core.classify import Knowledge
from monitor.core.state import Commit, State, apply
from monitor.courier import Courier
from monitor.metrics import Metrics
from monitor.model import Authority, Event, Plan, StoreHealth, Target
from monitor.net import Net
from monitor.notify import deliverers
from monitor.pipeline import Inbox, Pipeline
from monitor.probes import Observation
from monitor.references import References
from monitor.resending import Resender
from monitor.store.errors import StoreError
from monitor.store.history import HistoryStore
from monitor.store.state import StateStore
from monitor.watcher import Watcher
from monitor.web.gate import Gate
from monitor.web.live import Live
from monitor.web.news import Reporter
from monitor.web.server import Reading, make_app

log = structlog.get_logger()

STATE_FILE = "state.sqlite3"
HISTORY_FILE = "history.sqlite3"
LATELY = timedelta(minutes=1)
"""Starts this long ago still count against the limits of the hosts."""
NEEDS_RESTART = ("listen", "state_dir")
"""Parts of a plan that a reload cannot change."""
SOON = timedelta(days=21)
"""A certificate of ours that ends within this time is worth a line in the log."""
LAG_INTERVAL = 0.5
"""Seconds between two measurements of how late the event loop is."""


class ListenError(Exception):
    """The address of the page and of /metrics is taken or not ours."""


@dataclass(slots=True, kw_only=True)
class Parts:
    """Everything the daemon is made of. `plan` is replaced by a reload, the parts stay."""

    plan: Plan
    context: ssl.SSLContext | None
    """What a new connection to the page is encrypted by, replaced like `plan`; None: by nothing."""
    clock: Clock
    metrics: Metrics
    watcher: Watcher
    pipeline: Pipeline
    courier: Courier
    resender: Resender
    references: References
    live: Live
    history: HistoryStore
    look_aside: Callable[[Target], Awaitable[Observation]]
    """One run beside the schedule, for one who asks; raises NotNow."""
    reread: Callable[[], Plan] | None
    """Reads the configuration again; raises ConfigError."""

    async def reload(self) -> tuple[str, ...]:
        """Apply the configuration anew, by difference. Returns its mistakes; with any, nothing has changed."""
        if self.reread is None:
            return ("this daemon was started without a file to read again",)
        try:
            plan = await asyncio.to_thread(self.reread)
            context = await asyncio.to_thread(_context, plan, self.clock.now())
        except ConfigError as problem:
            return self._refuse(tuple(str(mistake) for mistake in problem.mistakes))
        except UnfitCertificateError as problem:
            return self._refuse((str(problem),))
        self.context = context
        self._follow(plan)
        return ()

    def _refuse(self, mistakes: tuple[str, ...]) -> tuple[str, ...]:
        self.metrics.set_reload(False, self.clock.now())
        for mistake in mistakes:
            log.error("config.refused", mistake=mistake)
        return mistakes

    def _follow(self, plan: Plan) -> None:
        for name in NEEDS_RESTART:
            if getattr(plan, name) != getattr(self.plan, name):
                log.warning("config.needs_restart", key=name)
        self.plan = plan
        self.metrics.set_reload(True, self.clock.now())
        self.metrics.reconfigure(plan)
        self.watcher.replan(plan)
        self.resender.follow(plan)
        self.courier.replan(plan)
        self.references.follow(plan)
        self.pipeline.replan(plan)
        self.metrics.restore(self.pipeline.state)
        log.info("config.reloaded", targets=len(plan.targets), receivers=len(plan.receivers))


def _context(plan: Plan, now: datetime) -> ssl.SSLContext | None:
    """The certificate of the page, read anew. Raises UnfitCertificateError."""
    if plan.tls is None:
        return None
    presented = present(plan.tls)
    if presented.expires_at - now < SOON:
        log.warning("web.certificate_expires", at=presented.expires_at, file=plan.tls.cert)
    return presented.context


@asynccontextmanager
async def build(
    plan: Plan, knowledge: Knowledge, clock: Clock, reread: Callable[[], Plan] | None
) -> AsyncIterator[Parts]:
    """Make all parts from what is configured and what was kept; close them at the end, the store last."""
    store = StateStore(Path(plan.state_dir) / STATE_FILE)
    state = store.load()
    net = Net(clock)
    metrics = Metrics(plan)
    resender = Resender(plan, state, clock, metrics)
    kinds = {**deliverers(), "alertmanager": resender.alertmanager}
    courier = Courier(store, plan, clock, metrics, kinds)
    inbox = Inbox(4 * len(plan.targets), metrics)
    look = partial(probes.run, net=net, knowledge=knowledge)
    watcher = Watcher(plan, look, clock, metrics, hand_on=inbox.put, bans=state.bans)
    references = References(plan, state, clock, metrics, hand_on=inbox.put)

    async def look_aside(target: Target) -> Observation:
        observe = partial(probes.observe, target, net, knowledge, scheduled=False)
        return await watcher.look_aside(target, observe)

    def follow(commit: Commit) -> None:
        watcher.follow(commit)
        references.notice(commit)

    live = Live(clock.now())
    reporter = Reporter(live, plan, state, clock, metrics)

    def heed(health: StoreHealth) -> None:
        metrics.set_store_up(health.store, health.up)
        inbox.put(health)

    history = HistoryStore(
        Path(plan.state_dir) / HISTORY_FILE,
        clock,
        plan,
        report=heed,
        count_dropped=metrics.count_history_dropped,
    )
    history.restore(state)

    def show(plan: Plan, state: State, decided: Sequence[tuple[Event, Commit]]) -> None:
        reporter.follow(plan, state, decided)
        history.follow(plan, state, decided)

    pipeline = Pipeline(plan, state, store, courier, metrics, clock, inbox=inbox, follow=follow, show=show)
    watcher.restore(state.targets, state.starts)
    await _note_start(store, state, clock.now())
    metrics.restore(state)
    metrics.set_reload(True, clock.now())
    try:
        yield Parts(
            plan=plan,
            context=_context(plan, clock.now()),
            clock=clock,
            metrics=metrics,
            watcher=watcher,
            pipeline=pipeline,
            courier=courier,
            resender=resender,
            references=references,
            live=live,
            history=history,
            look_aside=look_aside,
            reread=reread,
        )
    finally:
        await net.close()
        await asyncio.gather(history.close(), store.close())


async def _note_start(store: StateStore, state: State, now: datetime) -> None:
    """Keep the instant of this start before anything is looked at, and forget those of more than a minute ago."""
    lately = tuple(start for start in state.starts if timedelta() <= now - start < LATELY)
    commit = Commit(
        at=now,
        sweep=state.sweep,
        group=state.group,
        unsettled=state.unsettled,
        starts=(*lately, now),
        durable=True,
    )
    apply(state, commit)
    with suppress(StoreError, TimeoutError):  # then it is owed; the limits of this process hold all the same
        async with asyncio.timeout(1):
            await store.write([commit])


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


async def _measure_lag(parts: Parts) -> None:
    """How late the loop wakes us, for ever: the proof that a slow answer was not our own fault."""
    while True:
        asleep = parts.clock.monotonic()
        await asyncio.sleep(LAG_INTERVAL)
        parts.metrics.set_loop_lag(max(0.0, parts.clock.monotonic() - asleep - LAG_INTERVAL))


async def _show_sweep(parts: Parts, swept: Callable[[State], None]) -> None:
    await parts.pipeline.swept.wait()
    swept(parts.pipeline.state)


async def _reload_on(parts: Parts, again: asyncio.Event) -> None:
    """Apply the configuration anew each time `again` is set, for ever."""
    while True:
        await again.wait()
        again.clear()
        await parts.reload()


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
) -> None:
    """Run the daemon until `stop` is set, then stop in order: looking, deciding, then telling and showing, keeping last.

    Whenever `again` is set (SIGHUP), `reread` is asked for the plan anew; it raises ConfigError.
    `listens(host, port)` is called once the page is up, `swept(state)` once every target has a result.
    Raises ListenError and UnfitCertificateError.
    """
    async with (
        build(plan, knowledge, clock, reread) as parts,
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
        async with asyncio.TaskGroup() as loops:
            telling = loops.create_task(parts.courier.run(), name="courier")
            resending = loops.create_task(parts.resender.run(), name="re-sending")
            deciding = loops.create_task(parts.pipeline.run(), name="pipeline")
            looking = loops.create_task(parts.watcher.run(), name="watcher")
            asking = loops.create_task(parts.references.run(), name="references")
            keeping = loops.create_task(parts.history.run(), name="history")
            lag = loops.create_task(_measure_lag(parts), name="loop lag")
            first = loops.create_task(_show_sweep(parts, swept), name="first sweep")
            keeper = loops.create_task(gate.run(), name="gate")
            reloads = loops.create_task(_reload_on(parts, again or asyncio.Event()), name="reload")
            await stop.wait()
            for task in (looking, asking, deciding, resending, keeping, lag, first, reloads, keeper):
                task.cancel()
            await asyncio.wait([looking, deciding, resending])
            telling.cancel()  # what is under way may end within its grace, beside the rest
            await asyncio.gather(gate.close(), parts.pipeline.finish())
        log.info("daemon.stopped")
