"""One look now at some targets, with the daemon's own code: what `probe` and `authorities --try` have in common."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

from monitor.clock import Clock, SystemClock
from monitor.core.classify import Knowledge
from monitor.core.schedule import HostLimit
from monitor.knowledge import load_catalogue, load_words
from monitor.model import Cause, Plan, Result, Seen, Target
from monitor.net import Hampered, LimitReached, Net
from monitor.probes import Observation, observe


async def look(targets: Sequence[Target], plan: Plan, saying: str) -> list[Result | None]:
    """One run of each, at the same time as far as `limits` of the plan allow; None where they do not allow it at all.

    `saying` is shown on a terminal meanwhile.
    """
    with progress(saying):
        async with looker(plan) as eyes:
            seen = await eyes.look(targets)
    return [None if one is None else one.result for one in seen]


class Looker:
    """Looks at targets within the limits of a plan, all its connections counted together."""

    def __init__(self, plan: Plan, net: Net, clock: Clock) -> None:
        self.net = net
        self.clock = clock
        self.knowledge = Knowledge(catalogue=load_catalogue(), words=load_words())
        self._limit = HostLimit(plan.per_host, plan.per_host_window)
        self._places = asyncio.Semaphore(plan.concurrency)

    async def look(self, targets: Iterable[Target]) -> list[Observation | None]:
        """One run of each at the same time; None where the limits do not allow it."""
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(self._look_at(target)) for target in targets]
        return [one.result() for one in looks]

    def warm(self, targets: Iterable[Target]) -> None:
        """Read roots and the like before the first of these looks begins: that takes 0.2 s, during which nothing is seen."""
        for target in targets:
            if not target.is_on_machine:
                self.net.warm(target.tls)

    def admit(self, host_key: str) -> bool:
        """Count one connection, if it may be made."""
        return self._limit.admit(host_key, self.clock.monotonic())

    async def _look_at(self, target: Target) -> Observation | None:
        async with self._places:
            try:
                return await observe(target, self.net, self.knowledge, admit=self.admit, scheduled=False)
            except LimitReached:
                return None
            except Hampered as trouble:
                return _hampered(target, self.clock, trouble)


@asynccontextmanager
async def looker(plan: Plan) -> AsyncIterator[Looker]:
    """One that lets go of everything at the end."""
    clock = SystemClock()
    net = Net(clock)
    try:
        yield Looker(plan, net, clock)
    finally:
        await net.close()


def _hampered(target: Target, clock: Clock, trouble: Hampered) -> Observation:
    """This machine was in the way: it speaks of us."""
    now = clock.now()
    result = Result(target=target.id, started_at=now, duration=0.0, cause=Cause.INTERNAL, detail=str(trouble))
    return Observation(target=target, seen=Seen(started_at=now, duration=0.0, phases={}), result=result)


def progress(saying: str) -> AbstractContextManager[object]:
    """Says on a terminal that something is going on; nothing in a pipe."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False).status(saying)
