"""Certificates that expire soon: each is told once, however often it is met."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.draft import Draft
from monitor.core.muting import silenced_by
from monitor.core.routes import of_incident, receivers
from monitor.core.state import CertificateRecord, State
from monitor.core.telling import notification
from monitor.model import (
    Cause,
    Confirmed,
    Diagnosis,
    EventName,
    Flag,
    Incident,
    Notification,
    Plan,
    Result,
    Scope,
    TargetState,
)

KEPT = timedelta(days=30)
"""How long one is remembered after it expired."""
AGAIN = timedelta(days=1)
"""A target that shows one certificate after the other is told of at most so often."""
LONGEST_SUBJECT = 200
MOST_LISTED = 20


def is_new(state: State, result: Result, after: TargetState, now: datetime) -> bool:
    """Whether this run of a target that is up met a certificate that expires soon and is not known for it."""
    certificate = result.certificate
    if Flag.CERTIFICATE_EXPIRING not in result.flags or certificate is None:
        return False
    if after.confirmed is not Confirmed.UP or certificate.fingerprint in state.certificates:
        return False
    return not any(
        record.target == result.target and now - AGAIN < record.seen_at <= now
        for record in state.certificates.values()
    )


def note(draft: Draft, result: Result) -> None:
    """Remember it, to be told with others that are met within `group_wait`."""
    certificate = result.certificate
    assert certificate is not None
    draft.certificates[certificate.fingerprint] = CertificateRecord(
        fingerprint=certificate.fingerprint,
        target=result.target,
        seen_at=draft.now,
        not_after=certificate.not_after,
        subject=certificate.subject[:LONGEST_SUBJECT],
    )
    draft.ring_at(draft.now + timedelta(seconds=draft.plan.group_wait))


def tell(draft: Draft) -> None:
    """Tell of those that have waited, those who hear the same in one notification; forget those long expired."""
    for record in list(draft.certificates.values()):
        if record.not_after + KEPT < draft.now or record.target not in draft.plan.targets:
            del draft.certificates[record.fingerprint]
    shared: dict[frozenset[str], list[CertificateRecord]] = {}
    for record in draft.certificates.values():
        if not record.told and tells_at(draft, record) <= draft.now and (to := _to(draft, record)):
            shared.setdefault(to, []).append(record)
    for to, records in shared.items():
        draft.notifications.append(_notification(draft, records, to))
        draft.certificates.update((one.fingerprint, replace(one, told=True, heard=to)) for one in records)


def moments(draft: Draft) -> list[datetime]:
    """When those that wait may be told."""
    return [tells_at(draft, record) for record in draft.certificates.values() if not record.told]


def tells_at(draft: Draft, record: CertificateRecord) -> datetime:
    """When it may be told (not held by a clock that was set back)."""
    wait = timedelta(seconds=draft.plan.group_wait)
    return min(record.seen_at, draft.now) + wait if record.seen_at <= draft.now else draft.now


def _to(draft: Draft, record: CertificateRecord) -> frozenset[str]:
    about = as_incident(draft.plan, record)
    if silenced_by(about, draft.silences, draft.now) is not None:
        return frozenset()
    return receivers(draft.plan, of_incident(EventName.CERTIFICATE_EXPIRING, about), draft.now)


def _notification(draft: Draft, records: list[CertificateRecord], to: frozenset[str]) -> Notification:
    return announcement(draft.plan, records[:MOST_LISTED], to, draft.now)


def announcement(
    plan: Plan, records: Sequence[CertificateRecord], to: Collection[str], now: datetime
) -> Notification:
    """What is said of these certificates at `now`; their targets must be in the plan."""
    about = [as_incident(plan, record) for record in records]
    said = notification(EventName.CERTIFICATE_EXPIRING, Scope.AUTHORITY, about, to, now)
    return replace(said, detail="; ".join(_words(record, now) for record in records))


def standing(plan: Plan, state: State, receiver: str) -> list[CertificateRecord]:
    """Those that `receiver` was told of and that their targets still present, as far as anybody knows."""
    return [
        record
        for record in state.certificates.values()
        if receiver in record.heard and record.target in plan.targets and not _is_renewed(state, record)
    ]


def _is_renewed(state: State, record: CertificateRecord) -> bool:
    """Whether the target last presented another one. A run that saw none says nothing."""
    known = state.targets.get(record.target)
    presented = None if known is None or known.last is None else known.last.certificate
    return presented is not None and presented.fingerprint != record.fingerprint


def _words(record: CertificateRecord, now: datetime) -> str:
    days = max(0, (record.not_after - now).days)
    return f"{record.subject}, {record.not_after:%Y-%m-%d}, {days} d"


def as_incident(plan: Plan, record: CertificateRecord) -> Incident:
    """What the certificate belongs to, in the shape of an incident that is nowhere kept: routes and texts ask for it."""
    target = plan.targets[record.target]
    return Incident(
        id=f"certificate-{record.fingerprint[:16]}",
        scope=Scope.AUTHORITY,
        authority=target.authority,
        service=target.service,
        severity=plan.judgement.severity_certificate,
        cause=Cause.NONE,
        phase=None,
        diagnosis=Diagnosis.HEALTHY,
        facts=(),
        first_failure_at=record.seen_at,
        opened_at=record.seen_at,
        targets=(record.target,),
        sequence=1,
    )
