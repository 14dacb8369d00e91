"""How many authorities are down, answer otherwise than they did, or ever answered at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.core.own_clock import OF_TIME
from monitor.core.services import main_service
from monitor.model import PSEUDO_AUTHORITIES, Cause, Confirmed, Plan, SpeaksOf, Target, TargetState


@dataclass(slots=True)
class Census:
    """What one pass over all targets finds. The pseudo-authorities, and what is nobody's, are only in `mains` and `began`."""

    mains: dict[str, str | None] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    drifted: set[str] = field(default_factory=set)
    down: dict[str, TargetState] = field(default_factory=dict)
    """Authority → the first target that makes its main service down."""
    began: set[datetime] = field(default_factory=set)
    """When what is down began to fail."""
    by_time: bool = False
    """Whether something is down because a certificate is out of its time."""


def take_census(plan: Plan, states: Mapping[str, TargetState]) -> Census:
    """One pass over all targets. `states` is looked into once for each."""
    census = Census()
    for slug, targets in plan.by_authority.items():
        main = census.mains[slug] = main_service(plan, slug)
        for target in targets:
            if (state := states.get(target.id)) is not None:
                _count_target(census, target, state, is_main=target.service == main)
    return census


def _count_target(census: Census, target: Target, state: TargetState, *, is_main: bool) -> None:
    is_down = state.confirmed is Confirmed.DOWN
    if is_down and state.first_failure_at is not None:
        census.began.add(state.first_failure_at)
    if is_down and state.cause in OF_TIME:
        census.by_time = True
    if not state.seen_up or not target.authority or target.authority in PSEUDO_AUTHORITIES:
        return
    census.answered.add(target.authority)
    if state.refused or (is_down and state.cause is Cause.FORMAT_DRIFT):
        census.drifted.add(target.authority)
    elif is_down and is_main and state.cause.speaks_of is SpeaksOf.AUTHORITY:
        census.down.setdefault(target.authority, state)
