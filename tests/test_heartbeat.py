"""The heartbeat against real servers: when it is sent, when it is withheld, and that it tells nobody its address."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from monitor.clock import SystemClock
from monitor.heartbeat import Heart
from monitor.model import Heartbeat, Plan

SECRET = "0b1c2d3e-ping-key-0123456789"


class Meter:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.beats: Counter[str] = Counter()
        self.bugs: list[str] = []

    def count_heartbeat(self, result, at):
        assert at.tzinfo is not None
        self.beats[result] += 1

    def count_internal_error(self, part):
        self.bugs.append(part)


class Listener:
    """Whom the beats are for: answers with `status`, or hangs."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []
        self.hang = False
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if self.hang:
            await asyncio.sleep(60)
        return web.Response(
            status=self.status, headers={"Location": "/elsewhere"} if self.status == 302 else {}
        )


@pytest.fixture
async def listener():
    """A listener on loopback."""
    made = Listener()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{SECRET}"
    yield made
    await runner.cleanup()


def plan(url: str | None, interval: float = 1.0) -> Plan:
    """A plan of nothing but a heartbeat."""
    empty = Plan(vantage="here", language="en", timezone="UTC", targets={}, authorities={})
    return empty if url is None else replace(empty, heartbeat=Heartbeat(url=url, interval=interval))


@pytest.fixture
def meter() -> Meter:
    return Meter()


@asynccontextmanager
async def beating(heart: Heart):
    """Let it beat meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(heart.run())
        yield heart
        running.cancel()


async def until(seen) -> None:
    """Wait until it is true, 20 s at most."""
    async with asyncio.timeout(20):
        while not seen():
            await asyncio.sleep(0.01)


async def test_it_asks_at_once_and_then_every_interval(listener, meter):
    begun = asyncio.get_running_loop().time()
    async with beating(Heart(plan(listener.url, 0.2), SystemClock(), meter, lambda: True)):
        await until(lambda: meter.beats["sent"] >= 3)
    assert asyncio.get_running_loop().time() - begun >= 0.4
    assert set(listener.asked) == {f"GET /{SECRET}"}
    assert set(meter.beats) == {"sent"}


async def test_it_is_silent_while_a_part_stands_still_and_goes_on_afterwards(listener, meter):
    alive = [False]
    async with beating(Heart(plan(listener.url, 0.05), SystemClock(), meter, lambda: alive[0])):
        await until(lambda: meter.beats["withheld"] >= 2)
        assert listener.asked == []
        alive[0] = True
        await until(lambda: listener.asked)


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_what_is_no_2xx_has_failed_and_no_redirect_is_followed(listener, meter, capsys, status):
    listener.status = status
    async with beating(Heart(plan(listener.url, 0.05), SystemClock(), meter, lambda: True)):
        await until(lambda: meter.beats["failed"] >= 3)
    assert set(listener.asked) == {f"GET /{SECRET}"}
    said = capsys.readouterr().out
    assert said.count("heartbeat.failed") == 1
    assert f"answered {status}" in said
    assert SECRET not in said


async def test_a_listener_that_hangs_is_given_up_and_its_return_is_told_once(listener, meter, capsys):
    listener.hang = True
    async with beating(Heart(plan(listener.url, 0.1), SystemClock(), meter, lambda: True)):
        await until(lambda: meter.beats["failed"] >= 2)
        listener.hang = False
        await until(lambda: meter.beats["sent"] >= 2)
    said = capsys.readouterr().out
    assert said.count("heartbeat.failed") == said.count("heartbeat.works_again") == 1
    assert "no answer in time" in said


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/", "cannot connect"),
        ("http://a..b/", "cannot be resolved"),
    ],
    ids=["refused", "no name"],
)
async def test_an_address_that_cannot_be_reached_fails_with_a_reason(meter, capsys, url, reason):
    async with beating(Heart(plan(f"{url}{SECRET}", 10.0), SystemClock(), meter, lambda: True)):
        await until(lambda: meter.beats["failed"])
    said = capsys.readouterr().out
    assert SECRET not in said
    assert reason in said
    assert not meter.bugs


async def test_a_reload_takes_the_new_address_at_once_and_may_end_it(listener, meter):
    heart = Heart(plan(None), SystemClock(), meter, lambda: True)
    async with beating(heart):
        await asyncio.sleep(0.05)
        assert not meter.beats
        heart.replan(plan(listener.url, 3600))
        await until(lambda: listener.asked)
        heart.replan(plan(listener.url, 3600))
        heart.replan(plan(f"{listener.url}/new", 3600))
        await until(lambda: len(listener.asked) == 2)
        assert listener.asked[1].endswith("/new")
        heart.replan(plan(None))
        await asyncio.sleep(0.05)
    assert len(listener.asked) == 2


def test_the_address_is_in_no_repr():
    assert SECRET not in repr(plan(f"http://h/{SECRET}"))
