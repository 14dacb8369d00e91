"""Asks the references, each on its own interval, and writes our own view for others. What they say is decided elsewhere.

A reference can do no more harm than a late or failed reading: each has a task, a deadline and a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from monitor.clock import Clock
from monitor.core.reference import reference_document
from monitor.core.state import Commit, State
from monitor.model import Plan, ReferenceReading, ReferenceRow, ReferenceSource
from monitor.reference import file
from monitor.reference.fetched import Fetched, UnreadableError
from monitor.reference.http import Http
from monitor.reference.names import index
from monitor.reference.reading import Context, read
from monitor.threads import Aside, StillHangs

log = structlog.get_logger()

DEADLINE = 10.0
"""Seconds for one reading, from name resolution to the last row; never longer than the interval."""
POLITE = 10.0
"""Seconds between two readings of a source at least, where one is wanted earlier than on its interval."""
PUBLISH_EVERY = 60.0
"""Seconds after which our view is written anew though nothing changed: its times did."""
PUBLISH_PAUSE = 1.0
"""Seconds between two writes at least."""


class Meter(Protocol):
    """What the loop tells about its own work."""

    def set_publish_up(self, up: bool) -> None:
        """Whether our view could be written to `publish.file`."""

    def count_internal_error(self, part: str) -> None:
        """A bug of ours was caught in `part`."""


@dataclass(slots=True)
class Memory:
    """What is remembered of one source between two readings."""

    aside: Aside
    was_up: bool | None = None
    ahead: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Authority → a `checked_at` that lay in the future, and when we first saw that very one."""


class References:
    """One task per source of the plan, and one that publishes."""

    def __init__(
        self,
        plan: Plan,
        state: State,
        clock: Clock,
        meter: Meter,
        *,
        hand_on: Callable[[ReferenceReading], None],
    ) -> None:
        self._plan = plan
        self._state = state
        self._clock = clock
        self._meter = meter
        self._hand_on = hand_on
        self._http = Http()
        self._polls: dict[str, tuple[ReferenceSource, asyncio.Task[None]]] = {}
        self._wanted: dict[str, asyncio.Event] = {}
        """Name of a source → set while it is wanted earlier than on its interval."""
        self._changed = asyncio.Event()
        self._news = asyncio.Event()
        self._publishes: bool | None = None
        """Whether the last write of `publish.file` succeeded; None: there was none."""

    def replan(self, plan: Plan) -> None:
        """Take over a new plan: sources that are unchanged keep their time, new and changed ones are asked at once."""
        if plan.publish_file != self._plan.publish_file:
            self._publishes = None
        self._plan = plan
        self._changed.set()
        self._news.set()

    def follow(self, commit: Commit) -> None:
        """Something was decided: a changed belief is published, and at a first failing run every reference is due."""
        if commit.durable:
            self._news.set()
        if commit.first_failure:
            for wanted in self._wanted.values():
                wanted.set()

    async def run(self) -> None:
        """Ask and publish until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._publish(), name="publish")
                while True:
                    self._changed.clear()
                    self._bring_in_line(tasks)
                    await self._changed.wait()
        finally:
            await self._http.close()

    def _bring_in_line(self, tasks: asyncio.TaskGroup) -> None:
        wanted = {source.name: source for source in self._plan.references}
        for name, (source, task) in list(self._polls.items()):
            if wanted.get(name) != source:
                task.cancel()
                del self._polls[name], self._wanted[name]
        for name, source in wanted.items():
            if name not in self._polls:
                self._wanted[name] = asyncio.Event()
                self._polls[name] = (
                    source,
                    tasks.create_task(self._poll(source, self._wanted[name]), name=f"reference {name}"),
                )

    # --- asking -------------------------------------------------------------------------------------------------

    async def _poll(self, source: ReferenceSource, wanted: asyncio.Event) -> None:
        memory = Memory(aside=Aside(f"reference {source.name}"))
        while True:
            wanted.clear()
            begun = self._clock.monotonic()
            reading = await self._read(source, memory)
            _report(reading, memory)
            self._hand_on(reading)
            with suppress(TimeoutError):
                async with asyncio.timeout(begun + source.interval - self._clock.monotonic()):
                    await wanted.wait()
            polite = begun + min(POLITE, source.interval)
            await asyncio.sleep(max(0.1, polite - self._clock.monotonic()))

    async def _read(self, source: ReferenceSource, memory: Memory) -> ReferenceReading:
        """One reading, good or failed; no reference and no bug of ours ends the loop."""
        try:
            async with asyncio.timeout(min(DEADLINE, source.interval)):
                reading = await self._read_once(source, memory.aside)
        except (UnreadableError, StillHangs) as problem:
            return self._failed(source, str(problem))
        except TimeoutError:
            return self._failed(source, "no answer in time")
        except Exception as problem:
            log.exception("reference.broke", source=source.name)
            self._meter.count_internal_error("reference")
            return self._failed(source, f"{type(problem).__name__} in our own code")
        return replace(reading, rows=tuple(_not_ahead(row, memory, reading.read_at) for row in reading.rows))

    async def _read_once(self, source: ReferenceSource, aside: Aside) -> ReferenceReading:
        fetched = await self._http.fetch(source) if source.file is None else None
        plan, now = self._plan, self._clock.now()
        context = Context(names=index(plan.authorities.values()), zone=ZoneInfo(plan.timezone), now=now)
        return await aside.do(partial(_understand, source, fetched, context))

    def _failed(self, source: ReferenceSource, detail: str) -> ReferenceReading:
        return ReferenceReading(source=source.name, read_at=self._clock.now(), up=False, detail=detail)

    # --- publishing ---------------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        aside = Aside("publish")
        while True:
            self._news.clear()
            if (path := self._plan.publish_file) is not None:
                await self._write(path, aside)
                await asyncio.sleep(PUBLISH_PAUSE)
            with suppress(TimeoutError):
                async with asyncio.timeout(PUBLISH_EVERY):
                    await self._news.wait()

    async def _write(self, path: str, aside: Aside) -> None:
        document = reference_document(self._plan, self._state, self._clock.now())
        try:
            async with asyncio.timeout(DEADLINE):
                await aside.do(partial(file.publish, path, document))
        except (OSError, StillHangs) as problem:  # TimeoutError is an OSError
            reason = getattr(problem, "strerror", None) or str(problem) or "the disk does not answer"
            if self._publishes is not False:
                log.warning("publish.failed", file=path, reason=reason)
            self._publishes = False
        else:
            if self._publishes is False:
                log.info("publish.works_again", file=path)
            self._publishes = True
        self._meter.set_publish_up(self._publishes)


def _understand(source: ReferenceSource, fetched: Fetched | None, context: Context) -> ReferenceReading:
    """What blocks: reading a file, taking a document apart."""
    return read(source, fetched or file.fetch(source.file or ""), context)


def _not_ahead(row: ReferenceRow, memory: Memory, now: datetime) -> ReferenceRow:
    """The row with a time that is not in the future: the instant at which that very time was first seen.

    So a clock that is ahead counts as now, as it should, but a document that stays the same grows old whatever it says.
    """
    claimed = row.checked_at
    known = memory.ahead.get(row.authority)
    if known is not None and known[0] == claimed:
        return replace(row, checked_at=known[1])
    if claimed <= now:
        memory.ahead.pop(row.authority, None)
        return row
    memory.ahead[row.authority] = (claimed, now)
    return replace(row, checked_at=now)


def _report(reading: ReferenceReading, memory: Memory) -> None:
    """One line when a reference begins to fail or answers again; the routine is silent."""
    if reading.up is memory.was_up:
        return
    if reading.up:
        log.info("reference.up", source=reading.source, detail=reading.detail)
    else:
        log.warning("reference.down", source=reading.source, reason=reading.detail)
    memory.was_up = reading.up
