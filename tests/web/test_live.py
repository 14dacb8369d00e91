"""The live stream over a real socket: what is sent, resumed, bounded and ended; and what of a commit is news."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer

from monitor.core.state import Commit, WindowRecord, apply
from monitor.model import AddWindow, Cause, Confirmed, Phase, Result, TargetState, Tick, Window
from monitor.web import events
from monitor.web.live import Live, TooManyListenersError
from monitor.web.news import Reporter
from tests.web.conftest import AT, StillClock, World, make_incident, make_result
from tests.web.gated import gated

PATH = "/api/v1/events"


@dataclass(frozen=True)
class Told:
    """One event as a listener reads it."""

    id: int | None
    name: str
    data: Any


async def read_event(reply: aiohttp.ClientResponse) -> Told:
    """The next event; comments and `retry` are passed over."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(5):
        async for line in reply.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if not line.strip() and "data" in fields:
                number = int(fields["id"]) if "id" in fields else None
                return Told(number, fields["event"], json.loads(fields["data"]))
            fields[name] = value
    raise EOFError


Listen = Callable[..., Any]


@pytest.fixture
async def listen(server: BaseTestServer) -> AsyncIterator[Listen]:
    """`async with listen("?after=1", headers={}) as reply`."""
    async with aiohttp.ClientSession() as session:

        @asynccontextmanager
        async def listen(query: str = "", **more: Any) -> AsyncIterator[aiohttp.ClientResponse]:
            async with session.get(str(server.make_url(PATH)) + query, **more) as reply:
                if reply.status == 200:
                    assert await reply.content.readline() == b"retry: 3000\n"
                yield reply

        yield listen


# --- the stream ------------------------------------------------------------------------------------------------------


async def test_a_listener_hears_what_happens_from_now_on(world, listen):
    world.live.publish("result", lambda: {"id": "before"})
    async with listen() as reply:
        assert reply.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert reply.headers["X-Accel-Buffering"] == "no"
        assert reply.headers["Cache-Control"] == "no-store"
        world.live.publish("state", lambda: {"authority": "shandong", "name": "山东\n"})
        told = await read_event(reply)
    assert told == Told(world.live.latest, "state", {"authority": "shandong", "name": "山东\n"})


async def test_one_who_comes_back_is_told_first_what_was_missed(world, listen):
    for number in range(5):
        world.live.publish("result", lambda number=number: {"number": number})
    last_read = world.live.latest - 3
    async with listen(headers={"Last-Event-ID": str(last_read)}) as reply:
        assert [(await read_event(reply)).data["number"] for _ in range(3)] == [2, 3, 4]
    async with listen(f"?after={last_read}") as reply:
        assert (await read_event(reply)).id == last_read + 1


async def test_the_header_of_one_who_comes_back_outranks_the_address(world, listen):
    for number in range(5):
        world.live.publish("result", lambda number=number: number)
    first = world.live.latest - 4
    async with listen(f"?after={first}", headers={"Last-Event-ID": str(first + 2)}) as reply:
        assert (await read_event(reply)).id == first + 3


async def test_one_who_comes_back_after_a_restart_goes_on_with_higher_ids(world):
    before = Live(AT)
    before.publish("result", dict)
    after = Live(AT + timedelta(milliseconds=1))
    after.publish("result", dict)
    assert after.latest > before.latest
    with after.listen(before.latest) as listener:
        assert listener.missed  # what happened while the daemon was away is in no ring


@pytest.mark.parametrize("sent", ["", "x", "-5", "9" * 40, "١٢"])
async def test_an_id_that_is_none_of_ours_reads_all_there_is_after_a_gap(world, listen, sent):
    world.live.publish("result", lambda: 1)
    async with listen(headers={"Last-Event-ID": sent}) as reply:
        assert [(await read_event(reply)).name for _ in range(2)] == ["gap", "result"]


async def test_head_tells_the_headers_and_holds_no_place(world, ask):
    head = await ask(PATH, method="HEAD")
    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert world.live.listening == 0


async def test_silence_is_broken_by_a_comment(world, server, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    monkeypatch.setattr(events, "GLANCE", 0.01)
    async with aiohttp.ClientSession() as session, session.get(server.make_url(PATH)) as reply:
        async with asyncio.timeout(5):
            assert b": still here" in await reply.content.readuntil(b"still here")


async def test_stopping_ends_every_stream_at_once(world, server, listen):
    async with listen() as reply:
        await server.close()
        with pytest.raises(EOFError):
            await read_event(reply)
    with pytest.raises(TooManyListenersError), world.live.listen(None):
        pass


async def test_a_listener_who_left_gives_its_place_back(world, listen, monkeypatch):
    monkeypatch.setattr(events, "GLANCE", 0.01)
    async with listen():
        assert world.live.listening == 1
    async with asyncio.timeout(5):
        while world.live.listening:
            await asyncio.sleep(0.01)


class TestSmallRing:
    """Three events are kept and two may listen."""

    @pytest.fixture
    def world(self) -> World:
        return World(live=Live(AT, kept=3, listeners=2))

    async def test_one_who_missed_more_than_is_kept_is_told_so(self, world, listen):
        for number in range(9):
            world.live.publish("result", lambda number=number: number)
        async with listen(headers={"Last-Event-ID": str(world.live.latest - 7)}) as reply:
            gap = await read_event(reply)
            assert (gap.id, gap.name, gap.data["upto"]) == (None, "gap", world.live.latest - 3)
            assert [(await read_event(reply)).data for _ in range(3)] == [6, 7, 8]

    async def test_a_third_listener_is_asked_to_come_later(self, listen):
        async with listen(), listen(), listen() as third:
            assert (third.status, third.headers["Retry-After"]) == (503, "60")
            assert "too many" in (await third.json())["error"]

    async def test_one_who_does_not_read_is_dropped_and_costs_no_memory(self, world, server, monkeypatch):
        monkeypatch.setattr(events, "PATIENCE", 0.2)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readuntil(b"retry: 3000")
        large = "x" * 1_000_000
        async with asyncio.timeout(20):
            while world.live.listening:
                world.live.publish("result", lambda: large)
                await asyncio.sleep(0.01)
        assert world.live.latest - world.live.oldest < 3
        async with asyncio.timeout(5):
            while server.runner.server.connections:
                await asyncio.sleep(0.01)
        writer.transport.abort()


# --- what is news ----------------------------------------------------------------------------------------------------


@pytest.fixture
def reporter(world) -> Reporter:
    """Follows what a test commits."""
    world.see_all_up()
    return Reporter(world.live, world.plan, world.state, StillClock(), world.reading().metrics)


def commit_to(world: World, reporter: Reporter, event: Any, **parts: Any) -> None:
    """What the pipeline does after a decision."""
    commit = Commit(at=AT, **parts)
    apply(world.state, commit)
    reporter.follow(world.plan, world.state, [(event, commit)])


def told(world: World) -> list[tuple[str, Any]]:
    """All that was published."""
    return [(news.name, json.loads(news.frame.split(b"data: ", 1)[1])) for news in world.live.since(0)]


async def rows_told(world: World) -> list[tuple[str, Any]]:
    """What was published once changes have been gathered."""
    await asyncio.sleep(0.3)
    return [one for one in told(world) if one[0] == "state"]


def seen(world: World, result: Result, confirmed: Confirmed) -> TargetState:
    """The state of a target after this run."""
    known = world.state.targets[result.target]
    failing = None if result.is_ok else result.started_at
    return replace(known, confirmed=confirmed, cause=result.cause, last=result, first_failure_at=failing)


async def test_a_run_is_news_in_the_shape_of_its_target(world, reporter, ask):
    result = make_result("captcha/shandong", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT)
    commit_to(world, reporter, result, targets=(seen(world, result, Confirmed.DOWN),))
    name, data = told(world)[0]
    assert name == "result"
    answer = (await ask("/api/v1/targets/captcha/shandong")).json
    assert data == {**answer, "next_run": None}


async def test_a_changed_row_of_the_status_is_news_and_an_unchanged_one_is_not(world, reporter):
    fine = make_result("captcha/beijing")
    commit_to(world, reporter, fine, targets=(seen(world, fine, Confirmed.UP),))
    broken = make_result("captcha/shandong", Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT)
    commit_to(world, reporter, broken, targets=(seen(world, broken, Confirmed.DOWN),), durable=True)
    changed = await rows_told(world)
    shandong = [row for _, row in changed if row["authority"] == "shandong"]
    assert [(row["state"], row["outcome"], row["cause"]) for row in shandong] == [
        ("down", "timeout", "connect_timeout")
    ]
    assert not [row for _, row in changed if row["authority"] == "beijing"]


async def test_an_incident_is_news_in_the_shape_of_the_list(world, reporter, ask):
    incident = make_incident("shandong")
    commit_to(world, reporter, Tick(), incidents=(incident,), durable=True)
    commit_to(world, reporter, Tick(), incidents=(replace(incident, resolved_at=AT),), durable=True)
    data = [data for name, data in told(world) if name == "incident"]
    assert [one["resolved_at"] for one in data] == [None, "2026-11-21T08:00:00Z"]
    assert data[1] == (await ask("/api/v1/incidents")).json["incidents"][0]


async def test_a_window_is_news(world, reporter):
    window = Window(
        id="w-1", name="upgrade", authorities=("shandong",), services=None,
        start=AT, end=AT + timedelta(hours=2), by_hand=True,
    )  # fmt: skip
    commit_to(world, reporter, AddWindow(window=window), windows=(WindowRecord(window=window),))
    name, data = told(world)[0]
    assert (name, data["id"], data["state"], data["services"]) == ("window", "w-1", "active", None)


async def test_a_bug_while_reporting_stops_nothing(world, reporter):
    reporter.follow(None, world.state, [(make_result("captcha/beijing"), Commit(at=AT))])
    assert world.live.since(0) == []
    commit_to(world, reporter, Tick(), incidents=(make_incident("shandong"),), durable=True)
    assert [name for name, _ in told(world)] == ["incident"]


async def test_at_the_end_of_the_daemon_a_stream_ends_whole_and_is_not_cut(world):
    async with aiohttp.ClientSession() as session:
        async with gated(world) as gate:
            reply = await session.get(f"http://127.0.0.1:{gate.address[1]}{PATH}")
            await reply.content.readuntil(b"retry: 3000\n\n")
        assert await reply.content.read() == b""  # what was cut raises ClientPayloadError
