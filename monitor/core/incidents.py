"""Incidents: what should be open, its id, and how it opens, changes and ends. Whom to tell is core/telling.py."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitor.core.diagnosis import Fact, Surroundings, diagnose, diagnose_local, facts, local_facts
from monitor.core.judge import ServiceView, main_service
from monitor.model import (
    LOCAL,
    Cause,
    Diagnosis,
    Incident,
    Phase,
    Plan,
    Scope,
    Severity,
    TargetState,
)

KEPT = timedelta(days=30)
"""How long a resolved incident stays in the state."""
MOST_KEPT = 500
"""How many resolved incidents stay in the state at most."""
LOUDNESS = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """What an incident says as long as it is open; becomes an incident, or changes the one that is open."""

    cause: Cause
    phase: Phase | None
    severity: Severity
    never_up: bool
    targets: tuple[str, ...]
    first_failure_at: datetime
    diagnosis: Diagnosis
    facts: tuple[str, ...]


def outage_of(view: ServiceView, plan: Plan, around: Surroundings) -> Outage | None:
    """The outage of a service, None while no target of it is confirmed down."""
    lead = view.lead
    if lead is None:
        return None
    return Outage(
        cause=lead.cause,
        phase=lead.phase,
        severity=_severity(view, plan),
        never_up=view.is_never_up,
        targets=tuple(state.id for state in view.failing),
        first_failure_at=_began(view.failing),
        diagnosis=diagnose(view, around),
        facts=facts(view, around),
    )


def _severity(view: ServiceView, plan: Plan) -> Severity:
    """Ours, main or other; at most a warning for what never answered and for a mere change of shape."""
    rules = plan.judgement
    if view.is_ours:
        return rules.severity_ours
    is_main = view.service == main_service(plan, view.authority)
    severity = rules.severity_main if is_main else rules.severity_other
    drifted = view.lead is not None and view.lead.cause is Cause.FORMAT_DRIFT
    return min(severity, Severity.WARNING, key=LOUDNESS.index) if view.is_never_up or drifted else severity


def _began(failing: Iterable[TargetState]) -> datetime:
    return min(state.first_failure_at for state in failing if state.first_failure_at is not None)


def local_outage(plan: Plan, states: Mapping[str, TargetState], around: Surroundings) -> Outage | None:
    """The fault of our own network, None while the controls do not say so. It began when the last of them failed."""
    local = around.local
    if not local.holds:
        return None
    lead = local.failing[0]
    return Outage(
        cause=lead.cause,
        phase=lead.phase,
        severity=plan.judgement.severity_local,
        never_up=False,
        targets=tuple(state.id for state in local.failing),
        first_failure_at=max(s.first_failure_at for s in local.failing if s.first_failure_at is not None),
        diagnosis=diagnose_local(local),
        facts=local_facts(plan, states, local),
    )


def opened(authority: str, service: str, outage: Outage, now: datetime, taken: Container[str]) -> Incident:
    """A new incident, not yet told to anybody. `taken`: ids that are in use."""
    return Incident(
        id=_free_id(authority, service, outage.first_failure_at, taken),
        scope=Scope.LOCAL if authority == LOCAL else Scope.AUTHORITY,
        authority=authority,
        service=service,
        severity=outage.severity,
        cause=outage.cause,
        phase=outage.phase,
        diagnosis=outage.diagnosis,
        facts=outage.facts,
        first_failure_at=outage.first_failure_at,
        opened_at=now,
        never_up=outage.never_up,
        targets=outage.targets,
    )


def _free_id(authority: str, service: str, began: datetime, taken: Container[str]) -> str:
    """Readable, URL-safe, the same for the same outage: `shandong-verify-20261121T080000Z`."""
    words = [re.sub(r"[^a-z0-9_]+", "_", word.lower()) for word in (authority, service) if word]
    base = "-".join([*words, began.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")])
    id_, again = base, 1
    while id_ in taken:  # a second outage that began within the same second
        again += 1
        id_ = f"{base}-{again}"
    return id_


def changed(incident: Incident, outage: Outage) -> Incident:
    """The incident as the outage is now; the very same value if nothing of it changed."""
    now = replace(
        incident,
        severity=outage.severity,
        cause=outage.cause,
        phase=outage.phase,
        diagnosis=outage.diagnosis,
        facts=outage.facts,
        never_up=outage.never_up,
        targets=outage.targets,
    )
    return incident if now == incident else now


def resolved(incident: Incident, now: datetime, *, watched: bool = True) -> Incident:
    """The incident, ended. `watched` False: only because nothing looks at it any more."""
    more = () if watched else (Fact.NO_LONGER_WATCHED.value,)
    return replace(incident, resolved_at=now, facts=(*incident.facts, *more))


def forgettable(incidents: Iterable[Incident], now: datetime) -> list[str]:
    """Ids of resolved incidents that need not be kept: old ones, and all but the newest of the others."""
    ended = [
        (incident.resolved_at, incident.id) for incident in incidents if incident.resolved_at is not None
    ]
    ended.sort(reverse=True)
    return [id_ for place, (at, id_) in enumerate(ended) if place >= MOST_KEPT or now - at > KEPT]
