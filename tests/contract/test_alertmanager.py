"""Alertmanager as a receiver: a real one for what it makes of our alerts, hostile stand-ins for everything else."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.clock import SystemClock
from monitor.core.state import State
from monitor.model import Cause, EventName, Incident, Receiver, Severity, Window
from monitor.notify.alertmanager import Alertmanager
from monitor.notify.delivery import DeliveryError
from monitor.notify.payload import payload
from monitor.resending import Resender
from tests.alertmanager import alertmanager
from tests.flow.harness import Hook as Webhook
from tests.flow.harness import hook_server, until
from tests.notify.examples import AT, a_notification, a_plan, an_incident
from tests.notify.hooks import Hook, hook

TEST = payload(a_notification(event=EventName.TEST, incidents=(an_incident(),)), a_plan())
SECRET = "S3cr3t-T0ken-0123456789"


def member(url: str, index: int = 0) -> Receiver:
    """One Alertmanager of the receiver `am`."""
    return Receiver(id=f"am[{index}]", name="am", kind="alertmanager", url=url)


class Count(Counter[tuple[str, str]]):
    """Counts what the re-sender tells about its work."""

    def count_resend(self, receiver: str, result: str) -> None:
        """One re-send ended."""
        self[receiver, result] += 1

    def count_internal_error(self, part: str) -> None:
        """A bug."""
        self[part, "bug"] += 1


@asynccontextmanager
async def resending(
    state: State, *members: Receiver, meter: Count | None = None, interval: float = 0.2
) -> AsyncIterator[Resender]:
    """Re-send what follows from `state` every `interval`."""
    count = Count() if meter is None else meter
    resender = Resender(a_plan(*members), state, SystemClock(), count, interval=interval)
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(resender.run())
            yield resender
            running.cancel()
    finally:
        await resender.alertmanager.close()
    assert not count["resender", "bug"]


def state_of(*incidents: Incident) -> State:
    """A state with these incidents."""
    return State(incidents={one.id: one for one in incidents})


def now_down(**other: Any) -> Incident:
    """An outage that began half a minute ago and was told to `am[0]`."""
    began = SystemClock().now() - timedelta(seconds=30)
    facts: dict[str, Any] = {"first_failure_at": began, "opened_at": began, "told": frozenset({"am[0]"})}
    return an_incident(**(facts | {"told_severity": Severity.CRITICAL} | other))


@pytest.mark.peer("prometheus-alertmanager")
async def test_an_outage_fires_until_it_ends_through_a_restart_and_a_silence(tmp_path, free_port):
    state = state_of(now_down())
    (incident,) = state.incidents.values()
    async with (
        hook_server(Webhook()) as told,
        alertmanager(told.url, tmp_path, free_port) as real,
        resending(state, member(real.url)),
    ):
        await until(lambda: told.got)
        assert [alert["status"] for alert in told.got[0]["alerts"]] == ["firing"]
        await asyncio.sleep(1.5)  # longer than its resolve_timeout
        (alert,) = await real.active()
        assert alert["labels"] == {
            "alertname": "FapiaoServiceFailing",
            "authority": "shandong",
            "service": "verify",
            "scope": "authority",
            "severity": "critical",
            "vantage": "shanghai-office",
            "incident": incident.id,
        }
        assert alert["annotations"]["summary"].startswith("【故障】山东 发票查验不可用")
        assert alert["annotations"]["cause"] == "response_timeout"
        assert alert["generatorURL"].endswith(f"/incidents/{incident.id}")

        await real.stop()
        await real.start()
        await until(real.active)
        shown = await real.amtool("alert", "query", "authority=shandong", "severity=critical")
        assert "FapiaoServiceFailing" in shown

        added = "silence", "add", "--author=duty", "--comment=known", "--duration=1h", "authority=shandong"
        await real.amtool(*added)
        await until(lambda: none_active(real))

        before = len(told.got)
        await real.amtool("silence", "expire", *(await real.amtool("silence", "query", "-q")).split())
        await until(real.active)
        state.incidents[incident.id] = replace(incident, resolved_at=SystemClock().now())
        await until(lambda: none_active(real))
        await until(lambda: "resolved" in [message["status"] for message in told.got[before:]])


async def none_active(real: Any) -> bool:
    """Whether nothing fires that is not silenced."""
    return not await real.active()


@pytest.mark.peer("prometheus-alertmanager")
async def test_a_severity_that_rises_leaves_one_alert(tmp_path, free_port):
    incident = now_down(severity=Severity.WARNING, told_severity=Severity.WARNING, cause=Cause.FORMAT_DRIFT)
    state = state_of(incident)
    async with (
        hook_server(Webhook()) as told,
        alertmanager(told.url, tmp_path, free_port) as real,
        resending(state, member(real.url)),
    ):
        await until(real.active)
        now = SystemClock().now()
        worse = replace(
            incident,
            severity=Severity.CRITICAL,
            told_severity=Severity.CRITICAL,
            cause=Cause.HTTP_STATUS,
            timeline=((now, "severity=critical"),),
        )
        state.incidents[incident.id] = worse

        async def severities() -> list[str]:
            return [alert["labels"]["severity"] for alert in await real.active()]

        await until(lambda: is_now(severities, ["critical"]))
        await asyncio.sleep(0.5)  # some more re-sends
        assert await severities() == ["critical"]
        state.incidents[incident.id] = replace(worse, resolved_at=SystemClock().now())
        await until(lambda: is_now(severities, []))


async def is_now(asked: Any, meant: Any) -> bool:
    """Whether the answer is this by now."""
    return bool(await asked() == meant)


@pytest.mark.peer("prometheus-alertmanager")
async def test_the_test_of_notify_is_an_alert_that_ends_by_itself(tmp_path, free_port):
    async with hook_server(Webhook()) as told, alertmanager(told.url, tmp_path, free_port) as real:
        sender = Alertmanager()
        at = SystemClock().now()
        test = payload(a_notification(event=EventName.TEST, at=at), a_plan())
        assert (await sender.deliver(member(real.url), test)).startswith("200")
        await sender.close()
        (alert,) = await real.active()

    assert alert["labels"]["alertname"] == "FapiaoTest"
    assert alert["annotations"]["summary"].startswith("【测试】")
    assert alert["endsAt"] > alert["startsAt"]


# --- hostile ones ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def sender() -> AsyncIterator[Alertmanager]:
    """The deliverer alone."""
    it = Alertmanager()
    yield it
    await it.close()


async def test_the_path_is_added_to_the_address_and_basic_auth_is_a_header(sender):
    async with hook() as it:
        await sender.deliver(member(f"http://user:{SECRET}@{it.address}/prefix/"), TEST)

    assert it.heads[0].startswith("POST /prefix/api/v2/alerts HTTP/1.1")
    assert "Authorization: Basic " in it.heads[0]


@pytest.mark.parametrize(
    ("manner", "permanent"), [(500, False), (429, False), ("close", False), (302, True), (400, True)]
)
async def test_what_is_not_taken_is_an_error_without_secrets(sender, manner, permanent, caplog):
    caplog.set_level(logging.DEBUG)
    async with hook(manner) as it:
        receiver = member(f"http://user:{SECRET}@{it.address}/")
        with pytest.raises(DeliveryError) as problem:
            await sender.deliver(receiver, TEST)

    assert problem.value.permanent is permanent
    assert len(it.bodies) == 1, "nothing is followed or repeated behind our back"
    assert SECRET not in f"{problem.value!r}{problem.value.reason}{receiver!r}{caplog.text}"


async def test_planned_work_is_no_alert(sender, free_port):
    work = Window(id="w", name="w", authorities=None, services=None, start=AT, end=AT + timedelta(hours=1))
    told = payload(a_notification(event=EventName.MAINTENANCE_STARTED, window=work), a_plan())

    told["incidents"] = []
    assert "nothing to send" in await sender.deliver(member(f"http://127.0.0.1:{free_port}"), told)


async def test_one_that_hangs_holds_up_no_other_and_failures_are_counted():
    count, state = Count(), state_of(now_down(told=frozenset({"am[0]", "am[1]", "am[2]"})))
    async with hook("hang") as hung, hook(500) as broken, hook() as sound:
        members = [member(f"http://{one.address}", index) for index, one in enumerate((hung, broken, sound))]
        async with resending(state, *members, meter=count, interval=0.05):
            await until(lambda: len(sound.bodies) >= 3)

    assert len(hung.bodies) <= 1, "never two at once to one address"
    assert count["am[1]", "failed"] >= 2
    assert count["am[2]", "sent"] >= 2


def posted(it: Hook) -> list[dict[str, Any]]:
    """All alerts that arrived; a body is an array of them."""
    bodies: list[Any] = [*it.bodies]
    return [alert for body in bodies for alert in body]


async def test_many_alerts_are_sent_in_pieces():
    incidents = [now_down(authority=f"p{number}", id=f"p{number}") for number in range(150)]
    async with hook() as it, resending(state_of(*incidents), member(f"http://{it.address}"), interval=60):
        await until(lambda: len(it.bodies) == 3)

    names = {alert["labels"]["incident"] for alert in posted(it)}
    assert [len(body) for body in it.bodies] == [64, 64, 22]
    assert len(names) == 150


async def test_a_word_that_comes_late_does_not_make_fire_what_has_ended():
    ended = now_down(resolved_at=SystemClock().now())
    opened = payload(a_notification(replace(ended, resolved_at=None)), a_plan())
    async with hook() as it:
        receiver = member(f"http://{it.address}")
        async with resending(state_of(ended), receiver, interval=60) as resender:
            await resender.alertmanager.deliver(receiver, opened)
            await until(lambda: len(it.bodies) == 2)

    now = SystemClock().now().isoformat()
    assert all(alert["endsAt"] < now for alert in posted(it)), json.dumps(it.bodies)
