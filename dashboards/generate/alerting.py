"""Alerting: which incidents are open, who was told, how long telling took, and who is not told."""

from __future__ import annotations

from typing import Any

from dashboards.generate.colours import BROWN, GREEN, GREY, LINE, OPEN_OR_NOT, RED
from dashboards.generate.dashboard import dashboard
from dashboards.generate.panels import Column, Panel, Query, lines, row, stat, table, timeline
from dashboards.generate.promql import OPEN, once, pick, quantile

Json = dict[str, Any]

DELAY = "fapiao_notification_delay_seconds"
SEVERITIES = {"critical": LINE["red"], "warning": LINE["orange"], "info": LINE["blue"]}
RESULTS = {"sent": LINE["green"], "failed": LINE["orange"], "dropped": LINE["red"]}
_SENT = 'result="sent"'
_PROMPT = 'le="10.0"'
PATIENCE = ((None, GREEN), (60, BROWN), (300, RED))
"""Seconds that a notification may wait."""


def build() -> Json:
    """The dashboard."""
    return dashboard(
        "fapiao-alerting",
        "Incidents, who was told of them, how long that took, and receivers that do not take what they are sent.",
        (*_now(), *_incidents(), *_telling(), *_receivers()),
    )


def _now() -> tuple[Panel, ...]:
    attempts = pick("fapiao_notifications_total")
    failed = pick("fapiao_notifications_total", 'result=~"failed|dropped"')
    waiting = pick("fapiao_notification_oldest_pending_timestamp_seconds")
    # Zero only where there is a monitor that says so: an empty panel, not a green one, while nothing is scraped.
    zero = f"max(0 * {pick('fapiao_notifications_pending')})"
    return (
        row("Now"),
        stat(
            "Open incidents by severity",
            "Outages that are open now.",
            Query(
                expr=f"sum by (severity) ({OPEN})",
                legend="{{severity}}",
                instant=True,
            ),
            colours=SEVERITIES,
            width=8,
            text="value_and_name",
        ),
        stat(
            "Waiting to be told",
            "Notifications that a receiver has not accepted yet.",
            Query(expr=f"sum({pick('fapiao_notifications_pending')})", instant=True),
            steps=((None, GREEN), (1, BROWN), (10, RED)),
        ),
        stat(
            "Longest wait",
            "Age of the oldest notification that waits; 0 when none does, no data while no monitor is scraped.",
            Query(expr=f"max(time() - {waiting}) or {zero}", instant=True),
            unit="s",
            steps=PATIENCE,
        ),
        stat(
            "Told",
            "Notifications that receivers accepted in the shown time.",
            Query(expr=f"sum(increase({pick('fapiao_notifications_total', _SENT)}[$__range]))", instant=True),
            steps=((None, GREY),),
            decimals=0,
        ),
        stat(
            "Attempts that failed",
            "Share of the attempts in the shown time that failed (and are repeated) or were given up; no data while no"
            " monitor is scraped.",
            Query(
                expr=f"sum(increase({failed}[$__range])) / (sum(increase({attempts}[$__range])) > 0) or {zero}",
                instant=True,
            ),
            unit="percentunit",
            steps=((None, GREEN), (0.01, BROWN), (0.1, RED)),
            decimals=1,
        ),
    )


def _incidents() -> tuple[Panel, ...]:
    active = pick("fapiao_incident_active")
    return (
        row("Incidents"),
        timeline(
            "Incidents",
            "A line for each service that had an open incident in the shown time. `national`: the country or the national page;"
            " `local`: this machine and its network.",
            Query(
                expr=once(f"max by (authority, service) ({active})", active, by="authority, service"),
                legend="{{authority}} {{service}}",
            ),
            mappings=OPEN_OR_NOT,
            width=16,
            height=10,
        ),
        table(
            "Open now",
            "Services that have an open incident. The page of the daemon tells their story.",
            Query(
                expr=f"max by (authority, service) ({active}) == 1",
                instant=True,
                table=True,
            ),
            joined_by=None,
            columns=(
                Column(source="authority", title="Authority"),
                Column(source="service", title="Service"),
            ),
            sorted_by=("Authority", False),
            width=8,
            height=10,
        ),
        lines(
            "Open incidents by scope",
            "Of an authority, of the nation, of this machine and its network, of the daemon itself.",
            Query(expr=f"sum by (scope) ({OPEN})", legend="{{scope}}"),
            unit="none",
            stacked=True,
        ),
        lines(
            "Open incidents by severity",
            "As the configuration's `judgement.severity` ranks them.",
            Query(expr=f"sum by (severity) ({OPEN})", legend="{{severity}}"),
            unit="none",
            colours=SEVERITIES,
            stacked=True,
        ),
    )


def _telling() -> tuple[Panel, ...]:
    prompt = f"sum by (receiver) (increase({pick(DELAY + '_bucket', _PROMPT)}[$__range]))"
    accepted = f"sum by (receiver) (increase({pick(DELAY + '_count')}[$__range])) > 0"
    attempts = pick("fapiao_notifications_total")
    return (
        row("Time to tell"),
        lines(
            "From decision to acceptance",
            "95 % were accepted within this time, by receiver; read from a histogram, so between its bounds. Grouping and confirming"
            " come before the decision and are not in it.",
            Query(expr=quantile(0.95, DELAY, by="receiver"), legend="{{receiver}}"),
            unit="s",
            step="15m",
        ),
        stat(
            "Told within 10 s",
            "Share of what each receiver accepted in the shown time that it had within ten seconds of the decision.",
            Query(expr=f"{prompt} / ({accepted})", legend="{{receiver}}", instant=True),
            unit="percentunit",
            steps=((None, RED), (0.9, BROWN), (0.99, GREEN)),
            width=12,
            height=8,
            text="value_and_name",
            decimals=1,
        ),
        lines(
            "Notifications by event",
            "Accepted by receivers, by what they told.",
            Query(
                expr="sum by (event) (increase("
                f"{pick('fapiao_notifications_total', _SENT)}[$__rate_interval])) > 0",
                legend="{{event}}",
            ),
            unit="none",
            stacked=True,
            bars=True,
            step="5m",
        ),
        lines(
            "Attempts by result",
            "Sent: accepted. Failed: will be tried again. Dropped: given up.",
            Query(expr=f"sum by (result) (increase({attempts}[$__rate_interval]))", legend="{{result}}"),
            unit="none",
            colours=RESULTS,
            stacked=True,
            bars=True,
            step="5m",
        ),
    )


def _receivers() -> tuple[Panel, ...]:
    failed = pick("fapiao_notifications_total", 'result=~"failed|dropped"')
    waiting = pick("fapiao_notification_oldest_pending_timestamp_seconds")
    return (
        row("Receivers"),
        lines(
            "Attempts that failed, by receiver",
            "One line for each address. One that fails or hangs delays nobody else.",
            Query(expr=f"sum by (receiver) (increase({failed}[$__rate_interval]))", legend="{{receiver}}"),
            unit="none",
            stacked=True,
            bars=True,
            step="5m",
            width=8,
        ),
        lines(
            "Waiting, by receiver",
            "Notifications that it has not accepted yet.",
            Query(expr=f"sum by (receiver) ({pick('fapiao_notifications_pending')})", legend="{{receiver}}"),
            unit="none",
            width=8,
        ),
        lines(
            "Longest wait, by receiver",
            "Age of the oldest notification that waits; no line when none does.",
            Query(expr=f"max by (receiver) (time() - {waiting})", legend="{{receiver}}"),
            unit="s",
            width=8,
        ),
    )
