"""The overview: all authorities at a glance, their states over time, availability, and who sees it otherwise."""

from __future__ import annotations

from typing import Any

from dashboards.generate.colours import (
    GREEN,
    GREY,
    LINE,
    PLANNED,
    RED,
    SHOWN,
    STATE_COLOURS,
    STATES,
    VERDICTS,
    mapping,
    numbered,
)
from dashboards.generate.dashboard import CARRIED, dashboard, variable
from dashboards.generate.panels import Column, Panel, Query, lines, row, stat, table, timeline
from dashboards.generate.promql import OPEN, REAL, availability, named, once, pick, present, worst

Json = dict[str, Any]

AVAILABLE = ((None, RED), (0.99, LINE["orange"]), (0.999, GREEN))
EXPIRY = ((None, RED), (7 * 86400.0, LINE["orange"]), (21 * 86400.0, GREEN))
DISAGREE = 'verdict=~"only_us_down|only_reference_down|reference_split"'
STEPS_A_WEEK = 7 * 24 * 60
"""One step a minute up to a week; a month is looked at every five minutes, which bounds what it costs."""

STATE = worst("fapiao_authority_state", "state", STATES, REAL)
SERVICES = 'label_values(fapiao_incident_active{job=~"$job", instance=~"$instance"}, service)'


def to_authority(slug: str) -> Json:
    """A link to the page of the authority that a tile or a row is about; `slug` is where its slug is found."""
    return {
        "targetBlank": False,
        "title": "Details of this authority",
        "url": f"/d/fapiao-authority?var-authority={slug}&{CARRIED}",
    }


def build() -> Json:
    """The dashboard."""
    service = variable("service", "Service", SERVICES, chosen="verify", regex="/.+/")
    panels = (*_now(), *_glance(), *_over_time(), *_availability(), *_disagreement())
    return dashboard(
        "fapiao-overview",
        "All 36 authorities: what is believed now, what was, how available they were, and who sees it otherwise.",
        panels,
        variables=[service],
    )


def _now() -> tuple[Panel, ...]:
    states = pick("fapiao_authority_state", REAL)
    return (
        row("Now"),
        stat(
            "Authorities by state",
            "How many authorities are in each state. One that two instances see differently counts in both.",
            Query(expr=f"sum by (state) (max by (authority, state) ({states}))", legend="{{state}}", instant=True),
            colours=STATE_COLOURS,
            width=10,
            text="value_and_name",
        ),
        stat(
            "This machine and its network",
            "Down means that the fault is ours: every control fails, or most authorities at once. Then nobody is called down.",
            Query(expr=worst("fapiao_authority_state", "state", STATES, 'authority="local"'), instant=True),
            mappings=numbered(STATES),
            width=4,
        ),
        stat(
            "National page",
            "The page of the State Taxation Administration, where it is watched.",
            Query(expr=worst("fapiao_authority_state", "state", STATES, 'authority="national"'), instant=True),
            mappings=numbered(STATES),
            width=4,
        ),
        stat(
            "Open incidents",
            "Outages that are open now, of every scope and severity.",
            Query(expr=f"sum({OPEN})", instant=True),
            steps=((None, GREEN), (1, RED)),
            width=3,
        ),
        stat(
            "Disagreements",
            "Authorities of which we and the references do not say the same.",
            Query(expr=f"sum(max by (authority) ({pick('fapiao_reference_verdict', DISAGREE)}))", instant=True),
            steps=((None, GREEN), (1, LINE["orange"])),
            width=3,
        ),
    )  # fmt: skip


def _glance() -> tuple[Panel, ...]:
    tiles = stat(
        "All authorities",
        "What is believed of each authority now; the worst word where several instances look. A click leads to its details.",
        Query(expr=named(STATE), legend="{{name}}", instant=True),
        mappings=numbered(STATES),
        width=24,
        height=11,
        text="value_and_name",
        links=[to_authority("${__field.labels.authority}")],
    )
    return tiles, _table()


def _table() -> Panel:
    names = f"max by (authority, code, name) ({pick('fapiao_authority_info')})"
    diagnosis = present("fapiao_authority_diagnosis", "diagnosis", REAL)
    verdict = worst("fapiao_reference_verdict", "verdict", VERDICTS)
    seen = f"max by (authority) ({pick('fapiao_probe_last_run_timestamp_seconds', REAL)}) * 1000"
    ends = f"min by (authority) ({pick('fapiao_tls_certificate_expiry_timestamp_seconds', REAL)}) - time()"
    expressions = (
        names,
        STATE,
        diagnosis,
        verdict,
        availability(REAL, maintenance=False),
        availability(REAL, maintenance=True),
        seen,
        ends,
    )
    return table(
        "Authorities",
        "State, whose fault it most likely is, what references say beside us, availability of the chosen service in the shown time"
        " without and with planned maintenance, when it was last looked at, and how long its certificates last.",
        *(Query(expr=each, instant=True, table=True) for each in expressions),
        joined_by="authority",
        columns=(
            Column(source="code", title="Code"),
            Column(source="name", title="Name"),
            Column(source="authority", title="Slug", links=(to_authority("${__data.fields.Slug}"),)),
            Column(source="Value #B", title="State", mappings=tuple(numbered(STATES))),
            Column(source="diagnosis", title="Diagnosis"),
            Column(source="Value #D", title="Verdict", mappings=tuple(numbered(VERDICTS))),
            Column(source="Value #E", title="Available", unit="percentunit", steps=AVAILABLE, decimals=3),
            Column(source="Value #F", title="Maintenance counted", unit="percentunit", decimals=3),
            Column(source="Value #G", title="Last look", unit="dateTimeFromNow"),
            Column(
                source="Value #H", title="Certificate lasts", unit="dtdurations", steps=EXPIRY, decimals=1
            ),
        ),
        sorted_by=("State", True),
        height=16,
        max_points=STEPS_A_WEEK,
    )


def _over_time() -> tuple[Panel, ...]:
    causes = pick("fapiao_probe_failure_causes_total", REAL)
    states = pick("fapiao_authority_state", REAL)
    return (
        row("Over time"),
        timeline(
            "States",
            "What was believed of each authority; the worst word where several instances look.",
            Query(expr=named(STATE), legend="{{name}}"),
            mappings=numbered(STATES),
            height=24,
        ),
        lines(
            "Authorities not up",
            "How many authorities were in each state other than up.",
            Query(
                expr=f'sum by (state) (max by (authority, state) ({states[:-1]}, state!="up"}}))',
                legend="{{state}}",
            ),
            unit="none",
            colours=STATE_COLOURS,
            stacked=True,
        ),
        lines(
            "Why runs fail",
            "Failed runs by cause, all authorities together. The first failure of a cause since the start of the daemon is not drawn.",
            Query(expr=f"sum by (cause) (increase({causes}[$__rate_interval])) > 0", legend="{{cause}}"),
            unit="none",
            stacked=True,
            bars=True,
            step="5m",
        ),
    )


def _availability() -> tuple[Panel, ...]:
    def mean(title: str, description: str, *, maintenance: bool) -> Panel:
        return stat(
            title,
            description,
            Query(expr=f"avg({availability(REAL, maintenance=maintenance)})", instant=True),
            unit="percentunit",
            steps=AVAILABLE,
            width=6,
            decimals=3,
            max_points=STEPS_A_WEEK,
        )

    planned = pick("fapiao_maintenance_active", REAL)
    return (
        row("Availability of the chosen service"),
        mean(
            "Available, maintenance left out",
            "Mean over the authorities of the share of the shown time in which the service was up. Planned maintenance, time in which"
            " nothing is known (our own faults) and targets that never answered are left out.",
            maintenance=False,
        ),
        mean(
            "Available, maintenance counted",
            "The same, but planned maintenance counts like any other time: what a user met.",
            maintenance=True,
        ),
        timeline(
            "Planned maintenance",
            "When a maintenance window covered a service of an authority. Looking goes on inside it, telling does not.",
            Query(expr=named(once(f"max by (authority) ({planned})", planned)), legend="{{name}}"),
            mappings=PLANNED,
            width=12,
            height=8,
        ),
    )


def _disagreement() -> tuple[Panel, ...]:
    verdicts = pick("fapiao_reference_verdict")
    compared = worst("fapiao_reference_verdict", "verdict", VERDICTS)
    disagreeing = pick("fapiao_reference_verdict", DISAGREE)
    words = mapping({"1": ("✓ read", GREEN), "0": ("✗ not read", RED)})
    return (
        row("Disagreement with the references"),
        lines(
            "Authorities by verdict",
            "Our own view beside that of the fresh references. Only us down: our path. Agree: down: theirs.",
            Query(expr=f"sum by (verdict) (max by (authority, verdict) ({verdicts}))", legend="{{verdict}}"),
            unit="none",
            colours={member: _line_of(member) for member in map(str, VERDICTS)},
            stacked=True,
        ),
        timeline(
            "Who sees it otherwise",
            "Authorities of which we and the references did not say the same at some instant of the shown time.",
            Query(expr=named(once(compared, disagreeing)), legend="{{name}}"),
            mappings=numbered(VERDICTS),
            width=12,
        ),
        timeline(
            "References read",
            "Whether the last attempt to read each reference succeeded.",
            Query(expr=f"min by (source) ({pick('fapiao_reference_up')})", legend="{{source}}"),
            mappings=words,
            width=12,
            height=6,
        ),
        lines(
            "Age of what references say",
            "How long ago each reference itself last looked. A stale one no longer counts in the verdict.",
            Query(
                expr=f"time() - max by (source) ({pick('fapiao_reference_updated_timestamp_seconds')})",
                legend="{{source}}",
            ),
            unit="s",
            height=6,
        ),
    )


def _line_of(verdict: str) -> str:
    by_background = {GREEN: "green", RED: "red", GREY: "grey"}
    return LINE[by_background.get(SHOWN[verdict][1], "orange")]
