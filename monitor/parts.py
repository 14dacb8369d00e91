"""What the daemon is made of: all parts, made from what is configured and what was kept, and how a reload reaches them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ParamSpec

import structlog

from monitor import probes
from monitor.clock import Clock
from monitor.config.certificate import UnfitCertificateError, present
from monitor.config.load import ConfigError
from monitor.core import filing
from monitor.core.alive import Part, Pulse
from monitor.core.classify import Knowledge
from monitor.core.state import Commit, State, apply
from monitor.courier import Courier
from monitor.heartbeat import Heart
from monitor.investigator import Investigator, OwnState
from monitor.kept import Kept
from monitor.metrics import Metrics
from monitor.model import Authority, Evidence, Inquiry, Plan, StoreHealth, Target
from monitor.net import Net
from monitor.notices import Notices
from monitor.notify import deliverers
from monitor.pipeline import Inbox, Pipeline
from monitor.probes import Observation, evidence
from monitor.references import References
from monitor.reports import Reports
from monitor.resending import Resender
from monitor.store.errors import StoreError
from monitor.store.history import HistoryStore
from monitor.store.state import StateStore
from monitor.systemd import ServiceManager
from monitor.threads import Aside, StillHangs
from monitor.watchdog import Watchdog
from monitor.watcher import Watcher
from monitor.web.live import Live
from monitor.web.news import Reporter

log = structlog.get_logger(__name__)

STATE_FILE = "state.sqlite3"
HISTORY_FILE = "history.sqlite3"
KEPT = "kept"
"""Folder of what kinds of probes remember from run to run."""
LATELY = timedelta(minutes=1)
"""Starts this long ago still count against the limits of the hosts."""
NEEDS_RESTART = ("listen", "state_dir")
"""Parts of a plan that a reload cannot change."""
REREAD = 30.0
"""Seconds that reading the configuration anew may take: it may name files on a disk that hangs."""
SOON = timedelta(days=21)
"""A certificate of ours that ends within this time is worth a line in the log."""

P = ParamSpec("P")


class Parts:
    """Everything the daemon is made of. `plan` is replaced by a reload, the parts stay."""

    def __init__(
        self,
        plan: Plan,
        state: State,
        store: StateStore,
        registry: Mapping[str, Authority],
        knowledge: Knowledge,
        clock: Clock,
        manager: ServiceManager,
    ) -> None:
        """Make all of it; nothing runs yet. What hears of something is made before what tells it."""
        self.plan, self.clock, self.manager, self.store = plan, clock, manager, store
        self.context: ssl.SSLContext | None = None
        """What a new connection to the page is encrypted by, replaced like `plan`; None: by nothing."""
        self.reread: Callable[[], Plan] | None = None
        """Reads the configuration again; raises ConfigError."""
        self.refused = 0
        """Mistakes in the configuration as it stands in the file; the one before goes on."""
        self._one_reload, self._aside = asyncio.Lock(), Aside("reload")
        self.metrics, self.net, self.live = Metrics(plan), _net(plan, clock), Live(clock.now())
        self._knowledge = knowledge
        inbox = Inbox(4 * len(plan.targets), self.metrics)
        shared = (clock, self.metrics)
        look = partial(probes.run, net=self.net, knowledge=knowledge)
        self.watcher = Watcher(plan, look, *shared, hand_on=inbox.put, bans=state.bans)
        self.references = References(plan, state, *shared, hand_on=inbox.put)
        self.resender = Resender(plan, state, *shared)
        kinds = {**deliverers(), "alertmanager": self.resender.alertmanager}
        self.courier = Courier(store, plan, *shared, kinds)
        self.history = _history(plan, *shared, inbox)
        self.investigator = Investigator(
            plan, state, *shared, take=self._take, own=self._own_state, hand_on=inbox.put
        )
        reporter = Reporter(self.live, plan, state, *shared)
        self.pipeline = Pipeline(
            plan,
            state,
            store,
            self.courier,
            self.metrics,
            clock,
            inbox=inbox,
            follow=_each(self.watcher.follow, self.references.follow, self.investigator.follow),
            show=_each(reporter.follow, self.history.follow),
        )
        self.notices = Notices(plan, registry, *shared, inbox.ask)
        self.reports = Reports(plan, self.history, lambda: self.pipeline.state, clock, inbox.ask)
        self.watchdog = Watchdog(self._pulses, manager, *shared)
        self.heart = Heart(plan, *shared, self.watchdog.is_alive)

    async def look_aside(self, target: Target) -> Observation:
        """One run beside the schedule, for one who asks. Raises NotNow."""
        observe = partial(probes.observe, target, self.net, self._knowledge, scheduled=False)
        return await self.watcher.look_aside(target, observe)

    async def _take(self, inquiry: Inquiry, target: Target) -> Evidence:
        return await evidence.take(
            inquiry,
            target,
            self.net,
            self._knowledge,
            admit=self.watcher.admit_aside,
            now=self.clock.now(),
        )

    def _own_state(self, target_id: str) -> OwnState:
        """How busy we are ourselves."""
        return OwnState(lateness=self.watcher.lateness(target_id), loop_lag=self.watchdog.lag)

    def _pulses(self, now: float) -> Mapping[Part, Pulse]:
        """When each part of the daemon moved last."""
        return {
            Part.SCHEDULE: self.watcher.pulse,
            Part.RUNS: self.watcher.pulse_of_runs(),
            Part.PIPELINE: self.pipeline.pulse,
            Part.STATE_WRITER: self.store.pulse(now),
        }

    def status(self) -> str:
        """One line for `systemctl status`."""
        incidents = sum(incident.is_open for incident in self.pipeline.state.incidents.values())
        line = f"{_count(len(self.plan.targets), 'target')}, {_count(incidents, 'incident')} open"
        return (
            line
            if not self.refused
            else f"{line}; {_count(self.refused, 'mistake')} in the new configuration"
        )

    # --- reload -------------------------------------------------------------------------------------------------

    async def reload(self) -> tuple[str, ...]:
        """Apply the configuration anew, by difference. Returns its mistakes; with any, nothing has changed."""
        if self.reread is None:
            return ("this daemon was started without a file to read again",)
        async with self._one_reload:
            self.manager.reloading(self.clock.monotonic())
            mistakes = await self._reload(self.reread)
            self.refused = len(mistakes)
            self.manager.ready(self.status())
        return mistakes

    async def _reload(self, reread: Callable[[], Plan]) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(REREAD):
                plan, context = await self._aside.do(partial(_read_again, reread, self.clock.now()))
        except ConfigError as problem:
            return self._refuse(tuple(str(mistake) for mistake in problem.mistakes))
        except UnfitCertificateError as problem:
            return self._refuse((str(problem),))
        except (StillHangs, TimeoutError):
            return self._refuse(("reading the configuration hangs: does a disk not answer?",))
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
        self.metrics.replan(plan)
        self.watcher.replan(plan)
        self.resender.replan(plan)
        self.courier.replan(plan)
        self.references.replan(plan)
        self.notices.replan(plan)
        self.heart.replan(plan)
        self.reports.replan(plan)
        self.investigator.replan(plan)
        self.pipeline.replan(plan)
        self.metrics.restore(self.pipeline.state)
        _warn_of_unknown_years(plan, self.clock.now())
        log.info("config.reloaded", targets=len(plan.targets), receivers=len(plan.receivers))

    # --- start and end ------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Take up what was kept. Once, before any of the loops."""
        state, now = self.pipeline.state, self.clock.now()
        self.history.restore(state)
        self.watcher.restore(state.targets, state.starts)
        await _note_start(self.store, state, now)
        _warn_of_unknown_years(self.plan, now)
        self.metrics.restore(state)
        self.metrics.set_reload(True, now)

    async def close(self) -> None:
        """Write what is owed and close the files. When nothing else runs any more."""
        await self.net.close()
        await asyncio.gather(self.history.close(), self.store.close())


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _warn_of_unknown_years(plan: Plan, now: datetime) -> None:
    if years := filing.unknown_years(plan.calendar, filing.today_in_china(now)):
        log.warning("calendar.stale", years=years, consequence="weekends alone are assumed to be days off")


def _read_again(reread: Callable[[], Plan], now: datetime) -> tuple[Plan, ssl.SSLContext | None]:
    plan = reread()
    return plan, _context(plan, now)


def _context(plan: Plan, now: datetime) -> ssl.SSLContext | None:
    """The certificate of the page, read anew. Raises UnfitCertificateError."""
    if plan.tls is None:
        return None
    presented = present(plan.tls)
    if presented.expires_at - now < SOON:
        log.warning("web.certificate_expires", at=presented.expires_at, file=plan.tls.cert)
    return presented.context


# --- making ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def build(
    plan: Plan,
    registry: Mapping[str, Authority],
    knowledge: Knowledge,
    clock: Clock,
    manager: ServiceManager,
    reread: Callable[[], Plan] | None,
) -> AsyncIterator[Parts]:
    """Make all parts from what is configured and what was kept; close them at the end, the stores last."""
    context = _context(plan, clock.now())
    store = StateStore(Path(plan.state_dir) / STATE_FILE)
    parts = Parts(plan, store.load(), store, registry, knowledge, clock, manager)
    parts.context, parts.reread = context, reread
    try:
        await parts.begin()
        yield parts
    finally:
        await parts.close()


def _each(*hear: Callable[P, None]) -> Callable[P, None]:
    """Tells several the same, in this order."""

    def tell(*args: P.args, **kwargs: P.kwargs) -> None:
        for one in hear:
            one(*args, **kwargs)

    return tell


def _net(plan: Plan, clock: Clock) -> Net:
    return Net(clock, Kept(Path(plan.state_dir) / KEPT))


def _history(plan: Plan, clock: Clock, metrics: Metrics, inbox: Inbox) -> HistoryStore:
    def heed(health: StoreHealth) -> None:
        metrics.set_store_up(health.store, health.up)
        inbox.put(health)

    file = Path(plan.state_dir) / HISTORY_FILE
    return HistoryStore(file, clock, plan, report=heed, count_dropped=metrics.count_history_dropped)


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
