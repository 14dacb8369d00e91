"""One authority breaks and mends: what is told, to whom, how often, how soon."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from aiosmtpd.controller import Controller

from tests.flow.harness import Hook, daemon, hook_server, until

FAULTS = [
    pytest.param("refuse", "error", "connection_refused", id="refused connections"),
    pytest.param("hang", "timeout", "response_timeout", id="no answer"),
    pytest.param("expired", "error", "tls_expired", id="an expired certificate"),
    pytest.param("status_503", "error", "http_status", id="status 503"),
    pytest.param("maintenance", "error", "maintenance_page", id="a maintenance page"),
    pytest.param("010", "error", "backend_busy", id="code 010"),
]


class Mailbox:
    """Keeps the mails an SMTP server is given."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        self.port = 0

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the name aiosmtpd calls
        mail = message_from_bytes(envelope.content)
        payloads = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
        body = " ".join(payload.decode() for payload in payloads if isinstance(payload, bytes))
        self.mails.append((str(make_header(decode_header(mail["Subject"]))), body))
        return "250 OK"


@pytest.fixture
def mailbox(free_port):
    """A real SMTP server; yields its mailbox with `.port`."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port)
    controller.start()
    box.port = free_port
    yield box
    controller.stop()


@pytest.mark.parametrize(("fault", "outcome", "cause"), FAULTS)
async def test_an_authority_that_breaks_and_mends_is_told_once_each(
    few, hook, tmp_path, fault, outcome, cause
):
    config = few.config(receivers={"bus": {"webhook": hook.url}}, interval="2s", timeout="1500ms")
    async with daemon(config, tmp_path) as running:
        await until(lambda: up(running, "shandong"))
        few.set_fault("shandong", fault, service="verify")
        await until(lambda: hook.got)
        opened = hook.got[0]["incidents"][0]
        assert (opened["authority"], opened["service"]) == ("shandong", "verify")
        assert (opened["outcome"], opened["cause"]) == (outcome, cause)
        assert (await running.row("shandong"))["state"] == "down"
        few.clear_fault("shandong")
        await until(lambda: len(hook.got) > 1)
        await until(lambda: up(running, "shandong"))
    assert hook.events() == ["incident_opened", "incident_resolved"]
    assert {message["incidents"][0]["id"] for message in hook.got} == {opened["id"]}


async def up(running, slug: str) -> bool:
    """Whether the authority is confirmed up."""
    return bool((await running.row(slug))["state"] == "up")


async def test_a_webhook_an_apprise_receiver_and_a_mailbox_all_hear_it(few, hook, mailbox, tmp_path):
    chat = Hook()
    async with hook_server(chat):
        receivers = {
            "bus": {"webhook": hook.url},
            "chat": {"apprise": [chat.url.replace("http://", "json://")]},
            "mail": {
                "apprise": [
                    f"mailto://127.0.0.1:{mailbox.port}?from=a@example.com&to=b@example.com&mode=insecure"
                ]
            },
        }
        config = few.config(receivers=receivers, interval="2s", timeout="1500ms")
        async with daemon(config, tmp_path) as running:
            await until(lambda: up(running, "shandong"))
            few.set_fault("shandong", "refuse", service="verify")
            await until(lambda: hook.got and chat.got and mailbox.mails)
            few.clear_fault("shandong")
            await until(lambda: len(hook.got) == len(chat.got) == len(mailbox.mails) == 2)
    assert hook.events() == ["incident_opened", "incident_resolved"]
    for title, text in [(chat.got[0]["title"], chat.got[0]["message"]), mailbox.mails[0]]:
        assert "山东" in title
        assert "拒绝" in title + text
    assert all("恢复" in title for title in (chat.got[1]["title"], mailbox.mails[1][0]))


async def test_rule_1_a_hung_receiver_delays_neither_the_healthy_one_nor_a_probe(few, hook, tmp_path):
    hung = Hook(hang=True)
    async with hook_server(hung):
        receivers = {"dead": {"webhook": hung.url}, "bus": {"webhook": hook.url}}
        config = few.config(receivers=receivers, interval="2s", timeout="1500ms")
        async with daemon(config, tmp_path) as running:
            await until(lambda: up(running, "shandong"))
            few.set_fault("shandong", "refuse", service="verify")
            await until(lambda: hook.got)
            arrived = datetime.now(UTC)
            metrics = await running.text("/metrics")
    decided = datetime.fromisoformat(hook.got[0]["at"])
    # 20 to 60 ms on a quiet machine; one behind the hung receiver would wait for its deadline of 15 s.
    assert arrived - decided < timedelta(seconds=2)
    assert 'fapiao_runs_skipped_total{reason="late"} 0' in metrics


async def test_a_blip_shorter_than_the_confirmation_tells_nobody(few, hook, tmp_path):
    config = few.config(
        receivers={"bus": {"webhook": hook.url}},
        interval="8s",
        timeout="1500ms",
        while_down="5s",
        attempts=3,
        spacing="4s",
    )
    async with daemon(config, tmp_path) as running:
        await until(lambda: up(running, "shandong"))
        few.set_fault("shandong", "refuse", service="verify")
        await until(lambda: failing(running, "shandong"))
        few.clear_fault("shandong")
        await until(lambda: answers(running, "shandong"))
        await asyncio.sleep(2.5)  # a message decided on the blip would be out after group_wait
    assert hook.got == []


async def failing(running, slug: str) -> bool:
    """Whether the last run of its captcha failed."""
    return not await answers(running, slug)


async def answers(running, slug: str) -> bool:
    """Whether the last run of its captcha was ok."""
    target = await running.json(f"/api/v1/targets/captcha/{slug}")
    return bool(target["last"]["outcome"] == "ok")
