"""History: every run, the sums of every hour, every incident that is over. Large, batched, and never in anyone's way.

Nothing that probes, decides or tells waits for it: what was decided is put into a bounded queue, a thread of its own
writes it every two seconds. What a slow or full disk does not take is kept while the queue lasts, then the oldest runs
are dropped and counted. The file may be deleted or damaged at any time; then a fresh one is begun.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import structlog

from monitor.clock import Clock
from monitor.core.history import Uptime
from monitor.core.state import Commit, State
from monitor.core.windows import covering, near
from monitor.model import Event, Incident, Plan, Result, StoreHealth, Target, Window
from monitor.store import history_reading as reading
from monitor.store.errors import StoreError
from monitor.store.history_file import LARGEST_FILE, HistoryFile
from monitor.store.history_reading import HistoryDamagedError, HistoryReader
from monitor.store.history_rows import HoursPage, IncidentsPage, PastRun, Record, RunsPage, to_ms
from monitor.store.history_writing import Pen, Retention, chores
from monitor.store.waiting import Waiting
from monitor.store.writer import Writer

__all__ = ["HistoryStore", "HoursPage", "IncidentsPage", "PastRun", "RunsPage", "StoreError"]

CYCLE = 2.0
"""Seconds between two batches."""
LONGEST_RETRY = 30.0
"""Longest wait in seconds before a disk that refused is tried again."""
SLOW = 10.0
"""Seconds after which a disk counts as one that does not answer."""
CHORES_EVERY = 60.0
BREATH = 0.01
"""Share of a cycle between two bites of the chores, for everything else."""
DAMAGE_SHOWN = 20.0
"""Seconds beyond `group_wait` for which a damaged file is shown as down, though the next one works: long enough to be told."""
CLOSE_WAIT = 2.0
"""Seconds that the last batch may hold up the end."""
MOST_QUESTIONS = 16
"""Questions that may wait for their answer at once."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class HistoryStore:
    """The history. Give `follow` what was decided, let `run` run, ask; `close` last. All from one event loop."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        plan: Plan,
        *,
        report: Callable[[StoreHealth], None],
        count_dropped: Callable[[int], None] = lambda _number: None,
        cycle: float = CYCLE,
        largest: int = LARGEST_FILE,
    ) -> None:
        """`report` hears when it stops and when it begins again to work. `largest`: bytes of the file."""
        self.is_up = True
        self.dropped = 0
        """Runs that were given up since the start because the disk did not take them."""
        self._clock = clock
        self._plan = plan
        self._report = report
        self._count_dropped = count_dropped
        self._cycle = self._delay = cycle
        self._waiting = Waiting()
        self._is_dropping = False
        self._up_from = clock.monotonic()
        self._file = HistoryFile(path, largest=largest)
        self._pen = Pen(self._file)
        self._writer = Writer("history writer")
        self._reader = HistoryReader(path, clock.monotonic)
        self._answerer = Writer("history reader")
        self._questions = 0
        self._suspect: tuple[int, str] | None = None
        self._chores: Iterator[None] | None = None
        self._next_chores = clock.monotonic()
        self._writer.start()
        self._answerer.start()

    # --- what was decided ---------------------------------------------------------------------------------------

    def restore(self, state: State) -> None:
        """Know the incidents that the state file remembers: a fresh history has them again."""
        self._waiting.note(state.incidents.values())

    def follow(self, plan: Plan, state: State, decided: Sequence[tuple[Event, Commit]]) -> None:
        """Keep the runs and incidents of what was decided. Takes some microseconds a run, never waits, never raises."""
        self._plan = plan
        try:
            self._follow(plan, state, decided)
        except Exception:  # a bug here must not stop the pipeline, which hands this over
            log.exception("history.internal_error")

    def _follow(self, plan: Plan, state: State, decided: Sequence[tuple[Event, Commit]]) -> None:
        windows: tuple[Window, ...] | None = None
        for event, commit in decided:
            if commit.incidents or commit.forgotten:
                self._waiting.note(commit.incidents)
                self._waiting.withdraw(commit.forgotten)
            if not isinstance(event, Result) or event.restored:
                continue
            target, known = plan.targets.get(event.target), state.targets.get(event.target)
            if target is None or known is None:
                continue
            if windows is None:
                windows = _windows(plan, state, commit.at)
            self.record(event, target, seen_up=known.seen_up, in_window=_is_planned(windows, target, event))

    def record(self, result: Result, target: Target, *, seen_up: bool, in_window: bool) -> None:
        """Keep one run; the oldest one that waits gives way when too many do."""
        given_up = self._waiting.add(Record(result=result, target=target, seen_up=seen_up, planned=in_window))
        if given_up:
            self._drop(given_up)

    def _drop(self, number: int) -> None:
        if not self._is_dropping:
            self._is_dropping = True
            log.warning(
                "history.dropping", consequence="runs are lost to history until the disk takes them again"
            )
        self.dropped += number
        self._count_dropped(number)
        self._set_up(False, "runs are dropped: the disk does not take them in time")

    # --- writing ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write what waits, every two seconds, and do the chores between; until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(self._delay)

    async def turn(self) -> None:
        """One round: write what waits, then some chores. Never raises: what fails is tried again, a bug is logged."""
        try:
            await self._examine()
            await self._write()
            await self._tidy()
        except StoreError as problem:
            self._chores = None
            self._delay = min(max(self._delay, self._cycle) * 2, LONGEST_RETRY)
            self._set_up(False, str(problem))
        except Exception:
            self._chores = None
            log.exception("history.internal_error")
            self._set_up(False, "a bug: the log of the daemon has the traceback")
        else:
            self._delay = self._cycle

    async def _write(self) -> None:
        """Write all that waits. What the disk refuses waits again; a batch that only a bug of ours can refuse is lost."""
        batch = self._waiting.take()
        if not (batch.is_empty and self.is_up):
            try:
                await self._run(lambda: self._pen.write(batch))
            except StoreError:
                if given_up := self._waiting.put_back(batch):
                    self._drop(given_up)
                raise
            except Exception:
                self._drop(len(batch.runs))
                raise
        self._judge_file()

    def _judge_file(self) -> None:
        """After a batch was taken: it works, unless the file before was damaged just now."""
        now = self._clock.monotonic()
        damage, self._file.damage = self._file.damage, ""
        if damage:
            self._up_from = now + self._plan.group_wait + DAMAGE_SHOWN
            self._set_up(False, f"the file was damaged and moved aside: {damage}")
        elif now >= self._up_from:
            self._set_up(True)

    async def _examine(self) -> None:
        """Replace the file if a reader found it damaged and nobody has replaced it since."""
        suspect, self._suspect = self._suspect, None
        if suspect is not None and suspect[0] == self._file.generation:
            await self._run(lambda: self._file.move_aside(suspect[1]))

    async def _tidy(self) -> None:
        """Go on with the chores until the next batch is due."""
        began = self._clock.monotonic()
        if self._chores is None and began >= self._next_chores:
            self._next_chores = began + CHORES_EVERY
            keep = Retention(
                results=round(self._plan.keep_results * 1000), hourly=round(self._plan.keep_hourly * 1000)
            )
            self._chores = chores(self._file, to_ms(self._clock.now()), keep)
        while self._chores is not None and self._clock.monotonic() < began + self._cycle:
            if await self._run(self._bite):
                self._chores = None
            await asyncio.sleep(BREATH * self._cycle)

    def _bite(self) -> bool:
        """In the writer's thread: one bite of the chores; whether they are done."""
        return self._chores is None or next(self._chores, True) is True

    async def _run(self, job: Callable[[], T]) -> T:
        """Do it in the writer's thread; when that takes long, say so and go on waiting."""
        future = asyncio.wrap_future(self._writer.submit(job))
        done, _ = await asyncio.wait([future], timeout=SLOW)
        if not done:
            self._set_up(False, "the disk does not answer")
        return await future

    def _set_up(self, up: bool, detail: str = "") -> None:
        if up == self.is_up:
            return
        self.is_up = up
        if up:
            self._is_dropping = False
            log.info("history.up_again", dropped=self.dropped)
        else:
            log.warning(
                "history.down", reason=detail, consequence="runs wait in memory, then the oldest are dropped"
            )
        self._report(StoreHealth(store="history", up=up, detail=detail))

    async def close(self) -> None:
        """Write what waits and close the file; gives up after a few seconds on a disk that does not answer."""
        try:
            async with asyncio.timeout(CLOSE_WAIT):
                await self._write()
                await self._run(self._file.close)
        except (StoreError, TimeoutError) as problem:
            log.warning("history.closed_owing", reason=str(problem) or "the disk does not answer")
        self._writer.stop(timeout=0.5)
        self._answerer.stop(timeout=0.5)

    # --- reading ------------------------------------------------------------------------------------------------

    async def results(
        self, target: str, since: datetime, until: datetime, limit: int, cursor: str | None = None
    ) -> RunsPage:
        """Runs of one target that began from `since` (inside) to `until` (outside), newest first; none of an unknown one.

        Raises `StoreError` when history does not answer, ValueError for a cursor that is none of ours.
        """
        asked = (target, to_ms(since), to_ms(until), limit, cursor)
        return await self._ask(lambda connection: reading.runs_page(connection, *asked))

    async def uptime(self, authority: str, service: str, since: datetime, until: datetime) -> Uptime:
        """Availability of one service, up to now at most. Raises `StoreError`."""
        return (await self.uptimes(authority, [service], since, until))[service]

    async def uptimes(
        self, authority: str, services: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Uptime]:
        """The same of several services of one authority, in one question: it costs little more than that of one."""
        asked = (authority, services, *self._stretch(since, until))
        return await self._ask(lambda connection: reading.service_uptimes(connection, *asked))

    async def target_uptime(self, target: str, since: datetime, until: datetime) -> Uptime:
        """Availability of one target, up to now at most. Raises `StoreError`."""
        stretch = self._stretch(since, until)
        return await self._ask(lambda connection: reading.target_uptime(connection, target, *stretch))

    async def hours(
        self, target: str, since: datetime, until: datetime, limit: int, cursor: str | None = None
    ) -> HoursPage:
        """The sums of one target's hours that are over and began in that time, newest first.

        Raises `StoreError`, and ValueError for a cursor that is none of ours.
        """
        asked = (target, *self._stretch(since, until), limit, cursor)
        return await self._ask(lambda connection: reading.target_hours(connection, *asked))

    async def incidents(
        self, since: datetime, until: datetime, limit: int, cursor: str | None = None
    ) -> IncidentsPage:
        """Incidents that are over, opened from `since` (inside) to `until` (outside), the newest first.

        Raises `StoreError`, and ValueError for a cursor that is none of ours.
        """
        asked = (to_ms(since), to_ms(until), limit, cursor)
        return await self._ask(lambda connection: reading.incidents_page(connection, *asked))

    async def incident(self, id_: str) -> tuple[Incident, ...]:
        """One incident that is over, with the one that explains it and those it explains; nothing of an unknown one.

        Raises `StoreError`.
        """
        return await self._ask(lambda connection: reading.incident_and_kin(connection, id_))

    def _stretch(self, since: datetime, until: datetime) -> tuple[int, int]:
        end = min(to_ms(until), to_ms(self._clock.now()))
        return min(to_ms(since), end), end

    async def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        if self._questions >= MOST_QUESTIONS:
            raise StoreError("history is asked too much at once")
        self._questions += 1
        generation = self._file.generation
        try:
            return await asyncio.wrap_future(self._answerer.submit(lambda: self._reader.ask(question)))
        except HistoryDamagedError as problem:
            self._suspect = (generation, str(problem))
            raise
        finally:
            self._questions -= 1


def _windows(plan: Plan, state: State, at: datetime) -> tuple[Window, ...]:
    return tuple(near(plan, state.windows, at)) if plan.maintenance or state.windows else ()


def _is_planned(windows: Sequence[Window], target: Target, result: Result) -> bool:
    return bool(windows) and (
        covering(windows, target.authority, target.service, result.started_at) is not None
    )
