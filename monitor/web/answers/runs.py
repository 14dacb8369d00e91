"""The shapes of targets, of their runs, and of what history says of them."""

from __future__ import annotations

from typing_extensions import TypedDict  # the one of typing is read by pydantic from Python 3.12 on

from monitor.model import Cause, Confirmed, Flag, Outcome, Phase
from monitor.web.answers.basics import Instant, closed


@closed
class AboveAnswer(TypedDict):
    """A certificate above the leaf that ends before it, or begins after it."""

    subject: str
    not_before: Instant
    not_after: Instant


@closed
class CertificateAnswer(TypedDict):
    """What a peer presented. `not_before` is the leaf's, `not_after` the earliest of the chain."""

    subject: str
    issuer: str
    not_before: Instant
    not_after: Instant
    names: list[str]
    fingerprint: str
    chain_length: int
    verified: bool | None
    verify_error: str | None
    above: AboveAnswer | None


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
    differs: bool
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
