"""Receivers that hang, lie and flood, names that lead nowhere: the healthy one hears at once, the others once they are mended."""

from __future__ import annotations

import asyncio
import random
import resource
import socket

import pytest

from monitor.simulator.simulator import Simulator
from tests.chaos import invariants
from tests.chaos.receivers import Witness, witnesses
from tests.chaos.rude import Rude, rude_receivers
from tests.chaos.state import outbox
from tests.flow.harness import daemon, until

SLUGS = ["shandong", "beijing", "shanghai"]


@pytest.fixture
async def sim():
    """Three provinces that are well."""
    async with Simulator(only=SLUGS) as made:
        yield made


@pytest.fixture
def silent():
    """A name server that hears and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{deaf.getsockname()[1]}"


def config_of(sim: Simulator, **receivers: str) -> str:
    """A quick configuration that tells all of these webhooks."""
    return sim.config(
        receivers={name: {"webhook": url} for name, url in receivers.items()}, interval="1500ms",
        timeout="1s", while_down="800ms", spacing="100ms", group_wait="300ms",
    )  # fmt: skip


async def breaks_and_mends(sim: Simulator, good: Witness, slug: str = "shandong") -> float:
    """One outage from end to end; seconds until the healthy receiver has heard of both."""
    loop, before = asyncio.get_running_loop(), len(good.heard)
    began = loop.time()
    sim.set_fault(slug, "refuse", service="verify")
    await until(lambda: "incident_opened" in [one["event"] for one in good.heard[before:]])
    sim.clear_fault()
    await until(lambda: "incident_resolved" in [one["event"] for one in good.heard[before:]])
    return loop.time() - began


async def test_whatever_receivers_do_the_healthy_one_hears_and_nobody_loses_anything(sim, tmp_path):
    good = Witness("good", random.Random(1))
    async with witnesses(good), rude_receivers() as rude:
        config = config_of(sim, good=good.url, **{name: one.url for name, one in rude.items()})
        async with daemon(config, tmp_path) as running:
            await until(lambda: is_swept(running))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for slug in ("shandong", "beijing"):
                assert await breaks_and_mends(sim, good, slug) < 15
            await good.settles()
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # KiB
            for one in rude.values():
                one.mend()
            told = {message["key"] for message in good.heard}
            await until(lambda: not any(invariants.nothing_lost(one.accepted, told) for one in rude.values()))
        decided = outbox(tmp_path / "state")
    everyone: dict[str, Rude | Witness] = {**rude, "good": good}
    for name, each in everyone.items():
        found = invariants.complaints(each.heard, each.accepted, decided[f"{name}[0]"])
        assert found == [], name
    assert invariants.same_for_all([good.heard, *(one.heard for one in rude.values())]) == []


async def test_names_that_lead_nowhere_hold_up_nobody_and_are_nobody_elses_outage(sim, tmp_path, silent):
    good = Witness("good", random.Random(1))
    async with witnesses(good):
        config = config_of(sim, good=good.url, lost="http://no-such-receiver.invalid/hook")
        config = config.replace(
            "probes:\n",
            f'reference:\n  - {{name: lost, url: "http://no-such-reference.invalid/", interval: 1s}}\nprobes:\n'
            "  - {name: deaf, kind: tcp, authority: beijing, service: deaf, host: deaf.example, port: 80,"
            f' interval: 2s, timeout: 1s, resolver: ["{silent}"]}}\n',
            1,
        )
        async with daemon(config, tmp_path) as running:
            await until(lambda: is_swept(running))
            assert await breaks_and_mends(sim, good) < 15
            status = {row["authority"]: row for row in (await running.json("/api/v1/status"))["authorities"]}
        blamed = {incident["authority"] for message in good.heard for incident in message["incidents"]}
        assert blamed <= {"shandong", "beijing"}
        assert status["beijing"]["services"]["verify"]["state"] == "up"
        assert status["beijing"]["services"]["deaf"]["cause"] == "resolve_timeout"
        assert status["shanghai"]["state"] == "up"
        assert invariants.in_turns(good.heard) == []


async def is_swept(running) -> bool:
    """Whether every target has a result."""
    async with running.session.get(running.base + "/-/ready") as answer:
        return bool(answer.status == 200)
