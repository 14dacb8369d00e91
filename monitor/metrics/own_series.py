"""The families of the daemon itself: its schedule, its telling, its stores, its configuration."""

from __future__ import annotations

from monitor.metrics.family import family

STORES = ("state", "history")
SKIP_REASONS = ("late", "limit", "banned", "still_running", "hampered")
HEARTBEAT_RESULTS = ("sent", "failed", "withheld")
NOTIFICATION_RESULTS = ("sent", "failed", "dropped")
RESEND_RESULTS = ("sent", "failed")

INCIDENTS_OPEN = family("fapiao_incidents_open", "gauge", "Incidents that are open now.", "scope", "severity")
NOTIFICATIONS = family(
    "fapiao_notifications_total",
    "counter",
    "Attempts to tell, by what became of them.",
    "receiver",
    "event",
    "result",
)
NOTIFICATIONS_LEFT_OUT = family(
    "fapiao_notifications_left_out_total",
    "counter",
    "Notifications without a message or line of their own: the digest they were told in, or a later one, says as much.",
    "receiver",
    "event",
)
NOTIFICATIONS_DOUBTFUL = family(
    "fapiao_notifications_doubtful_total",
    "counter",
    "Notifications that count as sent although no whole reply said so: its status did, each time that they were told.",
    "receiver",
    "event",
)
NOTIFICATIONS_PENDING = family(
    "fapiao_notifications_pending", "gauge", "Notifications that wait for this receiver.", "receiver"
)
OLDEST_PENDING = family(
    "fapiao_notification_oldest_pending_timestamp_seconds",
    "gauge",
    "When the oldest waiting notification was decided, in seconds since 1970; absent when none waits.",
    "receiver",
)
NOTIFICATION_DELAY = family(
    "fapiao_notification_delay_seconds",
    "histogram",
    "From the decision to the acceptance by the receiver.",
    "receiver",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0),
)
ALERTS_RESENT = family(
    "fapiao_alertmanager_resends_total",
    "counter",
    "Attempts to tell an Alertmanager again what fires, by what became of them.",
    "receiver",
    "result",
)
SCHEDULE_LATENESS = family(
    "fapiao_schedule_lateness_seconds",
    "histogram",
    "From the moment a run was due to its start.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
CONCURRENCY_WAIT = family(
    "fapiao_concurrency_wait_seconds",
    "histogram",
    "How long a run waited because limits.concurrency runs were under way.",
    buckets=(0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
RUNS_SKIPPED = family(
    "fapiao_runs_skipped_total", "counter", "Due runs that did not happen, by reason.", "reason"
)
RESULTS_COALESCED = family(
    "fapiao_results_coalesced_total",
    "counter",
    "Results replaced by a newer one of the same target before judgement.",
)
HISTORY_DROPPED = family(
    "fapiao_history_dropped_total",
    "counter",
    "Runs that history lost because the disk did not take them in time.",
)
STORE_UP = family("fapiao_store_up", "gauge", "Whether the last write to this store succeeded.", "store")
PART_UP = family(
    "fapiao_part_up",
    "gauge",
    "Whether this part of the daemon has moved within twice its due time; the watchdog and the heartbeat ask for all.",
    "part",
)
HEARTBEATS = family(
    "fapiao_heartbeats_total", "counter", "Heartbeats that were due, by what became of them.", "result"
)
HEARTBEAT_SUCCESS = family(
    "fapiao_heartbeat_last_success_timestamp_seconds",
    "gauge",
    "When a heartbeat last arrived, in seconds since 1970; absent before the first.",
)
LOOP_LAG = family("fapiao_loop_lag_seconds", "gauge", "How late the event loop last woke up.")
INTERNAL_ERRORS = family(
    "fapiao_internal_errors_total", "counter", "Bugs of ours that were caught and logged, by part.", "part"
)
BUILD_INFO = family(
    "fapiao_build_info", "gauge", "Version of the daemon and of its Python.", "version", "python_version"
)
RELOAD_SUCCESSFUL = family(
    "fapiao_config_last_reload_successful",
    "gauge",
    "Whether the last attempt to load the configuration succeeded.",
)
RELOAD_TIMESTAMP = family(
    "fapiao_config_last_reload_success_timestamp_seconds",
    "gauge",
    "When the configuration was last loaded successfully, in seconds since 1970.",
)

FAMILIES = (
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
