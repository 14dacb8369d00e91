"""Whose fault it most likely is, and the facts that rests on (contract §1, "Diagnosis").

Facts are language-neutral words, `name` or `name=value`, rendered into sentences by notify/texts and the page. This is
the closed list of their names: `Fact`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from monitor.core.judge import (
    NAME_CAUSES,
    TRUST_CAUSES,
    LocalView,
    ServiceView,
    judge_local,
    main_service,
)
from monitor.model import (
    PSEUDO_AUTHORITIES,
    Cause,
    Confirmed,
    Diagnosis,
    Flag,
    Incident,
    Plan,
    Scope,
    ServiceState,
    SpeaksOf,
    TargetState,
)


class Fact(StrEnum):
    """Names of facts. `n/m` are counts: n of m."""

    CONTROLS_FAILING = "controls_failing"
    """`controls_failing=1/2`: controls confirmed down of those that have run."""
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
SYNC_CAUSES = frozenset({Cause.SYNC_LAG, Cause.RECORD_MISSING, Cause.COUNT_MISMATCH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What else is going on: our own network, and how many others are down."""

    local: LocalView
    down: int
    drifted: int
    watched: int
    """Authorities that ever answered: one that never did stands outside quorums."""

    @property
    def is_national(self) -> bool:
        """Whether so many are down that it is not one province's affair."""
        return self.down >= max(3, ceil(self.watched / 3)) and not self.local.holds


def look_around(plan: Plan, states: Mapping[str, TargetState], incidents: Iterable[Incident]) -> Surroundings:
    """Count what is down now. Open incidents of main services are the authorities confirmed down."""
    down, drifted = set(), set()
    for incident in incidents:
        if incident.is_open and incident.scope is Scope.AUTHORITY and not incident.never_up:
            if incident.cause is Cause.FORMAT_DRIFT:
                drifted.add(incident.authority)
            elif incident.cause.speaks_of is SpeaksOf.AUTHORITY and _is_main(plan, incident):
                down.add(incident.authority)
    return Surroundings(
        local=judge_local(plan, states),
        down=len(down.difference(PSEUDO_AUTHORITIES)),
        drifted=len(drifted.difference(PSEUDO_AUTHORITIES)),
        watched=sum(_ever_answered(plan, slug, states) for slug in watched_authorities(plan)),
    )


def watched_authorities(plan: Plan) -> list[str]:
    """Slugs of the provincial-level authorities that some target looks at, in the order of the plan."""
    return [slug for slug in plan.by_authority if slug not in PSEUDO_AUTHORITIES]


def _is_main(plan: Plan, incident: Incident) -> bool:
    return incident.service == main_service(plan, incident.authority)


def _ever_answered(plan: Plan, slug: str, states: Mapping[str, TargetState]) -> bool:
    return any(
        (state := states.get(target.id)) is not None and state.seen_up for target in plan.by_authority[slug]
    )


def diagnose(view: ServiceView, around: Surroundings) -> Diagnosis:
    """The first row of the contract's table that holds for one service."""
    if view.is_ours and view.lead is not None:
        return OURS.get(view.lead.cause, Diagnosis.MISCONFIGURED)
    if view.lead is None and view.throttled:
        return Diagnosis.THROTTLED
    if around.local.holds:
        return diagnose_local(around.local)
    if view.lead is not None:
        return _diagnose_failing(view, view.lead.cause, around)
    return _diagnose_answering(view)


def _diagnose_failing(view: ServiceView, cause: Cause, around: Surroundings) -> Diagnosis:
    if view.is_never_up:
        return Diagnosis.UNDETERMINED  # nothing speaks for an outage rather than for a wrong address
    if view.state is ServiceState.DOWN and around.is_national:
        return Diagnosis.NATIONAL_OUTAGE
    if cause in SYNC_CAUSES:
        return Diagnosis.SYNC_DELAY
    if cause is Cause.FORMAT_DRIFT:
        most = around.drifted * 2 > around.watched
        return Diagnosis.PROTOCOL_CHANGED if most else Diagnosis.UNDETERMINED
    return Diagnosis.PROVINCIAL_OUTAGE


def _diagnose_answering(view: ServiceView) -> Diagnosis:
    if Flag.ADDRESS_FAILED in view.flags:
        return Diagnosis.CDN_NODE
    if view.slow:
        return Diagnosis.SLOW
    if view.state is ServiceState.UNKNOWN:
        return Diagnosis.UNDETERMINED
    return Diagnosis.HEALTHY


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
    """The facts that the diagnosis of a service rests on."""
    found = [*_own_facts(view), *_signs(view)]
    if view.lead is not None or around.local.holds:
        found += control_facts(around.local)
    if around.is_national:
        found.append(f"{Fact.DOWN}={around.down}/{around.watched}")
    if view.lead is not None and view.lead.cause is Cause.FORMAT_DRIFT:
        found.append(f"{Fact.DRIFTED}={around.drifted}/{around.watched}")
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
    if Flag.ADDRESS_FAILED in view.flags:
        yield (
            f"{Fact.ADDRESS_FAILED}={view.failed_address}"
            if view.failed_address
            else Fact.ADDRESS_FAILED.value
        )
    if view.throttled:
        yield Fact.THROTTLED.value
    if view.slow:
        yield Fact.SLOW.value
    if Flag.TLS_UNVERIFIED in view.flags:
        yield Fact.TLS_UNVERIFIED.value


def control_facts(local: LocalView) -> tuple[str, ...]:
    """What the controls say, or that there are none."""
    if not local.configured:
        return (Fact.NO_CONTROLS.value,)
    return (f"{Fact.CONTROLS_FAILING}={len(local.failing)}/{local.ran}",) if local.ran else ()


def local_facts(plan: Plan, states: Mapping[str, TargetState], local: LocalView) -> tuple[str, ...]:
    """The facts of our own network: the controls and, in a fault, how many authorities fail with them."""
    found = control_facts(local)
    if not local.holds:
        return found
    watched = watched_authorities(plan)
    failing = sum(_any_down(plan, slug, states) for slug in watched)
    return (*found, f"{Fact.DOWN}={failing}/{len(watched)}")


def _any_down(plan: Plan, slug: str, states: Mapping[str, TargetState]) -> bool:
    return any(
        (state := states.get(target.id)) is not None and state.confirmed is Confirmed.DOWN
        for target in plan.by_authority[slug]
    )
