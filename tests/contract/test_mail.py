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

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Keep the mail."""
        assert isinstance(envelope.content, bytes)
        if self.refusal is None:
            mail = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
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


async def test_a_mail_that_is_refused_is_not_sent():
    sender = AppriseDeliverer()
    async with smtp(Mailbox(refusal="554 no")) as port:
        with pytest.raises(DeliveryError, match="did not take"):
            await sender.deliver(by_apprise(address(port)), PAYLOAD)
    await sender.close()


async def test_a_mail_server_that_says_nothing_is_left_at_the_deadline():
    sender = AppriseDeliverer(deadline=0.3)
    async with hook("hang") as it:
        with pytest.raises(DeliveryError, match="no answer in time"):
            await sender.deliver(by_apprise(address(it.port)), PAYLOAD)
    await sender.close()
