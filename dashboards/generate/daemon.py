"""The daemon itself: does it look on time, what does it leave out, do its stores work, what does it cost."""

from __future__ import annotations

from typing import Any

from dashboards.generate.colours import BROWN, GREEN, LINE, RED, mapping
from dashboards.generate.dashboard import dashboard
from dashboards.generate.panels import Panel, Query, lines, row, stat, timeline
from dashboards.generate.promql import of_process, ours, pick, quantile

Json = dict[str, Any]

LATENESS = "fapiao_schedule_lateness_seconds"
QUANTILES = {"p50": LINE["green"], "p95": LINE["blue"], "p99": LINE["purple"]}
WORKS = mapping({"1": ("✓ works", GREEN), "0": ("✗ fails", RED)})
LOADED = mapping({"1": ("✓ loaded", GREEN), "0": ("✗ refused", RED)})


def build() -> Json:
    """The dashboard."""
    return dashboard(
        "fapiao-daemon",
        "The monitor itself: lateness, loop lag, skipped runs, stores, memory and CPU, reload. Proof that an outage is not its own.",
        (*_now(), *_schedule(), *_stores(), *_process()),
    )


def _now() -> tuple[Panel, ...]:
    newest = f"max by (instance) ({pick('fapiao_probe_last_run_timestamp_seconds')})"
    errors = pick("fapiao_internal_errors_total")
    return (
        row("Now"),
        stat(
            "Version",
            "Version of each instance.",
            Query(expr=f"max by (version) ({pick('fapiao_build_info')})", legend="{{version}}", instant=True),
            text="name",
        ),
        stat(
            "Runs since",
            "How long each instance has been running.",
            Query(
                expr=f"time() - max by (instance) ({of_process('process_start_time_seconds')})",
                legend="{{instance}}",
                instant=True,
            ),
            unit="dtdurations",
            decimals=1,
        ),
        stat(
            "Last look",
            "How long ago each instance last started a run. Grows where it no longer looks.",
            Query(expr=f"time() - {newest}", legend="{{instance}}", instant=True),
            unit="s",
            steps=((None, GREEN), (120, BROWN), (600, RED)),
        ),
        stat(
            "Configuration",
            "Whether the last attempt to load it succeeded. When it was refused the former one goes on.",
            Query(expr=f"min({pick('fapiao_config_last_reload_successful')})", instant=True),
            mappings=LOADED,
        ),
        stat(
            "Stores",
            "Whether the last write to each store succeeded. Without `state` alerts go on but would not outlive a crash.",
            Query(expr=f"min by (store) ({pick('fapiao_store_up')})", legend="{{store}}", instant=True),
            mappings=WORKS,
            text="value_and_name",
        ),
        stat(
            "Bugs of ours",
            "Errors in the daemon itself that were caught and logged in the shown time.",
            Query(expr=f"sum(increase({errors}[$__range]))", instant=True),
            steps=((None, GREEN), (1, RED)),
            decimals=0,
        ),
    )


def _schedule() -> tuple[Panel, ...]:
    wait = "fapiao_concurrency_wait_seconds"
    return (
        row("On time"),
        lines(
            "Lateness",
            "From the moment a run was due to its start; read from a histogram, so between its bounds.",
            *(Query(expr=quantile(int(name[1:]) / 100, LATENESS), legend=name) for name in QUANTILES),
            unit="s",
            colours=QUANTILES,
        ),
        lines(
            "Loop lag",
            "How late the event loop last woke up. What it is late is added to every time that is measured.",
            Query(expr=f"max by (instance) ({pick('fapiao_loop_lag_seconds')})", legend="{{instance}}"),
            unit="s",
        ),
        lines(
            "Runs",
            "Runs that ended, a second, and those of them that failed.",
            Query(expr=f"sum(rate({pick('fapiao_probe_runs_total')}[$__rate_interval]))", legend="runs"),
            Query(
                expr=f"sum by (outcome) (rate({pick('fapiao_probe_failures_total')}[$__rate_interval]))",
                legend="{{outcome}}",
            ),
            unit="ops",
            colours={"runs": LINE["green"], "error": LINE["red"], "timeout": LINE["orange"]},
        ),
        lines(
            "Skipped runs",
            "Due runs that did not happen: too late, the host's limit, a ban, or the one before still running.",
            Query(
                expr=f"sum by (reason) (increase({pick('fapiao_runs_skipped_total')}[$__rate_interval]))",
                legend="{{reason}}",
            ),
            unit="none",
            stacked=True,
            bars=True,
            step="5m",
        ),
        lines(
            "Wait for a free place",
            "How long runs waited because `limits.concurrency` runs were under way.",
            *(Query(expr=quantile(int(name[1:]) / 100, wait), legend=name) for name in QUANTILES),
            unit="s",
            colours=QUANTILES,
        ),
        lines(
            "Results not judged one by one",
            "Results that a newer one of the same target replaced before judgement: the daemon does not keep up.",
            Query(
                expr=f"sum by (instance) (increase({pick('fapiao_results_coalesced_total')}[$__rate_interval]))",
                legend="{{instance}}",
            ),
            unit="none",
            bars=True,
            step="5m",
        ),
    )


def _stores() -> tuple[Panel, ...]:
    dropped = pick("fapiao_history_dropped_total")
    errors = pick("fapiao_internal_errors_total")
    loaded = pick("fapiao_config_last_reload_success_timestamp_seconds")
    return (
        row("Stores, configuration, bugs"),
        timeline(
            "Stores",
            "Whether the last write to each store succeeded.",
            Query(
                expr=f"min by (instance, store) ({pick('fapiao_store_up')})", legend="{{store}} {{instance}}"
            ),
            mappings=WORKS,
            width=12,
            height=6,
        ),
        timeline(
            "Configuration",
            "Whether the last attempt to load it succeeded.",
            Query(
                expr=f"min by (instance) ({pick('fapiao_config_last_reload_successful')})",
                legend="{{instance}}",
            ),
            mappings=LOADED,
            width=12,
            height=6,
        ),
        lines(
            "Age of the configuration",
            "How long ago the running configuration was loaded.",
            Query(expr=f"time() - max by (instance) ({loaded})", legend="{{instance}}"),
            unit="s",
            width=8,
            height=7,
        ),
        lines(
            "Runs that history lost",
            "Runs that the disk did not take in time; nothing that alerts depends on them.",
            Query(
                expr=f"sum by (instance) (increase({dropped}[$__rate_interval]))",
                legend="{{instance}}",
            ),
            unit="none",
            bars=True,
            step="5m",
            width=8,
            height=7,
        ),
        lines(
            "Bugs of ours",
            "Errors in the daemon itself that were caught and logged, by part.",
            Query(expr=f"sum by (part) (increase({errors}[$__rate_interval]))", legend="{{part}}"),
            unit="none",
            stacked=True,
            bars=True,
            step="5m",
            width=8,
            height=7,
        ),
        timeline(
            "Own view published",
            "Whether the last write of `publish.file` succeeded.",
            Query(expr=f"min by (instance) ({pick('fapiao_publish_up')})", legend="{{instance}}"),
            mappings=WORKS,
            width=12,
            height=6,
        ),
        lines(
            "Heartbeats",
            "What became of the heartbeats to the outside. Withheld: schedule, pipeline or state writer stood still.",
            Query(
                expr=f"sum by (result) (increase({pick('fapiao_heartbeats_total')}[$__rate_interval]))",
                legend="{{result}}",
            ),
            unit="none",
            colours={"sent": LINE["green"], "failed": LINE["orange"], "withheld": LINE["red"]},
            stacked=True,
            bars=True,
            step="5m",
            height=6,
        ),
    )


def _process() -> tuple[Panel, ...]:
    cpu = f"rate({pick('process_cpu_seconds_total')}[$__rate_interval])"
    return (
        row("Process and scrape"),
        lines(
            "CPU",
            "Share of one core.",
            Query(expr=f"sum by (instance) {ours(cpu)}", legend="{{instance}}"),
            unit="percentunit",
        ),
        lines(
            "Memory",
            "Resident memory.",
            Query(
                expr=f"max by (instance) ({of_process('process_resident_memory_bytes')})",
                legend="{{instance}}",
            ),
            unit="bytes",
        ),
        lines(
            "Open files",
            "File descriptors in use, and how many there may be.",
            Query(expr=f"max by (instance) ({of_process('process_open_fds')})", legend="open {{instance}}"),
            Query(expr=f"max by (instance) ({of_process('process_max_fds')})", legend="limit {{instance}}"),
            unit="none",
        ),
        lines(
            "Scrape",
            "How long Prometheus takes to read /metrics.",
            Query(expr=f"max by (instance) ({of_process('scrape_duration_seconds')})", legend="{{instance}}"),
            unit="s",
        ),
        timeline(
            "Reached by Prometheus",
            "Whether Prometheus could read /metrics: the one line that is still drawn when the daemon is gone.",
            Query(expr=f"min by (instance) ({of_process('up')})", legend="{{instance}}"),
            mappings=mapping({"1": ("✓ reached", GREEN), "0": ("✗ not reached", RED)}),
            height=4,
        ),
    )
