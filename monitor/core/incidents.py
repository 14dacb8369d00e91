"""Incidents: what should be open, its id, and how it opens, changes and ends. Whom to tell is core/telling.py."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitor.core.diagnosis import BY_MAJORITY, diagnose, diagnose_local
from monitor.core.facts import Fact, facts, local_facts, of_references
from monitor.core.local import NAME_CAUSES, TRUST_CAUSES
from monitor.core.services import ServiceView, main_service
from monitor.core.surroundings import Surroundings
from monitor.model import (
    LOCAL,
    NATIONAL,
    Cause,
    Diagnosis,
    Incident,
    Phase,
    Plan,
    Scope,
    Severity,
    TargetState,
    Verdict,
)

WAY = (
    NAME_CAUSES,
    frozenset({Cause.CONNECT_TIMEOUT, Cause.CONNECTION_REFUSED, Cause.UNREACHABLE}),
    frozenset({*TRUST_CAUSES, Cause.TLS_TIMEOUT, Cause.TLS_LEGACY, Cause.TLS_HANDSHAKE}),
)
"""Causes by how early they strike."""
KEPT = timedelta(days=30)
"""How long a resolved incident stays in the state."""
MOST_KEPT = 500
"""How many resolved incidents stay in the state at most."""
LOUDNESS = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)
MOST_NOTED = 100
"""Entries of a timeline."""
FIRST_NOTED = 10
"""Entries at its beginning that are kept when it grows too long."""
NATIONWIDE = "nationwide"
"""Begins the id of a national incident: `national-…` are those of the national page."""


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


@dataclass(frozen=True, slots=True)
class Key:
    """What an incident is about; there is at most one open incident of each.

    The national page's outages are (authority, `national`, its service), the nationwide one is (national, `national`, ""),
    a store of the daemon (daemon, `local`, its name).
    """

    scope: Scope
    authority: str
    service: str


LOCAL_KEY = Key(Scope.LOCAL, LOCAL, "")
NATIONAL_KEY = Key(Scope.NATIONAL, NATIONAL, "")


def key_of(incident: Incident) -> Key:
    """What it is about."""
    return Key(incident.scope, incident.authority, incident.service)


def by_key(incidents: Iterable[Incident]) -> dict[Key, Incident]:
    """The open ones of these by what they are about."""
    return {key_of(incident): incident for incident in incidents if incident.is_open}


def opened(key: Key, outage: Outage, now: datetime, taken: Container[str]) -> Incident:
    """A new incident, not yet told to anybody. `taken`: ids that are in use."""
    incident = Incident(
        id=_free_id(key, outage.first_failure_at, taken),
        scope=key.scope,
        authority=key.authority,
        service=key.service,
        severity=outage.severity,
        cause=outage.cause,
        phase=outage.phase,
        diagnosis=outage.diagnosis,
        facts=outage.facts,
        first_failure_at=outage.first_failure_at,
        opened_at=now,
        never_up=outage.never_up,
        targets=outage.targets,
        changed_at=now,
    )
    return noted(noted(incident, "opened", now), f"cause={incident.cause}", now)


def _free_id(key: Key, began: datetime, taken: Container[str]) -> str:
    """Readable, URL-safe, the same for the same outage: `shandong-verify-20261121T080000Z`."""
    first = {Scope.NATIONAL: NATIONWIDE, Scope.DAEMON: str(Scope.DAEMON)}.get(key.scope, key.authority)
    words = [re.sub(r"[^a-z0-9_]+", "_", word.lower()) for word in (first, key.service) if word]
    base = "-".join([*words, began.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")])
    id_, again = base, 1
    while id_ in taken:  # a second outage that began within the same second
        again += 1
        id_ = f"{base}-{again}"
    return id_


def changed(incident: Incident, outage: Outage, now: datetime) -> Incident:
    """The incident as the outage is now; the very same value if nothing of it changed."""
    after = replace(
        incident,
        severity=outage.severity,
        cause=outage.cause,
        phase=outage.phase,
        diagnosis=outage.diagnosis,
        facts=outage.facts,
        never_up=outage.never_up,
        targets=outage.targets,
    )
    if after == incident:
        return incident
    for name in ("cause", "severity", "diagnosis"):
        if getattr(after, name) is not getattr(incident, name):
            after = replace(noted(after, f"{name}={getattr(after, name)}", now), changed_at=now)
    return after


def differs_by_reference(incident: Incident, outage: Outage, verdict: Verdict) -> bool:
    """Whether whose fault it is, or who agrees, is otherwise now, and by nothing but what references say."""
    if outage.diagnosis is incident.diagnosis:
        return verdict is not incident.verdict
    return {outage.diagnosis, incident.diagnosis} <= frozenset(BY_MAJORITY.values())


def as_believed(outage: Outage, incident: Incident) -> Outage:
    """The outage with what the references said before."""
    own = (fact for fact in outage.facts if not of_references(fact))
    said = (fact for fact in incident.facts if of_references(fact))
    return replace(outage, diagnosis=incident.diagnosis, facts=(*own, *said))


def reopened(incident: Incident, outage: Outage, now: datetime, *, end_told: bool) -> Incident:
    """The same incident, down again soon after its end. `end_told`: those who were told believe that it is over."""
    again = replace(
        noted(incident, "reopened", now),
        resolved_at=None,
        reopened=incident.reopened + 1,
        returns=incident.returns + 1,
        parent=None,
        acknowledged_at=None if end_told else incident.acknowledged_at,
        acknowledged_by="" if end_told else incident.acknowledged_by,
        comment="" if end_told else incident.comment,
        told=frozenset() if end_told else incident.told,
        heard=incident.told | incident.heard if end_told else incident.heard,
        window=None,
        muted_by=None,
        fading_since=None,
        end_from=None,
        lifted_depth=None if end_told else incident.lifted_depth,
        fell_at=outage.first_failure_at if end_told else incident.fell_at,
        mended_at=incident.resolved_at if end_told else incident.mended_at,
    )
    return changed(again, outage, now)


def to_reopen(incidents: Iterable[Incident], key: Key, outage: Outage, plan: Plan) -> Incident | None:
    """The resolved incident that this outage continues: the last of its kind, if it ended within `reopen`."""
    ended = [
        (incident.resolved_at, incident)
        for incident in incidents
        if incident.resolved_at is not None and key_of(incident) == key
    ]
    at, last = max(ended, key=lambda pair: pair[0], default=(None, None))
    if at is None or last is None or plan.reopen <= 0:
        return None
    again = (outage.first_failure_at - at).total_seconds() < plan.reopen
    return last if again and Fact.NO_LONGER_WATCHED not in last.facts else None


def resolved(incident: Incident, now: datetime, *, watched: bool = True) -> Incident:
    """The incident, ended, with the diagnosis told last and what references said then: since, they may have seen the mend.

    `watched` False: nothing looks at it any more.
    """
    facts = incident.facts
    if incident.told_diagnosis is not None:
        facts = (*(fact for fact in facts if not of_references(fact)), *incident.told_facts)
    return replace(
        noted(incident, "resolved", now),
        resolved_at=now,
        diagnosis=incident.told_diagnosis or incident.diagnosis,
        verdict=incident.told_verdict or incident.verdict,
        facts=facts if watched else (*facts, Fact.NO_LONGER_WATCHED.value),
        muted_by=None,
        fading_since=None,
    )


def noted(incident: Incident, entry: str, now: datetime) -> Incident:
    """The incident with an entry in its timeline; of a long one the beginning and the end are kept."""
    entries = (*incident.timeline, (now, entry))
    if len(entries) > MOST_NOTED:
        entries = (*entries[:FIRST_NOTED], *entries[FIRST_NOTED + 1 :])
    return replace(incident, timeline=entries)


def is_louder(severity: Severity, than: Severity | None) -> bool:
    """Whether it is told more loudly than before."""
    return than is not None and LOUDNESS.index(severity) > LOUDNESS.index(than)


def is_worse(incident: Incident) -> bool:
    """Whether it is worse than when it was told last: louder, or it fails earlier on the way."""
    if is_louder(incident.severity, incident.told_severity):
        return True
    if incident.severity is not incident.told_severity or incident.told_cause is None:
        return False
    return depth(incident.cause) < depth(incident.told_cause)


def depth(cause: Cause) -> int:
    """How far a run comes before this strikes; what cannot be told from the cause alone counts as far."""
    return next((depth for depth, causes in enumerate(WAY) if cause in causes), len(WAY))


def forgettable(incidents: Iterable[Incident], now: datetime) -> list[str]:
    """Ids of resolved incidents that need not be kept: old ones, and all but the newest of the others."""
    ended = [
        (incident.resolved_at, incident.id) for incident in incidents if incident.resolved_at is not None
    ]
    ended.sort(reverse=True)
    return [id_ for place, (at, id_) in enumerate(ended) if place >= MOST_KEPT or now - at > KEPT]
