"""The pages in a real browser: what they show, that they live, that the policy stops nothing and nothing sticks out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from monitor.core.state import Commit, WindowRecord, apply
from monitor.model import (
    AddressLook,
    Answer,
    Cause,
    Certificate,
    Confirmed,
    ControlLook,
    Evidence,
    Hop,
    MaintenanceRule,
    Outcome,
    Phase,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Scope,
    Window,
)
from monitor.store.history import HistoryStore
from monitor.web import pages
from monitor.web.live import Live
from monitor.web.news import Reporter
from monitor.web.server import make_app
from tests.browser.chromium import Page, chromium
from tests.web.conftest import AT, StillClock, World, make_incident, make_plan, make_result

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(60)]

SOURCES = (ReferenceSource(name="hq", url="http://hq.example"), ReferenceSource(name="board", file="/board"))
LONG = "x" * 300


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Page]:
    """One tab."""
    async with chromium(tmp_path / "profile") as page:
        yield page


@pytest.fixture
def world() -> World:
    """All well, with two references that agree."""
    rules = (MaintenanceRule(name="nightly", schedule="0 23 * * *", duration=7200.0),)
    world = World(plan=make_plan(references=SOURCES, maintenance=rules))
    world.see_all_up()
    for source in SOURCES:
        rows = [
            ReferenceRow(authority=slug, outcome=Outcome.OK, checked_at=AT) for slug in world.plan.authorities
        ]
        refer(world, source.name, rows)
    return world


def refer(world: World, source: str, rows: list[ReferenceRow]) -> None:
    """What a reference says."""
    world.state.references[source] = ReferenceReading(source=source, read_at=AT, up=True, rows=tuple(rows))


def says(world: World, source: str, slug: str, outcome: Outcome, age: float = 0.0) -> None:
    """Change what a reference says of one authority."""
    known = [row for row in world.state.references[source].rows if row.authority != slug]
    new = ReferenceRow(authority=slug, outcome=outcome, checked_at=AT - timedelta(seconds=age))
    refer(world, source, [*known, new])


def break_at(world: World, slug: str) -> Commit:
    """The commit of the run that confirms that it refuses connections."""
    result = make_result(f"captcha/{slug}", Cause.CONNECTION_REFUSED, phase=Phase.CONNECT)
    state = replace(
        world.state.targets[result.target],
        confirmed=Confirmed.DOWN, last=result, cause=result.cause, first_failure_at=result.started_at,
    )  # fmt: skip
    incident = make_incident(slug, Cause.CONNECTION_REFUSED)
    return Commit(at=AT, targets=(state,), incidents=(incident,), durable=True)


def happen(world: World, reporter: Reporter, commit: Commit) -> None:
    """What the pipeline does once a commit is kept."""
    apply(world.state, commit)
    last = commit.targets[0].last
    assert last
    reporter.follow(world.plan, world.state, [(last, commit)])


def reporter_of(world: World) -> Reporter:
    """Publishes what happens in this world."""
    return Reporter(world.live, world.plan, world.state, StillClock(), world.reading().metrics)


CELLS = """[...document.querySelectorAll('[data-authority]')].map((cell) => {
  const own = cell.querySelector('.own'), style = getComputedStyle(cell);
  return {slug: cell.dataset.authority, text: own.innerText, all: cell.innerText,
          background: style.backgroundColor, image: style.backgroundImage, border: style.borderTopStyle,
          color: getComputedStyle(own).color};
})"""


async def cells(browser: Page) -> dict[str, dict[str, str]]:
    """The cells as they are drawn."""
    found: list[dict[str, str]] = await browser.value(CELLS)
    return {cell["slug"]: cell for cell in found}


async def test_the_background_is_the_reference_and_the_text_our_own_result(browser, world):
    apply(world.state, break_at(world, "shandong"))
    says(world, "hq", "jilin", Outcome.TIMEOUT)
    says(world, "board", "jilin", Outcome.TIMEOUT)
    says(world, "hq", "hunan", Outcome.ERROR)
    for source in SOURCES:
        says(world, source.name, "xinjiang", Outcome.OK, age=3600)
    async with TestServer(make_app(world.reading())) as server:
        await browser.open(str(server.make_url("/")))
        drawn = await cells(browser)
    assert len(drawn.keys() - {"national", "local"}) == 36
    green, amber, white = "rgb(27, 94, 32)", "rgb(95, 75, 0)", "rgb(255, 255, 255)"
    assert (drawn["beijing"]["background"], drawn["beijing"]["color"]) == (green, white)
    assert (drawn["shandong"]["background"], drawn["shandong"]["color"]) == (green, "rgb(255, 205, 210)")
    assert drawn["shandong"]["text"] == "✗ 异常"
    assert "参考 正常" in drawn["shandong"]["all"]
    assert (drawn["jilin"]["background"], drawn["jilin"]["color"]) == (amber, "rgb(185, 246, 202)")
    assert "gradient" in drawn["hunan"]["image"]
    assert "说法不一" in drawn["hunan"]["all"]
    assert (drawn["xinjiang"]["border"], "已过时" in drawn["xinjiang"]["all"]) == ("dashed", True)
    for cell in drawn.values():
        sign, word = cell["text"].split()
        assert (sign, word) in {("✓", "正常"), ("✗", "异常")}
    assert browser.logged == []


async def test_a_change_shows_by_itself_without_loading_the_page_again(browser, world):
    reporter = reporter_of(world)
    async with TestServer(make_app(world.reading())) as server:
        await browser.open(str(server.make_url("/")))
        await browser.until("document.getElementById('link').dataset.state === 'live'")
        await browser.value("window.same = true; scrollTo(0, 300)")
        happen(world, reporter, break_at(world, "shandong"))
        await browser.until("document.querySelector('h1').innerText.includes('山东')", seconds=5)
        assert await browser.value("window.same && scrollY === 300")
        assert (await cells(browser))["shandong"]["text"] == "✗ 异常"
        await browser.open(str(server.make_url("/targets/captcha/beijing")))
        await browser.until("document.getElementById('link').dataset.state === 'live'")
        await browser.value("window.same = true")
        run = make_result("captcha/beijing", address="192.0.2.99")
        known = replace(world.state.targets["captcha/beijing"], last=run)
        happen(world, reporter, Commit(at=AT, targets=(known,)))
        await browser.until("document.body.innerText.includes('192.0.2.99')", seconds=5)
        assert await browser.value("window.same")
    assert [line for line in browser.logged if "ERR_" not in line] == []


async def test_one_who_comes_back_says_what_it_heard_last_and_misses_nothing(browser, world):
    reporter = reporter_of(world)
    came: list[str | None] = []

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/api/v1/events":
            came.append(request.headers.get("Last-Event-ID"))
        return await handler(request)

    def app() -> web.Application:
        world.live.closed = False
        made = make_app(world.reading())
        made.middlewares.append(note)
        return made

    async with TestServer(app()) as server:
        port = server.port
        await browser.open(str(server.make_url("/")))
        await browser.until("document.getElementById('link').dataset.state === 'live'")
        happen(world, reporter, break_at(world, "henan"))
        await browser.until("document.querySelector('h1').innerText.includes('河南')", seconds=5)
        heard = world.live.latest
        await browser.value("window.same = true")
    happen(world, reporter, break_at(world, "shandong"))
    assert port
    async with TestServer(app(), port=port):
        await browser.until("document.querySelector('h1').innerText.includes('山东')", seconds=15)
        assert await browser.value("window.same && document.getElementById('offline').hidden")
    assert came == [None, str(heard)]


async def test_without_a_place_among_the_listeners_the_page_asks_every_few_seconds(
    browser, world, monkeypatch
):
    monkeypatch.setattr(pages, "REFRESH", 1)
    world.live = Live(AT, listeners=0)
    async with TestServer(make_app(world.reading())) as server:
        await browser.open(str(server.make_url("/")))
        apply(world.state, break_at(world, "shandong"))
        await browser.until("document.querySelector('h1').innerText.includes('山东')", seconds=10)
        assert await browser.value("document.getElementById('link').innerText") == "每 1 秒刷新"


async def test_without_script_the_page_is_whole_and_loads_itself_again(browser, world, monkeypatch):
    monkeypatch.setattr(pages, "REFRESH", 1)
    await browser.call("Emulation.setScriptExecutionDisabled", value=True)
    async with TestServer(make_app(world.reading())) as server:
        await browser.open(str(server.make_url("/")))
        assert len(await cells(browser)) == 38
        apply(world.state, break_at(world, "shandong"))
        await browser.until("document.querySelector('h1')?.innerText.includes('山东')", seconds=10)


def crowded(world: World) -> None:
    """The longest of everything."""
    certificate = Certificate(
        subject=LONG, issuer=LONG, not_before=AT, not_after=AT, names=(LONG, "<b>"), fingerprint="", chain_length=1,
        verified=False,
    )  # fmt: skip
    result = make_result(
        "captcha/shandong", Cause.HTTP_STATUS, phase=Phase.PROCESSING, detail=LONG, address=LONG,
        certificate=certificate, phases=dict.fromkeys(Phase, 0.1),
    )  # fmt: skip
    world.see(result)
    world.open(make_incident("national", id="n-1", scope=Scope.NATIONAL, service=""))
    incident = make_incident(
        "shandong", parent="n-1", acknowledged_at=AT, acknowledged_by=LONG[:100], comment=LONG,
        timeline=((AT, f"acked={LONG}"), (AT, "strange")),
    )  # fmt: skip
    world.open(incident)
    world.state.evidence[incident.id] = Evidence(
        incident=incident.id, target=LONG, taken_at=AT, duration=1.0, certificate=certificate, first_bytes=LONG,
        answers=(Answer(resolver=LONG[:60], name=LONG, addresses=("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",) * 8),),
        addresses=(AddressLook(address=LONG[:60], cause=Cause.CONNECT_TIMEOUT, detail=LONG, connect=0.1),),
        status_code=503, headers=(("server", LONG[:200]),), hops=(Hop(ttl=1, address=LONG[:60], seconds=0.1),),
        controls=(ControlLook(target=LONG[:80], cause=Cause.NONE, at=AT),), left_out=("hops=limit",),
    )  # fmt: skip
    window = Window(
        id="w", name=LONG[:100], authorities=tuple(world.plan.authorities), services=("verify", LONG[:60]),
        start=AT, end=AT + timedelta(hours=1), by_hand=True,
    )  # fmt: skip
    world.state.windows["w"] = WindowRecord(window=window)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_nothing_sticks_out_of_a_phone_and_the_console_stays_silent(browser, world, language):
    crowded(world)
    paths = (
        "/",
        "/authorities/shandong",
        "/authorities/local",
        "/targets/captcha/shandong",
        "/incidents/shandong-1",
        "/incidents/n-1",
        "/none",
    )
    async with TestServer(make_app(world.reading())) as server:
        for number, path in enumerate(paths):
            await browser.look(width=360, dark=bool(number % 2))
            await browser.open(str(server.make_url(path).update_query(lang=language)))
            wide: Any = await browser.value("document.documentElement.scrollWidth")
            assert wide <= 360, path
    assert [line for line in browser.logged if "404" not in line] == []


async def test_an_unseen_page_holds_no_place_among_the_listeners(browser, world):
    async with TestServer(make_app(world.reading())) as server:
        await browser.open(str(server.make_url("/")))
        async with asyncio.timeout(10):
            while not world.live.listening:
                await asyncio.sleep(0.05)
        await browser.value(
            "Object.defineProperty(document, 'hidden', {value: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        async with asyncio.timeout(10):
            while world.live.listening:
                await asyncio.sleep(0.05)


BROKEN = """[...document.querySelectorAll('th, td, th a, .cell strong, .cell .word')].flatMap((place) => {
  const found = [], walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  for (let node; (node = walk.nextNode());) for (const word of node.data.matchAll(/[A-Za-z]+/g)) {
    const range = document.createRange();
    range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(word[0]);
  }
  return found;
})"""
"""Words that stand on more than one line."""


@pytest.mark.parametrize("width", [380, 1100])
async def test_no_word_breaks_in_a_table_or_a_cell(browser, world, tmp_path, width):
    world.see(make_result("captcha/shandong", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT))
    store = HistoryStore(tmp_path / "history.sqlite3", StillClock(), world.plan, report=lambda _health: None)
    served = make_app(replace(world.reading(), history=store))
    async with TestServer(served) as server:
        await browser.look(width=width)
        for path in ("/", "/authorities/shandong", "/targets/captcha/shandong"):
            await browser.open(str(server.make_url(path).update_query(lang="en")))
            assert await browser.value(BROKEN) == [], path
    await store.close()
