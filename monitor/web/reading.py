"""What the pages and the API may read, and how they ask for a change: handed in by the app, so that the server owns nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from aiohttp import web

from monitor.clock import Clock
from monitor.core.history import Uptime
from monitor.core.state import Commit, State
from monitor.metrics import Metrics
from monitor.model import Authority, Command, Incident, Plan, Target
from monitor.probes import Observation
from monitor.store.file import Delivery
from monitor.store.history import HoursPage, IncidentsPage, RunsPage
from monitor.web.live import Live


class History(Protocol):
    """What was: any stretch of time, in UTC. Every question may raise StoreError: history never stands in the way."""

    async def results(
        self, target: str, since: datetime, until: datetime, limit: int, cursor: str | None = None
    ) -> RunsPage:
        """Runs that began from `since` to before `until`, newest first. Raises ValueError for a strange cursor."""

    async def hours(
        self, target: str, since: datetime, until: datetime, limit: int, cursor: str | None = None
    ) -> HoursPage:
        """Sums of hours that began from `since` to before `until`, newest first. Raises ValueError for a strange cursor."""

    async def incidents(
        self, since: datetime, until: datetime, limit: int, cursor: str | None = None
    ) -> IncidentsPage:
        """Incidents that are over, opened from `since` to before `until`, newest first. Raises ValueError likewise."""

    async def incident(self, id_: str) -> tuple[Incident, ...]:
        """One that is over, the one that explains it and those it explains; nothing of an unknown one."""

    async def uptime(self, authority: str, service: str, since: datetime, until: datetime) -> Uptime:
        """Availability of one service."""

    async def uptimes(
        self, authority: str, services: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Uptime]:
        """Availability of some services of one authority, by service, in one question."""

    async def target_uptime(self, target: str, since: datetime, until: datetime) -> Uptime:
        """Availability of one target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Callables where the daemon replaces the value while the server runs."""

    plan: Callable[[], Plan]
    state: Callable[[], State]
    next_run: Callable[[str], datetime | None]
    """When a target (by id) runs next; None: not scheduled."""
    metrics: Metrics
    clock: Clock
    registry: Mapping[str, Authority]
    """All 36 authorities by slug, watched or not: an invoice may belong to one that is not watched."""
    live: Live
    ask: Callable[[Command], Awaitable[Commit]]
    """Lets the pipeline decide a command; the commit is kept by then."""
    reload: Callable[[], Awaitable[Sequence[str]]]
    """Applies the configuration anew; returns its mistakes, and with any nothing has changed."""
    look: Callable[[Target], Awaitable[Observation]]
    """Looks at a target now, beside the schedule and within its `timeout`; raises NotNow."""
    history: History | None = None
    """None: nothing is kept."""
    deliveries: Callable[[Sequence[str]], Awaitable[Sequence[Delivery]]] | None = None
    """How the telling of notifications, by their keys, stands; raises StoreError."""


READING = web.AppKey("READING", Reading)
