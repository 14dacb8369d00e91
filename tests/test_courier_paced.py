"""Loop 3 beyond a cap, in a storm, and after days without an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.core.pace import BURST, GATHER
from monitor.model import EventName, Incident, Notification, Receiver
from tests.conftest import StillClock
from tests.desk import Desk, Receiving, at_work
from tests.notify.examples import a_notification, an_incident, by_apprise, webhook


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
