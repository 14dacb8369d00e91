"""One run that looks at every address of a host by itself, all at once, so that one that hides behind the others shows."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from monitor.model import AddressLook, Attempt, Cause, Failure, Phase, Seen
from monitor.net.attention import Attention
from monitor.net.failures import failure_of, shortage_of
from monitor.net.request import LimitReached
from monitor.net.run import Run
from monitor.net.stopwatch import Stopwatch

MAX_EACH = 8
"""Addresses of one name that are looked at."""
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
_LATER = datetime.min.replace(tzinfo=UTC)
"""Stands for the beginning of a part until that of the whole is known."""


class Each:
    """Runs one part per address. It fails as a whole only where the name does."""

    __slots__ = ("_addresses", "_failure", "_left_out", "_make", "_parts", "_resolve", "_seen", "_shortage", "_watch")  # fmt: skip

    def __init__(
        self,
        resolve: Callable[[], Awaitable[tuple[str, ...]]],
        make: Callable[[str], Run],
        attention: Attention,
    ) -> None:
        """`make` gives the run that looks at one address."""
        self._resolve = resolve
        self._make = make
        self._watch = Stopwatch(attention.time)
        self._addresses: tuple[str, ...] = ()
        self._parts: dict[str, Run] = {}
        self._seen: dict[str, Seen] = {}
        self._left_out: dict[str, AddressLook] = {}
        self._shortage: Exception | None = None
        self._failure: Failure | None = None

    async def run(self) -> None:
        """All addresses. Raises FaultError for the name, LimitReached where not one of them may be gone to."""
        self._addresses = await self._resolve()
        self._watch.enter(Phase.CONNECT)
        tried = self._addresses[:MAX_EACH]
        reachable = [one for one in tried if has_way(one)] or list(tried)
        for address in tried:
            if address not in reachable:
                self._leave_out(address, Cause.UNREACHABLE, "no way there from this machine")
        self._parts = {address: self._make(address) for address in reachable}
        async with asyncio.TaskGroup() as group:
            for address, part in self._parts.items():
                group.create_task(self._run_part(address, part))
        if self._shortage is not None:
            raise self._shortage
        if not self._seen:
            raise LimitReached(next(iter(self._parts), ""))

    def fail(self, error: Exception) -> None:
        """The name could not be resolved, or the deadline passed: whoever is not done by then is not."""
        if not self._parts:
            self._failure = failure_of(error, Phase.RESOLVE)
        for address, part in self._parts.items():
            if address not in self._seen and address not in self._left_out:
                part.fail(error)
                self._seen[address] = part.seen(_LATER)

    def close(self) -> None:
        """Let go of all of them."""
        for part in self._parts.values():
            part.close()

    def seen(self, started_at: datetime) -> Seen:
        """What the first address that answers showed, else the first of all; beside it what each of them did."""
        self._watch.stop()
        resolve = {Phase.RESOLVE: self._watch.spent[Phase.RESOLVE]}
        each = [_part(self._seen[one], started_at, resolve) for one in self._parts if one in self._seen]
        left_out = tuple(self._left_out[one] for one in self._addresses if one in self._left_out)
        if not each:
            return Seen(
                started_at=started_at,
                duration=self._watch.elapsed,
                phases=resolve,
                addresses=self._addresses,
                failure=self._failure,
                left_out=left_out,
            )
        leading = next((one for one in each if one.failure is None), each[0])
        return replace(
            leading,
            duration=self._watch.elapsed,
            addresses=self._addresses,
            attempts=tuple(
                Attempt(address=one.address or "", failure=one.failure)
                for one in each
                if one.failure is not None and one is not leading
            ),
            each=tuple(each),
            left_out=left_out,
        )

    async def _run_part(self, address: str, part: Run) -> None:
        try:
            await part.run()
        except LimitReached:
            self._leave_out(address, Cause.NONE, "the limit of the host does not allow it now")
            return
        except Exception as error:  # noqa: BLE001  the edge: everything becomes a cause, by the table
            if shortage_of(error) is not None:
                self._shortage = error
            part.fail(error)
        finally:
            part.close()
        self._seen[address] = part.seen(_LATER)

    def _leave_out(self, address: str, cause: Cause, detail: str) -> None:
        phase = None if cause is Cause.NONE else Phase.CONNECT
        self._left_out[address] = AddressLook(
            address=address, cause=cause, phase=phase, detail=detail, counts=False
        )


def _part(seen: Seen, started_at: datetime, resolve: Mapping[Phase, float]) -> Seen:
    return replace(seen, started_at=started_at, phases={**seen.phases, **resolve})


def has_way(address: str) -> bool:
    """Whether this machine knows a way to that address; nothing is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
    except OSError as problem:
        return problem.errno not in _NO_WAY
    return True
