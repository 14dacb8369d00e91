"""`/api/v1/report` from a real history file, and `/api/v1/calendar`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from monitor.knowledge import load_calendar
from monitor.model import Cause
from monitor.store.history import HistoryStore
from monitor.web.reporting import calendar_json
from monitor.web.server import make_app
from tests.web.conftest import AT, REGISTRY, Ask, StillClock, World, make_incident, make_plan, make_result

ID = "captcha/shandong"


@pytest.fixture
def world() -> World:
    """Two authorities and an open incident."""
    plan = make_plan({slug: REGISTRY[slug] for slug in ("shandong", "beijing")}, calendar=load_calendar())
    world = World(plan=plan)
    told = ((AT - timedelta(minutes=9), "told=incident_opened"),)
    world.open(make_incident("shandong", timeline=told))
    world.open(make_incident("beijing", drill=True))
    return world


@pytest.fixture
async def server(world: World, tmp_path: Path) -> AsyncIterator[BaseTestServer]:
    """The application with a history of twelve runs, five minutes apart; two failed, one of them in a window."""
    store = HistoryStore(tmp_path / "history.sqlite3", StillClock(), world.plan, report=lambda _health: None)
    for number in range(12):
        cause = Cause.RESPONSE_TIMEOUT if number in (2, 3) else Cause.NONE
        result = make_result(ID, cause, started_at=AT - timedelta(minutes=5 * number))
        store.record(result, world.plan.targets[ID], seen_up=True, in_window=number == 3)
    await store.turn()
    async with TestServer(make_app(replace(world.reading(), history=store))) as running:
        yield running
    await store.close()


async def test_a_report_has_every_service_and_every_incident(ask: Ask):
    found = (await ask("/api/v1/report?since=2026-11-21T07:00:00Z&until=2026-11-21T08:00:00Z")).json
    rows = {(one["authority"], one["service"]): one for one in found["services"]}
    assert set(rows) == {("shandong", "verify"), ("beijing", "verify"), ("national", "")}
    shandong = rows["shandong", "verify"]
    assert (shandong["down_seconds"], shandong["maintenance_down_seconds"]) == (300.0, 300.0)
    assert shandong["uptime"] > shandong["uptime_with_maintenance"]
    assert shandong["incidents"] == 1
    assert rows["beijing", "verify"]["uptime"] is None
    [outage] = found["outages"]
    assert (outage["detected_after_seconds"], outage["told_after_seconds"]) == (10.0, 60.0)
    assert outage["recovered_after_seconds"] is None
    assert (found["incidents"], found["open"], found["tell"]["p95"]) == (1, 1, 60.0)


async def test_without_a_word_it_is_the_last_thirty_days_up_to_now(ask: Ask):
    found = (await ask("/api/v1/report")).json
    assert (found["since"], found["until"]) == ("2026-10-22T08:00:01Z", "2026-11-21T08:00:00Z")


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-11-21T08:00:00Z&until=2026-11-21T07:00:00Z", "days=3"]
)
async def test_a_strange_question_is_refused(ask: Ask, query: str):
    assert (await ask(f"/api/v1/report?{query}")).status == 400


async def test_where_nothing_is_kept_nothing_is_reported(world: World):
    async with (
        TestServer(make_app(world.reading())) as bare,
        aiohttp.ClientSession() as session,
        session.get(bare.make_url("/api/v1/report")) as answer,
    ):
        assert answer.status == 503


async def test_the_calendar_of_today(ask: Ask):
    assert (await ask("/api/v1/calendar")).json == {
        "date": "2026-11-21",
        "day_off": True,
        "known": True,
        "unknown_years": [2027],
        "peaks": [],
        "filing": {
            "start": "2026-11-01",
            "deadline": "2026-11-16",
            "open": False,
            "days_left": -5,
            "official": True,
            "assumed": False,
        },
        "next": {
            "start": "2026-12-01",
            "deadline": "2026-12-15",
            "open": False,
            "days_left": 24,
            "official": True,
            "assumed": False,
        },
        "deviating": {},
    }


def test_authorities_with_another_deadline_are_listed():
    known = load_calendar()
    known = replace(known, deadlines={**known.deadlines, ("beijing", 2026, 12): date(2026, 12, 17)})
    found = calendar_json(known, ["beijing", "shandong"], date(2026, 12, 15))
    assert list(found["deviating"]) == ["beijing"]
    assert found["deviating"]["beijing"]["days_left"] == 2
    assert found["peaks"] == ["filing_last_day"]
