"""`mailto://` against a real SMTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from monitor.notify.apprise import AppriseDeliverer
from monitor.notify.delivery import DeliveryError
from monitor.notify.payload import payload
from tests.notify.examples import a_notification, a_plan, by_apprise
from tests.notify.hooks import hook

PAYLOAD = payload(a_notification(), a_plan())


class Mailbox:
    """Takes every mail, or answers with `refusal`."""

    def __init__(self, refusal: str | None = None) -> None:
        self.refusal = refusal
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Keep the mail."""
        assert isinstance(envelope.content, bytes)
        if self.refusal is None:
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.raw.append(envelope.content)
        return self.refusal or "250 OK"


@asynccontextmanager
async def smtp(box: Mailbox) -> AsyncIterator[int]:
    """An SMTP server on loopback; yields its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop, hostname="mail.test"), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def address(port: int) -> str:
    """A URL that mails to this server."""
    return f"mailto://127.0.0.1:{port}?from=monitor@example.cn&to=oncall@example.cn&mode=insecure"


async def test_a_mail_arrives_with_its_chinese_intact_and_twice_in_a_row_without_a_pause():
    box = Mailbox()
    sender = AppriseDeliverer()
    async with smtp(box) as port:
        await sender.deliver(by_apprise(address(port)), PAYLOAD)
        began = asyncio.get_running_loop().time()
        await sender.deliver(by_apprise(address(port)), PAYLOAD)
        assert asyncio.get_running_loop().time() - began < 4, "apprise would sleep 5.5 s between two"
    await sender.close()

    first, _ = box.mails
    body = first.get_body()
    assert first["Subject"] == PAYLOAD["title"]
    assert body is not None
    assert "下一步：通知业务部门暂缓发票查验（山东）" in body.get_content()


async def test_a_subject_is_in_encoded_words_and_says_the_whole_title():
    long = "【故障】" + "黑龙江、内蒙古、新疆、" * 12 + "发票查验不可用"
    box = Mailbox()
    sender = AppriseDeliverer()
    async with smtp(box) as port:
        await sender.deliver(by_apprise(f"{address(port)}&name=发票监测"), {**PAYLOAD, "title": long})
    await sender.close()

    (raw,) = box.raw
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert head.isascii(), "RFC 2047: no server has to know UTF-8"
    assert all(len(line) <= 78 for line in head.split(b"\r\n") if line.startswith((b"Subject", b" =?")))
    assert box.mails[0]["Subject"] == long
    assert box.mails[0]["From"] == "发票监测 <monitor@example.cn>"


async def test_what_a_server_wrote_is_text_in_a_mail_and_no_header():
    hostile = {**PAYLOAD, "text": "<script>alert(1)</script> <b>x</b>\n" + PAYLOAD["text"]}
    box = Mailbox()
    sender = AppriseDeliverer()
    async with smtp(box) as port:
        await sender.deliver(by_apprise(address(port)), hostile)
    await sender.close()

    (mail,) = box.mails
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().startswith("<script>alert(1)</script> <b>x</b>\r\n")
    assert mail.get_content().rstrip().endswith(PAYLOAD["url"])
    assert "Bcc" not in mail


@pytest.mark.parametrize(
    ("refusal", "permanent"),
    [
        pytest.param("554 5.7.1 rejected by policy", True, id="refused for good"),
        pytest.param("451 4.7.1 greylisted, try again later", False, id="greylisted"),
        pytest.param("452 4.2.2 mailbox full", False, id="no room now"),
    ],
)
async def test_a_mail_server_that_refuses_is_heard(refusal, permanent):
    sender = AppriseDeliverer()
    async with smtp(Mailbox(refusal=refusal)) as port:
        with pytest.raises(DeliveryError, match=f"mail server answered {refusal[:3]}") as problem:
            await sender.deliver(by_apprise(address(port)), PAYLOAD)
    await sender.close()

    assert problem.value.permanent is permanent
    assert "policy" not in problem.value.reason


async def test_a_refusal_of_one_mail_says_nothing_about_the_next():
    box = Mailbox(refusal="554 no")
    sender = AppriseDeliverer()
    async with smtp(box) as port:
        with pytest.raises(DeliveryError):
            await sender.deliver(by_apprise(address(port)), PAYLOAD)
        box.refusal = None
        await sender.deliver(by_apprise(address(port)), PAYLOAD)
    await sender.close()

    assert len(box.mails) == 1


async def test_a_mail_server_that_says_nothing_is_left_at_the_deadline():
    sender = AppriseDeliverer(deadline=0.3)
    async with hook("hang") as it:
        with pytest.raises(DeliveryError, match="no answer in time"):
            await sender.deliver(by_apprise(address(it.port)), PAYLOAD)
    await sender.close()
