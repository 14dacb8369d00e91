"""Values of the product as the JSON that the API answers and the live stream carries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from monitor.core.history import Counts, HourOfTarget
from monitor.model import (
    Above,
    AddressLook,
    Answer,
    Certificate,
    Incident,
    Outcome,
    Result,
    Silence,
    Target,
    TargetState,
    Window,
    as_json,
    rfc3339,
)
from monitor.web.answers import (
    AboveAnswer,
    CertificateAnswer,
    HourAnswer,
    IncidentAnswer,
    NameServerAnswer,
    NodeAnswer,
    ResultAnswer,
    SilenceAnswer,
    TargetAnswer,
    WindowAnswer,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def certificate_json(certificate: Certificate) -> CertificateAnswer:
    """What the peer presented."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "not_before": rfc3339(certificate.not_before),
        "not_after": rfc3339(certificate.not_after),
        "names": list(certificate.names),
        "fingerprint": certificate.fingerprint,
        "chain_length": certificate.chain_length,
        "verified": certificate.verified,
        "verify_error": certificate.verify_error,
        "above": None if certificate.above is None else above_json(certificate.above),
    }


def above_json(above: Above) -> AboveAnswer:
    """A certificate above the leaf that narrows its time."""
    return {
        "subject": above.subject,
        "not_before": rfc3339(above.not_before),
        "not_after": rfc3339(above.not_after),
    }


def result_json(result: Result) -> ResultAnswer:
    """One run."""
    return {
        "outcome": result.outcome,
        "cause": result.cause,
        "phase": result.phase,
        "flags": sorted(result.flags),
        "started_at": rfc3339(result.started_at),
        "duration_seconds": result.duration,
        "phases": dict(result.phases),
        "address": result.address,
        "addresses": list(result.addresses),
        "status_code": result.status_code,
        "tls_version": result.tls_version,
        "certificate": None if result.certificate is None else certificate_json(result.certificate),
        "code": result.code,
        "detail": result.detail,
        "lag_seconds": result.lag,
        "nodes": [node_json(node) for node in result.nodes],
        "answers": [name_server_json(answer) for answer in result.answers],
        "readings": [
            {"name": one.name, "of": one.of, "value": one.value, "text": one.text} for one in result.readings
        ],
        "restored": result.restored,
    }


def node_json(node: AddressLook) -> NodeAnswer:
    """One address of the host."""
    return {
        "address": node.address,
        "looked_at": node.counts,
        "outcome": node.cause.outcome if node.counts else None,
        "cause": node.cause,
        "phase": node.phase,
        "connect_seconds": node.connect,
        "tls_seconds": node.tls,
        "status_code": node.status_code,
        "fingerprint": node.fingerprint,
        "expires": as_json(node.expires),
        "detail": node.detail,
    }


def name_server_json(answer: Answer) -> NameServerAnswer:
    """What one name server said."""
    return {
        "resolver": answer.resolver,
        "name": answer.name,
        "record": answer.record,
        "decoy": answer.decoy,
        "outcome": answer.cause.outcome,
        "cause": answer.cause,
        "addresses": list(answer.addresses),
        "values": list(answer.values),
        "aliases": list(answer.aliases),
        "ttl_seconds": answer.ttl,
        "count": answer.count,
        "forged": answer.forged,
        "differs": answer.differs,
        "duration_seconds": answer.duration,
        "detail": answer.detail,
    }


def target_json(target: Target, state: TargetState, next_run: datetime | None) -> TargetAnswer:
    """One target: what is believed of it, its last run, when the next one is due."""
    return {
        "id": target.id,
        "probe": target.probe,
        "kind": target.kind,
        "authority": target.authority,
        "service": target.service,
        "confirmed": state.confirmed,
        "since": as_json(state.since),
        "seen_up": state.seen_up,
        "flapping": state.flapping,
        "interval_seconds": target.interval,
        "timeout_seconds": target.timeout,
        "next_run": as_json(next_run),
        "last": None if state.last is None else result_json(state.last),
    }


def hour_json(hour: HourOfTarget) -> HourAnswer:
    """The sums of one hour of a target."""
    return {
        "start": rfc3339(EPOCH + hour.hour * timedelta(hours=1)),
        "runs": _counts(hour.all),
        "maintenance_runs": _counts(hour.planned),
        "causes": dict(hour.causes),
        "duration_seconds": {
            "sum": hour.duration_sum / 1000,
            "p50": _seconds(hour.duration_p50),
            "p95": _seconds(hour.duration_p95),
            "max": _seconds(hour.duration_max),
        },
        "up_seconds": hour.tally.up / 1000,
        "down_seconds": hour.tally.down / 1000,
        "maintenance_up_seconds": hour.tally.planned_up / 1000,
        "maintenance_down_seconds": hour.tally.planned_down / 1000,
    }


def _counts(counts: Counts) -> dict[Outcome, int]:
    return {Outcome.OK: counts.ok, Outcome.ERROR: counts.error, Outcome.TIMEOUT: counts.timeout}


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def incident_json(incident: Incident, members: Sequence[str]) -> IncidentAnswer:
    """One outage; `members` are the ids of the incidents it explains."""
    return {
        "id": incident.id,
        "parent": incident.parent,
        "members": list(members),
        "scope": incident.scope,
        "authority": incident.authority,
        "service": incident.service,
        "severity": incident.severity,
        "outcome": incident.cause.outcome,
        "cause": incident.cause,
        "phase": incident.phase,
        "diagnosis": incident.diagnosis,
        "verdict": incident.verdict,
        "facts": list(incident.facts),
        "first_failure_at": rfc3339(incident.first_failure_at),
        "opened_at": rfc3339(incident.opened_at),
        "resolved_at": as_json(incident.resolved_at),
        "acknowledged_at": as_json(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "comment": incident.comment,
        "muted_by": incident.muted_by,
        "reopened": incident.reopened,
        "never_up": incident.never_up,
        "targets": list(incident.targets),
        "timeline": [{"at": rfc3339(at), "event": event} for at, event in story_of(incident)],
    }


def story_of(incident: Incident) -> list[tuple[datetime, str]]:
    """What happened when, oldest first: its own timeline, completed by what every incident has."""
    told = {event for _, event in incident.timeline}
    known = [("first_failure", incident.first_failure_at), ("opened", incident.opened_at)]
    if incident.resolved_at is not None:
        known.append(("resolved", incident.resolved_at))
    missing = [(at, event) for event, at in known if event not in told]
    return sorted([*missing, *incident.timeline], key=lambda step: step[0])


def members_of(incidents: Iterable[Incident], parent: str) -> list[str]:
    """Ids of the incidents that `parent` explains."""
    return sorted(incident.id for incident in incidents if incident.parent == parent)


def window_json(window: Window, now: datetime) -> WindowAnswer:
    """One window as it stands at `now`."""
    return {
        "id": window.id,
        "name": window.name,
        "authorities": None if window.authorities is None else list(window.authorities),
        "services": None if window.services is None else list(window.services),
        "start": rfc3339(window.start),
        "end": rfc3339(window.end),
        "announce": window.announce,
        "by_hand": window.by_hand,
        "notice": window.notice or None,
        "resumes": window.resumes or None,
        "early": window.early,
        "planned_end": as_json(window.planned_end),
        "state": window_stage(window, now),
    }


def window_stage(window: Window, now: datetime) -> str:
    """`upcoming`, `active` or `ended`; one that was ended before it began has an end that is its start."""
    if window.end <= window.start:
        return "ended"
    return _stage(window.start, window.end, now, ("upcoming", "active", "ended"))


def silence_json(silence: Silence, now: datetime) -> SilenceAnswer:
    """One silence as it stands at `now`."""
    return {
        "id": silence.id,
        "matchers": {name: list(words) for name, words in silence.matchers.items()},
        "starts_at": rfc3339(silence.starts_at),
        "ends_at": rfc3339(silence.ends_at),
        "author": silence.author,
        "comment": silence.comment,
        "state": _stage(silence.starts_at, silence.ends_at, now, ("pending", "active", "expired")),
    }


def _stage(start: datetime, end: datetime, now: datetime, words: tuple[str, str, str]) -> str:
    before, during, after = words
    return after if now >= end else during if now >= start else before
