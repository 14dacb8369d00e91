"""What stands in for the outside: how targets answer, what references say, who takes messages. All by the timeline."""

from __future__ import annotations

import asyncio
import zlib
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from monitor.model import (
    Outcome,
    Plan,
    Receiver,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Result,
    Target,
)
from monitor.notify.delivery import Deliverer, DeliveryError
from monitor.references import References
from tests.year.loop import LoopClock
from tests.year.timeline import WELL, Answer, Seen, Span, Timeline, courses

LOOKS_EVERY = 60.0
"""A reference looks at every authority so often."""


class Spans:
    """Spans of one name, asked whether one of them covers an instant."""

    def __init__(self, spans: list[Span]) -> None:
        self._spans = sorted(spans, key=lambda one: one.start)
        self._starts = [one.start for one in self._spans]
        self._ends = list(accumulate((one.end for one in self._spans), max))

    def at(self, instant: float) -> Span | None:
        """The last that began before and covers it."""
        place = bisect_right(self._starts, instant) - 1
        while place >= 0 and self._ends[place] > instant:
            if self._spans[place].end > instant:
                return self._spans[place]
            place -= 1
        return None


def by_name(spans: list[Span]) -> Callable[[str], Spans]:
    """The spans of each name."""
    found = {name: Spans([one for one in spans if one.name == name]) for name in {one.name for one in spans}}
    return lambda name: found.get(name) or found.setdefault(name, Spans([]))


class Outside:
    """How everything answers, at the loop's time."""

    def __init__(self, timeline: Timeline, plan: Plan, clock: LoopClock) -> None:
        self.timeline, self.plan, self.clock = timeline, plan, clock
        self.courses = courses(timeline, plan.targets)
        self.listens: Callable[[Target, Result], None] = lambda _target, _result: None
        self._seen = Seen(timeline, "verify")
        self._frozen, self._mute = by_name(timeline.frozen), by_name(timeline.mute)
        self._lies = {
            (one.name, one.word): Spans(
                [two for two in timeline.lies if (two.name, two.word) == (one.name, one.word)]
            )
            for one in timeline.lies
        }
        self._brisk = {
            id_: replace(WELL, takes=0.02 + zlib.crc32(id_.encode()) % 200 / 1000) for id_ in plan.targets
        }

    # --- targets ------------------------------------------------------------------------------------------------

    def answer(self, id_: str, instant: float) -> Answer:
        """How a target answers a run that begins at this instant."""
        answer = self.courses[id_].at(instant)
        return self._brisk[id_] if answer is WELL else answer

    async def look(self, target: Target, *, admit: Callable[[str], bool], scheduled: bool) -> Result:
        """The seam: one run of a target, in the place of `probes.run`."""
        admit(target.host_key)
        began = self.clock.monotonic()
        answer = self.answer(target.id, began)
        await asyncio.sleep(answer.takes)
        result = self.result(target, answer, began, scheduled=scheduled)
        self.listens(target, result)
        return result

    def result(self, target: Target, answer: Answer, began: float, *, scheduled: bool = True) -> Result:
        """What that run means."""
        return Result(
            target=target.id,
            started_at=self.instant(began),
            duration=answer.takes,
            cause=answer.cause,
            phase=answer.phase,
            flags=answer.flags,
            scheduled=scheduled,
        )

    def instant(self, seconds: float) -> datetime:
        """These seconds of the year by the wall clock."""
        return self.clock.now() + timedelta(seconds=seconds - self.clock.monotonic())

    # --- references ---------------------------------------------------------------------------------------------

    def reading(self, source: str, instant: float) -> ReferenceReading:
        """What a reference says when it is read at this instant."""
        read_at = self.instant(instant)
        if self._mute(source).at(instant) is not None:
            return ReferenceReading(source=source, read_at=read_at, up=False, detail="connection refused")
        frozen = self._frozen(source).at(instant)
        said = frozen.start if frozen is not None else instant
        rows = tuple(self._row(source, slug, said) for slug in self.plan.authorities)
        return ReferenceReading(source=source, read_at=read_at, up=True, rows=rows)

    def speaks(self, source: str, instant: float) -> bool:
        """Whether it can be read, and looks itself."""
        return self._mute(source).at(instant) is None and self._frozen(source).at(instant) is None

    def _row(self, source: str, slug: str, said: float) -> ReferenceRow:
        phase = zlib.crc32(f"{source} {slug}".encode()) % LOOKS_EVERY
        looked = (said - phase) // LOOKS_EVERY * LOOKS_EVERY + phase
        down = self._seen.is_down(slug, looked)
        lies = self._lies.get((source, slug))
        if lies is not None and lies.at(said) is not None:
            down = not down
        outcome = Outcome.ERROR if down else Outcome.OK
        return ReferenceRow(authority=slug, outcome=outcome, checked_at=self.instant(looked))


class SpokenReferences(References):
    """The references' own loop, with its transport alone replaced: what is fetched is said by the timeline."""

    outside: Outside
    read_at: dict[str, float]

    async def _read_once(self, source: ReferenceSource, aside: Any) -> ReferenceReading:
        now = self.outside.clock.monotonic()
        self.read_at[source.name] = now
        return self.outside.reading(source.name, now)

    def interval_of(self, name: str) -> float:
        """Seconds between two readings of a source."""
        return next(one.interval for one in self.outside.plan.references if one.name == name)


# --- receivers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One incident as a message has it."""

    id: str
    authority: str
    service: str
    diagnosis: str
    severity: str
    first_failure_at: float
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One message that a receiver took."""

    at: float
    receiver: str
    key: str
    event: str
    severity: str
    scope: str
    incidents: tuple[Said, ...]
    window: str | None
    title: str


class Ears(Deliverer):
    """All receivers: they take what comes, or are deaf for a while."""

    def __init__(self, outside: Outside, start: datetime) -> None:
        self.heard: list[Heard] = []
        self._outside, self._start = outside, start
        self._deaf = by_name(outside.timeline.deaf)

    async def deliver(self, receiver: Receiver, payload: Mapping[str, Any]) -> str:
        """Take one message, or do not."""
        await asyncio.sleep(0.05)
        now = self._outside.clock.monotonic()
        deaf = self._deaf(receiver.name).at(now)
        if deaf is not None and deaf.word == "hang":
            await asyncio.sleep(3600.0)
        if deaf is not None:
            raise DeliveryError("connection refused", permanent=False)
        self.heard.append(self._understood(now, receiver.id, payload))
        return "ok"

    async def close(self) -> None:
        """Nothing to let go of."""

    def _understood(self, now: float, receiver: str, payload: Mapping[str, Any]) -> Heard:
        return Heard(
            at=now,
            receiver=receiver,
            key=payload["key"],
            event=payload["event"],
            severity=payload["severity"],
            scope=payload["scope"],
            incidents=tuple(map(self._incident, payload["incidents"])),
            window=payload["window"] and payload["window"]["id"],
            title=payload["title"],
        )

    def _incident(self, told: Mapping[str, Any]) -> Said:
        began = datetime.fromisoformat(told["first_failure_at"])
        return Said(
            id=told["id"],
            authority=told["authority"],
            service=told["service"],
            diagnosis=told["diagnosis"],
            severity=told["evidence"]["severity"],
            first_failure_at=(began - self._start).total_seconds(),
            is_open=told["resolved_at"] is None,
        )
