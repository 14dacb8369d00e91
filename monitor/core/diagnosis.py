"""Whose fault it most likely is: the table of the contract (§1, "Diagnosis"), first that holds."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.local import NAME_CAUSES, TRUST_CAUSES, LocalView
from monitor.core.own_clock import explains
from monitor.core.services import ServiceView
from monitor.core.surroundings import Surroundings
from monitor.model import LOCAL, Cause, Confirmed, Diagnosis, ServiceState

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
SYNC_CAUSES = frozenset({Cause.SYNC_LAG, Cause.RECORD_MISSING, Cause.COUNT_MISMATCH})


def diagnose(view: ServiceView, around: Surroundings) -> Diagnosis:
    """The first row of the contract's table that holds for one service."""
    if view.authority == LOCAL:
        return _of_machine(view)
    return (
        _by_calendar(view, around)
        or _by_us(view, around)
        or _by_number(view, around)
        or _by_itself(view, around)
        or _by_reference(view, around)
        or _by_answer(view)
        or Diagnosis.UNDETERMINED
    )


def _of_machine(view: ServiceView) -> Diagnosis:
    """A disk, a log or a file of this machine: no network, no other authority and no reference explains it."""
    if view.lead is not None:
        return OURS.get(view.lead.cause, Diagnosis.UNDETERMINED)
    return _by_answer(view) or Diagnosis.UNDETERMINED


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
    if around.local.holds:
        return diagnose_local(around.local)
    if view.lead is not None and explains(view.lead, around.clock, around.now):
        return Diagnosis.LOCAL_TRUST
    return Diagnosis.LOCAL_NETWORK if _is_behind_firewall(view, around) else None


def _is_behind_firewall(view: ServiceView, around: Surroundings) -> bool:
    """Whether it is one of those on unusual ports, all of which fail here while all usual ports work."""
    return view.authority in around.alike.odd_ports and around.mains.get(view.authority) == view.service


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
    votes = around.votes_since(view)
    if (
        view.seen_here
    ):  # what a log of ours says is no look at the authority: somebody who looked has to agree
        return Diagnosis.PROVINCIAL_OUTAGE if votes.majority is Confirmed.DOWN else None
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
