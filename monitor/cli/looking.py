"""One look now at some targets, with the daemon's own code: what `probe` and `authorities --try` have in common."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from monitor.clock import Clock, SystemClock
from monitor.core.classify import Knowledge
from monitor.core.schedule import HostLimit
from monitor.knowledge import load_catalogue, load_words
from monitor.model import Cause, Plan, Result, Target
from monitor.net import Hampered, LimitReached, Net
from monitor.probes import run


async def look(targets: Sequence[Target], plan: Plan, saying: str) -> list[Result | None]:
    """One run of each, at the same time as far as `limits` of the plan allow; None where they do not allow it at all.

    `saying` is shown on a terminal meanwhile.
    """
    clock = SystemClock()
    net, limit = Net(clock), HostLimit(plan.per_host, plan.per_host_window)
    knowledge = Knowledge(catalogue=load_catalogue(), words=load_words())
    places = asyncio.Semaphore(plan.concurrency)

    async def look_at(target: Target) -> Result | None:
        async with places:
            try:
                return await run(target, net, knowledge, admit=partial(_admit, limit, clock), scheduled=False)
            except LimitReached:
                return None
            except Hampered as trouble:
                return _hampered(target, clock, trouble)

    try:
        with _progress(saying):
            async with asyncio.TaskGroup() as group:
                looks = [group.create_task(look_at(target)) for target in targets]
    finally:
        await net.close()
    return [one.result() for one in looks]


def _hampered(target: Target, clock: Clock, trouble: Hampered) -> Result:
    """This machine was in the way: it speaks of us."""
    return Result(
        target=target.id, started_at=clock.now(), duration=0.0, cause=Cause.INTERNAL, detail=str(trouble)
    )


def _admit(limit: HostLimit, clock: Clock, host_key: str) -> bool:
    return limit.admit(host_key, clock.monotonic())


def _progress(saying: str) -> AbstractContextManager[object]:
    """Says on a terminal that something is going on; nothing in a pipe."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False).status(saying)
