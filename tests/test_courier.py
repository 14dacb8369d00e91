"""Loop 3: everyone is told, at least once, in order, and nobody waits for anybody else."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.clock import SystemClock
from monitor.core.state import Commit
from monitor.courier import Courier
from monitor.model import EventName, Notification, Plan, Receiver
from monitor.notify.delivery import DeliveryError
from monitor.store.state import StateStore
from monitor.waitlist import REFUSALS
from tests.notify.examples import a_notification, a_plan, an_incident, by_apprise, webhook
from tests.notify.hooks import hook

SECRET = "S3cr3t-T0ken-0123456789"


class Meter:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, str]] = Counter()
        self.delays: list[float] = []
        self.waiting: dict[str, int] = {}

    def count_notification(self, receiver: str, event: EventName, result: str) -> None:
        self.counted[receiver, result] += 1

    def observe_notification_delay(self, receiver: str, seconds: float) -> None:
        self.delays.append(seconds)

    def set_pending(self, receiver: str, count: int, oldest: datetime | None) -> None:
        self.waiting[receiver] = count
        assert (count > 0) is (oldest is not None)

    def count_left_out(self, receiver: str, event: EventName) -> None:
        self.counted[receiver, "left out"] += 1

    def count_doubtful(self, receiver: str, event: EventName) -> None:
        self.counted[receiver, "doubtful"] += 1

    def count_internal_error(self, part: str) -> None:
        self.counted[part, "bug"] += 1


def told(*names: str, incident: str = "shandong", key: str | None = None) -> Notification:
    """A notification decided now, for these receivers."""
    one = an_incident(incident)
    return a_notification(one, key=key or f"{one.id}/1/incident_opened", to=names, at=SystemClock().now())


def decided(*notifications: Notification) -> Commit:
    """The commit that carries them."""
    return Commit(at=notifications[0].at, notifications=notifications, durable=True)


@asynccontextmanager
async def a_store(path: Path) -> AsyncIterator[StateStore]:
    """An open state file."""
    store = StateStore(path / "state")
    store.load()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def running(
    store: StateStore, plan: Plan, deliverers: Mapping[str, Any] | None = None
) -> AsyncIterator[tuple[Courier, Meter]]:
    """A courier at work, stopped in order at the end."""
    meter = Meter()
    courier = Courier(store, plan, SystemClock(), meter, deliverers)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(courier.run())
        try:
            yield courier, meter
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
def hurry(monkeypatch):
    """Second tries come after hundredths of seconds."""
    monkeypatch.setattr("monitor.teller.BACKOFF", (0.02, 0.1))


async def until(condition, seconds: float = 5.0) -> None:
    """Wait for something that no event announces."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_healthy_receiver_is_told_within_200_ms_beside_hung_ones(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.teller.GRACE", 0.1)
    async with hook("hang") as hung, hook() as well, a_store(tmp_path) as store:
        receivers = [webhook(f"http://{hung.address}/", name=f"hung{n}") for n in range(10)]
        plan = a_plan(*receivers, webhook(f"http://{well.address}/", name="well"))
        async with running(store, plan) as (courier, meter):
            await store.write([decided(told(*(receiver.id for receiver in plan.receivers)))])
            courier.poke()
            await until(lambda: meter.counted["well[0]", "sent"])

            assert meter.delays[0] < 0.2
            assert meter.waiting["well[0]"] == 0
            await until(lambda: meter.waiting.get("hung0[0]") == 1)


async def test_the_outbox_is_resumed_after_a_restart(tmp_path):
    async with hook() as bus:
        plan = a_plan(webhook(f"http://{bus.address}/"))
        async with a_store(tmp_path) as store:
            await store.write([decided(told("bus[0]", key="i/1/incident_opened"))])
        async with a_store(tmp_path) as store, running(store, plan) as (_, meter):
            await until(lambda: meter.counted["bus[0]", "sent"])
        async with a_store(tmp_path) as store:
            assert await store.pending("bus[0]") == ()
        assert bus.keys == ["i/1/incident_opened"]


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.test_courier import *
async def main():
    plan = a_plan(webhook(sys.argv[2]))
    async with a_store(Path(sys.argv[1])) as store, running(store, plan) as (courier, _):
        await store.write([decided(told("bus[0]", key="i/1/incident_opened"))])
        courier.poke()
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_a_kill_between_sending_and_marking_tells_again_under_the_same_key(tmp_path):
    async with hook("hang") as bus:
        url = f"http://{bus.address}/"
        environment = {**os.environ, "PYTHONPATH": "."}
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(tmp_path), url, env=environment
        )
        async with asyncio.timeout(30):
            await bus.until(1)
        child.kill()
        await child.wait()

        bus.manner = 200
        async with a_store(tmp_path) as store, running(store, a_plan(webhook(url))) as (_, meter):
            await until(lambda: meter.counted["bus[0]", "sent"])
        assert bus.keys == ["i/1/incident_opened"] * 2


async def test_what_is_told_from_memory_while_the_disk_refuses_is_not_told_again(tmp_path):
    async with hook() as bus, a_store(tmp_path) as store:
        notification = told("bus[0]")
        async with running(store, a_plan(webhook(f"http://{bus.address}/"))) as (courier, meter):
            courier.tell([notification])
            courier.tell([notification])
            await until(lambda: meter.counted["bus[0]", "sent"])
            await store.write([decided(notification)])
            courier.poke()
            await until(lambda: not store._owed.batch().marks)

            assert await store.pending("bus[0]") == ()
        assert len(bus.bodies) == 1


async def test_alerts_go_on_without_any_disk(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "in the way").touch()
    store = StateStore(tmp_path / "state" / "in the way" / "file")
    store.load()
    async with hook() as bus, running(store, a_plan(webhook(f"http://{bus.address}/"))) as (courier, meter):
        courier.tell([told("bus[0]")])
        await until(lambda: meter.counted["bus[0]", "sent"])
    await store.close()


async def test_what_fails_is_tried_again_until_it_is_taken(tmp_path, hurry):
    async with hook(500) as bus, a_store(tmp_path) as store:
        async with running(store, a_plan(webhook(f"http://{bus.address}/"))) as (courier, meter):
            courier.tell([told("bus[0]")])
            await bus.until(4)
            bus.manner = 200
            await until(lambda: meter.counted["bus[0]", "sent"])

        assert meter.counted["bus[0]", "failed"] >= 4
        assert len(set(bus.keys)) == 1


async def test_what_is_refused_for_good_is_given_up_aloud(tmp_path, hurry):
    with capture_logs() as logs:
        async with hook(404) as bus, a_store(tmp_path) as store:
            async with running(store, a_plan(webhook(f"http://{bus.address}/"))) as (courier, meter):
                await store.write([decided(replace(told("bus[0]"), event=EventName.TEST))])
                courier.poke()
                await until(lambda: meter.counted["bus[0]", "dropped"])
            assert await store.pending("bus[0]") == ()

    assert len(bus.bodies) == REFUSALS
    (dropped,) = [line for line in logs if line["event"] == "notification.dropped"]
    assert (dropped["reason"], dropped["log_level"]) == ("answered 404", "error")


async def test_what_is_down_or_over_is_not_given_up_where_it_is_refused(tmp_path, hurry):
    async with hook(401) as bus, a_store(tmp_path) as store:
        async with running(store, a_plan(webhook(f"http://{bus.address}/"))) as (courier, meter):
            courier.tell([told("bus[0]", key="opened")])
            await bus.until(REFUSALS + 2)
            bus.manner = 200
            await until(lambda: meter.counted["bus[0]", "sent"])
        assert meter.counted["bus[0]", "failed"] >= REFUSALS + 2
        assert not meter.counted["bus[0]", "dropped"]


async def test_what_is_refused_for_days_is_given_up_aloud(tmp_path, hurry, monkeypatch):
    monkeypatch.setattr("monitor.teller.REFUSED_PATIENCE", timedelta(0))
    async with (
        hook(403) as bus,
        a_store(tmp_path) as store,
        running(store, a_plan(webhook(f"http://{bus.address}/"))) as (courier, meter),
    ):
        courier.tell([told("bus[0]", key="opened")])
        await until(lambda: meter.counted["bus[0]", "dropped"])


class Scripted:
    """Takes or refuses each notification as told, and remembers the order."""

    def __init__(self, failing: set[str]) -> None:
        self.failing = failing
        self.taken: list[str] = []

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        if payload["key"] in self.failing:
            raise DeliveryError("not now", permanent=False)
        self.taken.append(payload["key"])
        return "200"

    async def close(self) -> None:
        pass


async def test_one_incident_is_told_in_order_and_does_not_hold_up_another(tmp_path, hurry):
    scripted = Scripted({"shandong opened"})
    plan = a_plan(webhook("http://unused/"))
    async with a_store(tmp_path) as store, running(store, plan, {"webhook": scripted}) as (courier, meter):
        courier.tell([told("bus[0]", key="shandong opened"), told("bus[0]", key="shandong resolved")])
        courier.tell([told("bus[0]", key="hunan opened", incident="hunan")])
        await until(lambda: meter.counted["bus[0]", "failed"] > 3)
        assert scripted.taken == ["hunan opened"]

        scripted.failing.clear()
        await until(lambda: meter.waiting["bus[0]"] == 0)
    assert scripted.taken == ["hunan opened", "shandong opened", "shandong resolved"]


async def test_a_success_makes_due_what_waits_for_its_next_try(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.teller.BACKOFF", (60.0, 60.0))
    scripted = Scripted({"shandong opened"})
    plan = a_plan(webhook("http://unused/"))
    async with a_store(tmp_path) as store, running(store, plan, {"webhook": scripted}) as (courier, meter):
        courier.tell([told("bus[0]", key="shandong opened")])
        await until(lambda: meter.counted["bus[0]", "failed"])
        scripted.failing.clear()
        courier.tell([told("bus[0]", key="hunan opened", incident="hunan")])
        await until(lambda: meter.waiting["bus[0]"] == 0)
    assert scripted.taken == ["hunan opened", "shandong opened"]


async def test_a_receiver_that_hangs_is_tried_again_after_its_deadline(tmp_path, hurry, monkeypatch):
    monkeypatch.setattr("monitor.teller.DEADLINE", 0.1)
    async with hook("hang") as bus, a_store(tmp_path) as store:
        plan = a_plan(webhook(f"http://{bus.address}/"))
        async with running(store, plan) as (courier, meter):
            courier.tell([told("bus[0]")])
            await bus.until(1)
            bus.manner = 200
            await until(lambda: meter.counted["bus[0]", "sent"])
    assert bus.keys[0] == bus.keys[1]


async def test_the_end_comes_within_seconds_and_what_was_not_told_stays_in_the_outbox(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.teller.GRACE", 0.3)
    loop = asyncio.get_running_loop()
    async with hook("hang") as hung, a_store(tmp_path) as store:
        plan = a_plan(webhook(f"http://{hung.address}/"), by_apprise(f"json://{hung.address}/"))
        async with running(store, plan) as (courier, _):
            await store.write([decided(told("bus[0]", "oncall[0]"))])
            courier.poke()
            await hung.until(2)
            began = loop.time()
        assert loop.time() - began < 2
        for name in ("bus[0]", "oncall[0]"):
            (pending,) = await store.pending(name)
            assert pending.attempts == 0, "broken off is not failed"


async def test_what_is_under_way_at_the_end_may_finish(tmp_path):
    gate = asyncio.Event()

    class Slow(Scripted):
        async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
            gate.set()
            await asyncio.sleep(0.2)
            return await super().deliver(receiver, payload)

    slow = Slow(set())
    async with a_store(tmp_path) as store:
        async with running(store, a_plan(webhook("http://unused/")), {"webhook": slow}) as (courier, meter):
            await store.write([decided(told("bus[0]"))])
            courier.poke()
            await gate.wait()
        assert meter.counted["bus[0]", "sent"] == 1
        assert await store.pending("bus[0]") == ()


async def test_what_waits_for_a_receiver_that_is_gone_is_dropped_aloud(tmp_path):
    with capture_logs() as logs:
        async with a_store(tmp_path) as store:
            await store.write([decided(told("gone[0]"))])
            async with running(store, a_plan()) as (_, meter):
                await until(lambda: meter.counted["gone[0]", "dropped"])
            assert await store.waiting_receivers() == frozenset()
    assert [line["reason"] for line in logs if line["event"] == "notification.dropped"] == [
        "no longer configured"
    ]


async def test_a_bug_of_ours_fails_one_try_and_shows_its_traceback(tmp_path, hurry):
    class Buggy(Scripted):
        async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
            if self.failing:
                self.failing.clear()
                raise ZeroDivisionError
            return await super().deliver(receiver, payload)

    plan = a_plan(webhook("http://unused/"))
    with capture_logs() as logs:
        async with (
            a_store(tmp_path) as store,
            running(store, plan, {"webhook": Buggy({"x"})}) as (courier, meter),
        ):
            courier.tell([told("bus[0]")])
            await until(lambda: meter.counted["bus[0]", "sent"])
    assert meter.counted["courier", "bug"] == 1
    (bug,) = [line for line in logs if line["event"] == "notification.bug"]
    assert bug["exc_info"]


async def test_no_log_line_holds_a_secret(tmp_path, hurry, caplog):
    with capture_logs() as logs:
        async with hook(404) as it, hook(500) as other, a_store(tmp_path) as store:
            plan = a_plan(
                webhook(f"http://{it.address}/{SECRET}", token=SECRET),
                by_apprise(f"json://u:{SECRET}@{other.address}/{SECRET}?+X-Token={SECRET}"),
            )
            async with running(store, plan) as (courier, meter):
                courier.tell([replace(told("bus[0]", "oncall[0]"), event=EventName.TEST)])
                await until(
                    lambda: meter.counted["bus[0]", "dropped"] and meter.counted["oncall[0]", "failed"]
                )
    assert {"notification.failed", "notification.dropped"} <= {line["event"] for line in logs}
    assert SECRET not in str(logs)
    assert SECRET not in caplog.text
    assert SECRET not in repr(plan)


async def test_an_outbox_that_cannot_be_read_at_the_start_is_read_later(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.teller.READING", (0.05, 0.05))
    async with hook() as bus, a_store(tmp_path) as store:
        await store.write([decided(told("bus[0]"))])
        free = threading.Event()
        store._writer.submit(free.wait)
        async with running(store, a_plan(webhook(f"http://{bus.address}/"))) as (_, meter):
            await asyncio.sleep(0.2)
            assert not bus.bodies
            free.set()
            await until(lambda: meter.counted["bus[0]", "sent"])
