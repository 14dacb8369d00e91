"""The control API, by the requests that a tutorial makes with curl."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from monitor.simulator import Simulator
from tests.simulator.client import look

# CPython 3.11 leaves its SSLSocket to the garbage collector when the peer resets while `wrap_socket` is still making it;
# the client of these tests provokes just that. The product's own sockets are held to it in tests/net.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")


@pytest.fixture
async def http(sim: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sim.control_url) as session:
        yield session


async def test_a_province_is_broken_and_mended(sim: Simulator, http: aiohttp.ClientSession):
    async with http.put(
        "/authorities/shandong/fault", data='{"fault": "status_503", "service": "verify"}'
    ) as answer:
        rows = (await answer.json())["stand_ins"]
    assert [(row["service"], row["fault"]) for row in rows] == [("verify", "status_503"), ("dppt", None)]
    assert (await look(sim, "shandong")).status == 503
    async with http.delete("/authorities/shandong/fault") as answer:
        assert answer.status == 200
    assert (await look(sim, "shandong")).status == 200


async def test_the_overview_lists_places_and_faults(sim: Simulator, http: aiohttp.ClientSession):
    async with http.get("/") as answer:
        rows = (await answer.json())["stand_ins"]
    assert {row["authority"] for row in rows} == {
        "beijing",
        "shandong",
        "yunnan",
        "national",
        "internet",
        "gateway",
    }
    assert rows[0]["url"] == sim.url("beijing")
    async with http.get("/faults") as answer:
        assert {"name": "slow", "default": "2"}.items() <= next(
            row.items() for row in (await answer.json())["faults"] if row["name"] == "slow"
        )


async def test_hits_tell_who_came_and_reset_forgets(sim: Simulator, http: aiohttp.ClientSession):
    sim.set_fault("shandong", "status_503")
    await look(sim, "shandong")
    async with http.get("/hits", params={"authority": "shandong"}) as answer:
        hits = await answer.json()
    assert hits["count"] == 1
    assert hits["hits"][0]["request"] == "GET /NWebQuery/yzmQuery?fpdm=3700990130"
    assert hits["hits"][0]["user_agent"] == "test"
    assert hits["hits"][0]["fault"] == "status_503"
    async with http.post("/reset") as answer:
        assert answer.status == 200
    assert sim.faults() == {}
    assert sim.hits() == []


@pytest.mark.parametrize(
    "body", ["", "[]", '{"fault": 1}', '{"fault": "hang", "more": 1}', '{"fault": "hang", "service": 1}']
)
async def test_a_body_of_another_shape_is_a_400_that_says_what_to_send(
    http: aiohttp.ClientSession, body: str
):
    async with http.put("/authorities/shandong/fault", data=body) as answer:
        assert answer.status == 400
        assert '{"fault": "hang"}' in (await answer.json())["error"]


async def test_unknown_names_are_400_and_unknown_paths_404(http: aiohttp.ClientSession):
    async with http.put("/authorities/shandon/fault", data='{"fault": "hang"}') as answer:
        assert answer.status == 400
        assert "did you mean shandong" in (await answer.json())["error"]
    async with http.get("/nothing") as answer:
        assert answer.status == 404
        assert "error" in await answer.json()


async def test_the_kept_back_intermediate_is_where_the_leaf_says(sim: Simulator, http: aiohttp.ClientSession):
    async with http.get("/ca/intermediate.der") as answer:
        assert await answer.read() == sim.intermediate_der
