"""Every family on /metrics by name: its type, its labels and what it says. docs/metrics.md is checked against this.

The names are promises (dashboards and alert rules outside this repository depend on them). State sets are gauges with
a 0/1 series per member: OpenMetrics' own `stateset` would force the label to be called like the family.
"""

from __future__ import annotations

from dataclasses import dataclass

TARGET_LABELS = ("probe", "authority", "service")
"""On every series of a target; `authority="local"` for controls, `service=""` where there is none."""

STORES = ("state", "history")
SKIP_REASONS = ("late", "limit", "banned", "still_running", "hampered")
HEARTBEAT_RESULTS = ("sent", "failed", "withheld")
NOTIFICATION_RESULTS = ("sent", "failed", "dropped")
RESEND_RESULTS = ("sent", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric family: `kind` is `counter`, `gauge` or `histogram`; a counter's name carries its `_total`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str
    """The HELP line. Without backslashes, quotes and line ends, so that it needs no escaping."""
    buckets: tuple[float, ...] = ()

    def head(self, *, openmetrics: bool) -> str:
        """The HELP and TYPE lines; OpenMetrics names a counter's family without `_total`."""
        name = self.name.removesuffix("_total") if openmetrics else self.name
        return f"# HELP {name} {self.text}\n# TYPE {name} {self.kind}\n"


def _of_target(name: str, kind: str, text: str, *labels: str, buckets: tuple[float, ...] = ()) -> Family:
    return Family(name=name, kind=kind, labels=(*TARGET_LABELS, *labels), text=text, buckets=buckets)


def _own(name: str, kind: str, text: str, *labels: str, buckets: tuple[float, ...] = ()) -> Family:
    return Family(name=name, kind=kind, labels=labels, text=text, buckets=buckets)


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

AUTHORITY_STATE = _own(
    "fapiao_authority_state", "gauge", "State set: what is believed of the authority.", "authority", "state"
)
AUTHORITY_DIAGNOSIS = _own(
    "fapiao_authority_diagnosis",
    "gauge",
    "State set: whose fault it most likely is.",
    "authority",
    "diagnosis",
)
AUTHORITY_INFO = _own(
    "fapiao_authority_info",
    "gauge",
    "Code and names of the authority.",
    "authority",
    "code",
    "name",
    "name_en",
)
SERVICE_STATE = _own(
    "fapiao_service_state",
    "gauge",
    "State set: what is believed of one service of the authority; unknown while our own network fails.",
    "authority",
    "service",
    "state",
)
SERVICE_MAIN = _own(
    "fapiao_service_main",
    "gauge",
    "Whether this service decides whether its authority is down.",
    "authority",
    "service",
)
INCIDENT_ACTIVE = _own(
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

REFERENCE_OUTCOME = _own(
    "fapiao_reference_outcome",
    "gauge",
    "State set: what a reference last said of the authority, fresh or not.",
    "authority",
    "source",
    "outcome",
)
REFERENCE_VERDICT = _own(
    "fapiao_reference_verdict",
    "gauge",
    "State set: our own view of the main service beside the fresh references.",
    "authority",
    "verdict",
)
REFERENCE_UPDATED = _own(
    "fapiao_reference_updated_timestamp_seconds",
    "gauge",
    "When the reference itself last looked at anything, by its newest row, in seconds since 1970.",
    "source",
)
REFERENCE_UP = _own(
    "fapiao_reference_up", "gauge", "Whether the last attempt to read the reference succeeded.", "source"
)
PUBLISH_UP = _own(
    "fapiao_publish_up", "gauge", "Whether the last write of our own view to publish.file succeeded."
)
MAINTENANCE_ACTIVE = _own(
    "fapiao_maintenance_active",
    "gauge",
    "Whether a maintenance window covers this service now.",
    "authority",
    "service",
)
NOTICE_FEED_UP = _own(
    "fapiao_notice_feed_up",
    "gauge",
    "Whether the last look at the files of a feed of notices succeeded.",
    "feed",
)
NOTICES_WAITING = _own(
    "fapiao_notices_waiting", "gauge", "Maintenance notices of a feed that wait for a person.", "feed"
)
FLAPPING_ACTIVE = _own(
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

FILING_PERIOD = _own(
    "fapiao_filing_period",
    "gauge",
    "Whether the filing period runs at this authority today.",
    "authority",
)
CALENDAR_STALE = _own(
    "fapiao_calendar_stale",
    "gauge",
    "Whether the days off of this year, or of one that begins within 60 days, are not known: weekends alone are assumed there.",
)

CALENDAR_FAMILIES = (FILING_PERIOD, CALENDAR_STALE)

# --- the daemon itself -----------------------------------------------------------------------------------------------

INCIDENTS_OPEN = _own("fapiao_incidents_open", "gauge", "Incidents that are open now.", "scope", "severity")
NOTIFICATIONS = _own(
    "fapiao_notifications_total",
    "counter",
    "Attempts to tell, by what became of them.",
    "receiver",
    "event",
    "result",
)
NOTIFICATIONS_LEFT_OUT = _own(
    "fapiao_notifications_left_out_total",
    "counter",
    "Notifications without a message or line of their own: the digest they were told in, or a later one, says as much.",
    "receiver",
    "event",
)
NOTIFICATIONS_DOUBTFUL = _own(
    "fapiao_notifications_doubtful_total",
    "counter",
    "Notifications that count as sent although no whole reply said so: its status did, each time that they were told.",
    "receiver",
    "event",
)
NOTIFICATIONS_PENDING = _own(
    "fapiao_notifications_pending", "gauge", "Notifications that wait for this receiver.", "receiver"
)
OLDEST_PENDING = _own(
    "fapiao_notification_oldest_pending_timestamp_seconds",
    "gauge",
    "When the oldest waiting notification was decided, in seconds since 1970; absent when none waits.",
    "receiver",
)
NOTIFICATION_DELAY = _own(
    "fapiao_notification_delay_seconds",
    "histogram",
    "From the decision to the acceptance by the receiver.",
    "receiver",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0),
)
ALERTS_RESENT = _own(
    "fapiao_alertmanager_resends_total",
    "counter",
    "Attempts to tell an Alertmanager again what fires, by what became of them.",
    "receiver",
    "result",
)
SCHEDULE_LATENESS = _own(
    "fapiao_schedule_lateness_seconds",
    "histogram",
    "From the moment a run was due to its start.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
CONCURRENCY_WAIT = _own(
    "fapiao_concurrency_wait_seconds",
    "histogram",
    "How long a run waited because limits.concurrency runs were under way.",
    buckets=(0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
RUNS_SKIPPED = _own(
    "fapiao_runs_skipped_total", "counter", "Due runs that did not happen, by reason.", "reason"
)
RESULTS_COALESCED = _own(
    "fapiao_results_coalesced_total",
    "counter",
    "Results replaced by a newer one of the same target before judgement.",
)
HISTORY_DROPPED = _own(
    "fapiao_history_dropped_total",
    "counter",
    "Runs that history lost because the disk did not take them in time.",
)
STORE_UP = _own("fapiao_store_up", "gauge", "Whether the last write to this store succeeded.", "store")
PART_UP = _own(
    "fapiao_part_up",
    "gauge",
    "Whether this part of the daemon has moved within twice its due time; the watchdog and the heartbeat ask for all.",
    "part",
)
HEARTBEATS = _own(
    "fapiao_heartbeats_total", "counter", "Heartbeats that were due, by what became of them.", "result"
)
HEARTBEAT_SUCCESS = _own(
    "fapiao_heartbeat_last_success_timestamp_seconds",
    "gauge",
    "When a heartbeat last arrived, in seconds since 1970; absent before the first.",
)
LOOP_LAG = _own("fapiao_loop_lag_seconds", "gauge", "How late the event loop last woke up.")
INTERNAL_ERRORS = _own(
    "fapiao_internal_errors_total", "counter", "Bugs of ours that were caught and logged, by part.", "part"
)
BUILD_INFO = _own(
    "fapiao_build_info", "gauge", "Version of the daemon and of its Python.", "version", "python_version"
)
RELOAD_SUCCESSFUL = _own(
    "fapiao_config_last_reload_successful",
    "gauge",
    "Whether the last attempt to load the configuration succeeded.",
)
RELOAD_TIMESTAMP = _own(
    "fapiao_config_last_reload_success_timestamp_seconds",
    "gauge",
    "When the configuration was last loaded successfully, in seconds since 1970.",
)

DAEMON_FAMILIES = (
    INCIDENTS_OPEN,
    NOTIFICATIONS,
    NOTIFICATIONS_LEFT_OUT,
    NOTIFICATIONS_DOUBTFUL,
    NOTIFICATIONS_PENDING,
    OLDEST_PENDING,
    NOTIFICATION_DELAY,
    ALERTS_RESENT,
    SCHEDULE_LATENESS,
    CONCURRENCY_WAIT,
    RUNS_SKIPPED,
    RESULTS_COALESCED,
    HISTORY_DROPPED,
    STORE_UP,
    PART_UP,
    HEARTBEATS,
    HEARTBEAT_SUCCESS,
    LOOP_LAG,
    INTERNAL_ERRORS,
    BUILD_INFO,
    RELOAD_SUCCESSFUL,
    RELOAD_TIMESTAMP,
)

FAMILIES = (*TARGET_FAMILIES, *BELIEF_FAMILIES, *COMPARED_FAMILIES, *CALENDAR_FAMILIES, *DAEMON_FAMILIES)
