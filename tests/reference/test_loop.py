"""The loop that asks references and publishes: real servers and files, the system's clock, a list for an inbox."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from monitor.clock import Clock, SystemClock
from monitor.core.state import Commit, State
from monitor.knowledge import load_registry
from monitor.model import Plan, ReferenceReading, ReferenceSource
from monitor.references import POLITE, References
from monitor.threads import Aside, StillHangs
from tests.net.peers import peer
from tests.reference.examples import board, board_row, own_document, own_row
from tests.reference.servers import HOSTILE, answers, good, hangs


class Meter:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.publishes: list[bool] = []
        self.errors: list[str] = []

    def set_publish_up(self, up: bool) -> None:
        self.publishes.append(up)

    def count_internal_error(self, part: str) -> None:
        self.errors.append(part)


class Loop:
    """A loop under way, what it handed on, and what it told."""

    def __init__(self, plan: Plan, clock: Clock | None = None) -> None:
        self.readings: list[ReferenceReading] = []
        self.meter = Meter()
        self.references = References(
            plan, State(), clock or SystemClock(), self.meter, hand_on=self.readings.append
        )

    def of(self, name: str) -> list[ReferenceReading]:
        """The readings of one source."""
        return [reading for reading in self.readings if reading.source == name]


def plan_of(*sources: ReferenceSource, **more: Any) -> Plan:
    """A plan that watches all authorities by nothing but references."""
    given: dict[str, Any] = {"vantage": "here", "language": "zh", "timezone": "Asia/Shanghai", "targets": {}}
    return Plan(**given, authorities=load_registry(), references=sources, **more)


async def until(seen: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until `seen()` is true, looking often."""
    async with asyncio.timeout(seconds):
        while not seen():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def loop(plan: Plan, clock: Clock | None = None) -> AsyncIterator[Loop]:
    """Run it for a while."""
    under_way = Loop(plan, clock)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(under_way.references.run())
        yield under_way
        task.cancel()
    assert under_way.meter.errors == []


def by_http(name: str, port: int, interval: float = 0.3) -> ReferenceSource:
    """A source on loopback; its interval is its deadline too."""
    return ReferenceSource(name=name, url=f"http://127.0.0.1:{port}/", interval=interval)


async def test_each_source_is_asked_at_once_and_then_on_its_interval():
    asked: list[bytes] = []
    async with peer(answers(good(), asked=asked)) as port, loop(plan_of(by_http("hq", port))) as it:
        await until(lambda: len(it.readings) >= 3)
        begun = [reading.read_at for reading in it.readings[:3]]
    assert all(reading.up and len(reading.rows) == 2 for reading in it.readings)
    assert all(0.25 < (b - a).total_seconds() < 1.5 for a, b in pairwise(begun))
    assert len(asked) in (len(it.readings), len(it.readings) + 1)


class Ahead(SystemClock):
    """The system's clock, which can be put ahead."""

    seconds = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.seconds


async def test_a_first_failing_run_makes_it_due_at_once_but_no_earlier_than_is_polite():
    clock = Ahead()
    failed = Commit(at=clock.now(), first_failure=True)
    async with peer(answers(good())) as port, loop(plan_of(by_http("hq", port, interval=300.0)), clock) as it:
        await until(lambda: len(it.readings) == 1)
        clock.seconds += POLITE
        it.references.follow(failed)
        await until(lambda: len(it.readings) == 2)
        it.references.follow(failed)
        await asyncio.sleep(0.3)
        assert len(it.readings) == 2, "it has just been asked"


async def test_whatever_one_reference_does_the_others_are_read(tmp_path):
    (tmp_path / "good.json").write_text(json.dumps(own_document()))
    os.mkfifo(tmp_path / "pipe")
    async with contextlib.AsyncExitStack() as stack:
        sources = [ReferenceSource(name="good", file=str(tmp_path / "good.json"), interval=0.2)]
        sources.append(ReferenceSource(name="pipe", file=str(tmp_path / "pipe"), interval=0.2))
        for manner, (handler, _) in HOSTILE.items():
            port = await stack.enter_async_context(peer(handler))
            sources.append(by_http(manner, port, interval=1.0))
        it = await stack.enter_async_context(loop(plan_of(*sources)))
        await until(lambda: all(it.of(source.name) for source in sources))
        await until(lambda: len(it.of("good")) > 3)
    assert all(reading.up for reading in it.of("good"))
    assert {reading.source for reading in it.readings if not reading.up} == {"pipe", *HOSTILE}


async def test_one_that_flaps_is_read_whenever_it_can_be(tmp_path):
    broken = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
    async with (
        peer(answers(good(), broken, good(), broken, good())) as port,
        loop(plan_of(by_http("hq", port, interval=1.0))) as it,
    ):
        await until(lambda: len(it.readings) >= 5)
    assert [reading.up for reading in it.readings[:5]] == [True, False, True, False, True]


async def test_a_file_that_is_half_written_is_a_failed_reading_until_it_is_whole(tmp_path):
    file = tmp_path / "status.json"
    text = json.dumps({"list": [board_row()]})
    file.write_text(text[:20])
    source = replace(board(), file=str(file), interval=0.1)
    async with loop(plan_of(source)) as it:
        await until(lambda: it.readings)
        file.write_text(text)
        await until(lambda: it.readings[-1].up)
    assert it.readings[0].detail == "not JSON"
    assert [row.authority for row in it.readings[-1].rows] == ["shandong"]


async def test_a_document_from_the_future_counts_as_now_and_grows_old_all_the_same(tmp_path):
    file = tmp_path / "status.json"
    rows = {"shandong": own_row(at="2099-01-01T00:00:00Z"), "beijing": own_row(at="2026-01-01T00:00:00Z")}
    file.write_text(json.dumps(own_document(rows)))
    source = ReferenceSource(name="hq", file=str(file), interval=0.1)
    async with loop(plan_of(source)) as it:
        await until(lambda: len(taken(it)) >= 3)
        first, last = taken(it)[0], taken(it)[-1]
        rows["shandong"] = own_row(at="2099-01-01T00:01:00Z")
        file.write_text(json.dumps(own_document(rows)))
        await until(lambda: taken(it)[-1].rows != last.rows)
    assert first.rows[0].checked_at == first.read_at
    assert last.rows == first.rows, "the same claim is as old as when we first met it"
    assert taken(it)[-1].rows[0].checked_at > last.read_at


def taken(it):
    """The readings that succeeded: on a busy machine one may not be in time."""
    return [reading for reading in it.readings if reading.up]


async def test_a_new_plan_keeps_what_is_unchanged_and_leaves_what_is_gone():
    async with peer(answers(good())) as port, peer(hangs) as deaf:
        kept, changed = by_http("kept", port, interval=30), by_http("changed", deaf, interval=30)
        gone = by_http("gone", port, interval=0.1)
        async with loop(plan_of(kept, changed, gone)) as it:
            await until(lambda: it.of("kept") and it.of("gone"))
            new = by_http("new", port, interval=30)
            it.references.replan(plan_of(kept, replace(changed, url=kept.url), new))
            await until(lambda: it.of("new") and it.of("changed"))
            known = len(it.of("gone"))
            await asyncio.sleep(0.3)  # the one that is gone would have been asked thrice
    assert len(it.of("gone")) == known
    assert len(it.of("kept")) == 1
    assert it.of("changed")[0].up, "it was asked anew at its new address, not waited for at the old one"


async def test_our_view_is_published_at_start_and_after_what_was_decided(tmp_path):
    file = tmp_path / "reference.json"
    clock = SystemClock()
    async with loop(plan_of(publish_file=str(file))) as it:
        await until(file.exists)
        first = json.loads(file.read_text())
        it.references.follow(Commit(at=clock.now()))
        it.references.follow(Commit(at=clock.now(), durable=True))
        await until(lambda: json.loads(file.read_text())["generated_at"] != first["generated_at"])
    assert first["format"] == "fapiao-reference/1"
    assert first["vantage"] == "here"
    assert set(it.meter.publishes) == {True}


async def test_a_file_that_cannot_be_written_is_counted_and_written_as_soon_as_it_can_be(tmp_path):
    folder = tmp_path / "www"
    file = folder / "reference.json"
    async with peer(answers(good())) as port:
        source = by_http("hq", port, interval=0.1)
        async with loop(plan_of(source, publish_file=str(file))) as it:
            await until(lambda: it.meter.publishes == [False])
            folder.mkdir()
            it.references.follow(Commit(at=SystemClock().now(), durable=True))
            await until(file.exists)
            await until(lambda: it.meter.publishes[-1])
    assert all(reading.up for reading in it.readings)


async def test_a_plan_may_begin_and_cease_to_publish(tmp_path):
    file = tmp_path / "reference.json"
    async with loop(plan_of()) as it:
        it.references.replan(plan_of(publish_file=str(file)))
        await until(file.exists)
        it.references.replan(plan_of())
        file.unlink()
        it.references.follow(Commit(at=SystemClock().now(), durable=True))
        await asyncio.sleep(0.1)
    assert not file.exists()


async def test_a_bug_of_ours_is_a_failed_reading_that_is_counted(tmp_path):
    file = tmp_path / "status.json"
    file.write_text(json.dumps(own_document()))
    source = ReferenceSource(name="hq", file=str(file), interval=0.1)
    under_way = Loop(replace(plan_of(source), timezone="No/Where"))
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(under_way.references.run())
        await until(lambda: len(under_way.readings) >= 2)
        task.cancel()
    assert not under_way.readings[0].up
    assert set(under_way.meter.errors) == {"reference"}


async def test_a_thread_that_hangs_is_left_behind_and_no_second_one_is_begun():
    aside, free, begun = Aside("dead disk"), threading.Event(), []

    def hang() -> None:
        begun.append(1)
        free.wait(30)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await aside.do(hang)
    with contextlib.suppress(StillHangs):
        await aside.do(hang)
    assert begun == [1]
    free.set()
    await until(lambda: aside._last is not None and aside._last.done())
    assert await aside.do(lambda: "again") == "again"
