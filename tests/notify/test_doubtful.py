"""Chat services whose reply never comes whole: they may have shown the message, so it is repeated, and not for ever."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
import trustme
from structlog.testing import capture_logs

from monitor.model import EventName, Proxies, Receiver
from monitor.notify.apprise import AppriseDeliverer
from monitor.notify.delivery import DeliveryError
from tests.net.proxy import proxy
from tests.notify.examples import a_plan, by_apprise
from tests.notify.services import HOSTS, KEY, TOKEN
from tests.test_courier import a_store, running, told, until

PAYLOAD = {"title": "t", "text": "x", "url": "", "event": "incident_opened", "severity": "critical"}
ADDRESSES = [f"wecombot://{KEY}", f"dingtalk://{TOKEN}/", f"feishu://{KEY}", f"schan://SCT{TOKEN}"]
Manner = Callable[[asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def says(reply: bytes) -> Manner:
    """Say this and hang up."""

    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()

    return say


def whole(body: bytes) -> bytes:
    """A 200 with this."""
    return HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


async def never_begins(writer: asyncio.StreamWriter) -> None:
    """Promise a body and say nothing more."""
    writer.write(HEAD + b"Content-Length: 27\r\n\r\n")
    await asyncio.sleep(3600)


async def drips(writer: asyncio.StreamWriter) -> None:
    """A byte now and then, without end."""
    writer.write(HEAD + b"Connection: close\r\n\r\n{")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def floods(writer: asyncio.StreamWriter) -> None:
    """As much as is read, without end."""
    writer.write(HEAD + b'Connection: close\r\n\r\n{"errmsg": "')
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def says_nothing(writer: asyncio.StreamWriter) -> None:
    """Not even a status."""
    await asyncio.sleep(3600)


WELL = says(whole(b'{"errcode":0,"code":0}'))
DOUBTFUL = {
    "it never begins": never_begins,
    "it drips": drips,
    "it floods": floods,
    "it is cut off": says(HEAD + b'Content-Length: 27\r\n\r\n{"errcode":'),
    "it is cut off where nobody knows": says(HEAD + b'Connection: close\r\n\r\n{"errcode":'),
    "it is empty": says(whole(b"")),
    "it says something else": says(whole(b'{"ok":true}')),
}
PLAIN = {
    "no status": says_nothing,
    "hangs up": says(b""),
    "the page of another": says(whole(b"<html>log in")),
    "broken": says(b"HTTP/1.1 500 Oh\r\nContent-Length: 27\r\n\r\n{"),
}


@dataclass
class Service:
    """All services on one port. `heard`: how many messages came in whole."""

    manner: Manner
    proxies: Proxies = field(default_factory=Proxies)
    heard: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one message, then behave as it does now."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [line[15:] for line in head.splitlines() if line.lower().startswith("content-length")]
            await reader.readexactly(int(lengths[0]) if lengths else 0)
            self.heard += 1
            async with asyncio.timeout(3):
                await self.manner(writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def at(self, url: str) -> Receiver:
        """A receiver that is led here."""
        return replace(by_apprise(url), proxies=self.proxies)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the services."""
    return trustme.CA()


@pytest.fixture
async def service(authority, monkeypatch) -> AsyncIterator[Service]:
    """The services by their real names, which take a message and mean it; little patience on our side."""
    monkeypatch.setattr("monitor.notify.replies.PATIENCE", 0.3)
    monkeypatch.setattr("monitor.notify.apprise.SOCKET_TIMEOUTS", (3.0, 0.6))
    with authority.cert_pem.tempfile() as bundle:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
        async with serving(authority) as here:
            yield here


@asynccontextmanager
async def serving(authority: trustme.CA) -> AsyncIterator[Service]:
    """The same, while it lasts."""
    here = Service(WELL)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*HOSTS).configure_cert(context)
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        proxy(names=dict.fromkeys(HOSTS, "127.0.0.1"), ports=dict.fromkeys(HOSTS, port)) as way,
    ):
        here.proxies = way.proxies()
        yield here


@pytest.fixture
async def deliverer() -> AsyncIterator[AppriseDeliverer]:
    """As the daemon's."""
    made = AppriseDeliverer()
    yield made
    await made.close()


@pytest.mark.parametrize("url", ADDRESSES)
@pytest.mark.parametrize("manner", [never_begins, drips])
async def test_a_200_whose_body_does_not_come_is_in_doubt(service, deliverer, url, manner):
    assert await deliverer.deliver(service.at(url), PAYLOAD) == "200"
    service.manner = manner
    with pytest.raises(DeliveryError, match="without saying") as problem:
        await deliverer.deliver(service.at(url), PAYLOAD)
    assert (problem.value.doubtful, problem.value.permanent) == (True, False)


@pytest.mark.parametrize(
    ("manner", "doubtful"),
    [
        *(pytest.param(one, True, id=name) for name, one in DOUBTFUL.items()),
        *(pytest.param(one, False, id=name) for name, one in PLAIN.items()),
    ],
)
async def test_what_is_in_doubt_and_what_was_not_taken(service, deliverer, manner, doubtful):
    service.manner = manner
    with pytest.raises(DeliveryError) as problem:
        await deliverer.deliver(service.at(ADDRESSES[0]), PAYLOAD)
    assert (problem.value.doubtful, problem.value.permanent) == (doubtful, False)


async def test_a_reply_that_goes_on_past_the_deadline_is_in_doubt_too(service, monkeypatch):
    monkeypatch.setattr("monitor.notify.replies.PATIENCE", 60.0)
    service.manner = drips
    deliverer = AppriseDeliverer(deadline=1.0)
    with pytest.raises(DeliveryError, match="did not end in time") as problem:
        await deliverer.deliver(service.at(ADDRESSES[0]), PAYLOAD)
    assert problem.value.doubtful
    service.manner = says_nothing
    with pytest.raises(DeliveryError) as problem:
        await deliverer.deliver(service.at(ADDRESSES[0]), PAYLOAD)
    assert not problem.value.doubtful
    await deliverer.close()


async def test_a_token_that_does_not_come_is_no_message_that_may_have_been_seen(service, deliverer):
    service.manner = drips  # and asks for a token first, with a GET
    with pytest.raises(DeliveryError) as problem:
        await deliverer.deliver(service.at("wechat://corp:secret@1000002/@all"), PAYLOAD)
    assert not problem.value.doubtful


# --- the courier -----------------------------------------------------------------------------------------------------


@pytest.fixture
def hurry(monkeypatch):
    """Repeats come after hundredths of seconds."""
    monkeypatch.setattr("monitor.teller.BACKOFF", (0.02, 0.1))
    monkeypatch.setattr("monitor.teller.DOUBTS", (0.02, 0.05, 0.1))


@pytest.mark.parametrize("manner", [never_begins, drips])
async def test_people_see_a_message_four_times_at_most_and_then_its_end(service, tmp_path, hurry, manner):
    service.manner = manner
    receiver = service.at(ADDRESSES[1])
    opened = told(receiver.id)
    resolved = replace(opened, key="resolved", event=EventName.INCIDENT_RESOLVED)
    with capture_logs() as logs:
        async with a_store(tmp_path) as store:
            async with running(store, a_plan(receiver)) as (courier, meter):
                courier.tell([opened])
                await until(lambda: meter.counted[receiver.id, "doubtful"], 20)
                assert service.heard == 4
                service.manner = WELL
                courier.tell([opened, resolved])
                await until(lambda: meter.counted[receiver.id, "sent"] == 2, 20)
            assert await store.pending(receiver.id) == ()
    assert service.heard == 5
    assert (meter.counted[receiver.id, "failed"], meter.counted[receiver.id, "dropped"]) == (3, 0)
    (line,) = [line for line in logs if line["event"] == "notification.doubtful"]
    assert (line["key"], line["log_level"]) == (opened.key, "warning")


async def test_a_whole_reply_ends_the_doubt(service, tmp_path, hurry):
    service.manner = DOUBTFUL["it is empty"]
    receiver = service.at(ADDRESSES[2])
    async with a_store(tmp_path) as store, running(store, a_plan(receiver)) as (courier, meter):
        courier.tell([told(receiver.id)])
        await until(lambda: service.heard, 20)
        service.manner = WELL
        await until(lambda: meter.counted[receiver.id, "sent"], 20)
        assert not meter.counted[receiver.id, "doubtful"]


async def test_what_somebody_on_the_way_took_is_told_until_the_service_has_it(service, tmp_path, hurry):
    service.manner = PLAIN["the page of another"]
    receiver = service.at(ADDRESSES[0])
    async with a_store(tmp_path) as store, running(store, a_plan(receiver)) as (courier, meter):
        courier.tell([told(receiver.id)])
        await until(lambda: service.heard > 6, 20)
        service.manner = WELL
        await until(lambda: meter.counted[receiver.id, "sent"], 20)
        assert not meter.counted[receiver.id, "doubtful"]
