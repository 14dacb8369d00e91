"""Every family on /metrics by name: its type, its labels and what it says. docs/metrics.md is checked against this.

The names are promises (dashboards and alert rules outside this repository depend on them). State sets are gauges with
a 0/1 series per member: OpenMetrics' own `stateset` would force the label to be called like the family.
"""

from __future__ import annotations

from monitor.metrics import own_series
from monitor.metrics.family import Family, family

TARGET_LABELS = ("probe", "authority", "service")
"""On every series of a target; `authority="local"` for controls, `service=""` where there is none."""


def _of_target(name: str, kind: str, text: str, *labels: str, buckets: tuple[float, ...] = ()) -> Family:
    return Family(name=name, kind=kind, labels=(*TARGET_LABELS, *labels), text=text, buckets=buckets)


# --- targets: what the last run saw, and what all of them add up to --------------------------------------------------

PROBE_SUCCESS = _of_target(
    "fapiao_probe_success",
    "gauge",
    "Whether the last run was ok. The daemon runs probes on its own schedule; a scrape shows the last run.",
)
PROBE_OUTCOME = _of_target(
    "fapiao_probe_outcome", "gauge", "State set: how the last run ended (ok, error, timeout).", "outcome"
)
PROBE_CONFIRMED_DOWN = _of_target(
    "fapiao_probe_confirmed_down",
    "gauge",
    "Whether enough runs in a row failed to believe that the target is down.",
)
PROBE_RUNS = _of_target("fapiao_probe_runs_total", "counter", "Runs that ended, re-runs included.")
PROBE_FAILURES = _of_target(
    "fapiao_probe_failures_total", "counter", "Runs that ended in error or timeout.", "outcome"
)
PROBE_FAILURE_CAUSES = _of_target(
    "fapiao_probe_failure_causes_total",
    "counter",
    "Failed runs by cause, for the causes seen.",
    "outcome",
    "cause",
)
PROBE_FLAGS = _of_target("fapiao_probe_flags_total", "counter", "Runs by flag, for the flags seen.", "flag")
PROBE_DURATION = _of_target(
    "fapiao_probe_duration_seconds",
    "histogram",
    "How long runs took, from name resolution to the last byte.",
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0),
)
PROBE_PHASE = _of_target(
    "fapiao_probe_phase_seconds",
    "gauge",
    "How long each phase of the last run took; one not reached is absent.",
    "phase",
)
PROBE_LAST_RUN = _of_target(
    "fapiao_probe_last_run_timestamp_seconds", "gauge", "When the last run started, in seconds since 1970."
)
PROBE_LAST_SUCCESS = _of_target(
    "fapiao_probe_last_success_timestamp_seconds",
    "gauge",
    "When the last ok run started, in seconds since 1970.",
)
PROBE_STATUS_CODE = _of_target(
    "fapiao_probe_http_status_code", "gauge", "HTTP status of the last run's reply."
)
PROBE_TIMEOUT = _of_target("fapiao_probe_timeout_seconds", "gauge", "Deadline of a run.")
PROBE_INTERVAL = _of_target(
    "fapiao_probe_interval_seconds", "gauge", "Configured time between scheduled runs."
)
TLS_EXPIRY = _of_target(
    "fapiao_tls_certificate_expiry_timestamp_seconds",
    "gauge",
    "Earliest expiry in the chain last presented, in seconds since 1970; stays when a later run sees none.",
)
TLS_VERIFIED = _of_target(
    "fapiao_tls_verified",
    "gauge",
    "Whether the certificate of the last run was verified; absent if that was not asked.",
)
SYNC_LAG = _of_target(
    "fapiao_sync_lag_seconds",
    "gauge",
    "How long ago a sync interface last synchronised, by the reply of the last run; absent if that told none.",
)
SYNC_DIFFERENCE = _of_target(
    "fapiao_sync_difference",
    "gauge",
    "Records that differ by the last run: missing there, or extra there; absent if that compared nothing.",
    "side",
)
PROBE_READING = _of_target(
    "fapiao_probe_reading",
    "gauge",
    "What the last run measured or counted: free disk, memory, matching lines, age of a file, round trips.",
    "name",
    "of",
)

TARGET_FAMILIES = (
    PROBE_SUCCESS,
    PROBE_OUTCOME,
    PROBE_CONFIRMED_DOWN,
    PROBE_RUNS,
    PROBE_FAILURES,
    PROBE_FAILURE_CAUSES,
    PROBE_FLAGS,
    PROBE_DURATION,
    PROBE_PHASE,
    PROBE_LAST_RUN,
    PROBE_LAST_SUCCESS,
    PROBE_STATUS_CODE,
    PROBE_TIMEOUT,
    PROBE_INTERVAL,
    TLS_EXPIRY,
    TLS_VERIFIED,
    SYNC_LAG,
    SYNC_DIFFERENCE,
    PROBE_READING,
)

# --- authorities: what is believed -----------------------------------------------------------------------------------

AUTHORITY_STATE = family(
    "fapiao_authority_state", "gauge", "State set: what is believed of the authority.", "authority", "state"
)
AUTHORITY_DIAGNOSIS = family(
    "fapiao_authority_diagnosis",
    "gauge",
    "State set: whose fault it most likely is.",
    "authority",
    "diagnosis",
)
AUTHORITY_INFO = family(
    "fapiao_authority_info",
    "gauge",
    "Code and names of the authority.",
    "authority",
    "code",
    "name",
    "name_en",
)
SERVICE_STATE = family(
    "fapiao_service_state",
    "gauge",
    "State set: what is believed of one service of the authority; unknown while our own network fails.",
    "authority",
    "service",
    "state",
)
SERVICE_MAIN = family(
    "fapiao_service_main",
    "gauge",
    "Whether this service decides whether its authority is down.",
    "authority",
    "service",
)
INCIDENT_ACTIVE = family(
    "fapiao_incident_active", "gauge", "Whether an incident of this service is open.", "authority", "service"
)

BELIEF_FAMILIES = (
    AUTHORITY_STATE,
    AUTHORITY_DIAGNOSIS,
    AUTHORITY_INFO,
    SERVICE_STATE,
    SERVICE_MAIN,
    INCIDENT_ACTIVE,
)

# --- what others say, and planned work -------------------------------------------------------------------------------

REFERENCE_OUTCOME = family(
    "fapiao_reference_outcome",
    "gauge",
    "State set: what a reference last said of the authority, fresh or not.",
    "authority",
    "source",
    "outcome",
)
REFERENCE_VERDICT = family(
    "fapiao_reference_verdict",
    "gauge",
    "State set: our own view of the main service beside the fresh references.",
    "authority",
    "verdict",
)
REFERENCE_UPDATED = family(
    "fapiao_reference_updated_timestamp_seconds",
    "gauge",
    "When the reference itself last looked at anything, by its newest row, in seconds since 1970.",
    "source",
)
REFERENCE_UP = family(
    "fapiao_reference_up", "gauge", "Whether the last attempt to read the reference succeeded.", "source"
)
PUBLISH_UP = family(
    "fapiao_publish_up", "gauge", "Whether the last write of our own view to publish.file succeeded."
)
MAINTENANCE_ACTIVE = family(
    "fapiao_maintenance_active",
    "gauge",
    "Whether a maintenance window covers this service now.",
    "authority",
    "service",
)
NOTICE_FEED_UP = family(
    "fapiao_notice_feed_up",
    "gauge",
    "Whether the last look at the files of a feed of notices succeeded.",
    "feed",
)
NOTICES_WAITING = family(
    "fapiao_notices_waiting", "gauge", "Maintenance notices of a feed that wait for a person.", "feed"
)
FLAPPING_ACTIVE = family(
    "fapiao_flapping_active",
    "gauge",
    "Whether this service comes and goes now, so that neither openings nor ends of it are told.",
    "authority",
    "service",
)

COMPARED_FAMILIES = (
    REFERENCE_OUTCOME,
    REFERENCE_VERDICT,
    REFERENCE_UPDATED,
    REFERENCE_UP,
    PUBLISH_UP,
    MAINTENANCE_ACTIVE,
    NOTICE_FEED_UP,
    NOTICES_WAITING,
    FLAPPING_ACTIVE,
)

# --- the tax calendar ------------------------------------------------------------------------------------------------

FILING_PERIOD = family(
    "fapiao_filing_period",
    "gauge",
    "Whether the filing period runs at this authority today.",
    "authority",
)
CALENDAR_STALE = family(
    "fapiao_calendar_stale",
    "gauge",
    "Whether the days off of this year, or of one that begins within 60 days, are not known: weekends alone are assumed there.",
)

CALENDAR_FAMILIES = (FILING_PERIOD, CALENDAR_STALE)

FAMILIES = (*TARGET_FAMILIES, *BELIEF_FAMILIES, *COMPARED_FAMILIES, *CALENDAR_FAMILIES, *own_series.FAMILIES)
