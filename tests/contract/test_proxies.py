"""Receivers and references by a proxy: all of them through its tunnel, none by what the environment says."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import trustme

from monitor.model import Proxies, Proxy, Receiver, ReferenceSource
from monitor.notify import deliverers
from monitor.notify.alertmanager import PATH
from monitor.notify.delivery import Deliverer, DeliveryError
from monitor.notify.payload import payload
from monitor.reference.fetched import UnreadableError
from monitor.reference.http import Http
from tests.net.peers import peer, serving, then_hangs
from tests.net.proxy import BROKEN, CREDENTIAL, PASSWORD, proxy
from tests.notify.examples import a_notification, a_plan, by_apprise, webhook
from tests.notify.hooks import Hook, hook
from tests.reference.examples import own_document
from tests.reference.servers import answers, good

PAYLOAD = payload(a_notification(), a_plan())
KINDS = ["webhook", "apprise", "alertmanager"]
Tell = Callable[[str, str, Proxies], Awaitable[str]]


@pytest.fixture
async def tell() -> AsyncIterator[Tell]:
    """Tell one receiver of a kind at an address, by these proxies."""
    kinds: Mapping[str, Deliverer] = deliverers()

    async def deliver(kind: str, address: str, proxies: Proxies) -> str:
        return await kinds[kind].deliver(replace(at(kind, address), proxies=proxies), payload_for(kind))

    yield deliver
    for one in kinds.values():
        await one.close()


def at(kind: str, address: str) -> Receiver:
    if kind == "apprise":
        return by_apprise(f"json://{address}/hook")
    return replace(webhook(f"http://{address}"), kind=kind)


def payload_for(kind: str) -> dict[str, Any]:
    """What each kind sends something for without a daemon behind it: Alertmanager only a test."""
    return {**PAYLOAD, "event": "test", "incidents": []} if kind == "alertmanager" else PAYLOAD


@pytest.mark.parametrize("kind", KINDS)
async def test_a_receiver_is_told_through_the_tunnel(tell: Tell, kind: str):
    async with hook() as it, proxy(wants=CREDENTIAL) as way:
        address = f"behind.example:{it.port}"
        said = await tell(kind, address, way.proxies(CREDENTIAL))
    assert said.startswith("200")
    assert way.asked == [address]
    assert len(it.bodies) == 1
    first, *rest = it.heads[0].split("\r\n")
    assert first == {"webhook": "POST / HTTP/1.1", "apprise": "POST /hook HTTP/1.1"}.get(
        kind, f"POST {PATH} HTTP/1.1"
    )
    assert f"host: {address}" in [line.lower() for line in rest]
    assert CREDENTIAL not in it.heads[0]


@pytest.mark.parametrize("kind", KINDS)
async def test_only_the_configured_proxy_counts(tell: Tell, kind: str, monkeypatch, free_port: int):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port}")
        monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{free_port}")
    async with hook() as it:
        assert (await tell(kind, it.address, Proxies())).startswith("200")
    monkeypatch.setenv("NO_PROXY", "*")
    async with hook() as it, proxy() as way:
        assert (await tell(kind, it.address, way.proxies())).startswith("200")
    assert way.asked == [it.address]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_host_that_is_gone_to_directly(tell: Tell, kind: str):
    async with hook() as it, proxy() as way:
        await tell(kind, it.address, way.proxies(direct=("127.0.0.0/8",)))
    assert way.asked == []
    assert len(it.bodies) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "manner",
    ["wants a password", "finds no way", "speaks another language", "speaks TLS", "hangs up", "resets"],
)
async def test_a_proxy_that_fails_is_said_and_tried_again(tell: Tell, kind: str, manner: str, caplog):
    caplog.set_level(logging.DEBUG)
    handler, _ = BROKEN[manner]
    async with peer(handler) as port:
        way = Proxy(host="127.0.0.1", port=port, authorization=CREDENTIAL)
        with pytest.raises(DeliveryError, match=r"^the proxy: ") as problem:
            await tell(kind, "behind.example", Proxies(http=way, https=way))
    assert not problem.value.permanent
    assert PASSWORD not in f"{problem.value!r} {caplog.text}"
    assert CREDENTIAL not in f"{problem.value!r} {caplog.text}"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_is_not_there(tell: Tell, kind: str, free_port: int):
    way = Proxy(host="127.0.0.1", port=free_port)
    with pytest.raises(DeliveryError, match="the proxy: cannot connect to it"):
        await tell(kind, "behind.example", Proxies(http=way))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_hangs_is_left_at_the_deadline(tell: Tell, kind: str):
    async with peer(then_hangs(reads=1000)) as port:
        way = Proxy(host="127.0.0.1", port=port)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await tell(kind, "behind.example", Proxies(http=way))


async def test_https_is_spoken_with_the_receiver_and_not_with_the_proxy(tell: Tell, monkeypatch):
    ca = trustme.CA()
    it = Hook()
    with ca.cert_pem.tempfile() as roots:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", roots)
        async with peer(it.serve, serving(ca.issue_cert("behind.example"))) as port, proxy() as way:
            it.port = port
            kinds = deliverers()
            receiver = replace(by_apprise(f"jsons://behind.example:{port}/x"), proxies=way.proxies())
            assert (await kinds["apprise"].deliver(receiver, PAYLOAD)).startswith("200")
            strict = replace(webhook(f"https://behind.example:{port}/"), proxies=way.proxies())
            with pytest.raises(DeliveryError, match="certificate cannot be verified"):
                await kinds["webhook"].deliver(strict, PAYLOAD)
            for one in kinds.values():
                await one.close()
    assert way.asked == [f"behind.example:{port}"] * 2
    assert len(it.bodies) == 1
    assert b"fapiao" not in way.carried


async def test_a_reference_is_asked_through_the_tunnel():
    http = Http()
    async with peer(answers(good())) as port, proxy(wants=CREDENTIAL) as way:
        source = ReferenceSource(
            name="hq", url=f"http://behind.example:{port}/r", proxies=way.proxies(CREDENTIAL)
        )
        found = await http.fetch(source)
        with pytest.raises(UnreadableError, match=r"the proxy: .*\(407\)"):
            await http.fetch(replace(source, proxies=way.proxies()))
        with pytest.raises(UnreadableError, match="cannot be resolved"):
            await http.fetch(replace(source, url="http://-.invalid./", proxies=Proxies()))
    await http.close()
    assert json.loads(found.body) == own_document()
    assert way.asked == [f"behind.example:{port}"] * 2
