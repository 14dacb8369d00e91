"""History over the API and on the pages, from a real history file; and what happens when it does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import BaseTestServer, TestClient, TestServer

from monitor.core.history import Uptime
from monitor.core.state import State
from monitor.model import Cause, Incident, Phase, Scope
from monitor.store.errors import StoreError
from monitor.store.history import HistoryStore, HoursPage, IncidentsPage, RunsPage
from monitor.web.availability import percent
from monitor.web.server import make_app
from tests.conftest import StillClock as TurningClock
from tests.web.conftest import (
    AT,
    REGISTRY,
    StillClock,
    World,
    make_incident,
    make_plan,
    make_result,
    make_target,
)

ID = "captcha/shandong"
PATH = f"/api/v1/targets/{ID}/results"


@pytest.fixture
async def history(world: World, tmp_path: Path) -> AsyncIterator[HistoryStore]:
    """Twelve runs, five minutes apart, the last at `AT`; the third and the fourth last failed, one of them in a window."""
    store = HistoryStore(tmp_path / "history.sqlite3", StillClock(), world.plan, report=lambda _health: None)
    for number in range(12):
        cause = Cause.RESPONSE_TIMEOUT if number in (2, 3) else Cause.NONE
        result = make_result(
            ID, cause, started_at=AT - timedelta(minutes=5 * number),
            phase=None if cause is Cause.NONE else Phase.PROCESSING, phases={Phase.CONNECT: 0.02},
        )  # fmt: skip
        store.record(result, world.plan.targets[ID], seen_up=True, in_window=number == 3)
    await store.turn()
    yield store
    await store.close()


@pytest.fixture
async def server(world: World, history: HistoryStore) -> AsyncIterator[BaseTestServer]:
    """The application with this history."""
    async with TestServer(make_app(replace(world.reading(), history=history))) as running:
        yield running


async def test_the_runs_of_a_target_come_newest_first_page_by_page(ask):
    first = (await ask(f"{PATH}?limit=5")).json
    starts = [run["started_at"] for run in first["results"]]
    assert starts[:2] == ["2026-11-21T08:00:00Z", "2026-11-21T07:55:00Z"]
    failed = first["results"][3]
    assert (failed["outcome"], failed["cause"], failed["maintenance"]) == (
        "timeout",
        "response_timeout",
        True,
    )
    assert failed["phases"] == {"connect": 0.02}
    while first["next"] is not None:
        first = (await ask(f"{PATH}?limit=5&cursor={first['next']}")).json
        starts += [run["started_at"] for run in first["results"]]
    assert (len(starts), starts) == (12, sorted(starts, reverse=True))


async def test_since_belongs_to_the_asked_time_and_until_does_not(ask):
    query = "since=2026-11-21T07:50:00Z&until=2026-11-21T08:00:00Z"
    found = (await ask(f"{PATH}?{query}")).json["results"]
    assert [run["started_at"] for run in found] == ["2026-11-21T07:55:00Z", "2026-11-21T07:50:00Z"]
    here = (await ask(f"{PATH}?since=2026-11-21T15:50:00+08:00&until=2026-11-21T16:00:00%2B08:00")).json
    assert here["results"] == found


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("since=yesterday", "since"),
        ("since=2026-11-21T08:00:00", "since"),
        ("since=2026-11-21T08:00:00Z&until=2026-11-21T08:00:00Z", "before"),
        ("since=2001-01-01T00:00:00Z", "days"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
        ("from=1", "from"),
    ],
)
async def test_a_strange_question_is_400(ask, query, word):
    answer = await ask(f"{PATH}?{query}")
    assert (answer.status, word in answer.json["error"]) == (400, True)


async def test_a_target_that_is_not_configured_has_no_results(ask):
    assert (await ask("/api/v1/targets/captcha/atlantis/results")).status == 404


async def test_uptime_is_told_with_and_without_maintenance(ask):
    query = "authority=shandong&since=2026-11-21T07:05:00Z&until=2026-11-21T08:00:00Z"
    answer = (await ask(f"/api/v1/uptime?{query}")).json
    assert (answer["service"], answer["coverage"]) == ("verify", 1.0)
    assert (answer["down_seconds"], answer["maintenance_down_seconds"]) == (300.0, 300.0)
    assert answer["uptime"] == pytest.approx(0.9)
    assert answer["uptime_with_maintenance"] == pytest.approx(45 / 55)
    unknown = (await ask("/api/v1/uptime?authority=beijing")).json
    assert (unknown["uptime"], unknown["coverage"]) == (None, 0.0)
    assert (await ask("/api/v1/uptime?authority=atlantis")).status == 404
    assert (await ask("/api/v1/uptime?authority=beijing&service=x")).status == 404


async def test_a_target_s_page_shows_runs_failures_and_availability(world, ask):
    world.see(make_result(ID, phases={Phase.CONNECT: 0.02}))
    html = (await ask(f"/targets/{ID}?lang=en")).text
    assert html.count('class="ran-ok"') == 10
    assert html.count('class="ran-timeout"') == 2
    failures = html[html.index('id="failures"') : html.index('id="uptime"')]
    assert failures.count('class="own-timeout"') == 2
    assert failures.count("in maintenance") == 1
    assert failures.count("connected, but no answer within the time limit") == 2
    assert "90.00 %" not in html[: html.index('id="uptime"')]


async def test_an_authority_s_page_shows_the_availability_of_its_services(world, ask):
    html = (await ask("/authorities/shandong?lang=en")).text
    assert "without maintenance" in html
    assert html.count('class="level-') == 3


async def test_history_is_asked_as_often_for_53_services_as_for_one(tmp_path: Path) -> None:
    asked: list[int] = []

    class Counting(HistoryStore):
        async def _ask(self, question: Callable[..., Any]) -> Any:
            asked[-1] += 1
            return await super()._ask(question)

    for number in (1, 53):
        targets = [make_target(f"p{at}", "shandong", f"s{at}") for at in range(number)]
        plan = replace(
            make_plan({"shandong": REGISTRY["shandong"]}), targets={one.id: one for one in targets}
        )
        world = World(plan=plan)
        store = Counting(tmp_path / f"{number}.sqlite3", StillClock(), plan, report=lambda _health: None)
        for target in targets:
            store.record(make_result(target.id), target, seen_up=True, in_window=False)
        await store.turn()
        asked.append(0)
        async with TestClient(TestServer(make_app(replace(world.reading(), history=store)))) as client:
            html = await (await client.get("/authorities/shandong")).text()
        assert html.count('class="level-') == 3 * number
        await store.close()
    assert asked == [3, 3]


async def test_incidents_of_long_ago_are_found_by_time_and_by_id(world, history, ask):
    long_ago = AT - timedelta(days=200)
    over = make_incident("shandong", id="old", opened_at=long_ago, first_failure_at=long_ago, resolved_at=AT)
    parent = make_incident(
        "national",
        id="n",
        scope=Scope.NATIONAL,
        opened_at=long_ago,
        first_failure_at=long_ago,
        resolved_at=AT,
    )
    history.restore(State(incidents={"old": replace(over, parent="n"), "n": parent}))
    await history.turn()
    world.open(make_incident("beijing"))
    since = "since=2026-01-01T00:00:00Z"
    page = (await ask(f"/api/v1/incidents?{since}&limit=1")).json
    rest = (await ask(f"/api/v1/incidents?{since}&limit=1&cursor={page['next']}")).json
    rows = {row["id"]: row for row in page["incidents"] + rest["incidents"]}
    assert set(rows) == {"old", "n"}
    assert rest["next"] is None
    assert rows["n"]["members"] == ["old"]
    one = (await ask("/api/v1/incidents/old")).json
    assert (one["parent"], one["resolved_at"]) == ("n", "2026-11-21T08:00:00Z")
    assert (await ask("/api/v1/incidents/n")).json["members"] == ["old"]
    html = await ask("/incidents/old?lang=en")
    assert (html.status, "/incidents/n" in html.text) == (200, True)
    assert (await ask("/incidents/nobody")).status == 404
    assert (await ask(f"/api/v1/incidents?open=true&{since}")).status == 400


async def test_the_sums_of_hours_come_newest_first_page_by_page(world, history, tmp_path, ask):
    clock = TurningClock(AT)
    later = HistoryStore(tmp_path / "history.sqlite3", clock, world.plan, report=lambda _health: None)
    clock.advance(3600)
    await later.turn()
    await later.close()
    hours = f"/api/v1/targets/{ID}/hours"
    first = (await ask(f"{hours}?limit=1")).json
    [hour] = first["hours"]
    assert (hour["start"], first["next"]) == ("2026-11-21T07:00:00Z", None)
    assert hour["runs"] == {"ok": 9, "error": 0, "timeout": 2}
    assert hour["maintenance_runs"] == {"ok": 0, "error": 0, "timeout": 1}
    assert hour["causes"] == {"response_timeout": 2}
    assert (hour["down_seconds"], hour["maintenance_down_seconds"]) == (300.0, 300.0)
    assert hour["duration_seconds"]["max"] >= hour["duration_seconds"]["p50"]
    assert (await ask(f"{hours}?cursor=yesterday")).status == 400
    assert (await ask("/api/v1/targets/reach/atlantis/hours")).status == 404


class TestNoAnswer:
    """A history that refuses."""

    class Refuses:
        """Says no."""

        async def results(self, *_: object) -> RunsPage:
            raise StoreError("disk full")

        async def hours(self, *_: object) -> HoursPage:
            raise StoreError("disk full")

        async def incidents(self, *_: object) -> IncidentsPage:
            raise StoreError("disk full")

        async def incident(self, _id: str) -> tuple[Incident, ...]:
            raise StoreError("disk full")

        async def uptime(self, _a: str, _s: str, since: datetime, until: datetime) -> Uptime:
            raise StoreError("disk full")

        async def uptimes(
            self, _a: str, _s: Sequence[str], since: datetime, until: datetime
        ) -> Mapping[str, Uptime]:
            raise StoreError("disk full")

        async def target_uptime(self, _t: str, since: datetime, until: datetime) -> Uptime:
            raise StoreError("disk full")

    @pytest.fixture(params=[True, False])
    async def server(self, world: World, request) -> AsyncIterator[BaseTestServer]:
        history = self.Refuses() if request.param else None
        async with TestServer(make_app(replace(world.reading(), history=history))) as running:
            yield running

    async def test_the_api_says_so_and_the_pages_stand(self, world, ask):
        world.see_all_up()
        assert (await ask(PATH)).status == 503
        assert (await ask("/api/v1/uptime?authority=shandong")).status == 503
        assert (await ask(f"/api/v1/targets/{ID}/hours")).status == 503
        assert (await ask("/api/v1/incidents?since=2026-01-01T00:00:00Z")).status == 503
        world.open(make_incident("beijing"))
        assert (await ask("/api/v1/incidents/beijing-1")).status == 200
        assert (await ask("/incidents/nobody")).status in (404, 503)
        page = await ask(f"/targets/{ID}")
        assert (page.status, "历史记录暂时读不到" in page.text) == (200, True)
        assert (await ask("/authorities/shandong")).status == 200
        assert (await ask("/api/v1/status")).status == 200


@pytest.mark.parametrize(
    ("share", "said"),
    [(None, "–"), (1.0, "100 %"), (0.99999, "99.99 %"), (0.9, "90.00 %"), (0.0, "0.00 %")],
)
def test_a_share_is_never_rounded_up_to_all(share, said):
    assert percent(share) == said
