"""Loop 3 beyond a cap, in a storm, after days without an answer, and for those who wait for a service."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from monitor.core.pace import BURST, GATHER
from monitor.core.state import Commit
from monitor.courier import Courier
from monitor.model import EventName, Incident, Notification, Receiver, Waiting
from monitor.notify import deliverers as all_deliverers
from monitor.notify.delivery import DeliveryError
from monitor.store.state import StateStore
from monitor.teller import Teller
from tests.conftest import StillClock
from tests.notify.examples import a_notification, a_plan, an_incident, by_apprise, webhook
from tests.notify.hooks import hook
from tests.test_courier import Meter, a_store, until

SECRET = "S3cr3t-T0ken-0123456789"


class Receiving:
    """Takes everything, or nothing while it is away; remembers what it took."""

    def __init__(self) -> None:
        self.away = False
        self.taken: list[Mapping[str, Any]] = []

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        if self.away:
            raise DeliveryError("nobody there", permanent=False)
        self.taken.append(payload)
        return "200"

    async def close(self) -> None:
        pass

    @property
    def keys(self) -> list[str]:
        return [one["key"] for one in self.taken]


class Desk:
    """A courier, its clock, its store and the receiver at its other end."""

    def __init__(self, store: StateStore, courier: Courier, meter: Meter, clock: StillClock, to: str) -> None:
        self.store, self.courier, self.meter, self.clock, self.to = store, courier, meter, clock, to

    async def decide(self, *notes: Notification) -> None:
        """Keep what was decided, and let all that is due be tried."""
        await self.store.write([Commit(at=self.clock.now(), notifications=notes, durable=True)])
        await self.pass_time(0)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and all that is due then be tried."""
        self.clock.advance(seconds)
        RESTS[self.to].clear()
        self.courier._tellers[self.to].poke()
        async with asyncio.timeout(20):
            await RESTS[self.to].wait()

    @property
    def waiting(self) -> int:
        return self.meter.waiting[self.to]


RESTS: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
"""Set when a teller has nothing to do any more."""


@pytest.fixture(autouse=True)
def _watched(monkeypatch):
    """Notices when a teller rests; it does what it always does."""
    resting = Teller._wait

    async def rest(teller: Teller) -> None:
        RESTS[teller.receiver.id].set()
        await resting(teller)

    monkeypatch.setattr(Teller, "_wait", rest)
    RESTS.clear()


@asynccontextmanager
async def at_work(
    path: Path, receiver: Receiver, receiving: Receiving, clock: StillClock
) -> AsyncIterator[Desk]:
    """A courier on the state file at `path`, with one receiver."""
    async with a_store(path) as store:
        meter = Meter()
        courier = Courier(
            store, a_plan(receiver), clock, meter, {receiver.kind: receiving, "webhook": receiving}
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(courier.run())
            try:
                async with asyncio.timeout(20):
                    await RESTS[receiver.id].wait()
                yield Desk(store, courier, meter, clock, receiver.id)
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


class Course:
    """Outages one after the other, as they would be decided."""

    def __init__(self, to: str, clock: StillClock) -> None:
        self.to, self.clock, self.number = to, clock, 0

    def opened(self) -> Incident:
        self.number += 1
        return an_incident(
            id=f"shandong-{self.number}", first_failure_at=self.clock.now(), opened_at=self.clock.now()
        )

    def note(self, event: str, one: Incident, sequence: int = 1) -> Notification:
        return a_notification(
            one,
            key=f"{one.id}/{sequence}/{event}",
            event=EventName(event),
            to=(self.to,),
            at=self.clock.now(),
        )

    def outage(self) -> list[Notification]:
        """One that opens, is reminded of, and ends."""
        one = self.opened()
        ended = replace(one, resolved_at=self.clock.now() + timedelta(minutes=5))
        return [
            self.note("incident_opened", one),
            self.note("incident_reminder", one, 2),
            self.note("incident_resolved", ended, 3),
        ]


def story(taken: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What one who is told knows of each incident, in order: each event once, those in digests among them."""
    known: dict[str, list[str]] = {}
    for payload in taken:
        for entry in payload.get("digest", [payload]):
            for one in entry["incidents"]:
                id_ = one if isinstance(one, str) else one["id"]
                known.setdefault(id_, []).append(str(entry["event"]).removeprefix("incident_"))
    return known


# --- a cap -----------------------------------------------------------------------------------------------------------


async def test_beyond_its_cap_a_receiver_is_told_the_rest_in_the_next_message_that_is_allowed(
    tmp_path, clock
):
    receiving, receiver = Receiving(), replace(webhook("http://unused/"), cap=(2, 3600.0))
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        course = Course(desk.to, clock)
        first, second = course.opened(), course.opened()
        await desk.decide(course.note("incident_opened", first))
        await desk.decide(course.note("incident_opened", second))
        await desk.decide(course.note("incident_escalated", second, 2))
        await desk.decide(course.note("incident_resolved", replace(second, resolved_at=clock.now()), 3))
        await desk.pass_time(3599)
        assert (len(receiving.taken), desk.waiting) == (2, 2)

        await desk.pass_time(2)
        assert (len(receiving.taken), desk.waiting) == (3, 0)
    digest = receiving.taken[2]
    assert digest["event"] == "incident_resolved"
    assert [entry["key"] for entry in digest["digest"]] == [
        "shandong-2/2/incident_escalated",
        "shandong-2/3/incident_resolved",
    ]
    assert [one["resolved_at"] is not None for one in digest["incidents"]] == [True]
    assert desk.meter.counted["bus[0]", "sent"] == 3
    assert desk.meter.counted["bus[0]", "left out"] == 1, "the escalation has no line of its own"
    assert desk.meter.counted["bus[0]", "dropped"] == 0


async def test_a_restart_does_not_reset_the_cap(tmp_path, clock):
    receiving, receiver = Receiving(), replace(webhook("http://unused/"), cap=(1, 3600.0))
    course = Course(receiver.id, clock)
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        await desk.decide(course.note("incident_opened", course.opened()))
    clock.advance(600)
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        await desk.decide(course.note("incident_opened", course.opened()))
        await desk.pass_time(2999)
        assert len(receiving.taken) == 1
        await desk.pass_time(2)
        assert len(receiving.taken) == 2


async def test_a_digest_that_is_not_taken_keeps_its_key_over_retries_and_a_restart(tmp_path, clock):
    receiving, receiver = Receiving(), replace(webhook("http://unused/"), cap=(1, 3600.0))
    course = Course(receiver.id, clock)
    tried: list[str] = []

    class Refusing(Receiving):
        async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
            tried.append(payload["key"])
            return await super().deliver(receiver, payload)

    receiving = Refusing()
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        await desk.decide(course.note("incident_opened", course.opened()))
        await desk.decide(*course.outage())
        receiving.away = True
        await desk.pass_time(3601)
        await desk.pass_time(301)
    receiving.away = False
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        await desk.pass_time(301)
        assert await desk.store.pending(desk.to) == ()
    assert len(receiving.taken) == 2
    assert len(set(tried[1:])) == 1
    assert len(tried) >= 4


# --- a storm ---------------------------------------------------------------------------------------------------------


async def test_forty_outages_in_a_row_are_no_forty_messages_for_people(tmp_path, clock):
    receiving, receiver = Receiving(), by_apprise("json://unused/")
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        course = Course(desk.to, clock)
        for _ in range(40):
            await desk.decide(course.note("incident_opened", course.opened()))
            await desk.pass_time(12)
        await desk.pass_time(GATHER)
        assert desk.waiting == 0
    assert BURST[0] < len(receiving.taken) <= BURST[0] + 7
    assert story(receiving.taken) == {f"shandong-{n}": ["opened"] for n in range(1, 41)}
    assert all(one["title"].startswith("【汇总】") for one in receiving.taken if "digest" in one)


async def test_a_machine_is_told_each_of_them(tmp_path, clock):
    receiving, receiver = Receiving(), webhook("http://unused/")
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        course = Course(desk.to, clock)
        await desk.decide(*(course.note("incident_opened", course.opened()) for _ in range(40)))
    assert len(set(receiving.keys)) == 40


async def test_a_drill_is_not_mixed_with_what_is_real(tmp_path, clock):
    receiving, receiver = Receiving(), replace(webhook("http://unused/"), cap=(1, 60.0))
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        course = Course(desk.to, clock)
        drill = replace(course.note("incident_opened", course.opened()), drill=True)
        await desk.decide(*(course.note("incident_opened", course.opened()) for _ in range(3)), drill)
        await desk.pass_time(61)
    assert [(len(one.get("digest", "1")), one["drill"]) for one in receiving.taken] == [(3, False), (1, True)]


# --- days without an answer ------------------------------------------------------------------------------------------


async def days_away(path: Path, receiver: Receiver, clock: StillClock, monkeypatch) -> tuple[Desk, Receiving]:
    """Twenty outages a day for four days while the receiver is away; it is killed and started again in between."""
    monkeypatch.setattr("monitor.waitlist.MOST", 40)
    monkeypatch.setattr("monitor.teller.BACKOFF", (1800.0, 7200.0))
    receiving, course = Receiving(), Course(receiver.id, clock)
    before = course.opened()
    async with at_work(path, receiver, receiving, clock) as desk:
        await desk.decide(course.note("incident_opened", before))
    receiving.away = True
    for day in range(4):
        async with at_work(path, receiver, receiving, clock) as desk:
            if day == 1:
                ended = replace(before, resolved_at=clock.now())
                await desk.decide(course.note("incident_resolved", ended, 2))
            for _ in range(20):
                await desk.decide(*course.outage())
                await desk.pass_time(4320)
                assert len(await desk.store.pending(desk.to)) <= 44
            await desk.decide(course.note("incident_opened", course.opened()))
    receiving.away = False
    async with at_work(path, receiver, receiving, clock) as desk:
        await desk.pass_time(7200)
        await desk.pass_time(GATHER)
        assert desk.waiting == 0
        assert await desk.store.pending(desk.to) == ()
    return desk, receiving


async def test_after_hours_nobody_hears_of_every_reminder_that_was_missed(tmp_path, clock):
    receiver, receiving = webhook("http://unused/"), Receiving()
    course = Course(receiver.id, clock)
    async with at_work(tmp_path, receiver, receiving, clock) as desk:
        receiving.away = True
        one = course.opened()
        await desk.decide(course.note("incident_opened", one))
        for sequence in range(2, 50):
            await desk.decide(course.note("incident_reminder", one, sequence))
        receiving.away = False
        await desk.pass_time(600)
        assert story(receiving.taken) == {one.id: ["opened", "reminder"]}
        assert receiving.taken[-1]["key"] == f"{one.id}/49/incident_reminder"
        assert await desk.store.pending(desk.to) == ()


def whole(known: dict[str, list[str]]) -> None:
    """Every outage of those days began and ended, or began, in this order and each once."""
    without = {id_: [e for e in events if e != "reminder"] for id_, events in known.items()}
    assert len(without) == 85
    still_open = [id_ for id_, events in without.items() if events == ["opened"]]
    assert len(still_open) == 4
    assert all(events in (["opened"], ["opened", "resolved"]) for events in without.values()), without


async def test_after_days_a_machine_hears_of_every_opening_and_end_in_order(tmp_path, clock, monkeypatch):
    _, receiving = await days_away(tmp_path, webhook("http://unused/"), clock, monkeypatch)
    whole(story(receiving.taken))
    assert len(receiving.taken) <= 45
    ended = {one["id"] for told in receiving.taken for one in told["incidents"] if one["resolved_at"]}
    assert len(ended) == 81


async def test_after_days_people_get_one_message(tmp_path, clock, monkeypatch):
    _, receiving = await days_away(tmp_path, by_apprise("json://unused/"), clock, monkeypatch)
    whole(story(receiving.taken))
    assert len(receiving.taken) <= 3, "the one before, one for four days, perhaps the last one"
    assert "项未恢复、81 项已恢复" in receiving.taken[1]["title"]


# --- those who wait for a service ------------------------------------------------------------------------------------


def recovered(url: str, clock: StillClock, id_: str = "a") -> Notification:
    """The word that a service is back, for one webhook."""
    one = Waiting(
        id=id_,
        authority="shandong",
        service="verify",
        since=clock.now(),
        until=clock.now(),
        ticket="T-1",
        webhook=url,
    )
    return replace(
        a_notification(),
        key=f"waiting-{id_}/1/authority_recovered",
        event=EventName.AUTHORITY_RECOVERED,
        at=clock.now(),
        incidents=(),
        to=(one.receiver,),
        waiting=(one,),
    )


async def test_one_who_waited_is_told_at_its_webhook_and_nothing_shows_where_that_is(tmp_path, clock):
    receiving = Receiving()
    with capture_logs() as logs:
        async with hook() as erp, at_work(tmp_path, webhook("http://unused/"), receiving, clock) as desk:
            desk.courier._deliverers = all_deliverers()
            await desk.store.write(
                [
                    Commit(
                        at=clock.now(),
                        notifications=(recovered(f"http://{erp.address}/{SECRET}", clock),),
                        durable=True,
                    )
                ]
            )
            desk.courier.poke()
            await until(lambda: desk.meter.counted["waiting", "sent"])
            assert await desk.store.waiting_receivers() == frozenset()
            assert desk.meter.waiting["waiting"] == 0
    (body,) = erp.bodies
    assert (body["event"], body["waiting"]) == (
        "authority_recovered",
        [{"authority": "shandong", "service": "verify", "ticket": "T-1"}],
    )
    assert SECRET not in str(logs)
    assert SECRET not in str(body)


async def test_a_webhook_that_hangs_holds_up_no_other_and_is_told_after_a_restart(
    tmp_path, clock, monkeypatch
):
    monkeypatch.setattr("monitor.teller.GRACE", 0.1)
    receiver = webhook("http://unused/")
    async with hook("hang") as hung, hook() as well:
        notes = (
            recovered(f"http://{hung.address}/", clock, "a"),
            recovered(f"http://{well.address}/", clock, "b"),
        )
        async with at_work(tmp_path, receiver, Receiving(), clock) as desk:
            desk.courier._deliverers = all_deliverers()
            await desk.store.write([Commit(at=clock.now(), notifications=notes, durable=True)])
            desk.courier.poke()
            await until(lambda: desk.meter.counted["waiting", "sent"])
            await hung.until(1)
            assert desk.meter.waiting["waiting"] == 1
        hung.manner = 200
        async with a_store(tmp_path) as store:
            meter = Meter()
            courier = Courier(store, a_plan(receiver), clock, meter)
            async with asyncio.TaskGroup() as group:
                task = group.create_task(courier.run())
                await until(lambda: meter.counted["waiting", "sent"])
                task.cancel()
    assert hung.keys == ["waiting-a/1/authority_recovered"] * 2
    assert well.keys == ["waiting-b/1/authority_recovered"]


async def test_a_webhook_that_stays_away_for_a_day_is_given_up(tmp_path, clock):
    receiving = Receiving()
    receiving.away = True
    async with at_work(tmp_path, webhook("http://unused/"), receiving, clock) as desk:
        await desk.store.write(
            [Commit(at=clock.now(), notifications=(recovered("http://x/", clock),), durable=True)]
        )
        desk.courier.poke()
        await until(lambda: desk.meter.counted["waiting", "failed"])
        clock.advance(86401)
        desk.courier._guests.here["waiting:a"].poke()
        await until(lambda: desk.meter.counted["waiting", "dropped"])
        assert await desk.store.waiting_receivers() == frozenset()
