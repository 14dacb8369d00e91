"""Reports by schedule: notices when one is due, makes it from history, and hands it to the pipeline to be told once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from monitor.clock import Clock
from monitor.core.report import last_due, stretch
from monitor.core.reporting import begun
from monitor.core.state import Commit, State
from monitor.model import Command, Plan, TellReport
from monitor.store.errors import StoreError
from monitor.store.reporting import Past, gather_report

log = structlog.get_logger(__name__)

LOOK = 20.0
"""Seconds between two looks at the clock: it may be set, and a machine may have slept."""
AGAIN = 300.0
"""Seconds after which history is asked again where it did not answer."""


class Reports:
    """Tells the report of `alerts.report`. What was told last is remembered by the state, so a restart repeats nothing."""

    def __init__(
        self,
        plan: Plan,
        past: Past,
        state: Callable[[], State],
        clock: Clock,
        ask: Callable[[Command], Awaitable[Commit]],
    ) -> None:
        """`ask` has the pipeline decide; the report is kept by then."""
        self._plan = plan
        self._past = past
        self._state = state
        self._clock = clock
        self._ask = ask

    def replan(self, plan: Plan) -> None:
        """Go by another plan from now on."""
        self._plan = plan

    async def run(self) -> None:
        """Until cancelled. A bug in here costs a report, and is logged, nothing else."""
        while True:
            try:
                await self.look()
                wait = LOOK
            except StoreError as problem:
                log.warning("report.put_off", reason=str(problem), seconds=AGAIN)
                wait = AGAIN
            except Exception:
                log.exception("report.failed", seconds=AGAIN)
                wait = AGAIN
            await asyncio.sleep(wait)

    async def look(self) -> None:
        """Tell the report that is due, if one is and was not told. Raises StoreError where history does not answer."""
        plan, now = self._plan, self._clock.now()
        if plan.report is None:
            return
        known = begun(self._state().reported, plan.report, now)
        if known is None:
            await self._ask(TellReport(schedule=plan.report.schedule, due=now))
            return
        due = last_due(plan.report, plan.timezone, now)
        if due > known.at:
            await self._tell(plan, due, known.at)

    async def _tell(self, plan: Plan, due: datetime, told: datetime) -> None:
        assert plan.report is not None
        since, until = stretch(plan.report, plan.timezone, due, told)
        report = await gather_report(self._past, plan, self._state().incidents.values(), since, until)
        commit = await self._ask(TellReport(schedule=plan.report.schedule, due=due, report=report))
        if commit.refused:
            log.warning("report.refused", reason=commit.refused)
        else:
            log.info("report.told", due=due, since=since, incidents=report.incidents)
