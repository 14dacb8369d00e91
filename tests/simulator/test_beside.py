"""What stands beside the stand-ins: a receiver that says what it is told, a reference that looks from elsewhere, groups."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from monitor.simulator import Simulator


@pytest.fixture
async def http(sim: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sim.control_url) as session:
        yield session


async def told(http: aiohttp.ClientSession) -> dict[str, Any]:
    async with http.get("/hook") as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def test_a_receiver_keeps_and_says_what_it_is_told():
    heard: list[object] = []
    async with (
        Simulator(only=["beijing"], heard=heard.append) as sim,
        aiohttp.ClientSession(sim.control_url) as http,
    ):
        async with http.post("/hook", json={"event": "test", "title": "x"}) as answer:
            assert answer.status == 200
        assert heard == [{"event": "test", "title": "x"}] == (await told(http))["told"]
        for body in ("", "[]", "[" * 5000):
            async with http.post("/hook", data=body) as answer:
                assert answer.status == 400
        async with http.post("/hook", data=io.BytesIO(b"x" * (2 << 20))) as answer:
            assert answer.status == 413
        assert len(heard) == 1


async def test_a_receiver_can_fail_be_slow_and_hang(sim: Simulator, http: aiohttp.ClientSession):
    async with http.put("/hook/fault", json={"fault": "status_503"}):
        pass
    async with http.post("/hook", json={}) as answer:
        assert answer.status == 503
    async with http.put("/hook/fault", json={"fault": "hang"}):
        pass
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), http.post("/hook", json={}):
            pass
    async with http.put("/hook/fault", json={"fault": "refuse"}) as answer:
        assert answer.status == 400
        assert "a receiver cannot have refuse" in (await answer.json())["error"]
    async with http.delete("/hook/fault"):
        pass
    async with http.post("/hook", json={}) as answer:
        assert answer.status == 200
    assert sim.receiver.fault is None


async def outcomes(http: aiohttp.ClientSession) -> dict[str, str]:
    async with http.get("/reference") as answer:
        document = await answer.json()
    assert (document["format"], document["local_fault"]) == ("fapiao-reference/1", False)
    return {slug: row["outcome"] for slug, row in document["authorities"].items()}


async def test_a_reference_sees_what_is_really_so_unless_told_otherwise(
    sim: Simulator, http: aiohttp.ClientSession
):
    sim.set_fault("shandong", "hang", "verify")
    sim.set_fault("yunnan", "slow:9", "verify")
    sim.set_fault("beijing", "expired", "dppt")
    assert await outcomes(http) == {"beijing": "ok", "shandong": "timeout", "yunnan": "ok"}
    async with http.put("/reference", json={"shandong": "ok", "beijing": "error"}) as answer:
        assert answer.status == 200
    assert await outcomes(http) == {"beijing": "error", "shandong": "ok", "yunnan": "ok"}
    async with http.put("/reference", json={"shandong": None}):
        pass
    assert (await outcomes(http))["shandong"] == "timeout"


async def test_from_elsewhere_all_is_well_while_our_own_line_is_cut(
    sim: Simulator, http: aiohttp.ClientSession
):
    sim.set_fault("everything", "refuse")
    assert set((await outcomes(http)).values()) == {"ok"}
    sim.clear_fault("gateway")
    assert set((await outcomes(http)).values()) == {"error"}


@pytest.mark.parametrize("rows", [{"shandong": "fine"}, {"nowhere": "ok"}, {"shandong": 1}, []])
async def test_a_reference_is_told_only_what_makes_sense(http: aiohttp.ClientSession, rows: object):
    async with http.put("/reference", json=rows) as answer:
        assert answer.status == 400
    assert set((await outcomes(http)).values()) == {"ok"}


async def test_groups_are_broken_and_mended_as_one(sim: Simulator, http: aiohttp.ClientSession):
    async with http.put("/authorities/all/fault", json={"fault": "refuse"}) as answer:
        assert len((await answer.json())["stand_ins"]) == 6
    assert set(sim.faults()) == {"beijing", "shandong", "yunnan"}
    async with http.put("/authorities/local/fault", json={"fault": "hang", "share": 0.5}):
        pass
    assert set(sim.faults()) == {"beijing", "shandong", "yunnan", "internet", "gateway"}
    async with http.put("/authorities/resolver/fault", json={"fault": "dns_silence"}) as answer:
        assert (await answer.json())["faults"]["resolver"] == {"dns": "dns_silence"}
    async with http.delete("/authorities/everything/fault"):
        pass
    assert sim.faults() == {}
