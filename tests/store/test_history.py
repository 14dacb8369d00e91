"""History in a real file: kept, read in pages, summed up by the hour, pruned."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.history import Counts
from monitor.core.state import Commit, State
from monitor.model import Cause, Flag, MaintenanceRule, Phase, Result, Scope, TargetState, Tick
from monitor.store.history_file import HistoryFile
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

# --- keeping and reading ------------------------------------------------------------------------------------------------


async def test_a_run_comes_back_as_it_was(opened: Open):
    whole = a_run(
        START - MINUTE,
        Cause.API_ERROR,
        phase=Phase.PROCESSING,
        flags=frozenset({Flag.SLOW, Flag.TLS_UNVERIFIED}),
        phases={Phase.RESOLVE: 0.0012, Phase.CONNECT: 0.02, Phase.PROCESSING: 1.5},
        address="2001:db8::1",
        status_code=503,
        code="E009",
        lag=3600.5,
        detail="系统繁忙",
        scheduled=False,
    )
    async with opened() as kept:
        kept.keep(whole, planned=True)
        await kept.turn()
        page = await kept.store.results(REACH.id, START - HOUR, START, 10)
    assert [run.result for run in page.runs] == [whole]
    assert page.runs[0].in_window
    assert page.next is None


async def test_runs_come_newest_first_in_pages(opened: Open):
    async with opened() as kept:
        kept.keep(*(a_run(START - at * 20 * MINUTE) for at in range(1, 10)))
        kept.keep(a_run(START - 30 * MINUTE, target=CAPTCHA), target=CAPTCHA)
        await kept.turn()
        seen, cursor, pages = [], None, 0
        while pages == 0 or cursor is not None:
            page = await kept.store.results(REACH.id, START - 10 * DAY, START, 4, cursor)
            seen += [(START - run.result.started_at) / MINUTE for run in page.runs]
            cursor, pages = page.next, pages + 1
    assert seen == [20 * at for at in range(1, 10)]
    assert pages == 3


async def test_since_is_inside_and_until_is_not(opened: Open):
    async with opened() as kept:
        kept.keep(*(a_run(START + at * MINUTE) for at in range(-5, 0)))
        await kept.turn()
        page = await kept.store.results(REACH.id, START - 3 * MINUTE, START - MINUTE, 10)
    assert [run.result.started_at for run in page.runs] == [START - 2 * MINUTE, START - 3 * MINUTE]


async def test_of_an_unknown_target_there_is_nothing_and_a_strange_cursor_is_refused(opened: Open):
    async with opened() as kept:
        await kept.turn()
        assert (await kept.store.results("nobody", START - DAY, START, 10)).runs == ()
        assert (await kept.store.uptime("nobody", "verify", START - DAY, START)).fraction is None
        assert (await kept.store.target_uptime("nobody", START - DAY, START)).coverage == 0
        for cursor in ("x", "-1", "", "9" * 40, "１２", "1; DROP TABLE run"):
            with pytest.raises(ValueError, match="cursor"):
                await kept.store.results(REACH.id, START - DAY, START, 10, cursor)


@pytest.mark.parametrize("detail", ["x" * 5000, "a\udc80b", "nul\0nul", "'; DROP TABLE run; --"])
async def test_hostile_words_are_bounded_and_harm_nothing(opened: Open, detail: str):
    async with opened() as kept:
        kept.keep(
            a_run(START, Cause.API_ERROR, detail=detail, code=detail, address=detail, status_code=10**30)
        )
        kept.keep(a_run(START + MINUTE, lag=float("inf")), a_run(START + 2 * MINUTE, lag=float("nan")))
        await kept.turn()
        found = await kept.all_of()
    assert len(found) == 3
    assert len(found[-1].detail) <= 200
    assert len(found[-1].code or "") <= 40


async def test_a_row_of_a_later_version_is_left_out(opened: Open):
    async with opened() as kept:
        kept.keep(a_run(START - MINUTE), a_run(START, Cause.TLS_EXPIRED))
        await kept.turn()
        kept.query("UPDATE run SET cause = 'quantum_decay' WHERE cause IS NOT NULL")
        assert len(await kept.all_of()) == 1


# --- what was decided ---------------------------------------------------------------------------------------------------


def decided(*results: Result, **other: Any) -> list[tuple[Any, Commit]]:
    return [(result, Commit(at=START, **other)) for result in results]


async def test_what_was_decided_is_kept_but_not_what_was_restored_or_is_not_configured(opened: Open):
    state = State(targets={name: TargetState(id=name, seen_up=True) for name in (REACH.id, "gone")})
    async with opened() as kept:
        results = decided(
            a_run(START), a_run(START + MINUTE, restored=True), replace(a_run(START), target="gone")
        )
        kept.store.follow(a_plan(), state, [*results, (Tick(), Commit(at=START))])
        await kept.turn()
        assert kept.query("SELECT count(*) FROM run") == [(1,)]


async def test_a_run_inside_a_window_is_marked(opened: Open):
    rule = MaintenanceRule(
        name="upgrade", authorities=("shandong",), services=("verify",), start=START, end=START + HOUR
    )
    plan = a_plan(REACH, a_target("reach/hunan"), maintenance=(rule,))
    state = State(targets={name: TargetState(id=name, seen_up=True) for name in plan.targets})
    async with opened(plan) as kept:
        kept.store.follow(
            plan,
            state,
            decided(a_run(START - MINUTE), a_run(START), a_run(START, target=a_target("reach/hunan"))),
        )
        await kept.turn()
        page = await kept.store.results(REACH.id, START - HOUR, START + HOUR, 10)
        other = await kept.store.results("reach/hunan", START - HOUR, START + HOUR, 10)
    assert [run.in_window for run in page.runs] == [True, False]
    assert [run.in_window for run in other.runs] == [False]


async def test_what_never_answered_stands_outside_until_its_first_ok(opened: Open, clock: StillClock):
    state = State(targets={REACH.id: TargetState(id=REACH.id)})
    async with opened() as kept:
        kept.store.follow(a_plan(), state, decided(a_run(START, Cause.CONNECTION_REFUSED)))
        state.targets[REACH.id] = TargetState(id=REACH.id, seen_up=True)
        kept.store.follow(
            a_plan(),
            state,
            decided(a_run(START + MINUTE), a_run(START + 2 * MINUTE, Cause.CONNECTION_REFUSED)),
        )
        await kept.turn(after=180)
        found = await kept.store.uptime("shandong", "verify", START, START + HOUR)
    assert (found.up, found.down, found.asked) == (60.0, 60.0, 180.0)


# --- incidents ----------------------------------------------------------------------------------------------------------


async def test_incidents_that_are_over_are_kept_and_paged(opened: Open):
    past = [
        replace(
            an_incident(), id=f"i{at}", opened_at=START + at * HOUR, resolved_at=START + at * HOUR + MINUTE
        )
        for at in (1, 2, 2.5, 3)
    ]
    async with opened() as kept:
        kept.store.follow(
            a_plan(),
            State(),
            [(Tick(), Commit(at=START, incidents=(*past, replace(an_incident(), id="open"))))],
        )
        await kept.turn()
        first = await kept.store.incidents(START, START + DAY, 3)
        second = await kept.store.incidents(START, START + DAY, 3, first.next)
        with pytest.raises(ValueError, match="cursor"):
            await kept.store.incidents(START, START + DAY, 3, "yesterday")
    assert [*first.incidents, *second.incidents] == past[::-1]
    assert second.next is None


async def test_one_that_is_over_is_found_with_its_kin(opened: Open):
    over = replace(an_incident(), resolved_at=START + MINUTE)
    parent, child = replace(over, id="n", scope=Scope.NATIONAL), replace(over, id="c", parent="n")
    brother, stranger = replace(child, id="b"), replace(over, id="s")
    async with opened() as kept:
        kept.store.restore(State(incidents={one.id: one for one in (parent, child, brother, stranger)}))
        await kept.turn()
        page = await kept.store.incidents(START - 400 * DAY, START + 400 * DAY, 10)
        of_parent = await kept.store.incident("n")
        of_child = await kept.store.incident("c")
        assert await kept.store.incident("nobody") == ()
    assert page.members == {"n": ["b", "c"]}
    assert {one.id for one in of_parent} == {"n", "b", "c"}
    assert {one.id for one in of_child} == {"n", "c"}


async def test_an_incident_of_another_version_is_left_out(opened: Open):
    over = replace(an_incident(), resolved_at=START + MINUTE)
    async with opened() as kept:
        kept.store.restore(State(incidents={over.id: over}))
        await kept.turn()
        with sqlite3.connect(kept.path) as connection:
            connection.execute("UPDATE incident SET body = json_set(body, '$.cause', 'sunspots')")
        connection.close()
        assert (await kept.store.incidents(START - 400 * DAY, START + 400 * DAY, 10)).incidents == ()
        assert await kept.store.incident(over.id) == ()


async def test_a_fresh_history_knows_the_incidents_of_the_state_again(opened: Open):
    over = replace(an_incident(), resolved_at=START)
    async with opened() as kept:
        kept.store.restore(State(incidents={over.id: over}))
        await kept.turn()
        assert (await kept.store.incidents(START - 400 * DAY, START + DAY, 3)).incidents == (over,)


# --- sums of hours ------------------------------------------------------------------------------------------------------


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


# --- restart ------------------------------------------------------------------------------------------------------------


async def test_what_waits_is_written_at_the_end_and_there_after_a_restart(opened: Open):
    async with opened() as kept:
        await kept.turn()
        kept.keep(a_run(START))
    async with opened() as kept:
        await kept.turn()
        assert len(await kept.all_of()) == 1
        assert kept.ups == []
