"""The watchdog with a clock that stands still: what it feeds, what it says, and when it stops."""

from __future__ import annotations

import asyncio
import os
import socket
import threading

import pytest

from monitor.core.alive import Part, Pulse
from monitor.store.writer import Writer
from monitor.systemd import ServiceManager
from monitor.watchdog import Watchdog

LIMIT = 60.0


class Meter:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.moving: dict[Part, bool] = {}

    def set_loop_lag(self, seconds):
        """Not looked at here."""

    def set_moving(self, part, moving):
        self.moving[part] = moving


@pytest.fixture
def ear(tmp_path):
    """Where the service manager would listen: a socket that never waits."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(tmp_path / "notify"))
        made.setblocking(False)
        yield made


def heard(ear: socket.socket) -> list[str]:
    """Everything that was said since the last time."""
    found = []
    try:
        while True:
            found.append(ear.recv(65536).decode())
    except BlockingIOError:
        return found


@pytest.fixture
def pulses() -> dict[Part, Pulse]:
    """All parts move at 0 s."""
    return {part: Pulse(moved_at=0.0) for part in Part}


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def watchdog(ear, pulses, meter, clock) -> Watchdog:
    """One that is to be fed every minute."""
    environ = {"NOTIFY_SOCKET": ear.getsockname(), "WATCHDOG_USEC": str(int(LIMIT * 1e6))}
    return Watchdog(lambda _now: pulses, ServiceManager(environ, os.getpid()), clock, meter)


def look(watchdog: Watchdog, ear: socket.socket) -> list[str]:
    """What one look makes it say."""
    watchdog.look(lambda: "3 targets, 0 incidents open")
    return heard(ear)


def test_it_is_fed_while_everything_moves_and_not_more_often_than_needed(watchdog, ear, pulses, clock):
    fed = 0
    for _ in range(2 * int(LIMIT)):
        for part in Part:
            pulses[part] = Pulse(moved_at=clock.monotonic())
        fed += look(watchdog, ear).count("WATCHDOG=1")
        clock.advance(0.5)
    assert 3 <= fed <= 4


@pytest.mark.parametrize("part", Part)
def test_one_part_that_stands_still_stops_it_and_is_named(watchdog, ear, pulses, meter, clock, part):
    assert "WATCHDOG=1" in look(watchdog, ear)
    clock.advance(21)
    for other in set(Part) - {part}:
        pulses[other] = Pulse(moved_at=clock.monotonic())
    assert look(watchdog, ear) == [f"STATUS={part} stands still"]
    assert not watchdog.is_alive()
    assert [each for each, moving in meter.moving.items() if not moving] == [part]
    clock.advance(LIMIT)
    pulses.update(dict.fromkeys(Part, Pulse(moved_at=clock.monotonic())))
    assert look(watchdog, ear) == ["WATCHDOG=1", "STATUS=3 targets, 0 incidents open"]
    assert all(meter.moving.values())


def test_the_same_status_is_said_once(watchdog, ear):
    assert "STATUS=3 targets, 0 incidents open" in look(watchdog, ear)
    assert look(watchdog, ear) == []


def test_a_writer_that_hangs_stands_still_one_that_fails_does_not_and_one_that_rests_may_rest():
    writer, release = Writer("a disk"), threading.Event()
    writer.start()
    assert writer.moved_at(now=0.0) is None
    hanging = writer.submit(lambda: release.wait(30))
    waiting = writer.submit(fail)
    assert writer.moved_at(now=100.0) == 100.0  # begins to count when it is seen, however long it rested
    assert writer.moved_at(now=130.0) == 100.0
    release.set()
    hanging.result(30)
    assert isinstance(waiting.exception(30), OSError)
    writer.submit(int).result(30)
    settle(writer)
    assert writer.moved_at(now=140.0) is None
    writer.stop(timeout=5)


def fail() -> None:
    """As a full disk does."""
    raise OSError("no space left on device")


def settle(writer: Writer) -> None:
    """Until the thread has counted its last job: the future is done a moment before."""
    for _ in range(1000):
        if writer.moved_at(now=140.0) is None:
            return
        threading.Event().wait(0.005)


# --- the protocol ----------------------------------------------------------------------------------------------------


def test_without_a_manager_nothing_is_said_and_nothing_waits():
    manager = ServiceManager({"WATCHDOG_USEC": "1000000"}, 7)
    manager.ready("x")
    assert manager.watchdog is None


@pytest.mark.parametrize(
    ("environ", "limit"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_if_it_is_meant_for_this_process(ear, environ, limit):
    assert ServiceManager({"NOTIFY_SOCKET": ear.getsockname(), **environ}, 7).watchdog == limit


def test_a_status_stays_on_one_line(ear):
    ServiceManager({"NOTIFY_SOCKET": ear.getsockname()}, 7).say("a\nREADY=1")
    assert heard(ear) == ["STATUS=a READY=1"]


def test_a_reload_carries_the_monotonic_time_in_microseconds(ear):
    ServiceManager({"NOTIFY_SOCKET": ear.getsockname()}, 7).reloading(12.3456789)
    assert heard(ear) == ["RELOADING=1\nMONOTONIC_USEC=12345679"]


def test_a_manager_that_went_away_costs_one_line_in_the_log(tmp_path, capsys):
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, 7)
    manager.ready("x")
    manager.stopping()
    assert capsys.readouterr().out.count("systemd.not_told") == 1


async def test_the_loop_looks_again_and_again(watchdog, ear, pulses, clock):
    for part in Part:
        pulses[part] = Pulse(moved_at=0.0, due=None)
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(watchdog.run(lambda: "up"))
        said: list[str] = []
        while said.count("WATCHDOG=1") < 2:
            said += heard(ear)
            clock.advance(10)
            await asyncio.sleep(0.02)
        running.cancel()
