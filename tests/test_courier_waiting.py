"""Loop 3 for those who wait for a service: told once at their webhooks, beside everybody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from structlog.testing import capture_logs

from monitor.core.state import Commit
from monitor.courier import Courier
from monitor.model import EventName, Notification, Waiting
from monitor.notify import deliverers as all_deliverers
from tests.conftest import StillClock
from tests.desk import Receiving, at_work
from tests.notify.examples import a_notification, a_plan, webhook
from tests.notify.hooks import hook
from tests.test_courier import Meter, a_store, until

SECRET = "S3cr3t-T0ken-0123456789"


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
