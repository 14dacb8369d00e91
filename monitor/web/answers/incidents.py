"""The shapes of incidents and of their evidence."""

from __future__ import annotations

from typing_extensions import TypedDict  # the one of typing is read by pydantic from Python 3.12 on

from monitor.model import Cause, Diagnosis, Outcome, Phase, Scope, Severity, Verdict
from monitor.web.answers.basics import Instant, closed
from monitor.web.answers.runs import AboveAnswer, ResultAnswer


@closed
class TimelineAnswer(TypedDict):
    """What happened to an incident when."""

    at: Instant
    event: str


@closed
class IncidentAnswer(TypedDict):
    """One outage. `members` are the incidents it explains, `parent` the one that explains it."""

    id: str
    parent: str | None
    members: list[str]
    scope: Scope
    authority: str
    service: str
    severity: Severity
    outcome: Outcome
    cause: Cause
    phase: Phase | None
    diagnosis: Diagnosis
    verdict: Verdict
    facts: list[str]
    first_failure_at: Instant
    opened_at: Instant
    resolved_at: Instant | None
    acknowledged_at: Instant | None
    acknowledged_by: str
    comment: str
    muted_by: str | None
    reopened: int
    never_up: bool
    targets: list[str]
    timeline: list[TimelineAnswer]


@closed
class NameAnswer(TypedDict):
    """What one name server said."""

    resolver: str
    name: str
    record: str
    addresses: list[str]
    cause: Cause
    duration_seconds: float


@closed
class AddressAnswer(TypedDict):
    """What one address of the host answered."""

    address: str
    cause: Cause
    phase: Phase | None
    connect_seconds: float | None
    tls_seconds: float | None
    detail: str


@closed
class ChainAnswer(TypedDict):
    """What the peer presented."""

    subject: str
    issuer: str
    not_before: Instant
    not_after: Instant
    chain_length: int
    verified: bool | None
    verify_error: Cause | None
    above: AboveAnswer | None


@closed
class HopAnswer(TypedDict):
    """One router on the way; `address` null: nobody answered for it."""

    ttl: int
    address: str | None
    seconds: float | None
    reached: bool


@closed
class ControlAnswer(TypedDict):
    """What a control last said."""

    target: str
    cause: Cause
    at: Instant


@closed
class BundleAnswer(TypedDict):
    """Evidence: one more run, every name server, every address, the way, and how busy we were ourselves."""

    incident: str
    target: str
    taken_at: Instant
    duration_seconds: float
    cause: Cause
    phase: Phase | None
    detail: str
    status_code: int | None
    headers: dict[str, str]
    first_bytes: str
    answers: list[NameAnswer]
    addresses: list[AddressAnswer]
    certificate: ChainAnswer | None
    hops: list[HopAnswer]
    controls: list[ControlAnswer]
    lateness_seconds: float | None
    loop_lag_seconds: float
    left_out: list[str]


@closed
class IncidentEvidenceAnswer(IncidentAnswer):
    """One outage with the last run of every target it rests on."""

    evidence: dict[str, ResultAnswer]
    bundle: BundleAnswer | None
    """What was found out when it opened; null: nothing was, or not yet."""


@closed
class IncidentsAnswer(TypedDict):
    """A page of incidents, newest first."""

    incidents: list[IncidentAnswer]
    next: str | None
