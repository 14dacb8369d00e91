"""What targets make of a service, and which service of an authority is its main one.

Every function is a rule of the contract (§1 and §2) over values: no state is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import is_

from monitor.core.nodes import MOST_NAMED, broken_family, failed
from monitor.model import (
    LOCAL,
    Cause,
    Confirmed,
    Flag,
    Outcome,
    Phase,
    Plan,
    Result,
    ServiceState,
    SpeaksOf,
    Target,
    TargetState,
)

KIND_COST: Mapping[str, int] = {"tcp": 0, "tls": 1, "http": 2, "captcha": 3, "sync": 4}
"""Kinds from cheap to dear; any other is dearer."""
WAY: Mapping[Phase | None, int] = {phase: place for place, phase in enumerate((*Phase, None))}
"""The phases in the order in which a run meets them; what struck in none of them comes last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """What the targets of one (authority, service) add up to."""

    authority: str
    service: str
    state: ServiceState
    cause: Cause | None
    """By the last runs, the earliest failure on the way first; None: no run yet."""
    flags: frozenset[Flag]
    """Of the last runs."""
    seen_up: bool
    slow: bool
    targets: tuple[Target, ...]
    failing: tuple[TargetState, ...]
    """The confirmed-down targets that the state rests on, the earliest on the way first. The first is to blame."""
    throttled: bool
    refused: bool
    """A target of it is refused as unsigned although it once was not."""
    split: bool
    """Some addresses of the host answer and some do not; where something fails, of that very host."""
    failed_address: str | None
    """The addresses that did not answer while others did, where `split`."""
    broken_family: str | None = None
    """`IPv6` or `IPv4` where `split` and exactly that one fails."""

    @property
    def lead(self) -> TargetState | None:
        """The confirmed-down target whose cause is the service's."""
        return self.failing[0] if self.failing else None

    @property
    def began(self) -> datetime | None:
        """When the first of what fails began to fail."""
        began = (state.first_failure_at for state in self.failing if state.first_failure_at is not None)
        return min(began, default=None)

    @property
    def outcome(self) -> Outcome | None:
        """What `cause` stands for."""
        return self.cause.outcome if self.cause is not None else None

    @property
    def is_never_up(self) -> bool:
        """Whether all that speaks against the authority was never well since it was configured."""
        lead = self.lead
        return lead is not None and not lead.seen_up and not self.is_ours

    @property
    def seen_here(self) -> str:
        """The kind by which this machine says so of itself (`log`, `host`, `file`); "" where anything else that was asked fails too."""
        kinds = {target.id: target.kind for target in self.targets if target.is_on_machine}
        found = [kinds.get(state.id, "") for state in self.failing]
        return found[0] if found and all(found) else ""

    @property
    def is_ours(self) -> bool:
        """Whether what fails speaks of us: of what we ask with, or of this machine."""
        lead = self.lead
        return lead is not None and (self.authority == LOCAL or lead.cause.speaks_of is SpeaksOf.US)


_views: dict[tuple[str, str], tuple[tuple[Target, ...], list[TargetState | None], ServiceView]] = {}
"""The last view of each service, with what it was made from: most services are what they were when asked for again."""


def judge_service(targets: tuple[Target, ...], states: Mapping[str, TargetState]) -> ServiceView:
    """One service from its targets (at least one, all of the same authority and service)."""
    known = [states.get(target.id) for target in targets]
    latest = _views.get((targets[0].authority, targets[0].service))
    if latest is not None and latest[0] is targets and all(map(is_, latest[1], known)):
        return latest[2]
    view = _judge_service(targets, known)
    _views[targets[0].authority, targets[0].service] = (targets, known, view)
    return view


def _judge_service(targets: tuple[Target, ...], states: Sequence[TargetState | None]) -> ServiceView:
    pairs = [(target, state) for target, state in zip(targets, states, strict=True) if state is not None]
    down = [(target, state) for target, state in pairs if state.confirmed is Confirmed.DOWN]
    theirs = [pair for pair in down if pair[1].cause.speaks_of is SpeaksOf.AUTHORITY]
    answered = [pair for pair in theirs if pair[1].seen_up]
    failing = tuple(state for _, state in sorted(answered or theirs or down, key=on_the_way))
    known = [state for _, state in pairs]
    flags = frozenset[Flag]().union(*[state.last.flags for state in known if state.last is not None])
    odd = [state for state in known if state.slow or state.refused or state.pace > 1]
    split = _split(pairs, failing) if Flag.ADDRESS_FAILED in flags else []
    return ServiceView(
        authority=targets[0].authority,
        service=targets[0].service,
        state=_service_state(known, failing, ours=bool(down) and not theirs),
        cause=_last_cause(pairs),
        flags=flags,
        seen_up=any(state.seen_up for state in known),
        slow=any(state.slow for state in odd),
        targets=targets,
        failing=failing,
        throttled=any(state.pace > 1 for state in odd),
        refused=any(state.refused for state in odd),
        split=bool(split),
        failed_address=next(filter(None, map(_failed_address, split)), None),
        broken_family=next(filter(None, map(broken_family, split)), None),
    )


def _split(pairs: Sequence[tuple[Target, TargetState]], failing: Iterable[TargetState]) -> list[Result]:
    """The last runs in which an address failed before another answered; where something fails, on its host only."""
    blamed = {state.id for state in failing}
    hosts = {target.host for target, _ in pairs if target.id in blamed}
    return [
        last
        for target, state in pairs
        if (last := state.last) is not None
        and Flag.ADDRESS_FAILED in last.flags
        and (not hosts or target.host in hosts)
    ]


def _failed_address(last: Result) -> str | None:
    """Which of its addresses did not answer; of a run whose addresses are not known one by one, the first other one."""
    if last.nodes:
        return " ".join(failed(last)[:MOST_NAMED]) or None
    return next((one for one in last.addresses if one != last.address), None)


def _service_state(known: list[TargetState], failing: tuple[TargetState, ...], *, ours: bool) -> ServiceState:
    if ours:
        return ServiceState.UNKNOWN
    if any(state.cause is not Cause.FORMAT_DRIFT for state in failing):
        return ServiceState.DOWN
    if failing or any(state.slow or state.unverified or state.late for state in known):
        return ServiceState.DEGRADED
    if any(state.oks or state.confirmed is Confirmed.UP for state in known):
        return ServiceState.UP
    return ServiceState.UNKNOWN


def on_the_way(pair: tuple[Target, TargetState]) -> tuple[bool, int, int, str]:
    """Orders failing targets by how early their cause struck; a mere change of shape comes last."""
    target, state = pair
    return (
        state.cause is Cause.FORMAT_DRIFT,
        WAY[state.phase],
        cost(target),
        target.id,
    )


def _last_cause(pairs: Iterable[tuple[Target, TargetState]]) -> Cause | None:
    """The cause of the last runs: that of the earliest failure on the way, else none."""
    ran = [(target, state.last) for target, state in pairs if state.last is not None]
    failed = [(target, last) for target, last in ran if last.cause is not Cause.NONE]
    if failed:
        return min(failed, key=lambda pair: (WAY[pair[1].phase], cost(pair[0])))[1].cause
    return Cause.NONE if ran else None


def cost(target: Target) -> int:
    """How dear a run of this kind is, from 0."""
    return KIND_COST.get(target.kind, len(KIND_COST))


def services(plan: Plan, slug: str) -> Mapping[str, tuple[Target, ...]]:
    """The targets of one authority by service, in the order of the plan."""
    return plan.by_service.get(slug, {})


def is_spoken_of(plan: Plan, slug: str, service: str) -> bool:
    """Whether references speak of this service of an authority: of its main one only."""
    return plan.main_services.get(slug, service) == service


def main_service(plan: Plan, slug: str) -> str | None:
    """The service that decides whether the authority is down: the configured one, else its only one, else none."""
    return plan.main_services.get(slug)
