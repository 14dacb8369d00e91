"""Sums of hours in a real file: what they say of the runs, and what is pruned once it is summed up."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.history import Counts
from monitor.core.state import Commit, State
from monitor.model import Cause, Result, Scope, Tick
from monitor.store.history_file import HistoryFile
from monitor.store.history_reading import service_uptimes
from monitor.store.history_rows import Record, to_ms
from monitor.store.history_writing import HistoryBatch, Pen, Retention, chores
from tests.conftest import StillClock
from tests.notify.examples import an_incident
from tests.store.histories import (
    CAPTCHA,
    DAY,
    HOUR,
    MINUTE,
    REACH,
    START,
    Kept,
    Open,
    a_plan,
    a_run,
    a_target,
)


def a_morning() -> list[Result]:
    """Four hours from `START`: every minute; a quarter down in the second, blocked for a while in the third."""
    found = []
    for at in range(240):
        cause = Cause.CONNECT_TIMEOUT if 70 <= at < 85 else Cause.BLOCKED if 130 <= at < 150 else Cause.NONE
        found.append(a_run(START + at * MINUTE, cause))
    return found


async def measured(kept: Kept) -> list[tuple[float, float, float, float]]:
    found = [
        await kept.store.uptime("shandong", "verify", START + since * MINUTE, START + until * MINUTE)
        for since, until in ((0, 240), (60, 180), (30, 100), (75, 76), (0, 600))
    ]
    return [(one.up, one.down, one.planned_up, one.planned_down) for one in found]


async def test_sums_of_hours_say_what_the_runs_said(opened: Open):
    async with opened() as kept:
        kept.keep(*a_morning())
        kept.keep(*(a_run(START + at * MINUTE, target=CAPTCHA) for at in range(0, 240, 5)), target=CAPTCHA)
        await kept.turn(after=4 * 3600)
        before = await measured(kept)
        await kept.turn(after=3900)
        assert kept.query("SELECT hour FROM dirty") == []
        after = await measured(kept)
        first = await kept.store.hours(REACH.id, START, START + 4 * HOUR, 3)
        rest = await kept.store.hours(REACH.id, START, START + 4 * HOUR, 3, first.next)
    assert rest.next is None
    hours = [*first.hours, *rest.hours][::-1]
    assert before[0] == pytest.approx((240 * 60 - 15 * 60 - 20 * 60, 15 * 60, 0, 0))
    assert after[:4] == before[:4]
    assert [hour.all for hour in hours] == [
        Counts(ok=60), Counts(ok=45, timeout=15), Counts(ok=40, error=20), Counts(ok=60),
    ]  # fmt: skip
    assert hours[1].causes == {"connect_timeout": 15}
    assert hours[0].duration_p95 == 125.0


async def test_services_asked_together_are_what_each_is_alone_whether_summed_up_or_not(opened: Open):
    services = [f"s{number}" for number in range(5)]
    targets = [a_target(f"{name}/t", authority="shandong", service=name) for name in services]
    async with opened(a_plan(*targets)) as kept:
        for number, target in enumerate(targets[:4]):
            runs = (replace(run, target=target.id) for run in a_morning()[20 * number :])
            kept.keep(*runs, target=target)
        asked = ("shandong", services, START + 30 * MINUTE, START + 200 * MINUTE)
        for after in (4 * 3600, 3900):
            await kept.turn(after=after)
            together = await kept.store.uptimes(*asked)
            for service in services:
                assert together[service] == await kept.store.uptime(asked[0], service, *asked[2:])
            assert len({one.up for one in together.values()}) == 4
            assert together["s4"].coverage == 0
    assert kept.query("SELECT hour FROM dirty") == []


async def test_the_runs_are_walked_through_once_however_many_services_are_asked(opened: Open):
    services = [f"s{number}" for number in range(53)]
    targets = [a_target(f"{name}/t", authority="shandong", service=name) for name in services]
    async with opened(a_plan(*targets)) as kept:
        for target in targets:
            kept.keep(*(a_run(START + at * 10 * MINUTE, target=target) for at in range(12)), target=target)
        await kept.turn(after=3 * 3600)
        walks = []
        for asked in (services[:1], services):
            with sqlite3.connect(kept.path) as connection:
                said: list[str] = []
                connection.set_trace_callback(said.append)
                found = service_uptimes(
                    connection, "shandong", asked, to_ms(START + 5 * MINUTE), to_ms(START + HOUR)
                )
            connection.close()
            assert (len(found), all(one.up > 0 for one in found.values())) == (len(asked), True)
            walks.append(sum("FROM run" in statement for statement in said))
    assert walks == [1, 1]


async def test_summing_up_twice_changes_nothing_and_late_runs_count(opened: Open):
    async with opened() as kept:
        kept.keep(*a_morning())
        await kept.turn(after=5 * 3600)
        once = kept.query("SELECT * FROM target_hour") + kept.query("SELECT * FROM service_hour")
        kept.keep(*a_morning())
        await kept.turn(after=60)
        assert kept.query("SELECT * FROM target_hour") + kept.query("SELECT * FROM service_hour") == once
        kept.keep(a_run(START + timedelta(minutes=30, seconds=30), Cause.CONNECTION_REFUSED))
        await kept.turn(after=60)
        late = await kept.store.target_uptime(REACH.id, START, START + HOUR)
    assert late.down == 30.0


async def test_a_fault_of_ours_makes_others_unknown_also_when_it_is_known_late(opened: Open):
    fault = replace(
        an_incident(), id="l", scope=Scope.LOCAL, authority="local", service="", first_failure_at=START + 72 * MINUTE,
        opened_at=START + 73 * MINUTE, resolved_at=None,
    )  # fmt: skip
    async with opened() as kept:
        kept.keep(*a_morning())
        await kept.turn(after=5 * 3600)
        assert (await measured(kept))[1][1] == 900
        over = replace(fault, resolved_at=START + 80 * MINUTE)
        kept.store.follow(a_plan(), State(), [(Tick(), Commit(at=START, incidents=(over,)))])
        await kept.turn()
        assert (await measured(kept))[1][1] == 900 - 8 * 60
        await kept.turn(after=60)
        assert (await measured(kept))[1][1] == 900 - 8 * 60


async def test_a_fault_of_ours_that_was_withdrawn_while_we_were_away_is_forgotten(opened: Open):
    fault = replace(an_incident(), id="l", scope=Scope.LOCAL, first_failure_at=START, resolved_at=None)
    async with opened() as kept:
        kept.store.restore(State(incidents={"l": fault}))
        kept.keep(*a_morning())
        await kept.turn(after=4 * 3600)
        assert (await measured(kept))[0] == (0, 0, 0, 0)
    async with opened() as kept:
        kept.store.restore(State())
        await kept.turn(after=1)
        assert (await measured(kept))[0][1] == 900


async def test_runs_are_pruned_when_they_are_old_and_summed_up_and_the_file_shrinks(opened: Open):
    targets = [a_target(f"reach/t{number}") for number in range(40)]
    async with opened(a_plan(*targets)) as kept:
        for target in targets:
            kept.keep(*(replace(run, target=target.id) for run in a_morning()), target=target)
        await kept.turn(after=4 * 3600)
        size = kept.query("PRAGMA page_count")[0][0]
        for _ in range(3):
            await kept.turn(after=15 * 86400)
        assert kept.query("SELECT count(*) FROM run") == [(0,)]
        assert kept.query("PRAGMA page_count")[0][0] < size / 4
        kept_hour = await kept.store.uptime("t7", "verify", START, START + 4 * HOUR)
        half = await kept.store.uptime("t7", "verify", START + 30 * MINUTE, START + HOUR)
        assert (kept_hour.down, half.up) == (900, 1800)
        await kept.turn(after=400 * 86400)
        assert kept.query("SELECT count(*) FROM target_hour") == [(0,)]
        assert kept.query("SELECT count(*) FROM service_hour") == [(0,)]


async def test_a_target_looked_at_once_a_day_is_known_between(opened: Open, clock: StillClock):
    daily = a_target("page/hunan", interval=86400.0)
    async with opened(a_plan(daily)) as kept:
        kept.keep(a_run(START, target=daily), target=daily)
        await kept.turn(after=23 * 3600)
        await kept.turn(after=60)
        assert len(kept.query("SELECT hour FROM service_hour")) == 22
        found = await kept.store.uptime("hunan", "verify", START, START + DAY)
    assert found.coverage == 1.0


async def test_a_clock_that_was_a_year_ahead_for_a_while_stops_nothing(opened: Open, clock: StillClock):
    async with opened() as kept:
        kept.keep(*a_morning())
        await kept.turn(after=6 * 3600)
        clock.at += 365 * DAY
        kept.keep(a_run(clock.at))
        await kept.turn(after=60)
        clock.at -= 365 * DAY
        kept.keep(a_run(clock.at))
        await kept.turn(after=60)
        assert kept.ups == []
        assert (await measured(kept))[0][1] == 900
        newest = await kept.store.results(REACH.id, clock.at - HOUR, clock.at, 10)
    assert len(newest.runs) == 1


RUNS_OF_HOUR = "SELECT ok + error + timeout FROM target_hour WHERE hour = ?"


def test_what_comes_while_an_hour_is_summed_up_and_what_is_broken_off_is_summed_up_next_time(
    tmp_path: Path,
):
    file = HistoryFile(tmp_path / "history.sqlite3")
    pen, keep = Pen(file), Retention(results=10**12, hourly=10**12)
    now = to_ms(START + 5 * HOUR)
    pen.write(batch_of(*a_morning()))
    hour = to_ms(START) // 3_600_000
    for bites in range(1, 40, 6):
        pen.write(batch_of(a_morning()[0]))
        broken_off = chores(file, now, keep)
        for _ in range(bites):
            next(broken_off, None)
        late = a_run(START + timedelta(seconds=bites, minutes=1), Cause.CONNECTION_REFUSED)
        pen.write(batch_of(late))
        for _ in broken_off:
            pass
        for _ in chores(file, now, keep):
            pass
        assert file.transaction(
            lambda connection: connection.execute(RUNS_OF_HOUR, (hour,)).fetchone()[0]
        ) == (61 + (bites - 1) // 6)
    file.close()


def batch_of(*results: Result) -> HistoryBatch:
    return HistoryBatch(
        runs=tuple(Record(result=one, target=REACH, seen_up=True, planned=False) for one in results)
    )
