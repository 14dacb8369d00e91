"""Reports by schedule: the loop over a real history and a real pipeline's decision, told once for each time, over restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.core.decide import decide
from monitor.core.state import Commit, State, apply
from monitor.model import Command, Notification, Plan, ReportRule
from monitor.reports import Reports
from monitor.store.errors import StoreError
from monitor.store.history import HistoryStore
from tests.conftest import StillClock
from tests.core.notation import six

RULE = ReportRule(schedule="0 8 1 * *", to=("oncall",))
FIRST = datetime(2026, 12, 1, tzinfo=UTC)
"""08:00 of the first in Shanghai."""


@dataclass
class Decider:
    """What the pipeline does with a command; keeps what was told."""

    clock: StillClock
    plan: Plan
    state: State = field(default_factory=State)
    told: list[Notification] = field(default_factory=list)

    async def ask(self, command: Command) -> Commit:
        """Decide it."""
        commit = decide(command, self.state, self.clock.now(), self.plan)
        apply(self.state, commit)
        self.told += commit.notifications
        return commit


@pytest.fixture
def decider(clock: StillClock) -> Decider:
    """A plan with a report on the first of each month."""
    return Decider(clock=clock, plan=six(report=RULE))


@pytest.fixture
async def history(tmp_path: Path, clock: StillClock, decider: Decider) -> AsyncIterator[HistoryStore]:
    """A history in which nothing happened."""
    store = HistoryStore(tmp_path / "history.sqlite3", clock, decider.plan, report=lambda _health: None)
    await store.turn()
    yield store
    await store.close()


def loop(decider: Decider, history: HistoryStore) -> Reports:
    """The loop as a start of the daemon makes it."""
    return Reports(decider.plan, history, lambda: decider.state, decider.clock, decider.ask)


async def test_each_report_is_told_once_over_restarts(
    clock: StillClock, decider: Decider, history: HistoryStore
):
    await loop(decider, history).look()
    assert decider.told == [], "the schedule only begins"
    clock.at = FIRST - timedelta(seconds=1)
    await loop(decider, history).look()
    assert decider.told == []
    for late in (0, 20, 3600):
        clock.at = FIRST + timedelta(seconds=late)
        await loop(decider, history).look()
    [told] = decider.told
    assert told.report is not None
    assert (told.report.since, told.report.until) == (datetime(2026, 11, 1, tzinfo=UTC), FIRST)


async def test_a_daemon_that_was_away_tells_one_report_of_all_the_time(
    clock: StillClock, decider: Decider, history: HistoryStore
):
    reports = loop(decider, history)
    await reports.look()
    clock.at = FIRST
    await reports.look()
    clock.at = datetime(2027, 3, 4, tzinfo=UTC)
    await reports.look()
    assert len(decider.told) == 2
    missed = decider.told[-1].report
    assert missed is not None
    assert (missed.since, missed.until) == (FIRST, datetime(2027, 3, 1, tzinfo=UTC))


async def test_without_a_rule_nothing_is_asked(clock: StillClock, decider: Decider, history: HistoryStore):
    reports = loop(decider, history)
    reports.replan(replace(decider.plan, report=None))
    await reports.look()
    assert decider.state.reported is None


async def test_a_history_that_does_not_answer_puts_it_off(
    clock: StillClock, decider: Decider, history: HistoryStore, tmp_path: Path
):
    reports = loop(decider, history)
    await reports.look()
    clock.at = FIRST
    file = tmp_path / "history.sqlite3"
    away = file.rename(tmp_path / "away")
    with pytest.raises(StoreError):
        await reports.look()
    assert decider.told == []
    away.rename(file)
    await reports.look()
    assert len(decider.told) == 1
