"""The simulator as a whole: it starts healthy, breaks and mends while it runs, and stops whatever is going on."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import ssl
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from monitor import simulator
from monitor.simulator import FaultError, Simulator
from tests.simulator.client import look

# CPython 3.11 leaves its SSLSocket to the garbage collector when the peer resets while `wrap_socket` is still making it;
# the client of these tests provokes just that. The product's own sockets are held to it in tests/net.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")


async def test_healthy_stand_ins_answer_over_verified_tls(sim: Simulator):
    for slug, service in (
        ("beijing", "verify"),
        ("shandong", "dppt"),
        ("national", "page"),
        ("internet", "page"),
    ):
        assert (await look(sim, slug, service, "/")).status == 200


async def test_a_refused_port_comes_back_as_the_same_port(sim: Simulator):
    port = sim.port("shandong")
    sim.set_fault("shandong", "refuse", "verify")
    assert (await look(sim, "shandong")).failure == "connect: ConnectionRefusedError"
    sim.clear_fault("shandong", "verify")
    assert (await look(sim, "shandong")).status == 200
    assert sim.port("shandong") == port


async def test_stop_is_quick_with_every_kind_of_hung_connection_open():
    loop = asyncio.get_running_loop()
    async with Simulator(only=["beijing"]) as sim, asyncio.TaskGroup() as group:
        for fault in ("hang", "hang_accept", "stall_tls", "trickle", "hang_before_accept"):
            sim.set_fault("beijing", fault, "verify")
            group.create_task(look(sim, "beijing"))
            await asyncio.sleep(0.05)
        began = loop.time()
        await sim.stop()
        assert loop.time() - began < 1.0


async def test_it_starts_again_healthy():
    sim = Simulator(only=["beijing"])
    await sim.start()
    sim.set_fault("beijing", "refuse")
    await sim.stop()
    async with sim:
        assert sim.faults() == {}
        assert (await look(sim, "beijing")).status == 200


async def test_thirty_six_start_within_a_second_and_a_half():
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with Simulator(scheme="mixed") as sim:
        assert loop.time() - began < 1.5
        assert len(sim.slugs) == 36
        assert sim.url("yunnan").startswith("http://")


async def test_two_run_side_by_side_and_do_not_trust_each_other():
    async with Simulator(only=["beijing"]) as one, Simulator(only=["beijing"]) as other:
        other.set_fault("beijing", "status_503")
        assert (await look(one, "beijing")).status == 200
        assert (await look(other, "beijing")).status == 503
        stranger = ssl.create_default_context(cafile=other.ca_path)
        assert (await look(one, "beijing", context=stranger)).failure.startswith(
            "tls: SSLCertVerificationError"
        )


async def test_what_does_not_exist_is_refused_with_a_hint(sim: Simulator):
    with pytest.raises(FaultError, match="did you mean 'refuse'"):
        sim.set_fault("shandong", "refuze")
    with pytest.raises(FaultError, match="called shanghai"):
        sim.set_fault("shanghai", "refuse")
    assert sim.faults() == {}


async def test_a_taken_port_leaves_nothing_open():
    async with Simulator(only=["beijing"]) as one:
        with pytest.raises(OSError, match="in use"):
            await Simulator(only=["beijing"], port_base=one.port("beijing") - 1).start()
        assert (await look(one, "beijing")).status == 200


async def test_the_log_tells_when_who_came_and_what_was_asked(sim: Simulator):
    await look(sim, "beijing")
    await look(sim, "beijing", "dppt", "/")
    first, second = sim.hits("beijing")
    assert (first.service, second.service) == ("verify", "dppt")
    assert first.monotonic < second.monotonic
    assert first.at <= second.at
    assert first.request is not None
    assert first.request.headers["user-agent"] == "test"
    assert [len(sim.hits("beijing", service)) for service in ("verify", "dppt")] == [1, 1]


def test_it_imports_nothing_of_what_it_tests():
    source = Path(simulator.__file__).parent
    lines = "\n".join(file.read_text("utf-8") for file in source.glob("*.py"))
    imported = re.findall(r"^\s*(?:from|import) (monitor\S*)", lines, re.MULTILINE)
    assert len(imported) > 20
    assert {name for name in imported if not name.startswith("monitor.simulator")} == set()


async def test_a_client_that_resets_leaves_no_complaint_behind(sim: Simulator):
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    for slug in ("yunnan", "shandong"):
        for _ in range(5):
            await asyncio.to_thread(_connect_and_reset, sim, slug)
    await sim.stop()
    gc.collect()
    assert len(sim.hits()) == 10
    assert complaints == []


def _connect_and_reset(sim: Simulator, slug: str) -> None:
    connection: socket.socket = socket.create_connection(("127.0.0.1", sim.port(slug)), timeout=5)
    if sim.url(slug).startswith("https"):
        context = ssl.create_default_context(cafile=sim.ca_path)
        connection = context.wrap_socket(connection, server_hostname=f"{slug}.localhost")
    connection.sendall(b"GET / HTTP/1.1\r\n")
    time.sleep(0.02)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
