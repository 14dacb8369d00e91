"""Availability: what runs say of the time between them, for a target, for a service, over any stretch of time.

By time, not by number of runs: a failing target is looked at far more often (re-runs after seconds, `while_down`), so a
share of runs would call an outage longer than it was. Each run speaks until the next one begins, at most for the time
after which the next was due; what nobody spoke for is unknown, neither up nor down. A failure that a re-run clears after
five seconds costs five seconds.

Instants and lengths here are whole milliseconds (since 1970 UTC): sums of hours and sums of runs agree to the last one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain, pairwise
from math import ceil
from operator import itemgetter

from monitor.model import Cause, Flag, Outcome, Result, SpeaksOf, Target

HOUR = 3_600_000
"""Milliseconds; hours are counted from 1970 in UTC."""
SLOWEST_PACE = 8.0
"""While throttled the interval grows to at most this many times itself (contract §2)."""
LONGEST_HOLD = 48 * HOUR
"""No run speaks for longer than this."""

Stretch = tuple[int, int]
"""From (inside) and to (outside)."""


class Standing(IntEnum):
    """What a run says of its target. The numbers are kept on disk."""

    DOWN = 0
    UP = 1
    OURS = 2
    """It failed for a cause that speaks of us: neither, and the service is unknown meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, as far as availability goes. `standing` None: it says nothing, but ends what the one before said."""

    at: int
    until: int
    """For how long it speaks at most."""
    standing: Standing | None
    planned: bool = False
    """Made while maintenance was planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time that is spoken for."""

    start: int
    end: int
    standing: Standing
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Milliseconds up and down, those while maintenance was planned apart."""

    up: int = 0
    down: int = 0
    planned_up: int = 0
    planned_down: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            up=self.up + other.up,
            down=self.down + other.down,
            planned_up=self.planned_up + other.planned_up,
            planned_down=self.planned_down + other.planned_down,
        )

    def scaled(self, share: float) -> Tally:
        """That share of it, for a part of an hour of which only the sum is left."""
        return Tally(
            up=round(self.up * share),
            down=round(self.down * share),
            planned_up=round(self.planned_up * share),
            planned_down=round(self.planned_down * share),
        )

    @property
    def known(self) -> int:
        """Milliseconds that are spoken for."""
        return self.up + self.down + self.planned_up + self.planned_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """The answer to "how much of the time was it up": seconds, and the shares that follow. `asked` is the whole stretch."""

    asked: float
    up: float
    down: float
    planned_up: float
    planned_down: float

    @property
    def fraction(self) -> float | None:
        """Share of the known time outside maintenance in which it was up; None: nothing is known."""
        return _share(self.up, self.up + self.down)

    @property
    def fraction_with_maintenance(self) -> float | None:
        """The same with maintenance counted like any other time."""
        return _share(self.up + self.planned_up, self.known)

    @property
    def coverage(self) -> float:
        """Share of the asked time that is known; the rest is unknown, not up."""
        return min(1.0, _share(self.known, self.asked) or 0.0)

    @property
    def known(self) -> float:
        """Seconds that are spoken for."""
        return self.up + self.down + self.planned_up + self.planned_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Runs by outcome."""

    ok: int = 0
    error: int = 0
    timeout: int = 0

    @property
    def runs(self) -> int:
        """All of them."""
        return self.ok + self.error + self.timeout


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOfTarget:
    """What is left of one target's hour when its runs are no longer kept. Durations (ms) are those of ok runs."""

    hour: int
    """Number of the hour since 1970."""
    all: Counts = field(default_factory=Counts)
    planned: Counts = field(default_factory=Counts)
    """Of `all` those made while maintenance was planned."""
    duration_sum: float = 0.0
    duration_p50: float | None = None
    duration_p95: float | None = None
    duration_max: float | None = None
    causes: Mapping[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


# --- runs ------------------------------------------------------------------------------------------------------------


def standing(result: Result, *, seen_up: bool) -> Standing | None:
    """What a run says. Nothing: a bug of ours, and a failure of what never answered since it was configured."""
    if result.is_ok:
        return Standing.UP
    if result.cause is Cause.INTERNAL or not seen_up:
        return None
    return Standing.OURS if result.cause.speaks_of is SpeaksOf.US else Standing.DOWN


def holds(target: Target, result: Result) -> int:
    """For how many ms a run speaks when no other follows: until the next one was due, and may have taken its time."""
    pace = SLOWEST_PACE if Flag.THROTTLED in result.flags else 1.0
    return min(LONGEST_HOLD, round((target.interval * pace + target.timeout) * 1000))


# --- spans -----------------------------------------------------------------------------------------------------------


def spans(runs: Sequence[Run], start: int, end: int) -> list[Span]:
    """What the runs of one target, in order, say of the time from `start` to `end`; what says the same is one span."""
    found: list[Span] = []
    said: Standing | None = None
    planned, begin, stop = False, start, start
    followers = chain((run.at for run in runs[1:]), (end,))
    for run, follower in zip(runs, followers, strict=False):  # of no runs there is no follower either
        first, last = max(run.at, start), min(run.until, follower, end)
        if first >= last:
            continue
        if run.standing is said and run.planned == planned and first == stop:
            stop = last
            continue
        if said is not None:
            found.append(Span(start=begin, end=stop, standing=said, planned=planned))
        said, planned, begin, stop = run.standing, run.planned, first, last
    if said is not None:
        found.append(Span(start=begin, end=stop, standing=said, planned=planned))
    return found


def together(of_targets: Sequence[Sequence[Span]]) -> list[Span]:
    """What the targets of one service say of it: down if one is, else unknown if one fails for our own sake, else up."""
    if len(of_targets) == 1:
        return list(of_targets[0])
    edges = [
        (instant, step, span)
        for span in chain.from_iterable(of_targets)
        for instant, step in ((span.start, 1), (span.end, -1))
    ]
    edges.sort(key=itemgetter(0))
    found: list[Span] = []
    active: Counter[Standing] = Counter()
    planned = 0
    for (instant, step, span), (following, _, _) in pairwise([*edges, *edges[-1:]]):
        active[span.standing] += step
        planned += step * span.planned
        said = _strongest(active)
        if said is not None and instant < following:
            found.append(Span(start=instant, end=following, standing=said, planned=planned > 0))
    return found


def _strongest(active: Counter[Standing]) -> Standing | None:
    return next((one for one in (Standing.DOWN, Standing.OURS, Standing.UP) if active[one]), None)


def without(found: Iterable[Span], blind: Sequence[Stretch]) -> list[Span]:
    """Leave out the time in which our own network failed: what was seen then says nothing of others."""
    left = list(found)
    for start, end in blind:
        left = [piece for span in left for piece in _around(span, start, end)]
    return left


def _around(span: Span, start: int, end: int) -> Iterable[Span]:
    if span.end <= start or end <= span.start:
        yield span
        return
    for begin, stop in ((span.start, start), (end, span.end)):
        if begin < stop:
            yield Span(start=begin, end=stop, standing=span.standing, planned=span.planned)


def tally(found: Iterable[Span]) -> Tally:
    """How long it was up and down."""
    sums: Counter[tuple[Standing, bool]] = Counter()
    for span in found:
        sums[span.standing, span.planned] += span.end - span.start
    return Tally(
        up=sums[Standing.UP, False],
        down=sums[Standing.DOWN, False],
        planned_up=sums[Standing.UP, True],
        planned_down=sums[Standing.DOWN, True],
    )


def measure(of_targets: Sequence[Sequence[Span]], blind: Sequence[Stretch] = ()) -> Tally:
    """How long a service was up and down, of the spans of its targets (of a single one: how long that was)."""
    return tally(without(together(of_targets), blind)) if of_targets else Tally()


def uptime(sums: Tally, start: int, end: int) -> Uptime:
    """The answer over a stretch whose sums are known."""
    return Uptime(
        asked=max(0, end - start) / 1000,
        up=sums.up / 1000,
        down=sums.down / 1000,
        planned_up=sums.planned_up / 1000,
        planned_down=sums.planned_down / 1000,
    )


# --- hours -----------------------------------------------------------------------------------------------------------


def percentile(ascending: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of the values do not exceed (nearest rank); None of none."""
    return ascending[max(0, ceil(share * len(ascending)) - 1)] if ascending else None


def summary(hour: int, ended: Iterable[tuple[Cause, float, bool]], time: Tally) -> HourOfTarget:
    """One target's hour from its runs: (cause, duration in ms, planned) of each."""
    outcomes: Counter[tuple[Outcome, bool]] = Counter()
    causes: Counter[str] = Counter()
    durations: list[float] = []
    for cause, duration, planned in ended:
        outcomes[cause.outcome, planned] += 1
        if cause is Cause.NONE:
            durations.append(duration)
        else:
            causes[str(cause)] += 1
    durations.sort()
    planned_only = {outcome: outcomes[outcome, True] for outcome in Outcome}
    return HourOfTarget(
        hour=hour,
        all=_counts({outcome: outcomes[outcome, False] + planned_only[outcome] for outcome in Outcome}),
        planned=_counts(planned_only),
        duration_sum=sum(durations),
        duration_p50=percentile(durations, 0.50),
        duration_p95=percentile(durations, 0.95),
        duration_max=durations[-1] if durations else None,
        causes=dict(causes),
        tally=time,
    )


def _counts(found: Mapping[Outcome, int]) -> Counts:
    return Counts(ok=found[Outcome.OK], error=found[Outcome.ERROR], timeout=found[Outcome.TIMEOUT])


def hours_of(start: int, end: int) -> range:
    """The hours that a stretch touches."""
    return range(start // HOUR, -(-end // HOUR))
