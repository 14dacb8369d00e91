"""The stand-in for a sync interface says what it is told to say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from monitor.simulator.faults import FaultError
from monitor.simulator.simulator import Simulator
from monitor.simulator.sync import CLOCKS, VENDORS, SyncApi


@pytest.fixture
async def erp() -> AsyncIterator[SyncApi]:
    async with SyncApi() as server:
        yield server


async def ask(url: str, method: str = "POST", **more: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.request(method, url, **more) as answer:
        return answer.status, json.loads(await answer.text())


async def test_all_is_well_a_minute_ago(erp: SyncApi) -> None:
    status, body = await ask(erp.url, json={"taxNo": "0"})
    assert (status, body["code"]) == (200, "E0000")
    last = datetime.strptime(body["data"]["lastSync"] + " +0800", "%Y-%m-%d %H:%M:%S %z")
    assert timedelta(seconds=55) < datetime.now(UTC) - last < timedelta(seconds=70)
    assert (erp.asked[0].method, erp.asked[0].body) == ("POST", b'{"taxNo": "0"}')


@pytest.mark.parametrize("vendor", VENDORS)
async def test_every_vendor_has_a_shape(erp: SyncApi, vendor: str) -> None:
    erp.set(vendor=vendor)
    _, well = await ask(erp.url)
    erp.set(code="9999")
    _, ill = await ask(erp.url)
    assert "9999" in json.dumps(ill)
    assert "9999" not in json.dumps(well).replace("00000", "")
    assert "lastSync" in json.dumps(well)


@pytest.mark.parametrize("clock", CLOCKS)
async def test_every_clock_writes(erp: SyncApi, clock: str) -> None:
    erp.set(clock=clock, lag=3600)
    _, body = await ask(erp.url)
    assert (body["data"]["lastSync"] is None) is (clock == "null")


async def test_a_wrong_token_is_401_and_repeated(erp: SyncApi) -> None:
    erp.set(token="renewed")
    status, body = await ask(erp.url, headers={"Authorization": "Bearer old"})
    assert (status, "old" in body["msg"]) == (401, True)
    assert (await ask(erp.url, headers={"Authorization": "renewed"}))[0] == 200


async def test_status_and_body(erp: SyncApi) -> None:
    erp.set(status=503, body='{"x": 1}')
    assert await ask(erp.url, "GET") == (503, {"x": 1})
    erp.reset()
    assert (await ask(erp.url))[0] == 200
    assert len(erp.asked) == 1


@pytest.mark.parametrize(
    "wish",
    [{"vendor": "x"}, {"clock": "x"}, {"status": 99}, {"status": "x"}, {"delay": -1}, {"nope": 1}],
    ids=str,
)
def test_what_makes_no_sense_changes_nothing(wish: dict[str, Any]) -> None:
    erp = SyncApi()
    with pytest.raises(FaultError):
        erp.set(**{"lag": 5, **wish})
    assert erp.state.lag == 60.0


async def test_the_control_api_sets_it_and_reset_mends_it() -> None:
    async with Simulator(only=["beijing"]) as sim:
        control = sim.control_url
        status, said = await ask(f"{control}/sync", "PUT", json={"lag": 90000})
        assert (status, said["lag"], said["url"]) == (200, 90000, sim.sync.url)
        assert (await ask(f"{control}/sync", "PUT", data="[]"))[0] == 400
        assert (await ask(f"{control}/sync", "PUT", json={"lag": "x"}))[0] == 400
        await ask(f"{control}/reset")
        assert (await ask(f"{control}/sync", "GET"))[1]["lag"] == 60.0


async def test_the_two_sides_can_be_told_apart():
    async with SyncApi() as erp, aiohttp.ClientSession() as http:

        async def data(url: str) -> dict[str, object]:
            async with http.get(url) as answer:
                body = await answer.json()
            found: dict[str, object] = body.get("data", body)
            return {key: found[key] for key in ("count", "canary")}

        assert await data(erp.url) == await data(erp.local_url) == {"count": 128, "canary": "canary-1"}
        erp.set(count=120, canary=None, status=500)
        assert await data(erp.url) == {"count": 120, "canary": None}
        assert await data(erp.local_url) == {"count": 128, "canary": "canary-1"}
