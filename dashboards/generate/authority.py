"""One authority: what is believed of it and why, where its time goes, its certificates, its synchronisation."""

from __future__ import annotations

from typing import Any

from dashboards.generate.colours import (
    DIAGNOSES,
    GREEN,
    LINE,
    OUTCOMES,
    PHASES,
    PLANNED,
    RED,
    STATES,
    VERDICTS,
    YES_IS_BAD,
    YES_IS_GOOD,
    diagnosed,
    numbered,
)
from dashboards.generate.dashboard import dashboard, variable
from dashboards.generate.overview import AVAILABLE, EXPIRY, STEPS_A_WEEK
from dashboards.generate.panels import Column, Panel, Query, lines, row, stat, table, timeline
from dashboards.generate.promql import availability, pick, quantile, worst

Json = dict[str, Any]

OF = 'authority="$authority"'
PROBE = 'probe="$probe"'
NAMES = 'query_result(label_join(fapiao_authority_info{job=~"$job", instance=~"$instance"}, "entry", " ", "code", "name"))'
PROBES = f"label_values({pick('fapiao_probe_runs_total', OF)}, probe)"
SERVICES_OF = f"label_values({pick('fapiao_incident_active', OF)}, service)"


def build() -> Json:
    """The dashboard."""
    by_name = variable(
        "authority",
        "Authority",
        NAMES,
        chosen="beijing",
        regex='/authority="(?<value>[^"]+)".*entry="(?<text>[^"]+)"/',
    )
    service = variable("service", "Service", SERVICES_OF, chosen="verify", regex="/.+/")
    probe = variable("probe", "Probe", PROBES, chosen="captcha")
    return dashboard(
        "fapiao-authority",
        "One authority: what is believed of it and why, phases, causes, certificates, synchronisation.",
        (*_now(), *_believed(), *_runs(), *_certificates(), *_sync(), *_references()),
        variables=[by_name, service, probe],
    )


def _now() -> tuple[Panel, ...]:
    def available(title: str, description: str, *, maintenance: bool) -> Panel:
        return stat(
            title,
            description,
            Query(expr=availability(OF, maintenance=maintenance), instant=True),
            unit="percentunit",
            steps=AVAILABLE,
            decimals=3,
            max_points=STEPS_A_WEEK,
        )

    return (
        row("$authority now"),
        stat(
            "State",
            "What is believed of the authority; the worst word where several instances look.",
            Query(expr=worst("fapiao_authority_state", "state", STATES, OF), instant=True),
            mappings=numbered(STATES),
        ),
        stat(
            "Diagnosis",
            "Whose fault it most likely is.",
            Query(expr=worst("fapiao_authority_diagnosis", "diagnosis", DIAGNOSES, OF), instant=True),
            mappings=diagnosed(),
        ),
        stat(
            "Verdict",
            "Our own view of the main service beside that of the fresh references.",
            Query(expr=worst("fapiao_reference_verdict", "verdict", VERDICTS, OF), instant=True),
            mappings=numbered(VERDICTS),
        ),
        stat(
            "Open incidents",
            "Services of this authority that have an open incident.",
            Query(expr=f"sum(max by (service) ({pick('fapiao_incident_active', OF)}))", instant=True),
            steps=((None, GREEN), (1, RED)),
        ),
        available(
            "Available, maintenance left out",
            "Share of the shown time in which the chosen service was up; planned maintenance and what is not known are left out.",
            maintenance=False,
        ),
        available(
            "Available, maintenance counted",
            "The same, but planned maintenance counts like any other time.",
            maintenance=True,
        ),
    )  # fmt: skip


def _believed() -> tuple[Panel, ...]:
    return (
        row("What was believed"),
        timeline(
            "State",
            "What was believed of the authority.",
            Query(expr=worst("fapiao_authority_state", "state", STATES, OF), legend="state"),
            mappings=numbered(STATES),
            height=4,
        ),
        timeline(
            "Diagnosis",
            "Whose fault it most likely was.",
            Query(expr=worst("fapiao_authority_diagnosis", "diagnosis", DIAGNOSES, OF), legend="diagnosis"),
            mappings=diagnosed(),
            width=12,
            height=6,
        ),
        timeline(
            "Planned maintenance",
            "When a maintenance window covered each service.",
            Query(expr=f"max by (service) ({pick('fapiao_maintenance_active', OF)})", legend="{{service}}"),
            mappings=PLANNED,
            width=12,
            height=6,
        ),
        timeline(
            "Last run of each probe",
            "How the last run ended, before anything is confirmed.",
            Query(
                expr=worst("fapiao_probe_outcome", "outcome", OUTCOMES, OF, by="probe"), legend="{{probe}}"
            ),
            mappings=numbered(OUTCOMES),
            width=12,
            height=6,
        ),
        timeline(
            "Confirmed down",
            "Whether enough runs in a row failed to believe that the target is down.",
            Query(expr=f"max by (probe) ({pick('fapiao_probe_confirmed_down', OF)})", legend="{{probe}}"),
            mappings=YES_IS_BAD,
            width=12,
            height=6,
        ),
    )


def _runs() -> tuple[Panel, ...]:
    durations = "fapiao_probe_duration_seconds"
    causes = pick("fapiao_probe_failure_causes_total", OF)
    flags = pick("fapiao_probe_flags_total", OF)
    phases = pick("fapiao_probe_phase_seconds", OF, PROBE)
    return (
        row("Where the time goes, and why runs fail"),
        lines(
            "Phases of $probe",
            "How long each phase of the last run took; one that was not reached is absent.",
            Query(expr=f"max by (phase) ({phases})", legend="{{phase}}"),
            unit="s",
            colours=PHASES,
            stacked=True,
        ),
        lines(
            "Duration of $probe",
            "Half, 95 % and 99 % of the runs took no longer; read from a histogram, so between its bounds. Line: the deadline.",
            Query(expr=quantile(0.5, durations, OF, PROBE), legend="p50"),
            Query(expr=quantile(0.95, durations, OF, PROBE), legend="p95"),
            Query(expr=quantile(0.99, durations, OF, PROBE), legend="p99"),
            Query(expr=f"max({pick('fapiao_probe_timeout_seconds', OF, PROBE)})", legend="deadline"),
            unit="s",
            colours={
                "p50": LINE["green"],
                "p95": LINE["blue"],
                "p99": LINE["purple"],
                "deadline": LINE["red"],
            },
            step="15m",
        ),
        lines(
            "Causes",
            "Failed runs by cause. The first failure of a cause since the start of the daemon is not drawn.",
            Query(expr=f"sum by (cause) (increase({causes}[$__rate_interval])) > 0", legend="{{cause}}"),
            unit="none",
            stacked=True,
            bars=True,
            step="5m",
        ),
        lines(
            "Flags",
            "Ok runs with a remark: slow, throttled, a certificate that ends soon …",
            Query(expr=f"sum by (flag) (increase({flags}[$__rate_interval])) > 0", legend="{{flag}}"),
            unit="none",
            stacked=True,
            bars=True,
            step="5m",
        ),
        lines(
            "Share of runs that failed",
            "By probe. A failing target is looked at more often, so this is no availability.",
            Query(expr=_failing_share(), legend="{{probe}}"),
            unit="percentunit",
            step="15m",
        ),
        lines(
            "HTTP status",
            "Status of the last reply; absent where none came.",
            Query(expr=f"max by (probe) ({pick('fapiao_probe_http_status_code', OF)})", legend="{{probe}}"),
            unit="none",
            smallest=None,
        ),
    )


def _failing_share() -> str:
    failures = f"sum by (probe) (rate({pick('fapiao_probe_failures_total', OF)}[$__rate_interval]))"
    return (
        f"{failures} / (sum by (probe) (rate({pick('fapiao_probe_runs_total', OF)}[$__rate_interval])) > 0)"
    )


def _certificates() -> tuple[Panel, ...]:
    ends = f"min by (probe) ({pick('fapiao_tls_certificate_expiry_timestamp_seconds', OF)})"
    verified = f"min by (probe) ({pick('fapiao_tls_verified', OF)})"
    return (
        row("Certificates"),
        table(
            "Certificates",
            "Earliest end in the chain that each probe was last shown, and whether it could be verified (empty: not asked).",
            Query(expr=f"{ends} * 1000", instant=True, table=True),
            Query(expr=f"{ends} - time()", instant=True, table=True),
            Query(expr=verified, instant=True, table=True),
            joined_by="probe",
            columns=(
                Column(source="probe", title="Probe"),
                Column(source="Value #A", title="Ends", unit="dateTimeAsIso"),
                Column(source="Value #B", title="Lasts", unit="dtdurations", steps=EXPIRY, decimals=1),
                Column(source="Value #C", title="Verified", mappings=tuple(YES_IS_GOOD)),
            ),
            sorted_by=("Lasts", False),
            width=12,
            height=7,
        ),
        lines(
            "Certificate lasts",
            "How long until the earliest end; below zero it has ended.",
            Query(expr=f"{ends} - time()", legend="{{probe}}"),
            unit="s",
            height=7,
            smallest=None,
        ),
    )


def _sync() -> tuple[Panel, ...]:
    last = pick("fapiao_probe_last_success_timestamp_seconds", OF)
    return (
        row("Synchronisation and freshness"),
        lines(
            "Sync lag",
            "How long ago a sync interface last synchronised, by its own word. Empty where this authority has none.",
            Query(expr=f"max by (probe) ({pick('fapiao_sync_lag_seconds', OF)})", legend="{{probe}}"),
            unit="s",
        ),
        lines(
            "Time since the last ok run",
            "By probe, worst of the chosen instances.",
            Query(expr=f"time() - min by (probe) ({last})", legend="{{probe}}"),
            unit="s",
        ),
    )


def _references() -> tuple[Panel, ...]:
    return (
        row("What references say"),
        timeline(
            "References",
            "What each reference last said of this authority, fresh or not.",
            Query(
                expr=worst("fapiao_reference_outcome", "outcome", OUTCOMES, OF, by="source"),
                legend="{{source}}",
            ),
            mappings=numbered(OUTCOMES),
            width=12,
            height=6,
        ),
        timeline(
            "Verdict",
            "Our own view of the main service beside that of the fresh references.",
            Query(expr=worst("fapiao_reference_verdict", "verdict", VERDICTS, OF), legend="verdict"),
            mappings=numbered(VERDICTS),
            width=12,
            height=6,
        ),
    )
