"""Targets, runs and a history to keep them in."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from monitor.model import Cause, Plan, Repeat, Result, StoreHealth, Target
from monitor.store.history import HistoryStore
from tests.conftest import StillClock

REPEAT = Repeat(attempts=3, spacing=5.0)
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_target(name: str = "reach/shandong", **other: Any) -> Target:
    given: dict[str, Any] = {
        "id": name, "probe": name.partition("/")[0], "kind": "tls", "authority": name.partition("/")[2],
        "service": "verify", "interval": 60.0, "timeout": 5.0, "while_down": 60.0, "confirm": REPEAT,
        "recover": REPEAT, "host": "h", "port": 443,
    }  # fmt: skip
    return Target(**{**given, **other})


REACH, CAPTCHA = a_target(), a_target("captcha/shandong", interval=300.0)


def a_plan(*targets: Target, **other: Any) -> Plan:
    given = {target.id: target for target in targets or (REACH, CAPTCHA)}
    return Plan(vantage="v", language="zh", timezone="Asia/Shanghai", targets=given, authorities={}, **other)


def a_run(at: datetime, cause: Cause = Cause.NONE, target: Target = REACH, **other: Any) -> Result:
    return Result(target=target.id, started_at=at, duration=0.125, cause=cause, **other)


class Kept:
    """A history, what it reported, and short ways to use it."""

    def __init__(self, path: Path, clock: StillClock, plan: Plan, **other: Any) -> None:
        self.path, self.clock = path, clock
        self.said: list[StoreHealth] = []
        self.lost: list[int] = []
        self.store = HistoryStore(
            path, clock, plan, report=self.said.append, count_dropped=self.lost.append, cycle=0.01, **other
        )

    def keep(
        self, *results: Result, target: Target = REACH, seen_up: bool = True, planned: bool = False
    ) -> None:
        for result in results:
            self.store.record(result, target, seen_up=seen_up, in_window=planned)

    async def turn(self, *, after: float = 0.0) -> None:
        self.clock.advance(after)
        await self.store.turn()

    async def all_of(self, target: str = REACH.id, **other: Any) -> list[Result]:
        page = await self.store.results(target, START - 500 * DAY, START + 500 * DAY, 1000, **other)
        return [run.result for run in page.runs]

    def query(self, sql: str) -> list[Any]:
        with sqlite3.connect(self.path) as connection:
            found = connection.execute(sql).fetchall()
        connection.close()
        return found

    @property
    def ups(self) -> list[bool]:
        return [health.up for health in self.said]


class Open(Protocol):
    """Opens the history of one test, as often as it likes."""

    def __call__(self, plan: Plan | None = None, **other: Any) -> Any: ...


def opener(folder: Path, clock: StillClock) -> Open:
    """`async with opener(…)() as kept`."""

    @asynccontextmanager
    async def open_it(plan: Plan | None = None, **other: Any) -> AsyncIterator[Kept]:
        kept = Kept(folder / "state" / "history.sqlite3", clock, plan or a_plan(), **other)
        try:
            yield kept
        finally:
            await kept.store.close()

    return open_it
