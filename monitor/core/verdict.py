"""Our own view beside that of others: what references say of an authority, how old it is, and who agrees (contract §1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.model import (
    Confirmed,
    Outcome,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    ServiceState,
    Verdict,
)

LOOKS_LEFT_OUT = 2
"""A reference that has missed so many of its own looks is one that has stopped looking."""
PACES = 2
"""So many times must it be seen to look again, until another look is expected of it."""
SLOW_PACE = 30.0
"""Seconds: who looks more often has looked again before a failure is confirmed and told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one reference says of an authority. A stale one is shown, and has no vote."""

    source: str
    outcome: Outcome
    age_seconds: float
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """How many fresh references say what of an authority, and how many stale ones say anything."""

    ok: int = 0
    down: int = 0
    """Error and timeout alike."""
    stale: int = 0

    @property
    def fresh(self) -> int:
        """How many have a vote."""
        return self.ok + self.down

    @property
    def majority(self) -> Confirmed:
        """What more than half of the fresh ones say; unknown without such a majority."""
        if self.ok * 2 > self.fresh:
            return Confirmed.UP
        return Confirmed.DOWN if self.down * 2 > self.fresh else Confirmed.UNKNOWN


def merged(known: ReferenceReading | None, reading: ReferenceReading) -> ReferenceReading:
    """What is remembered of a source after a reading: rows stay, and age, while it cannot be read or has a fault."""
    if known is None:
        return reading
    if not reading.up:
        return replace(known, up=False, detail=reading.detail)
    if reading.local_fault:
        return replace(reading, rows=known.rows, paces=known.paces)
    return replace(reading, paces=_paces(known, reading))


def _paces(known: ReferenceReading, reading: ReferenceReading) -> tuple[float, ...]:
    """How often it looks, as far as this reading tells: by the authority it left alone the longest."""
    before = {row.authority: looked(row, known) for row in known.rows}
    steps = (
        (looked(row, reading) - before[row.authority]).total_seconds()
        for row in reading.rows
        if row.authority in before
    )
    seen = max(steps, default=0.0)
    return (*known.paces, seen)[-PACES:] if seen > 0.0 else known.paces


def reference_rows(
    readings: Mapping[str, ReferenceReading],
    sources: Iterable[ReferenceSource],
    authority: str,
    now: datetime,
) -> tuple[Opinion, ...]:
    """What each configured source that has a row of this authority says of it, in the order of the configuration."""
    return tuple(opinions(readings, sources, now).get(authority, ()))


def _opinion(row: ReferenceRow, reading: ReferenceReading, source: ReferenceSource, now: datetime) -> Opinion:
    age = max(0.0, (now - looked(row, reading)).total_seconds())
    stale = age > source.stale_after or reading.local_fault
    return Opinion(source=source.name, outcome=row.outcome, age_seconds=age, stale=stale)


def overdue_age(reading: ReferenceReading) -> float:
    """The age in seconds at which words of it should have been renewed; 0: no other look is expected of it."""
    if len(reading.paces) < PACES or min(reading.paces) < SLOW_PACE:
        return 0.0
    return LOOKS_LEFT_OUT * max(reading.paces)


def looked(row: ReferenceRow, reading: ReferenceReading) -> datetime:
    """When it looked; by a clock that runs ahead, when we read it: or it would stay fresh for ever."""
    return min(row.checked_at, reading.read_at)


def count_votes(opinions: Iterable[Opinion]) -> Votes:
    """One vote for each fresh reference."""
    ok = down = stale = 0
    for opinion in opinions:
        if opinion.stale:
            stale += 1
        elif opinion.outcome is Outcome.OK:
            ok += 1
        else:
            down += 1
    return Votes(ok=ok, down=down, stale=stale)


def opinions(
    readings: Mapping[str, ReferenceReading], sources: Iterable[ReferenceSource], now: datetime
) -> dict[str, list[Opinion]]:
    """What the configured sources say of every authority they have a row of, in the order of the configuration."""
    found: dict[str, list[Opinion]] = {}
    for source in sources:
        if (reading := readings.get(source.name)) is not None:
            for row in reading.rows:
                found.setdefault(row.authority, []).append(_opinion(row, reading, source, now))
    return found


def compare(own: ServiceState, others: Votes) -> Verdict:
    """What we believe of a main service (a degraded one answers) beside the votes; error against timeout agree: down."""
    if own is ServiceState.UNKNOWN:
        return Verdict.OWN_UNKNOWN
    if not others.fresh:
        return Verdict.REFERENCE_STALE if others.stale else Verdict.NO_REFERENCE
    down = own is ServiceState.DOWN
    match others.majority:
        case Confirmed.UP:
            return Verdict.ONLY_US_DOWN if down else Verdict.AGREE_UP
        case Confirmed.DOWN:
            return Verdict.AGREE_DOWN if down else Verdict.ONLY_REFERENCE_DOWN
        case Confirmed.UNKNOWN:
            return Verdict.REFERENCE_SPLIT
