"""The budget of an address: spent, filled again, bounded in addresses; and what the server does when it is spent."""

from __future__ import annotations

import asyncio

import pytest

from monitor.web import server as served
from monitor.web.rates import Rates, client_of
from tests.web.conftest import Ask, World, make_plan
from tests.web.gated import gated, get, send


def test_a_budget_is_spent_and_fills_again_up_to_its_size():
    rates = Rates(per_second=2, burst=10)
    for _ in range(10):
        assert rates.wait("a", 1, 0.0) == 0
        rates.spend("a", 1, 0.0)
    assert rates.wait("a", 1, 0.0) == 0.5
    assert rates.wait("a", 1, 0.5) == 0
    assert rates.wait("a", 10, 1000.0) == 0
    assert rates.wait("b", 10, 0.0) == 0


def test_addresses_are_bounded_and_the_oldest_is_forgotten():
    rates = Rates(per_second=1, burst=1, most=2)
    for client in ("a", "b", "c"):
        rates.spend(client, 1, 0.0)
    assert [rates.wait(client, 1, 0.0) for client in ("a", "b", "c")] == [0, 1, 1]


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("fe80::1%eth0", "fe80::2"),
        ("127.0.0.1", "127.0.0.1"),
        (None, ""),
    ],
)
def test_one_client_is_one_address_or_one_network_of_ipv6(address, same):
    assert client_of(address) == client_of(same)


def test_two_addresses_are_two_clients():
    assert (
        len({client_of(text) for text in ("127.0.0.1", "127.0.0.2", "2001:db8::1", "2001:db8:0:1::1")}) == 4
    )


@pytest.fixture
def world(monkeypatch) -> World:
    """A small budget that does not fill again."""
    monkeypatch.setattr(served, "UNITS_AT_ONCE", 20)
    monkeypatch.setattr(served, "UNITS_PER_SECOND", 0.01)
    return World(plan=make_plan(token="t0ken"))


async def test_who_asks_too_much_waits_and_health_is_answered_all_the_same(world: World, ask: Ask):
    seen = [(await ask("/api/v1/status")).status for _ in range(6)]
    assert seen == [200, 200, 200, 200, 429, 429]
    refused = await ask("/api/v1/status")
    assert int(refused.headers["Retry-After"]) > 0
    assert "too many requests" in refused.json["error"]
    assert (await ask("/-/healthy")).status == 200
    assert (await ask("/static/page.js")).status == 200


async def test_what_does_not_exist_is_counted_too(world: World, ask: Ask):
    assert [(await ask("/nothing")).status for _ in range(21)][-2:] == [404, 429]


async def test_metrics_cost_what_there_is_to_write(world: World, ask: Ask):
    assert len(world.plan.targets) == 38
    assert [(await ask("/metrics")).status for _ in range(5)] == [
        200,
        200,
        200,
        429,
        429,
    ]  # 2 + 38 × 0.08 each


async def test_a_loop_that_asks_one_by_one_is_slowed_down_and_not_refused(
    monkeypatch: pytest.MonkeyPatch, world: World
):
    monkeypatch.setattr(served, "UNITS_AT_ONCE", 20)
    monkeypatch.setattr(served, "UNITS_PER_SECOND", 100)
    async with gated(world) as gate:
        begun = asyncio.get_running_loop().time()
        seen = [(await send(gate, get("/metrics")))[0].status for _ in range(24)]
        lasted = asyncio.get_running_loop().time() - begun
        crowd = await asyncio.gather(*(send(gate, get("/metrics")) for _ in range(60)))
    assert seen == [200] * 24
    assert lasted > 0.9  # 121 units, of which 20 are there
    assert {each[0].status for each in crowd} == {200, 429}
