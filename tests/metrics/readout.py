"""Metrics that have seen something, and their samples as a scrape reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import chain

from prometheus_client.parser import text_string_to_metric_families as parse_text

from monitor.core.state import State
from monitor.metrics import Metrics
from monitor.model import (
    Cause,
    Certificate,
    Confirmed,
    EventName,
    Flag,
    NoticeFeed,
    Outcome,
    Phase,
    Reading,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Result,
)
from tests.metrics.conftest import AT, make_plan, make_result, make_state

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
SHANDONG = {"probe": "captcha", "authority": "shandong", "service": "verify"}


def read(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of the text format by name and labels."""
    body, _ = metrics.render()
    samples = chain.from_iterable(family.samples for family in parse_text(body.decode()))
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def value(metrics: Metrics, name: str, labels: Mapping[str, str] | None = None, **more: str) -> float | None:
    """One sample, None where there is no such series."""
    return read(metrics).get((name, frozenset({**(labels or {}), **more}.items())))


def names(metrics: Metrics) -> set[str]:
    """The names of all samples."""
    return {name for name, _ in read(metrics)}


def make_certificate(verified: bool | None = True) -> Certificate:
    """One that ends in thirty days."""
    return Certificate(
        subject="CN=fpcy",
        issuer="CN=CA",
        not_before=AT - timedelta(days=60),
        not_after=AT + timedelta(days=30),
        names=("fpcy.example",),
        fingerprint="ab" * 32,
        chain_length=2,
        verified=verified,
    )


def seen(metrics: Metrics, result: Result, confirmed: Confirmed = Confirmed.UP) -> None:
    """Feed one run."""
    metrics.observe(result, make_state(result, confirmed))


def busy() -> Metrics:
    """Metrics in which every family has a sample."""
    plan = make_plan(
        references=(ReferenceSource(name="hq", file="hq.json"),),
        publish_file="ours.json",
        notices=(NoticeFeed(name="posted", feed="/srv/*.txt"),),
    )
    metrics = Metrics(plan)
    row = ReferenceRow(authority="shandong", outcome=Outcome.OK, checked_at=AT)
    hq = ReferenceReading(source="hq", read_at=AT, up=True, rows=(row,))
    metrics.publish(plan, State(references={"hq": hq}), AT)
    metrics.set_publish_up(True)
    metrics.set_feed_up("posted", True)
    seen(metrics, make_result(flags=frozenset({Flag.SLOW}), certificate=make_certificate(), status_code=200))
    seen(
        metrics,
        make_result(
            Cause.RESPONSE_TIMEOUT,
            phases=dict.fromkeys(Phase, 0.5),
            status_code=504,
            certificate=make_certificate(),
            lag=12.5,
            readings=(Reading(name="missing", value=3.0),),
        ),
    )
    metrics.observe_lateness(0.002)
    metrics.set_pending("oncall[0]", 1, AT)
    metrics.count_doubtful("oncall[0]", EventName.INCIDENT_OPENED)
    metrics.count_heartbeat("sent", AT)
    metrics.set_reload(True, AT)
    return metrics
