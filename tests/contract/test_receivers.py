"""The seam of telling, over all kinds of receivers: what is taken is returned, everything else is a `DeliveryError`."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator

import pytest

from monitor.model import Receiver
from monitor.notify import deliverers
from monitor.notify.apprise import MOST_STUCK, AppriseDeliverer
from monitor.notify.delivery import Deliverer, DeliveryError
from monitor.notify.payload import payload
from monitor.notify.webhook import Webhook
from tests.notify.examples import a_notification, a_plan, by_apprise, webhook
from tests.notify.hooks import Hook, hook

PAYLOAD = payload(a_notification(), a_plan())
SECRET = "S3cr3t-T0ken-0123456789"
KINDS = ["webhook", "json"]


def to(it: Hook, kind: str) -> Receiver:
    """A receiver at this hook, with a secret in its address."""
    if kind == "webhook":
        return webhook(f"http://{it.address}/{SECRET}?key={SECRET}", token=SECRET)
    return by_apprise(f"json://user:{SECRET}@{it.address}/{SECRET}?+X-Token={SECRET}")


@pytest.fixture
async def deliverer() -> AsyncIterator[dict[str, Deliverer]]:
    """One deliverer of each kind."""
    both = deliverers()
    yield {"webhook": both["webhook"], "json": both["apprise"]}
    for one in both.values():
        await one.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_taken_arrives_whole(deliverer, kind):
    async with hook() as it:
        answer = await deliverer[kind].deliver(to(it, kind), PAYLOAD)

        (body,) = it.bodies
        assert answer.startswith("200")
        assert PAYLOAD["title"] in (body.get("title"), body.get("subject"))
        assert PAYLOAD["text"] in (body.get("text"), body.get("message"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("manner", "permanent"),
    [
        pytest.param(500, False, id="it is broken"),
        pytest.param(503, False, id="it is busy"),
        pytest.param(429, False, id="too often"),
        pytest.param(302, True, id="redirected: a POST that became a GET is not delivered"),
        pytest.param(404, True, id="not there"),
        pytest.param(401, True, id="not allowed"),
        pytest.param("close", False, id="it hangs up"),
    ],
)
async def test_what_is_not_taken_is_an_error_that_says_whether_to_try_again(
    deliverer, kind, manner, permanent
):
    async with hook(manner) as it:
        with pytest.raises(DeliveryError) as problem:
            await deliverer[kind].deliver(to(it, kind), PAYLOAD)

        assert problem.value.permanent is permanent
        assert len(it.bodies) == 1, "nothing is retried or followed behind our back"


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_listens(deliverer, kind, free_port):
    with pytest.raises(DeliveryError, match="cannot connect") as problem:
        await deliverer[kind].deliver(to(Hook(port=free_port), kind), PAYLOAD)

    assert not problem.value.permanent


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("manner", ["hang", "drip"])
async def test_a_receiver_that_hangs_or_drips_is_left_at_the_deadline(deliverer, kind, manner):
    async with hook(manner) as it:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await deliverer[kind].deliver(to(it, kind), PAYLOAD)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("manner", [200, 500, 302, "close", "refused"])
async def test_no_secret_is_in_an_error_a_log_line_or_a_repr(deliverer, kind, manner, free_port, caplog):
    caplog.set_level(logging.DEBUG)
    async with hook(200 if manner == "refused" else manner) as it:
        receiver = to(Hook(port=free_port) if manner == "refused" else it, kind)
        try:
            said = await deliverer[kind].deliver(receiver, PAYLOAD)
        except DeliveryError as problem:
            said = f"{problem!s} {problem!r} {problem.reason} {problem.__cause__!r}"

    assert SECRET not in said
    assert SECRET not in repr(receiver)
    assert SECRET not in caplog.text


async def test_a_webhook_carries_its_token_and_utf8(deliverer):
    async with hook() as it:
        await deliverer["webhook"].deliver(to(it, "webhook"), PAYLOAD)

    assert f"Authorization: Bearer {SECRET}" in it.heads[0]
    assert "Content-Type: application/json; charset=utf-8" in it.heads[0]
    assert it.bodies == [PAYLOAD]


async def test_a_webhook_accepts_by_status_alone_and_does_not_wait_for_a_dripping_body():
    async def accept(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 Fine\r\nContent-Length: 100000\r\n\r\n")
        await asyncio.sleep(3600)

    async with hook("accept and drip") as it:
        hooked = Webhook()
        answer = await hooked.deliver(webhook(f"http://{it.address}/"), PAYLOAD)
        await hooked.close()

    assert answer.startswith("202")


@pytest.mark.parametrize("url", ["http://[broken/", "http://127.0.0.1:99999/", "nonsense"])
async def test_an_impossible_address_is_refused_for_good(url):
    hooked = Webhook()
    with pytest.raises(DeliveryError) as problem:
        await hooked.deliver(webhook(url), PAYLOAD)
    await hooked.close()

    assert problem.value.permanent


# --- apprise ---------------------------------------------------------------------------------------------------------


async def test_any_receiver_that_answers_an_errcode_did_not_take_it(deliverer):
    async with hook({"errcode": 93000}) as it:
        with pytest.raises(DeliveryError, match="errcode 93000"):
            await deliverer["json"].deliver(to(it, "json"), PAYLOAD)


async def test_threads_that_hang_are_left_behind_but_not_without_end():
    sender = AppriseDeliverer(deadline=0.1)
    async with hook("drip") as it:
        receiver = by_apprise(f"json://{it.address}/", name="stuck")
        reasons = [await _reason(sender, receiver) for _ in range(MOST_STUCK + 2)]
        hanging = [thread for thread in threading.enumerate() if thread.name == f"apprise {receiver.id}"]

        assert reasons == ["no answer in time"] * MOST_STUCK + [f"{MOST_STUCK} earlier tries still hang"] * 2
        assert len(hanging) == MOST_STUCK
        assert all(thread.daemon for thread in hanging)
    await sender.close()


async def _reason(sender: AppriseDeliverer, receiver: Receiver) -> str:
    with pytest.raises(DeliveryError) as problem:
        await sender.deliver(receiver, PAYLOAD)
    return problem.value.reason


async def test_ten_hung_receivers_do_not_delay_an_eleventh():
    sender = AppriseDeliverer(deadline=5)
    async with hook("hang") as hung, hook() as well, asyncio.TaskGroup() as group:
        waiting = [
            group.create_task(
                sender.deliver(by_apprise(f"json://{hung.address}/", name=f"h{number}"), PAYLOAD)
            )
            for number in range(10)
        ]
        await hung.until(10)
        async with asyncio.timeout(1):
            await sender.deliver(by_apprise(f"json://{well.address}/", name="well"), PAYLOAD)
        for task in waiting:
            task.cancel()
    await sender.close()


async def test_an_address_apprise_does_not_understand_is_refused_for_good():
    sender = AppriseDeliverer()
    with pytest.raises(DeliveryError, match="does not understand") as problem:
        await sender.deliver(by_apprise(f"nonsense://{SECRET}"), PAYLOAD)
    await sender.close()

    assert problem.value.permanent
    assert SECRET not in str(problem.value)
