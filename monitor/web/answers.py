"""The shapes of what the API answers. The type checker holds the code to them, and the OpenAPI document is made of them."""

from __future__ import annotations

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict  # the one of typing is read by pydantic from Python 3.12 on

from monitor.core.filing import Peak
from monitor.model import (
    Cause,
    Confirmed,
    Diagnosis,
    EventName,
    Flag,
    Outcome,
    Phase,
    Scope,
    Severity,
    Verdict,
)

Instant = str
"""RFC 3339 in UTC."""

closed = with_config(ConfigDict(extra="forbid"))


@closed
class ErrorAnswer(TypedDict):
    """Why a request was not answered."""

    error: str


@closed
class CertificateAnswer(TypedDict):
    """What a peer presented."""

    subject: str
    issuer: str
    not_before: Instant
    not_after: Instant
    names: list[str]
    fingerprint: str
    chain_length: int
    verified: bool | None
    verify_error: str | None


@closed
class NodeAnswer(TypedDict):
    """What one address of the host answered. `looked_at` false: nothing was learnt of it, `detail` says why."""

    address: str
    looked_at: bool
    outcome: Outcome | None
    cause: Cause
    phase: Phase | None
    connect_seconds: float | None
    tls_seconds: float | None
    status_code: int | None
    fingerprint: str | None
    expires: Instant | None
    detail: str


@closed
class NameServerAnswer(TypedDict):
    """What one name server said. `decoy`: of a random name that should not exist. `count`: before the list was cut."""

    resolver: str
    name: str
    record: str
    decoy: bool
    outcome: Outcome
    cause: Cause
    addresses: list[str]
    values: list[str]
    aliases: list[str]
    ttl_seconds: int | None
    count: int
    forged: bool
    duration_seconds: float
    detail: str


@closed
class ReadingAnswer(TypedDict):
    """One thing measured or found."""

    name: str
    of: str
    value: float | None
    text: str


@closed
class ResultAnswer(TypedDict):
    """One run."""

    outcome: Outcome
    cause: Cause
    phase: Phase | None
    flags: list[Flag]
    started_at: Instant
    duration_seconds: float
    phases: dict[Phase, float]
    address: str | None
    addresses: list[str]
    status_code: int | None
    tls_version: str | None
    certificate: CertificateAnswer | None
    code: str | None
    detail: str
    lag_seconds: float | None
    nodes: list[NodeAnswer]
    answers: list[NameServerAnswer]
    readings: list[ReadingAnswer]
    restored: bool


@closed
class PastResultAnswer(ResultAnswer):
    """One run of the past. Its certificate is not kept. `maintenance`: maintenance was planned then."""

    maintenance: bool


@closed
class ResultsAnswer(TypedDict):
    """A page of runs, newest first."""

    results: list[PastResultAnswer]
    next: str | None


@closed
class DurationsAnswer(TypedDict):
    """Seconds that the ok runs of an hour took; null: there was none."""

    sum: float
    p50: float | None
    p95: float | None
    max: float | None


@closed
class HourAnswer(TypedDict):
    """One hour of a target. `maintenance_…`: the part of it that was seen while maintenance was planned."""

    start: Instant
    runs: dict[Outcome, int]
    """All of them, those while maintenance was planned included."""
    maintenance_runs: dict[Outcome, int]
    causes: dict[str, int]
    duration_seconds: DurationsAnswer
    up_seconds: float
    """Without the time in which maintenance was planned."""
    down_seconds: float
    maintenance_up_seconds: float
    maintenance_down_seconds: float


@closed
class HoursAnswer(TypedDict):
    """A page of hours, newest first."""

    hours: list[HourAnswer]
    next: str | None


@closed
class UptimeAnswer(TypedDict):
    """How much of a stretch of time a service was up, of the time that is known; null: nothing is known.

    `uptime` leaves out the time in which maintenance was planned, `uptime_with_maintenance` counts it like any other.
    """

    authority: str
    service: str
    since: Instant
    until: Instant
    uptime: float | None
    uptime_with_maintenance: float | None
    coverage: float
    up_seconds: float
    down_seconds: float
    maintenance_up_seconds: float
    maintenance_down_seconds: float


@closed
class TargetAnswer(TypedDict):
    """One target and its last run."""

    id: str
    probe: str
    kind: str
    authority: str
    service: str
    confirmed: Confirmed
    since: Instant | None
    seen_up: bool
    flapping: bool
    interval_seconds: float
    timeout_seconds: float
    next_run: Instant | None
    last: ResultAnswer | None


@closed
class TargetsAnswer(TypedDict):
    """A page of targets."""

    targets: list[TargetAnswer]
    next: str | None


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


@closed
class ReferenceRowAnswer(TypedDict):
    """What we confirmed of the main service of one authority."""

    outcome: Outcome
    cause: Cause
    since: Instant | None
    checked_at: Instant


@closed
class ReferenceAnswer(TypedDict):
    """Our own confirmed view; no authorities while our own network fails."""

    format: str
    source: str
    vantage: str
    generated_at: Instant
    local_fault: bool
    authorities: dict[str, ReferenceRowAnswer]


@closed
class RouteAnswer(TypedDict):
    """Who holds an invoice, where it is asked for, and whether that works now."""

    invoice: str
    authority: str
    code: str
    name: str
    kind: str
    service: str
    endpoint: str | None
    state: str | None
    watched: list[str]
    advice: str


@closed
class FilingAnswer(TypedDict):
    """A filing period: the days from `start` to `deadline`, both belong to it. `days_left` 0: today is the last day.

    `official`: the deadline is as published; else by the rule, and `assumed` where the days off of the year are not known.
    """

    start: str
    deadline: str
    open: bool
    days_left: int
    official: bool
    assumed: bool


@closed
class CalendarAnswer(TypedDict):
    """The tax calendar of today, in China. `filing` is of the whole country, `deviating` of authorities with another one.

    `known`: the days off of this year are known. `unknown_years`: years needed within 60 days that are not.
    """

    date: str
    day_off: bool
    known: bool
    unknown_years: list[int]
    peaks: list[Peak]
    filing: FilingAnswer
    next: FilingAnswer
    deviating: dict[str, FilingAnswer]


@closed
class WindowAnswer(TypedDict):
    """A maintenance window. `authorities` and `services` null: all of them. `state`: upcoming, active or ended."""

    id: str
    name: str
    authorities: list[str] | None
    services: list[str] | None
    start: Instant
    end: Instant
    announce: bool
    by_hand: bool
    notice: str | None
    """Id of the notice that it was read from."""
    resumes: str | None
    """Id of the window that ended early and whose planned time this is the rest of."""
    early: str | None
    """Why it ended before `planned_end`: `by_hand`, or `back` because all of it is."""
    planned_end: Instant | None
    state: str


@closed
class WindowsAnswer(TypedDict):
    """A page of windows, the earliest first. `notices_waiting`: so many notices wait for a person."""

    windows: list[WindowAnswer]
    notices_waiting: int
    next: str | None


@closed
class SilenceAnswer(TypedDict):
    """A silence. `state`: pending, active or expired."""

    id: str
    matchers: dict[str, list[str]]
    starts_at: Instant
    ends_at: Instant
    author: str
    comment: str
    state: str


@closed
class SilencesAnswer(TypedDict):
    """A page of silences, the one that ends last first."""

    silences: list[SilenceAnswer]
    next: str | None


@closed
class WaitingAnswer(TypedDict):
    """One who waits for a service to be back. `told_by`: webhook (never shown) or routes."""

    id: str
    authority: str
    service: str
    ticket: str
    told_by: str
    since: Instant
    until: Instant


@closed
class WaitingsAnswer(TypedDict):
    """A page of those who wait, who waits longest first."""

    waiting: list[WaitingAnswer]
    next: str | None


@closed
class ReloadAnswer(TypedDict):
    """The new configuration is in force."""

    status: str


@closed
class DrillAnswer(TypedDict):
    """An outage that is only played. `state`: active or over; `incidents`: as receivers are told of them."""

    id: str
    authorities: list[str]
    state: str
    started_at: Instant
    ends_at: Instant
    ended_at: Instant | None
    incidents: list[str]


@closed
class DeliveryAnswer(TypedDict):
    """How the telling of one event to one receiver stands. `after_seconds`: from the start (or end) of the drill."""

    event: EventName
    receiver: str
    result: str
    """`pending`, `sent` or `dropped`."""
    attempts: int
    sent_at: Instant | None
    after_seconds: float | None


@closed
class DrillReportAnswer(DrillAnswer):
    """A drill with who was told after how long."""

    told: list[DeliveryAnswer]


@closed
class DrillsAnswer(TypedDict):
    """A page of drills, newest first."""

    drills: list[DrillAnswer]
    next: str | None
