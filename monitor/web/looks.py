"""Targets as the pages show them: the last run phase by phase, the last failures, the recent runs as a strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.model import Outcome, Phase, Result, TargetState
from monitor.notify.words import detail_words
from monitor.store.history import PastRun
from monitor.web.lens import SIGNS, Lens


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One phase in the drawing of a run: where it starts and how wide it is, in per cent of the whole."""

    phase: str
    word: str
    start: float
    width: float
    seconds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One target and its last run."""

    id: str
    outcome: str
    sign: str
    word: str
    cause: str
    code: str
    """The cause's own word where it failed, by which the runbook is ordered; else empty."""
    detail: str
    flags: tuple[str, ...]
    bars: tuple[Bar, ...]
    duration: str
    address: str
    started_at: datetime | None
    next_run: datetime | None
    expiry: datetime | None
    restored: bool


def look(lens: Lens, state: TargetState, next_run: datetime | None) -> Look:
    """A target as its authority's page shows it."""
    last, vocabulary = state.last, lens.words
    outcome = "unknown" if last is None else str(last.outcome)
    return Look(
        id=state.id,
        outcome=outcome,
        sign=SIGNS[outcome],
        word=lens.say("no_result") if last is None else vocabulary.outcomes[last.outcome],
        cause="" if last is None or last.is_ok else vocabulary.cause(last.cause, lens.kind(state.id)),
        code="" if last is None or last.is_ok else str(last.cause),
        detail="" if last is None else _detail(lens, last),
        flags=() if last is None else tuple(vocabulary.flags[flag] for flag in sorted(last.flags)),
        bars=() if last is None else bars(lens, last),
        duration="" if last is None else _seconds(last.duration),
        address="" if last is None else last.address or "",
        started_at=None if last is None else last.started_at,
        next_run=next_run,
        expiry=None if last is None or last.certificate is None else last.certificate.not_after,
        restored=last is not None and last.restored,
    )


def _detail(lens: Lens, result: Result) -> str:
    """What was said of a run, where that is more than its cause."""
    said = detail_words(result.detail, lens.language)
    return "" if said in lens.words.cause(result.cause, lens.kind(result.target)) else said


def bars(lens: Lens, result: Result) -> tuple[Bar, ...]:
    """The phases of a run one after the other, as shares of their sum."""
    total = sum(result.phases.values()) or 1.0
    looking = lens.words.kinds.get(lens.kind(result.target), {}).get("looking")
    drawn: list[Bar] = []
    start = 0.0
    for phase in Phase:
        if (seconds := result.phases.get(phase)) is not None:
            width = 100 * seconds / total
            word = looking or lens.words.phases[phase]
            drawn.append(
                Bar(
                    phase=str(phase),
                    word=word,
                    start=round(start, 2),
                    width=round(width, 2),
                    seconds=_seconds(seconds),
                )
            )
            start += width
    return tuple(drawn)


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


# --- what was --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One run of the past."""

    started_at: datetime
    outcome: str
    sign: str
    word: str
    cause: str
    code: str
    phase: str
    detail: str
    bars: tuple[Bar, ...]
    duration: str
    in_window: bool


def failures(lens: Lens, runs: Sequence[PastRun], most: int) -> list[Past]:
    """The failing ones of `runs`, newest first."""
    failing = [run for run in runs if not run.result.is_ok]
    return [_past(lens, run) for run in failing[:most]]


def _past(lens: Lens, run: PastRun) -> Past:
    result, words = run.result, lens.words
    kind = lens.kind(result.target)
    return Past(
        started_at=result.started_at,
        outcome=str(result.outcome),
        sign=SIGNS[result.outcome],
        word=words.outcomes[result.outcome],
        cause=words.cause(result.cause, kind),
        code=str(result.cause),
        phase="" if result.phase is None or kind in words.kinds else words.phases[result.phase],
        detail=_detail(lens, result),
        bars=bars(lens, result),
        duration=_seconds(result.duration),
        in_window=run.in_window,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """One run in the strip of recent ones: left edge and height in units of the drawing, which is 100 high."""

    outcome: str
    left: int
    top: float
    height: float
    label: str


STROKE = 10
"""Width of one run in the strip."""


def strip(lens: Lens, runs: Sequence[PastRun]) -> list[Stroke]:
    """`runs` (newest first) from left to right, as high as they took long; a failing one is at least half as high."""
    longest = max((run.result.duration for run in runs), default=0.0) or 1.0
    drawn: list[Stroke] = []
    for place, run in enumerate(reversed(runs)):
        result = run.result
        least = 8.0 if result.outcome is Outcome.OK else 50.0
        height = round(max(least, 100 * result.duration / longest), 1)
        word = lens.words.outcomes[result.outcome]
        drawn.append(
            Stroke(
                outcome=str(result.outcome),
                left=place * STROKE,
                top=round(100 - height, 1),
                height=height,
                label=f"{lens.when(result.started_at)} {word} {_seconds(result.duration)}",
            )
        )
    return drawn
