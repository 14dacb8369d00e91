"""The pages do not mislead: evidence from the time of the outage, who keeps it quiet, little data, one word for one state."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from monitor.core.state import WindowRecord
from monitor.model import Cause, Phase, Silence, Window
from monitor.store.history import HistoryStore
from monitor.web.server import make_app
from tests.web.conftest import AT, StillClock, World, make_incident, make_plan, make_result, make_target
from tests.web.test_pages import Cells, sentence

ID = "captcha/shandong"


@pytest.fixture
async def history(world: World, tmp_path: Path) -> AsyncIterator[HistoryStore]:
    """Four runs, a minute apart: two fail in different ways, then two answer."""
    store = HistoryStore(tmp_path / "history.sqlite3", StillClock(), world.plan, report=lambda _health: None)
    causes = (Cause.NONE, Cause.NONE, Cause.RESPONSE_TIMEOUT, Cause.CONNECTION_REFUSED)
    for number, cause in enumerate(causes):
        result = make_result(ID, cause, started_at=AT - timedelta(minutes=1 + number))
        store.record(result, world.plan.targets[ID], seen_up=True, in_window=False)
    await store.turn()
    yield store
    await store.close()


@pytest.fixture
async def server(world: World, history: HistoryStore) -> AsyncIterator[BaseTestServer]:
    """The application with this history."""
    async with TestServer(make_app(replace(world.reading(), history=history))) as running:
        yield running


async def test_what_is_over_rests_on_the_last_run_that_failed_before_its_end(world, ask):
    world.see(make_result(ID))
    world.open(make_incident("shandong", resolved_at=AT - timedelta(seconds=90)))
    evidence = (await ask("/api/v1/incidents/shandong-1")).json["evidence"]
    assert evidence[ID]["cause"] == "response_timeout"
    page = (await ask("/incidents/shandong-1")).text
    assert '<td class="own-timeout">' in page
    assert "own-ok" not in page


async def test_a_run_from_after_the_end_is_no_evidence(world, ask):
    world.see(make_result(ID, Cause.DNS_NXDOMAIN, phase=Phase.RESOLVE))
    over = make_incident("shandong", resolved_at=AT - timedelta(minutes=9))
    world.open(over)
    assert (await ask("/api/v1/incidents/shandong-1")).json["evidence"] == {}
    assert "证据" not in (await ask("/incidents/shandong-1")).text


async def test_a_silence_shows_on_what_it_keeps_quiet_even_after_it_was_told(world, ask):
    world.see_all_up()
    world.open(make_incident("shandong", told=frozenset({"r"})))
    world.state.silences["s-1"] = Silence(
        id="s-1", matchers={"authority": ("shandong",)}, starts_at=AT - timedelta(minutes=1),
        ends_at=AT + timedelta(hours=1), author="<wang>", comment="",
    )  # fmt: skip
    said = "silenced by &lt;wang&gt; until 17:00:00 +08:00 (s-1)"
    for path in ("/", "/authorities/shandong", "/incidents/shandong-1"):
        assert said in (await ask(f"{path}?lang=en")).text, path


async def test_a_window_shows_on_what_it_keeps_quiet(world, ask):
    world.open(make_incident("shandong", muted_by="upgrade/20261121"))
    assert "untold: upgrade/20261121" in (await ask("/?lang=en")).text


async def test_an_outage_in_a_window_is_maintenance_and_names_it(world, ask):
    hand = Window(
        id="hand-3d0a", name="数据库升级", authorities=("shandong",), services=None,
        start=AT - timedelta(hours=1), end=AT + timedelta(hours=1), by_hand=True,
    )  # fmt: skip
    world.state.windows[hand.id] = WindowRecord(window=hand)
    world.see(make_result(ID, Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
    world.open(make_incident("shandong", muted_by=hand.id, window=hand))
    html = (await ask("/")).text
    assert 'class="incident severity-maintenance"' in html
    assert '<span class="badge">维护</span>' in html
    assert "未告警：数据库升级" in html
    assert "⚙ 维护" in Cells(html).found["shandong"][1]
    assert "own-maintenance" in Cells(html).found["shandong"][0]
    over = replace(hand, start=AT - timedelta(hours=2), end=AT - timedelta(minutes=1))
    world.open(make_incident("shandong", window=over))
    world.state.windows[hand.id] = WindowRecord(window=over)
    assert 'class="incident severity-critical"' in (await ask("/")).text


async def test_what_fell_again_says_so_and_when_it_fell_first(world, ask):
    world.open(make_incident("shandong", reopened=1))
    assert "down again; first at 15:50:00 +08:00" in (await ask("/?lang=en")).text


async def test_minutes_of_data_are_no_verdict_on_a_month(ask):
    rows = (await ask("/targets/captcha/shandong?lang=en")).text.split("<tr>")
    month = next(row for row in rows if "30 days" in row)
    assert 'class="level-unknown"' in month
    assert " min)" in month


async def test_several_sentences_of_a_chinese_headline_stand_without_blanks(world, ask):
    world.see_all_up()
    world.see(make_result("captcha/gansu", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
    world.see(make_result(ID, Cause.DNS_NXDOMAIN, phase=Phase.RESOLVE), seen_up=False)
    assert "甘肃。另有" in sentence((await ask("/")).text)


async def test_all_well_is_one_word_in_all_cells(world, ask):
    world.see_all_up()
    cells = Cells((await ask("/?lang=en")).text).found
    assert {text.split("✓ ")[1] for _, text in cells.values()} == {"ok"}


class TestTwoServices:
    """Shandong has a second service."""

    @pytest.fixture
    def world(self) -> World:
        plan = make_plan()
        other = make_target("login", "shandong", "login")
        return World(plan=replace(plan, targets={**plan.targets, other.id: other}))

    async def test_a_cell_agrees_with_what_is_counted_above_it(self, world, ask):
        world.see_all_up()
        world.see(make_result("login/shandong", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
        classes, text = Cells((await ask("/?lang=en")).text).found["shandong"]
        assert "own-degraded" in classes
        assert "⚠ degraded" in text
        assert "ok" not in text.split()
