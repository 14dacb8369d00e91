"""The addresses of one name, tried in order: one that hangs is still waited for while the next is tried."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from monitor.model import Attempt, Cause, Failure, Phase
from monitor.net.connect import Dial, Wire
from monitor.net.failures import failure_of, shortage_of


class Race:
    """Connections under way to several addresses; the first that is answered wins. Must be closed."""

    __slots__ = ("_failed", "_order", "_port", "_running")

    def __init__(self, port: int) -> None:
        self._port = port
        self._order: list[str] = []
        self._running: dict[asyncio.Future[int], Dial] = {}
        self._failed: dict[str, Failure] = {}

    async def run(
        self,
        addresses: tuple[str, ...],
        time_left: Callable[[], float],
        admit: Callable[[], bool] = lambda: True,
    ) -> tuple[str, Wire] | None:
        """Try each address: the winner and its address; None when all have failed.

        Each but the last has an even share of the time that is left before the next is tried beside it. `admit` is
        asked before each but the first.
        """
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            if left < len(addresses) and not admit():
                break
            self.start(address)
            if left > 1 and (winner := await self.wait(time_left() / left)):
                return winner
        return await self.finish()

    def start(self, address: str) -> None:
        """Set out for one more address. Raises OSError for what this machine lacks."""
        self._order.append(address)
        try:
            dial = Dial(address, self._port)
        except OSError as error:
            if shortage_of(error) is not None:
                raise
            self._failed[address] = failure_of(error, Phase.CONNECT)
        else:
            self._running[dial.done] = dial

    async def wait(self, seconds: float) -> tuple[str, Wire] | None:
        """The winner and its address; None when `seconds` are over, one address has failed, or none is left."""
        if not self._running:
            return None
        done, _ = await asyncio.wait(self._running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return self._settle(done)

    async def finish(self) -> tuple[str, Wire] | None:
        """The winner and its address, however long it takes; None when all have failed."""
        winner = None
        while winner is None and self._running:
            done = set(self._running)
            if len(done) == 1:  # what nearly every run comes to, and cheaper than a wait for many
                await next(iter(done))
            else:
                done, _ = await asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED)
            winner = self._settle(done)
        return winner

    @property
    def latest(self) -> str | None:
        """The address that was set out for last."""
        return self._order[-1] if self._order else None

    def first_failure(self) -> Failure | None:
        """What became of the first address, if it has failed already."""
        return self._failed.get(self._order[0]) if self._order else None

    def attempts(self, winner: str | None) -> tuple[Attempt, ...]:
        """What became of the addresses beside the winner, in order; nothing where only one was tried."""
        if len(self._order) < 2:
            return ()
        late = Failure(
            cause=Cause.CONNECT_TIMEOUT, phase=Phase.CONNECT, detail="no answer while others gave theirs"
        )
        return tuple(
            Attempt(address=address, failure=self._failed.get(address, late))
            for address in self._order
            if address != winner
        )

    def close(self) -> None:
        """Give up all that are still under way."""
        for dial in self._running.values():
            dial.close()
        self._running.clear()

    def _settle(self, done: set[asyncio.Future[int]]) -> tuple[str, Wire] | None:
        for future in done:
            dial = self._running[future]
            status = future.result()
            if status == 0:
                del self._running[future]
                return dial.address, dial.take()
        for future in done:
            dial = self._running.pop(future)
            dial.close()
            error = OSError(future.result(), os.strerror(future.result()))
            self._failed[dial.address] = failure_of(error, Phase.CONNECT)
        return None
