"""The references as the pages show them: what they say of one authority, and how the sources themselves are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.state import State
from monitor.core.status import Status
from monitor.core.verdict import Opinion
from monitor.model import Outcome, Verdict
from monitor.web.lens import SIGNS, Lens


def said(opinions: Sequence[Opinion]) -> str:
    """What the references say together, as the background of a cell: an outcome, `split`, `stale` or `none`.

    Each fresh source has one vote; error and timeout are both a no, drawn as what most of them say.
    """
    fresh = [one.outcome for one in opinions if not one.stale]
    if not fresh:
        return "stale" if opinions else "none"
    if fresh.count(Outcome.OK) * 2 > len(fresh):
        return str(Outcome.OK)
    down = [outcome for outcome in fresh if outcome is not Outcome.OK]
    if len(down) * 2 <= len(fresh):
        return "split"
    return str(Outcome.TIMEOUT if down.count(Outcome.TIMEOUT) * 2 > len(down) else Outcome.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One reference on one authority."""

    source: str
    outcome: str
    sign: str
    word: str
    age: str
    stale: bool


def voices(lens: Lens, opinions: Sequence[Opinion]) -> list[Voice]:
    """What each reference says of one authority."""
    return [
        Voice(
            source=one.source,
            outcome=str(one.outcome),
            sign=SIGNS[one.outcome],
            word=lens.words.outcomes[one.outcome],
            age=lens.stretch(one.age_seconds),
            stale=one.stale,
        )
        for one in opinions
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One reference itself: whether it can be read, and when it last was."""

    name: str
    sign: str
    word: str
    rows: int
    read_at: datetime | None


def sources(lens: Lens, state: State) -> list[Source]:
    """All configured references."""
    return [_source(lens, state, source.name) for source in lens.plan.references]


def _source(lens: Lens, state: State, name: str) -> Source:
    reading = state.references.get(name)
    if reading is None:
        return Source(name=name, sign=SIGNS["unknown"], word=lens.say("never_read"), rows=0, read_at=None)
    if not reading.up:
        sign, word = SIGNS["error"], lens.say("source_down")
    elif reading.local_fault:
        sign, word = SIGNS["degraded"], lens.say("source_fault")
    else:
        sign, word = SIGNS["ok"], lens.say("source_up")
    return Source(name=name, sign=sign, word=word, rows=len(reading.rows), read_at=reading.read_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCount:
    """How many authorities have a verdict."""

    verdict: str
    sign: str
    word: str
    count: int
    names: str
    """Those with a verdict that somebody should look at; empty for the others."""


_SIGNS = {
    Verdict.ONLY_US_DOWN: "✗",
    Verdict.ONLY_REFERENCE_DOWN: "⚠",
    Verdict.AGREE_DOWN: "✗",
    Verdict.REFERENCE_SPLIT: "⚠",
    Verdict.REFERENCE_STALE: "?",
    Verdict.OWN_UNKNOWN: "?",
    Verdict.NO_REFERENCE: "?",
    Verdict.AGREE_UP: "✓",
}
"""Verdicts in the order in which they deserve a look."""
_NAMED = (Verdict.ONLY_US_DOWN, Verdict.ONLY_REFERENCE_DOWN, Verdict.REFERENCE_SPLIT)


def verdicts(lens: Lens, status: Status) -> list[VerdictCount]:
    """The verdicts that occur; none without a reference."""
    if not lens.plan.references:
        return []
    counts = Counter(row.verdict for row in status.authorities)
    return [
        VerdictCount(
            verdict=str(verdict),
            sign=sign,
            word=lens.words.verdicts[verdict],
            count=counts[verdict],
            names=lens.names([row.authority for row in status.authorities if row.verdict is verdict])
            if verdict in _NAMED
            else "",
        )
        for verdict, sign in _SIGNS.items()
        if counts[verdict]
    ]
