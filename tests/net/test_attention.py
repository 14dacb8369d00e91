"""Our own delay is nobody else's: the clock of a run stands still while the loop is held up, and our absence is not held against a peer."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model import Cause, Phase
from monitor.net import Hampered, Net, Request
from monitor.net.attention import Attention
from tests.net.peers import OK, answers, get, look, peer, then_hangs


def ask(port: int) -> Request:
    """A GET of a peer on loopback."""
    return Request(host="127.0.0.1", port=port, http=get())


def hold_up(after: float, seconds: float) -> None:
    """Keep the whole loop busy for `seconds`, `after` seconds from now."""
    asyncio.get_running_loop().call_later(after, time.sleep, seconds)


async def test_an_answer_that_came_while_we_were_held_up_is_an_answer():
    async with peer(answers(OK, pause=0.0)) as port:
        hold_up(0.0, 1.5)
        seen = await look(ask(port), timeout=0.5)
    assert seen.failure is None
    assert seen.duration < 0.5


async def test_a_peer_that_still_says_nothing_has_run_out_of_time_after_all_of_it():
    async with peer(then_hangs()) as port:
        hold_up(0.2, 1.0)
        began = asyncio.get_running_loop().time()
        seen = await look(ask(port), timeout=0.6)
        took = asyncio.get_running_loop().time() - began
    assert seen.failure is not None
    assert seen.failure.cause is Cause.RESPONSE_TIMEOUT
    assert took > 1.3
    assert 0.5 < seen.duration < 1.0
    assert seen.phases[Phase.PROCESSING] < 1.0


async def test_being_held_up_again_and_again_costs_the_peer_nothing():
    async with peer(answers(OK)) as port:
        for step in range(5):
            hold_up(0.02 * step, 0.3)
        seen = await look(ask(port), timeout=0.5)
    assert seen.failure is None


async def test_a_deadline_without_any_delay_strikes_as_ever():
    async with peer(then_hangs()) as port:
        began = asyncio.get_running_loop().time()
        seen = await look(ask(port), timeout=0.3)
    assert seen.failure is not None
    assert asyncio.get_running_loop().time() - began > 0.29
    assert seen.duration > 0.29


async def test_the_clock_never_goes_back_and_stands_still_while_nobody_listens():
    attention, read = Attention(), []
    async with attention.within(60):
        for _ in range(40):
            read.append(attention.time())
            time.sleep(0.03)
            await asyncio.sleep(0)
        before = attention.time()
        time.sleep(0.6)
        assert attention.time() - before < 0.25
        await asyncio.sleep(0.01)
        assert attention.time() - before < 0.3
    assert read == sorted(read)
    assert attention.lost > 0.3


async def test_a_peer_that_gave_up_while_we_were_away_is_not_to_blame(monkeypatch):
    monkeypatch.setattr("monitor.net.client.PATIENCE", 0.5)  # else the test takes four seconds
    async with peer(answers(b"", pause=0.3)) as port:
        hold_up(0.1, 1.5)
        with pytest.raises(Hampered, match="held the program up"):
            await look(ask(port), timeout=5)


async def test_a_refusal_is_a_refusal_however_late_we_hear_of_it(free_port, monkeypatch):
    monkeypatch.setattr("monitor.net.client.PATIENCE", 0.0)
    hold_up(0.0, 0.5)
    seen = await look(Request(host="127.0.0.1", port=free_port), timeout=5)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.CONNECTION_REFUSED


class Asleep:
    """The clocks of a machine that sleeps for an hour during each run: its monotonic one stands still meanwhile."""

    def __init__(self) -> None:
        self._reads = 0

    def now(self) -> datetime:
        """An hour later each time."""
        self._reads += 1
        return datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=self._reads)

    def monotonic(self) -> float:
        """Always the same."""
        return 1.0


async def test_a_run_during_which_the_machine_slept_says_nothing_of_a_connection_that_is_gone():
    net = Net(Asleep())
    async with peer(answers(b"")) as port:
        with pytest.raises(Hampered):
            await net.look(ask(port), timeout=5, admit=lambda _key: True)
    async with peer(answers(OK)) as port:
        seen = await net.look(ask(port), timeout=5, admit=lambda _key: True)
    assert seen.failure is None
    await net.close()


async def test_a_clock_that_is_set_back_during_a_run_changes_nothing():
    class SetBack(Asleep):
        def now(self) -> datetime:
            self._reads += 1
            return datetime(2026, 11, 21, tzinfo=UTC) - timedelta(hours=self._reads)

    net = Net(SetBack())
    async with peer(then_hangs()) as port:
        seen = await net.look(ask(port), timeout=0.2, admit=lambda _key: True)
    assert seen.failure is not None
    assert seen.failure.cause is Cause.RESPONSE_TIMEOUT
    await net.close()
