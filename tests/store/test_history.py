"""History in a real file: what is kept, and read in pages."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from monitor.core.state import Commit, State
from monitor.model import Cause, Flag, MaintenanceRule, Phase, Result, Scope, TargetState, Tick
from tests.conftest import StillClock
from tests.notify.examples import an_incident
from tests.store.histories import CAPTCHA, DAY, HOUR, MINUTE, REACH, START, Open, a_plan, a_run, a_target

# --- keeping and reading ---------------------------------------------------------------------------------------------


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


# --- what was decided ------------------------------------------------------------------------------------------------


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


# --- incidents -------------------------------------------------------------------------------------------------------


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


# --- restart ---------------------------------------------------------------------------------------------------------


async def test_what_waits_is_written_at_the_end_and_there_after_a_restart(opened: Open):
    async with opened() as kept:
        await kept.turn()
        kept.keep(a_run(START))
    async with opened() as kept:
        await kept.turn()
        assert len(await kept.all_of()) == 1
        assert kept.ups == []
