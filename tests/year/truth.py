"""What ought to have been told, by the timeline alone. docs/alert-quality.md says why each rule is as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.model import LOCAL, Plan
from tests.year.timeline import Kind, Timeline, Trouble

Range = tuple[float, float]

PAGEABLE = frozenset({Kind.OUTAGE, Kind.PATH, Kind.FLAP, Kind.NATIONAL, Kind.LOCAL})
"""What justifies a page. A blip does not, though something did fail: nobody can do anything about four seconds."""
INTERVALS = 2.0
"""Longer than so many intervals of what sees it first must be told."""
LATE = 120.0
"""Seconds after its end within which an outage may still be told: told late is told."""
AFTER_LOCAL = 120.0
"""Seconds after a fault of ours in which nothing is asked for: what is down must be looked at anew."""
AFTER_START = 60.0
"""The same after a start of the daemon."""
AROUND_NATIONAL = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A stretch of a trouble that had to be told."""

    trouble: Trouble
    start: float
    end: float
    interval: float


def dues(timeline: Timeline, plan: Plan) -> list[Due]:
    """Every outage that had to be told: what of it nothing explains, if that lasts for more than two intervals."""
    found = []
    for trouble in timeline.troubles:
        if trouble.kind not in PAGEABLE or trouble.kind is Kind.FLAP:
            continue
        interval = min((plan.targets[id_].interval for id_ in trouble.targets), default=60.0)
        for start, end in without((trouble.start, trouble.end), excuses(timeline, plan, trouble)):
            if end - start > INTERVALS * interval:
                found.append(Due(trouble=trouble, start=start, end=end, interval=interval))
                break
    return found


def excuses(timeline: Timeline, plan: Plan, trouble: Trouble) -> list[Range]:
    """When this trouble need not, or may not, be told: maintenance, a fault of ours, the daemon away."""
    away = [(one.start, one.end + AFTER_START) for one in timeline.stops]
    if trouble.authority == LOCAL:
        return away
    ours = [(one.start, one.end + AFTER_LOCAL) for one in locals_of(timeline)]
    return away + ours + muted(timeline, plan, trouble.authority, trouble.service)


def muted(timeline: Timeline, plan: Plan, authority: str, service: str) -> list[Range]:
    """The windows that cover a service, with the grace after them."""
    return [
        (one.start, one.end + plan.overrun_grace)
        for one in timeline.windows
        if one.authority == authority and (one.services is None or service in one.services)
    ]


def locals_of(timeline: Timeline) -> list[Trouble]:
    """The faults of our own network."""
    return [one for one in timeline.troubles if one.kind is Kind.LOCAL]


def without(whole: Range, holes: Iterable[Range]) -> list[Range]:
    """What is left of a range."""
    left = [whole]
    for begin, over in holes:
        left = [
            part
            for one in left
            for part in ((one[0], min(one[1], begin)), (max(one[0], over), one[1]))
            if part[0] < part[1]
        ]
    return left


class Truth:
    """Asked whether something really was so."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._of: dict[tuple[str, str], list[Trouble]] = {}
        for one in timeline.troubles:
            self._of.setdefault((one.authority, one.service), []).append(one)

    def of(self, authority: str, service: str) -> Sequence[Trouble]:
        """All troubles of a service."""
        return self._of.get((authority, service), ())

    def behind(self, authority: str, service: str, since: float, until: float) -> Trouble | None:
        """What justifies a page about this service that rests on runs of that time."""
        return next(
            (
                one
                for one in self.of(authority, service)
                if one.kind in PAGEABLE and one.start <= until and since <= one.end
            ),
            None,
        )

    def national(self, since: float, until: float) -> bool:
        """Whether a nationwide outage was going on then."""
        return any(
            one.kind is Kind.NATIONAL and one.start <= until and since <= one.end
            for one in self.timeline.troubles
        )

    def local(self, since: float, until: float) -> bool:
        """Whether our own network was gone at some time then."""
        return any(one.start <= until and since <= one.end for one in locals_of(self.timeline))
