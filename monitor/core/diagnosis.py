"""Whose fault it most likely is, and the facts that rests on (contract §1, "Diagnosis").

Facts are language-neutral words, `name` or `name=value`, rendered into sentences by notify/texts and the page. This is
the closed list of their names: `Fact`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import ceil
from types import MappingProxyType
from typing import Any

from monitor.core.census import Census, take_census
from monitor.core.judge import ServiceView
from monitor.core.local import NAME_CAUSES, TRUST_CAUSES, LocalView, fail_together, judge_local
from monitor.core.state import WindowRecord
from monitor.core.verdict import Opinion, Votes, compare, count_votes, opinions
from monitor.core.windows import covering, near, overran
from monitor.model import (
    PSEUDO_AUTHORITIES,
    Cause,
    Confirmed,
    Diagnosis,
    Flag,
    Plan,
    ReferenceReading,
    ServiceState,
    TargetState,
    Verdict,
    Window,
)


class Fact(StrEnum):
    """Names of facts. `n/m` are counts: n of m."""

    CONTROLS_FAILING = "controls_failing"
    """`controls_failing=1/2`: controls that failed when they last ran, or are confirmed down, of those that have run."""
    NO_CONTROLS = "no_controls"
    """None is configured: our own network cannot be told from theirs."""
    DOWN = "down"
    """`down=13/36`: authorities down of those watched that ever answered; in a local fault: failing of all watched."""
    DRIFTED = "drifted"
    """`drifted=20/36`: authorities whose replies changed shape."""
    TARGETS_FAILING = "targets_failing"
    """`targets_failing=1/2`: targets of this service that are confirmed down."""
    NEVER_ANSWERED = "never_answered"
    """It never answered since it was configured: check the address."""
    ADDRESS_FAILED = "address_failed"
    """`address_failed=10.1.1.1`: an address that did not answer while a later one did."""
    STATUS = "status"
    """`status=503`: the HTTP status of the failing reply."""
    CODE = "code"
    """`code=020`: the platform's own code in the failing reply."""
    SLOW = "slow"
    """Confirmed slow."""
    THROTTLED = "throttled"
    """The platform asks us to come less often; the interval has grown."""
    TLS_UNVERIFIED = "tls_unverified"
    """The certificate cannot be verified; `verify: report` lets that pass."""
    REFERENCES_OK = "references_ok"
    """`references_ok=2/3`: fresh references that say ok, of the fresh ones."""
    REFERENCES_STALE = "references_stale"
    """`references_stale=1`: references that say something too old to count."""
    NO_REFERENCE = "no_reference"
    """References are configured, and none has a row of this authority."""
    FAILING_TOGETHER = "failing_together"
    """`failing_together=30/36`: authorities that fail while references say that they work; it must be us."""
    WINDOW = "window"
    """`window=nightly`: the maintenance window that covers the failing service."""
    WINDOW_OVER = "window_over"
    """`window_over=nightly`: the window in which it began to fail is over."""
    NO_LONGER_WATCHED = "no_longer_watched"
    """The incident ended because its targets are no longer configured."""


OURS: Mapping[Cause, Diagnosis] = {
    Cause.BLOCKED: Diagnosis.BLOCKED,
    Cause.CREDENTIAL: Diagnosis.CREDENTIAL,
    Cause.PROXY_FAILED: Diagnosis.MISCONFIGURED,
    Cause.PROBE_MISCONFIGURED: Diagnosis.MISCONFIGURED,
    Cause.DNS_HIJACKED: Diagnosis.MISCONFIGURED,
    Cause.INTERNAL: Diagnosis.MISCONFIGURED,
}
BY_MAJORITY: Mapping[Confirmed, Diagnosis] = {
    Confirmed.UP: Diagnosis.PATH_FROM_HERE,
    Confirmed.DOWN: Diagnosis.PROVINCIAL_OUTAGE,
    Confirmed.UNKNOWN: Diagnosis.UNDETERMINED,
}
NOTHING: Mapping[str, Any] = MappingProxyType({})
SYNC_CAUSES = frozenset({Cause.SYNC_LAG, Cause.RECORD_MISSING, Cause.COUNT_MISMATCH})


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
    asked: bool = False
    """Whether any reference is configured."""
    windows: tuple[Window, ...] = ()
    """Those that are open, and those in which something that fails now began to fail."""

    @property
    def is_national(self) -> bool:
        """Whether so many are down that it is not one province's affair."""
        return self.down >= max(3, ceil(self.watched / 3)) and not self.local.holds

    @property
    def is_drift_general(self) -> bool:
        """Whether most authorities answer otherwise than they did."""
        return self.drifted * 2 > self.watched

    def votes(self, view: ServiceView) -> Votes:
        """What references say of this service: they speak of main services only."""
        if self.mains.get(view.authority) != view.service:
            return Votes()
        return count_votes(self.opinions.get(view.authority, ()))

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


def look_around(
    plan: Plan,
    states: Mapping[str, TargetState],
    now: datetime,
    *,
    references: Mapping[str, ReferenceReading] = NOTHING,
    records: Mapping[str, WindowRecord] = NOTHING,
) -> Surroundings:
    """Count what is down now. `references`, `records`: those of the state (`State.references`, `State.windows`)."""
    census = take_census(plan, states)
    windows = _windows(plan, records, census, now)
    outside = [
        slug for slug in census.answered if covering(windows, slug, census.mains[slug] or "", now) is None
    ]
    down = {slug: census.down[slug] for slug in outside if slug in census.down}
    said = opinions(references, plan.references, now)
    local = judge_local(plan, states)
    if _is_denied(down, said):
        local = fail_together(local, plan, list(down.values()), len(outside))
    return Surroundings(
        now=now,
        local=local,
        down=len(down),
        drifted=len(census.drifted),
        watched=len(census.answered),
        mains=census.mains,
        opinions=said,
        asked=bool(plan.references),
        windows=windows,
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
    votes = [votes for slug in down if (votes := count_votes(said.get(slug, ()))).fresh]
    works = sum(vote.majority is Confirmed.UP for vote in votes)
    return works * 2 > len(votes)


def watched_authorities(plan: Plan) -> list[str]:
    """Slugs of the provincial-level authorities that some target looks at, in the order of the plan."""
    return [slug for slug in plan.by_authority if slug not in PSEUDO_AUTHORITIES]


# --- the table -------------------------------------------------------------------------------------------------------


def diagnose(view: ServiceView, around: Surroundings) -> Diagnosis:
    """The first row of the contract's table that holds for one service."""
    return (
        _by_calendar(view, around)
        or _by_us(view, around)
        or _by_number(view, around)
        or _by_itself(view, around)
        or _by_reference(view, around)
        or _by_answer(view)
        or Diagnosis.UNDETERMINED
    )


def _by_calendar(view: ServiceView, around: Surroundings) -> Diagnosis | None:
    if view.lead is None or not around.windows:
        return None
    if around.window(view) is not None:
        return Diagnosis.MAINTENANCE
    return Diagnosis.MAINTENANCE_OVERRUN if around.window_over(view) is not None else None


def _by_us(view: ServiceView, around: Surroundings) -> Diagnosis | None:
    """What fails is ours: the request, or our own network."""
    if view.is_ours and view.lead is not None:
        return OURS.get(view.lead.cause, Diagnosis.MISCONFIGURED)
    if view.lead is None and view.throttled:
        return Diagnosis.THROTTLED
    return diagnose_local(around.local) if around.local.holds else None


def _by_number(view: ServiceView, around: Surroundings) -> Diagnosis | None:
    """One that never answered is no part of a national outage."""
    if view.state is not ServiceState.DOWN or view.is_never_up or not around.is_national:
        return None
    return Diagnosis.NATIONAL_OUTAGE


def _by_itself(view: ServiceView, around: Surroundings) -> Diagnosis | None:
    """What the runs alone say."""
    if view.split:
        return Diagnosis.CDN_NODE
    if view.lead is not None and view.lead.cause in SYNC_CAUSES:
        return Diagnosis.SYNC_DELAY
    drifted = view.refused if view.lead is None else view.lead.cause is Cause.FORMAT_DRIFT
    return Diagnosis.PROTOCOL_CHANGED if drifted and around.is_drift_general else None


def _by_reference(view: ServiceView, around: Surroundings) -> Diagnosis | None:
    """Down: here alone, or for others too. Without a reference theirs is the likelier fault, once it ever answered."""
    if view.state is not ServiceState.DOWN:
        return None
    votes = around.votes(view)
    if votes.fresh:
        return BY_MAJORITY[votes.majority]
    return None if view.is_never_up else Diagnosis.PROVINCIAL_OUTAGE


def _by_answer(view: ServiceView) -> Diagnosis | None:
    if view.lead is not None or view.state is ServiceState.UNKNOWN:
        return None
    return Diagnosis.SLOW if view.slow else Diagnosis.HEALTHY


def diagnose_local(local: LocalView) -> Diagnosis:
    """What ails our own network, by the causes of the controls."""
    if not local.holds:
        return Diagnosis.HEALTHY if local.ran else Diagnosis.UNDETERMINED
    causes = {state.cause for state in local.failing}
    if causes <= NAME_CAUSES:
        return Diagnosis.LOCAL_DNS
    if causes <= TRUST_CAUSES:
        return Diagnosis.LOCAL_TRUST
    return Diagnosis.LOCAL_NETWORK


# --- facts -----------------------------------------------------------------------------------------------------------


def facts(view: ServiceView, around: Surroundings) -> tuple[str, ...]:
    """The facts that the diagnosis of a service rests on.

    None of them is an age or another value that changes by itself: facts of an incident are kept when they change.
    """
    found = [*_own_facts(view), *_signs(view)]
    if view.lead is not None:
        found += _window_facts(view, around)
    if view.lead is not None or around.local.holds:
        found += control_facts(around.local)
    if around.is_national:
        found.append(f"{Fact.DOWN}={around.down}/{around.watched}")
    if view.refused or (view.lead is not None and view.lead.cause is Cause.FORMAT_DRIFT):
        found.append(f"{Fact.DRIFTED}={around.drifted}/{around.watched}")
    if view.lead is not None and not view.is_ours:
        found += _reference_facts(view, around)
    return tuple(found)


def _own_facts(view: ServiceView) -> Iterable[str]:
    """What is known of the failing targets."""
    lead = view.lead
    if lead is None:
        return
    yield f"{Fact.TARGETS_FAILING}={len(view.failing)}/{len(view.targets)}"
    if view.is_never_up:
        yield Fact.NEVER_ANSWERED.value
    if lead.last is not None and lead.last.cause is lead.cause:
        if lead.last.status_code is not None:
            yield f"{Fact.STATUS}={lead.last.status_code}"
        if lead.last.code is not None:
            yield f"{Fact.CODE}={lead.last.code}"


def _signs(view: ServiceView) -> Iterable[str]:
    """What is worth knowing of those that answer."""
    if view.split:
        address = view.failed_address
        yield f"{Fact.ADDRESS_FAILED}={address}" if address else Fact.ADDRESS_FAILED.value
    if view.throttled:
        yield Fact.THROTTLED.value
    if view.slow:
        yield Fact.SLOW.value
    if Flag.TLS_UNVERIFIED in view.flags:
        yield Fact.TLS_UNVERIFIED.value


def _window_facts(view: ServiceView, around: Surroundings) -> Iterable[str]:
    if (window := around.window(view)) is not None:
        yield f"{Fact.WINDOW}={window.name}"
    elif (window := around.window_over(view)) is not None:
        yield f"{Fact.WINDOW_OVER}={window.name}"


def _reference_facts(view: ServiceView, around: Surroundings) -> Iterable[str]:
    """What others say of it, where any other is asked and it is the service they speak of."""
    if not around.asked or around.mains.get(view.authority) != view.service:
        return
    votes = around.votes(view)
    if votes.fresh:
        yield f"{Fact.REFERENCES_OK}={votes.ok}/{votes.fresh}"
    if votes.stale:
        yield f"{Fact.REFERENCES_STALE}={votes.stale}"
    if not votes.fresh and not votes.stale:
        yield Fact.NO_REFERENCE.value


def control_facts(local: LocalView) -> tuple[str, ...]:
    """What the controls say, or that there are none."""
    if not local.configured:
        return (Fact.NO_CONTROLS.value,)
    return (f"{Fact.CONTROLS_FAILING}={local.controls_failing}/{local.ran}",) if local.ran else ()


def local_facts(plan: Plan, states: Mapping[str, TargetState], local: LocalView) -> tuple[str, ...]:
    """The facts of our own network: the controls and, in a fault, how many authorities fail with them."""
    found = control_facts(local)
    if local.together:
        found = (*found, f"{Fact.FAILING_TOGETHER}={len(local.together)}/{local.among}")
    if not local.by_controls:
        return found
    watched = watched_authorities(plan)
    failing = sum(_any_down(plan, slug, states) for slug in watched)
    return (*found, f"{Fact.DOWN}={failing}/{len(watched)}")


def _any_down(plan: Plan, slug: str, states: Mapping[str, TargetState]) -> bool:
    return any(
        (state := states.get(target.id)) is not None and state.confirmed is Confirmed.DOWN
        for target in plan.by_authority[slug]
    )
