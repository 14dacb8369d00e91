"""What else is going on around a service: our own network, how many others are down, what references say, what is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil
from types import MappingProxyType
from typing import Any

from monitor.core import own_clock
from monitor.core.alike import Alike, compare_down
from monitor.core.census import Census, take_census
from monitor.core.local import LocalView, by_the_way, fail_together, judge_local
from monitor.core.services import ServiceView
from monitor.core.state import WindowRecord
from monitor.core.verdict import Opinion, Votes, compare, count_votes, opinions, overdue_age
from monitor.core.windows import covering, near, overran
from monitor.model import (
    Calendar,
    Confirmed,
    Incident,
    Outcome,
    Plan,
    ReferenceReading,
    ServiceState,
    TargetState,
    Verdict,
    Window,
)

NOTHING: Mapping[str, Any] = MappingProxyType({})
SAME_MOMENT = timedelta(seconds=2)
"""Who looked so shortly before a failure was first seen looked at the same moment: many say only the second of a look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What else is going on: our own network, how many others are down, what others say, what is planned."""

    now: datetime
    local: LocalView
    down: int
    """Authorities whose main service is down outside windows."""
    drifted: int
    """Authorities whose replies changed shape, or that refuse what they used to accept."""
    watched: int
    """Authorities that ever answered: one that never did stands outside quorums."""
    mains: Mapping[str, str | None] = field(default_factory=dict)
    """Authority → its main service, of which references speak."""
    opinions: Mapping[str, Sequence[Opinion]] = field(default_factory=dict)
    """Authority → what the references say of it."""
    overdue: Mapping[str, float] = field(default_factory=dict)
    """Reference → the age in seconds at which its words should have been renewed."""
    denied: bool = False
    """Whether fresh references say of most of what is down that it works."""
    denied_since: bool = False
    """Whether those that looked since it is down say so too: what was seen before proves little."""
    asked: bool = False
    """Whether any reference is configured."""
    windows: tuple[Window, ...] = ()
    """Those that are open, and those in which something that fails now began to fail."""
    alike: Alike = field(default_factory=Alike)
    """What those that are down have in common."""
    calendar: Calendar = field(default_factory=Calendar)
    """Days off and filing deadlines."""
    clock: float | None = None
    """Seconds by which the clocks of others are ahead of ours, where something fails by its time; None: not known."""
    altogether: int = 0
    """Authorities watched altogether, where only some of them were looked at: a sample is no quorum."""

    @property
    def is_national(self) -> bool:
        """Whether so many are down that it is not one province's affair."""
        return self.down >= self.national_from and not self.local.holds

    @property
    def national_from(self) -> int:
        """So many must be down that it is not one province's affair (contract §1)."""
        return national_from(max(self.watched, self.altogether))

    @property
    def is_drift_general(self) -> bool:
        """Whether most authorities answer otherwise than they did."""
        return self.drifted * 2 > max(self.watched, self.altogether)

    def votes(self, view: ServiceView) -> Votes:
        """What references say of this service: they speak of main services only."""
        if self.mains.get(view.authority) != view.service:
            return Votes()
        return count_votes(self.opinions.get(view.authority, ()))

    def votes_since(self, view: ServiceView) -> Votes:
        """The same without those that looked before it failed and are about to look again: they do not know of it."""
        if self.mains.get(view.authority) != view.service:
            return Votes()
        said = self.opinions.get(view.authority, ())
        return count_votes(one for one in said if not self._is_unaware(view, one))

    def _is_unaware(self, view: ServiceView, opinion: Opinion) -> bool:
        """Whether what this reference says was seen before the service began to fail, and is soon seen anew."""
        looked = self.now - timedelta(seconds=opinion.age_seconds)
        is_before = view.began is not None and looked < view.began - SAME_MOMENT
        return is_before and opinion.age_seconds < self.overdue.get(opinion.source, 0.0)

    def seen_working(self, authority: str) -> datetime | None:
        """When a fresh reference last saw it work; None where none says so."""
        ages = [
            one.age_seconds
            for one in self.opinions.get(authority, ())
            if not one.stale and one.outcome is Outcome.OK
        ]
        return self.now - timedelta(seconds=min(ages)) if ages else None

    def verdict(self, main: ServiceView | None, authority: str) -> Verdict:
        """References beside what we believe of the main service: nothing in a fault of ours, or where none is main."""
        own = ServiceState.UNKNOWN if main is None or self.local.holds else main.state
        return compare(own, count_votes(self.opinions.get(authority, ())))

    def window(self, view: ServiceView) -> Window | None:
        """The window that covers a failing service."""
        return covering(self.windows, view.authority, view.service, self.now)

    def window_over(self, view: ServiceView) -> Window | None:
        """The window in which a failing service began to fail, and that is over."""
        if view.began is None:
            return None
        return overran(self.windows, view.authority, view.service, view.began, self.now)


def national_from(watched: int) -> int:
    """So many of those watched must be down that it is not one province's affair."""
    return max(3, ceil(watched / 3))


def look_around(
    plan: Plan,
    states: Mapping[str, TargetState],
    now: datetime,
    *,
    references: Mapping[str, ReferenceReading] = NOTHING,
    records: Mapping[str, WindowRecord] = NOTHING,
    incidents: Iterable[Incident] = (),
    altogether: int = 0,
) -> Surroundings:
    """Count what is down now. `references`, `records`: those of the state (`State.references`, `State.windows`).

    `incidents`: those that are open; what references saw down as well is no fault of ours, however early they see it over.
    `altogether`: authorities watched, where the plan is a part of the whole one.
    """
    census = take_census(plan, states)
    windows = _windows(plan, records, census, now)
    outside = [
        slug for slug in census.answered if covering(windows, slug, census.mains[slug] or "", now) is None
    ]
    down = {slug: census.down[slug] for slug in outside if slug in census.down}
    said = opinions(references, plan.references, now)
    local = judge_local(plan, states)
    theirs = {incident.authority for incident in incidents if incident.agreed}
    alone = {slug: state for slug, state in down.items() if slug not in theirs}
    denied, agreed = _is_denied(alone, said), _is_agreed(down, said)
    clock = own_clock.clock_offset(plan, states, now) if census.by_time else None
    alike = Alike() if agreed else compare_down(down, plan, states, clock)
    if denied:
        local = fail_together(local, plan, list(alone.values()), max(len(outside), altogether))
    elif alike.trust and len(down) >= national_from(max(len(census.answered), altogether)):
        local = replace(local, together=by_the_way(down.values()), among=len(outside))
    return Surroundings(
        now=now,
        local=local,
        down=len(down),
        drifted=len(census.drifted),
        watched=len(census.answered),
        mains=census.mains,
        opinions=said,
        overdue={name: overdue_age(reading) for name, reading in references.items()},
        denied=denied,
        denied_since=denied and _is_denied(alone, _since(alone, said, now)),
        asked=bool(plan.references),
        windows=windows,
        calendar=plan.calendar,
        alike=alike,
        altogether=altogether,
        clock=clock,
    )


def _windows(
    plan: Plan, records: Mapping[str, WindowRecord], census: Census, now: datetime
) -> tuple[Window, ...]:
    """The windows that are open, and those around the hours in which something began to fail."""
    if not plan.maintenance and not records:
        return ()
    hours = {began.replace(minute=0, second=0, microsecond=0) for began in census.began}
    found = {window.id: window for hour in (now, *hours) for window in near(plan, records, hour)}
    return tuple(window for window in found.values() if window.start <= now)


def _is_denied(down: Iterable[str], said: Mapping[str, Sequence[Opinion]]) -> bool:
    """Whether fresh references say of most of those down that they work."""
    return _is_majority(down, said, Confirmed.UP)


def _since(
    down: Mapping[str, TargetState], said: Mapping[str, Sequence[Opinion]], now: datetime
) -> Mapping[str, Sequence[Opinion]]:
    """What those references say of each that is down that looked since it fails."""
    return {
        slug: [
            one
            for one in said.get(slug, ())
            if now - timedelta(seconds=one.age_seconds) > state.first_failure_at
        ]
        for slug, state in down.items()
        if state.first_failure_at is not None
    }


def _is_agreed(down: Iterable[str], said: Mapping[str, Sequence[Opinion]]) -> bool:
    """Whether fresh references say of most of those down that they are."""
    return _is_majority(down, said, Confirmed.DOWN)


def _is_majority(down: Iterable[str], said: Mapping[str, Sequence[Opinion]], word: Confirmed) -> bool:
    votes = [votes for slug in down if (votes := count_votes(said.get(slug, ()))).fresh]
    return sum(vote.majority is word for vote in votes) * 2 > len(votes)
